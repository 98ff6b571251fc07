"""Strict YAML: what it refuses names the file, the line and the fix."""

from __future__ import annotations

import pytest

from frameworks.source import LIMIT, LoadError, parse


def test_plain_values_are_read_with_their_lines():
    parsed = parse(b"a: 1\nb:\n  - x\n  - {c: 2026-01-02}\n", "f.yaml")
    assert str(parsed.data["b"][1]["c"]) == "2026-01-02"
    assert (parsed.lines["a",], parsed.lines["b", 0], parsed.lines["b", 1, "c"]) == (1, 3, 4)
    assert parsed.error(("b", 1, "c", "deeper"), "wrong.").line == 4
    numbers = parse(b"[0, -1, 0.85, .5, 1., 1e3, -2.5E-3, +7]", "f.yaml").data
    assert numbers == [0, -1, 0.85, 0.5, 1.0, "1e3", -0.0025, 7], "YAML asks for a point before an exponent"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: &x 2", 2, "`x` is an anchor or alias; write the value out"),
        ("a: &x [1]\nb: *x", 1, "`x` is an anchor or alias; write the value out"),
        ("a: 1\nb: 2\na: 3", 3, "`a` stands twice in one mapping; keep one"),
        ("a: {b: 1,\n    b: 2}", 2, "`b` stands twice in one mapping; keep one"),
        ("a: 1\n<<: {b: 2}", 2, "put it in quotes or remove it"),
        ("1: a", 1, "`1` stands where a key should"),
        ("a: 1\nb: {c: 0,85}", 2, "write a number with a point, such as 0.85"),
        ("a: 1\nb: 1:30", 2, "`1:30` is not written as a plain number; put text in quotes"),
        ("a: 010", 1, "`010` is not written as a plain number"),
        ("a: 0x1F", 1, "is not written as a plain number"),
        ("a: 1_000", 1, "is not written as a plain number"),
        ("a: 1\nb: " + "9" * 5000, 2, "is not written as a plain number"),
        ("a: 1\nb: x\0", 2, "a character that cannot be seen (U+0000); remove it"),
        ("? [a]\n: b", 1, "a key is not plain text; put it in quotes"),
        ("a:\n  b: !!python/name:os.system x", 2, "the tag `tag:yaml.org,2002:python/name:os.system`"),
        ("a: !!binary aGk=", 1, "the tag `tag:yaml.org,2002:binary` is not accepted"),
        ("a: !!set {b}", 1, "the tag `tag:yaml.org,2002:set` is not accepted"),
        ("a: 1\nb: 2026-13-01", 2, "`2026-13-01` is not a date; write YYYY-MM-DD"),
        ("a: 2026-01-01 10:00:00", 1, "is not a date; write YYYY-MM-DD"),
        ("a: 1\nb: [1, 2", 2, "this is not YAML"),
        ("a: 1\n\tb: 2", 2, "this is not YAML"),
        ("a: 1\n---\nb: 2", 2, "this is not YAML"),
        ("", 1, "the file is empty; start from a bundled pack"),
        ("a: " + "[" * 30, 1, "nested too deeply"),
    ],
)
def test_whatever_else_yaml_can_say_is_refused(text, line, words):
    with pytest.raises(LoadError) as refused:
        parse(text.encode(), "f.yaml")
    assert refused.value.file == "f.yaml"
    assert refused.value.line == line
    assert words in refused.value.sentence
    assert str(refused.value) == f"f.yaml, line {line}: {refused.value.sentence}"


def test_a_large_file_is_refused():
    with pytest.raises(LoadError, match="larger than 1 MB; split it"):
        parse(b"#" * (LIMIT + 1), "f.yaml")


def test_text_in_another_encoding_is_refused():
    with pytest.raises(LoadError, match="line 2: the file is not UTF-8 text; save it as UTF-8"):
        parse("a: 1\nb: \xe9".encode("latin-1"), "f.yaml")


def test_deep_nesting_is_refused_before_it_is_built():
    with pytest.raises(LoadError):
        parse(b"[" * 500_000, "f.yaml")
