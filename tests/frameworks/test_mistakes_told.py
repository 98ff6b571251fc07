"""Mistakes in rule files are told in the reader's language; keys and values stay as they are written."""

from __future__ import annotations

import copy
import re

import pytest

from frameworks.load import load
from frameworks.source import LoadError
from reports.language import said, speaking
from tests.frameworks import test_load, test_overlay, test_policies
from tests.frameworks.builders import bound, content, dump
from tests.frameworks.overlays import base, local, overlay, read

WRITTEN = re.compile(r"`[^`]*`|'[^']*'|measures\.yaml|YAML|UTF-8|\bor\b|\band\b|\bparent\b|\blaw\b")
"""Keys and values of the file, and what the reader of values says between them."""
LISTED = re.compile(r"[（：\[][\w, -]+")


def mistakes():
    """Yield the sentences of every mistake that the tests of loading make."""
    for change, *_rest in test_load.MISTAKES.values():
        data = copy.deepcopy(content(bound()))
        change(data)
        yield from refused(load, dump(data).encode(), "rule.yaml")
    for data, *_rest in test_overlay.REFUSED.values():
        yield from refused(read, data)
    for parent, top, *_rest in test_policies.REFUSED.values():
        yield from refused(read, overlay(**({"requirements": [local()]} | top)), base(**parent))
    for text in (b"", b"- [", b"a: *b", b"id: !x 1", b"\xff", b"a: 1\na: 2", b"1: 2"):
        yield from refused(load, text, "rule.yaml")


def refused(reader, *given):
    with pytest.raises(LoadError) as why:
        reader(*given)
    return [one.sentence for one in (why.value, *why.value.others)]


def test_every_mistake_is_told_in_chinese():
    sentences = dict.fromkeys(mistakes())
    assert len(sentences) > 80
    with speaking("zh-Hans") as speech:
        told = [said(sentence) for sentence in sentences]
    assert not speech.foreign
    bare = [LISTED.sub("", WRITTEN.sub("", one)) for one in told]
    english = [one for one, left in zip(told, bare, strict=True) if re.search("[A-Za-z]{3}", left)]
    assert english == []


def test_what_stands_between_backticks_is_code():
    with speaking("zh-Hans"):
        sentence = "there is no check `accuracy`; see measures.yaml for all that a framework may name."
        assert "`accuracy`" in said(sentence)
