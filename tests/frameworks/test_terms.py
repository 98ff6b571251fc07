"""Terms of a transfer beside a baseline: worked by hand, laws of order, and mistakes by line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frameworks.load import packs
from frameworks.source import LoadError
from frameworks.terms import Compared, compare, profiles, themes, to_json, transfers
from frameworks.terms_shape import Item, Transfer, mistakes
from tests.budgets import budget

DEPA = profiles()["depa"]
PIPL = profiles()["cn-pipl"]


def transfer(facts=(), **terms):
    raw = {"name": "T", "terms": terms, "facts": dict(facts)}
    assert list(mistakes(raw, themes(), tuple(profiles()))) == []
    return Transfer.of(raw)


def outcome(found, theme):
    return next(one for one in found.results if one.theme == theme)


@pytest.mark.parametrize(
    ("profile", "theme", "said", "stands", "why"),
    [
        ("depa", "purpose", "stated", Compared.EQUAL, "both say stated"),
        ("depa", "purpose", "not-stated", Compared.WEAKER, "terms say not stated, the baseline asks stated"),
        ("depa", "use", "never", Compared.STRICTER, "the terms say never, the baseline asks compatible"),
        ("cn-pipl", "use", "compatible", Compared.WEAKER, "the baseline asks with new consent"),
        ("cn-pipl", "route", "certification", Compared.EQUAL, "which count alike"),
        ("cn-pipl", "route", "none", Compared.WEAKER, "say none, the baseline asks standard contract"),
        ("depa", "rights", ["correction", "access"], Compared.EQUAL, "all that is asked, and no more"),
        ("depa", "rights", ["access", "correction", "deletion"], Compared.STRICTER, "and deletion"),
        ("depa", "rights", ["access", "deletion"], Compared.WEAKER, "without correction, though"),
        ("depa", "rights", [], Compared.WEAKER, "without access, correction"),
        ("cn-pipl", "assessment_kept_days", 1095, Compared.EQUAL, "both say 1095 days"),
        ("cn-pipl", "assessment_kept_days", 1096, Compared.STRICTER, "higher is stricter"),
        ("cn-pipl", "assessment_kept_days", 1094.5, Compared.WEAKER, "higher is stricter"),
        ("depa", "breach_notice", "at-once", Compared.NOT_ASKED, "asks nothing here"),
    ],
)  # fmt: skip
def test_a_term_beside_its_baseline_by_hand(profile, theme, said, stands, why):
    found = outcome(compare(transfer(**{theme: said}), profiles()[profile]), theme)
    assert found.outcome is stands
    assert why in found.reason


def test_fewer_days_are_stricter_where_the_theme_says_so():
    item = Item.model_validate({"theme": "retention_days", "is": 7, "requirement": "4.2a", "text": "A week."})
    week = DEPA.model_copy(update={"items": (item,)})
    stands = [compare(transfer(retention_days=days), week).results[0].outcome for days in (6, 7, 8)]
    assert stands == [Compared.STRICTER, Compared.EQUAL, Compared.WEAKER]


def test_a_whole_contract_by_hand():
    """Beside DEPA: use stricter, purpose equal, rights weaker; of 14 items 10 are missing, and one is not
    asked, since data may leave; days of retention are beyond it."""
    found = compare(
        transfer(
            {"kept-local": False},
            purpose={"is": "stated", "clause": "Clause 4"},
            use="never",
            rights=["access"],
            retention_days=30,
        ),
        DEPA,
    )
    assert found.counts == {"stricter": 1, "equal": 1, "weaker": 1, "missing": 10, "not_asked": 2}
    assert not found.holds
    purpose = outcome(found, "purpose")
    assert (purpose.stands_at, purpose.requirement, purpose.clause) == (
        "Clause 4",
        "depa/4.2a",
        "Art. 4.2(2)-(3)",
    )
    assert purpose.verified == "memory"
    assert outcome(found, "retention_days").asked is None
    assert to_json(found)["results"][0]["outcome"] == "missing"


def test_a_fact_that_nobody_states_is_taken_to_hold():
    stated = compare(transfer({"critical-operator": False}, purpose="stated"), PIPL)
    silent = compare(transfer(purpose="stated"), PIPL)
    assert outcome(stated, "local_storage").outcome is Compared.NOT_ASKED
    assert outcome(silent, "local_storage").outcome is Compared.MISSING
    assert "Nobody says whether it applies (critical-operator)" in outcome(silent, "local_storage").reason
    held = compare(transfer({"critical-operator": True}, local_storage="kept"), PIPL)
    assert outcome(held, "local_storage").outcome is Compared.EQUAL


def test_baselines_rest_on_requirements_of_their_packs_and_on_values_of_their_themes():
    known = {theme.id: theme for theme in themes().themes}
    assert set(profiles()) == {"depa", "cn-pipl"}
    for profile in profiles().values():
        clauses = {one.id for one in packs()[profile.framework].requirements}
        assert len({item.theme for item in profile.items}) == len(profile.items)
        for item in profile.items:
            assert item.requirement in clauses, item
            assert item.when is None or item.when in themes().facts
            said = {item.theme: list(item.value) if isinstance(item.value, (list, tuple)) else item.value}
            assert list(mistakes({"name": "x", "terms": said}, themes(), ())) == [], item
            assert known[item.theme].set or known[item.theme].number or known[item.theme].rank(item.value) > 0
    for theme in known.values():
        assert sum(map(bool, (theme.choice, theme.set, theme.number))) == 1
        assert bool(theme.number) == bool(theme.stricter)


def exact(profile):
    return {
        item.theme: list(item.value) if isinstance(item.value, (list, tuple)) else item.value
        for item in profile.items
    }


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda one: one.id)
def test_the_baseline_itself_is_equal_in_every_theme(profile):
    found = compare(transfer(**exact(profile)), profile)
    assert found.holds
    assert found.counts["equal"] == len(profile.items)


ORDER = [Compared.MISSING, Compared.WEAKER, Compared.EQUAL, Compared.STRICTER]


def values(theme):
    if theme.number:
        return st.integers(0, 3000)
    if theme.set:
        return st.lists(st.sampled_from(theme.set), unique=True)
    return st.sampled_from(theme.values)


@settings(max_examples=budget(60, 600), deadline=None)
@given(st.data())
def test_taking_a_term_or_a_fact_away_never_helps(data):
    """What is asked of a transfer stands no better without a term, and no less is asked without a fact."""
    named = data.draw(
        st.lists(st.sampled_from(themes().themes), unique_by=lambda one: one.id, min_size=2, max_size=8)
    )
    terms = {theme.id: data.draw(values(theme)) for theme in named}
    facts = data.draw(st.dictionaries(st.sampled_from(sorted(themes().facts)), st.booleans()))
    profile = data.draw(st.sampled_from([DEPA, PIPL]))
    full = {one.theme: one for one in compare(transfer(facts, **terms), profile).results}
    gone = named[0].id
    less = compare(transfer(facts, **{name: said for name, said in terms.items() if name != gone}), profile)
    for one in less.results:
        if one.outcome is not Compared.NOT_ASKED:
            assert ORDER.index(one.outcome) <= ORDER.index(full[one.theme].outcome)
    silent = compare(transfer({}, **terms), profile)
    assert silent.counts["weaker"] + silent.counts["missing"] >= sum(
        one.outcome in {Compared.WEAKER, Compared.MISSING} for one in full.values()
    )


@given(st.sets(st.sampled_from(themes().theme("rights").set)), st.sampled_from(themes().theme("rights").set))
def test_one_more_right_never_stands_worse(rights, more):
    before, after = (
        outcome(compare(transfer(rights=sorted(r)), PIPL), "rights").outcome
        for r in (rights, rights | {more})
    )
    assert ORDER.index(before) <= ORDER.index(after)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("name: x\nterms:\n  pupose: stated", 3, "`pupose` is no theme; did you mean `purpose`?"),
        ("name: x\nterms:\n  purpose: statd", 3, "did you mean `stated`?"),
        ("name: x\nterms:\n  purpose: {is: stated, clase: 4}", 3, "did you mean `clause`?"),
        ("name: x\nterms:\n  purpose: {clause: four}", 3, "has no `is`; choose from not-stated, stated"),
        ("name: x\nterms:\n  purpose: {is: stated, clause: 4}", 3, "`clause` is not a line of text"),
        ("name: x\nterms:\n  rights: access", 3, "`rights` is a list; write `[know]`"),
        ("name: x\nterms:\n  rights: [acess]", 3, "did you mean `access`?"),
        ("name: x\nterms:\n  rights: [[access]]", 3, "is not known under `rights`"),
        ("name: x\nterms:\n  retention_days: '9'", 3, "not a number of days from 0 on"),
        ("name: x\nterms:\n  retention_days: -1", 3, "not a number of days from 0 on"),
        ("name: x\nterms:\n  retention_days: .nan", 3, "not a number of days from 0 on"),
        ("name: x\nterms:\n  retention_days: true", 3, "not a number of days from 0 on"),
        ("name: x\nterms:\n  consent: yes", 3, "`True` is no value of `consent`"),
        ("name: x\nterms: [a]", 2, "`terms` is not a mapping with an entry"),
        ("name: x\nterms:\n  purpose: stated\nfact: {}", 4, "did you mean `facts`?"),
        ("terms:\n  purpose: stated", 1, "has no `name`"),
        ("name: ''\nterms:\n  purpose: stated", 1, "`name` is not a line of text"),
        ('name: "a\\u202eb"\nterms:\n  purpose: stated', 1, "`name` is not a line of text"),
        ("name: x\nfacts: {critical: true}\nterms:\n  purpose: stated", 2, "`critical` is no fact"),
        ("name: x\nfacts: {kept-local: maybe}\nterms:\n  purpose: stated", 2, "is true or false"),
        ("name: x\nfacts: [a]\nterms:\n  purpose: stated", 2, "`facts` is not a mapping"),
        ("name: x\nbaselines: [gdpr]\nterms:\n  purpose: stated", 2, "choose from cn-pipl, depa"),
        ("name: x\ndata: income\nterms:\n  purpose: stated", 2, "`data` is not a list"),
        ("transfers: []", 1, "is not a list with an entry"),
        ("transfers:\n- name: x\n  terms:\n    use: fre", 4, "did you mean `free`?"),
        ("transfers: [a]\nname: x", 1, "nothing else stands at the top"),
        ("- a", 1, "a transfer is not a mapping"),
        ("a: &b 1", 1, "is an anchor or alias"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_by_line_with_what_was_meant(text, line, words):
    with pytest.raises(LoadError) as why:
        transfers(text.encode(), "terms.yaml")
    assert why.value.line == line
    assert words in why.value.sentence


def test_every_mistake_is_named_at_once():
    with pytest.raises(LoadError) as why:
        transfers(b"name: x\nterms:\n  use: a\n  rights: 3\n", "t")
    assert len(why.value.others) == 1
