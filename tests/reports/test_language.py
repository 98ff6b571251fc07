"""Languages: a sentence finds its translation, the record's sentences find theirs, and nothing leaks out."""

from __future__ import annotations

import pytest

from reports import catalogue, language, pdf, wording
from reports.catalogue import Sentences
from reports.language import _, n_, said, speaking


@pytest.fixture
def chinese(monkeypatch):
    words = {"Audit of {name}": "{name}审计报告", "{count} row": "{count} 行"}
    sentences = Sentences(
        {
            "no group column was supplied": "未提供分组列",
            "under {min_group} rows: not compared": "少于 {min_group} 行：不作比较",
            "group {name} has {rows} rows; {need} needed": "分组 {name} 只有 {rows} 行，需要 {need} 行",
            "the clause was read": "已阅读条款原文",
            "because {why}": "原因：{why}",
        }
    )
    monkeypatch.setattr(catalogue, "words", lambda _tag: words)
    monkeypatch.setattr(catalogue, "record", lambda _tag: sentences)
    with speaking("zh-Hans") as speech:
        yield speech


def test_english_needs_no_catalogue():
    assert _("Audit of {name}", name="{x}") == "Audit of {x}"
    assert n_("{count} row", "{count} rows", 2, count="2") == "2 rows"
    assert said("under 30 rows: not compared") == "under 30 rows: not compared"


def test_a_sentence_with_values_is_told_in_the_language(chinese):
    assert _("Audit of {name}", name="Met") == "Met审计报告"
    assert n_("{count} row", "{count} rows", 2, count="2") == "2 行"


def test_a_sentence_of_the_record_finds_its_template(chinese):
    assert said("under 30 rows: not compared") == "少于 30 行：不作比较"
    assert said("No group column was supplied.") == "未提供分组列"
    assert said("group 'b; c' has 5 rows; 30 needed") == "分组 'b; c' 只有 5 行，需要 30 行"


def test_several_sentences_are_told_one_by_one(chinese):
    assert said("no group column was supplied; under 9 rows: not compared") == (
        "未提供分组列；少于 9 行：不作比较"
    )


def test_submitted_words_in_a_place_stay_as_given(chinese):
    """Only phrases of ours are translated in a place; a name that is one word never is."""
    assert said("because the clause was read") == "原因：已阅读条款原文"
    assert said("because Met") == "原因：Met"


def test_what_has_no_words_stays_english_and_is_remembered(chinese):
    assert said("nobody translated this") == "nobody translated this"
    assert said("no group column was supplied; nor this") == "no group column was supplied; nor this"
    assert list(chinese.foreign) == ["nobody translated this", "no group column was supplied; nor this"]


def test_a_language_ends_with_its_block():
    with speaking("zh-Hant"), speaking("en"):
        assert language.current() == "en"
    assert language.current() == "en"


def test_an_unknown_language_is_refused():
    with (
        pytest.raises(ValueError, match="there is no language 'xx'; there are en, zh-Hans, zh-Hant"),
        speaking("xx"),
    ):
        pass


def test_a_submitted_name_keeps_its_small_letter_where_no_sentence_has_a_capital(chinese):
    assert wording.sentence("sex：没有可评判的数值") == "sex：没有可评判的数值。"
    assert wording.sentence("nobody translated this") == "Nobody translated this."


def test_a_known_phrase_wins_over_a_name_in_the_same_place(chinese):
    """A place could hold any words: it is read as what is known of them."""
    assert said("under 9 rows: not compared; because the clause was read") == (
        "少于 9 行：不作比较；原因：已阅读条款原文"
    )
    assert said("because no group column was supplied; the clause was read") == (
        "原因：未提供分组列；已阅读条款原文"
    )


def test_chinese_on_paper_turns_without_hidden_breaks():
    long = "依据公认做法披露控制的常用下限各机构采用此处所列法律均未规定所以不作评判"
    assert pdf._breakable(long) == long
    assert "\u200b" in pdf._breakable("a" * 40)


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("For feature loan_term: the whole interval lies inside the limit.", "特征 loan_term"),
        ("For attack rmia_2: the whole interval lies inside the limit.", "攻击 rmia_2"),
        ("normal 95% over all pairs", "正态 95%"),
        ("9 of 995 other rows accused", "其他 995 行中有 9 行"),
        ("a cut-off a group, ratio 0.8", "，比 0.8"),
        ("impact ratio of race", "race 的影响比"),
        ("count of values in classes, c = 3", "c = 3"),
    ],
)
def test_half_a_sentence_of_a_check_is_told_too(english, chinese):
    with speaking("zh-Hans") as speech:
        assert chinese in said(english)
    assert not speech.foreign


def test_one_english_word_is_told_by_where_it_stands():
    """`normal` is a weight of a requirement and a way to an interval; a gap is no name of a person."""
    with speaking("zh-Hans"):
        assert wording.plain("normal") == "一般"
        assert wording.group("black*not stated") == "black × 未说明"
        assert said("feature film rating") == "feature film rating"
        assert wording.case("gap year") == "gap year"
    assert wording.group("black*not stated") == "black × not stated"


def test_chinese_lists_have_room_beside_latin_names():
    with speaking("zh-Hans"):
        assert wording.joined(["race", "sex", "married"]) == "race、sex 和 married"
        assert wording.joined(["群体", "和A和b", "年龄"]) == "群体、和A和b 和年龄"
        assert wording.joined(["年龄", "群体"], "or") == "年龄或群体"
        assert wording.joined(["race"]) == "race"
        assert wording.joined([]) == ""
