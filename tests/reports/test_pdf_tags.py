"""What a machine can check of PDF/UA-1 and PDF/A-3a, in the file itself and not by the tool that wrote it.

Numbers name checkpoints of the Matterhorn Protocol 1.1; docs/reference/audit-json.md says what is open.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Object

from tests.reports.test_pdf import of_hostile, sample

STANDARD = {
    "Document", "Part", "Div", "Sect", "P", "H1", "H2", "H3", "H4", "H5", "H6", "L", "LI", "Lbl", "LBody",
    "Table", "TR", "TH", "TD", "THead", "TBody", "Span", "Link", "Reference", "Figure", "Caption", "Code",
    "TOC", "TOCI", "Note",
}  # fmt: skip
PARENTS = {
    "LI": {"L"}, "Lbl": {"LI"}, "LBody": {"LI"}, "TR": {"Table", "THead", "TBody"}, "TH": {"TR"},
    "TD": {"TR"}, "THead": {"Table"}, "TBody": {"Table"}, "TOCI": {"TOC"},
}  # fmt: skip
SHOWS = {
    "Tj",
    "TJ",
    "'",
    '"',
    "f",
    "F",
    "f*",
    "B",
    "B*",
    "b",
    "b*",
    "S",
    "s",
    "sh",
    "Do",
    "BI",
    "INLINE IMAGE",
}
"""Operators that put something on the page."""


@pytest.fixture(scope="module", params=[sample, of_hostile], ids=["sample", "hostile"])
def file(request):
    with pikepdf.open(io.BytesIO(request.param())) as opened:
        yield opened


@pytest.fixture(scope="module")
def tree(file) -> list[tuple[str, str, Dictionary]]:
    """Return each element with its own type and that of what it stands in, in the order of reading."""
    return list(elements(file.Root.StructTreeRoot.K, ""))


def elements(node: Object, inside: str) -> Iterator[tuple[str, str, Dictionary]]:
    if isinstance(node, Array):
        for one in node:
            yield from elements(one, inside)
    elif isinstance(node, Dictionary) and Name.S in node:
        own = str(node.S)[1:]
        yield inside, own, node
        yield from elements(node.get(Name.K, Array()), own)


def attributes(element: Dictionary, owner: str) -> Dictionary:
    given = element.get(Name.A, Array())
    found = [one for one in (given if isinstance(given, Array) else [given]) if str(one.get(Name.O)) == owner]
    return found[0] if found else Dictionary()


def of_type(file, name: str) -> list[Dictionary]:
    return [o for o in file.objects if isinstance(o, Dictionary) and o.get(Name.Type) == Name(name)]


def test_all_that_is_shown_is_tagged_or_an_artifact(file):
    """01-003 to 01-005: nothing is painted outside of marked content, and artifacts hold nothing tagged."""
    for number, page in list(enumerate(file.pages, start=1))[::3]:  # reading streams takes long
        open_marks: list[str] = []
        for operands, operator in pikepdf.parse_content_stream(page):
            name = str(operator)
            if name in {"BMC", "BDC"}:
                assert "Artifact" not in open_marks or str(operands[0]) == "/Artifact", number
                open_marks.append(str(operands[0])[1:])
            elif name == "EMC":
                open_marks.pop()
            elif name in SHOWS:
                assert open_marks, (number, name)
        assert not open_marks


def test_types_are_standard_or_mapped_to_one(file, tree):
    """02-001 to 02-004."""
    mapped = {str(k)[1:]: str(v)[1:] for k, v in file.Root.StructTreeRoot.RoleMap.items()}
    assert set(mapped.values()) <= STANDARD
    assert not set(mapped) & STANDARD
    assert {own for _, own, _ in tree} <= STANDARD | set(mapped)


def test_the_file_says_what_it_is_and_how_it_is_read(file):
    """05, 06-001 to 06-004, 07-001, 11-006, 26-001: title, language, standards, no lock, not suspect."""
    root = file.Root
    assert (bool(root.MarkInfo.Marked), bool(root.MarkInfo.Suspects)) == (True, False)
    assert bool(root.ViewerPreferences.DisplayDocTitle)
    assert str(root.Lang)
    assert not file.is_encrypted
    with file.open_metadata() as meta:
        assert meta["pdfuaid:part"] == "1"
        assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "A")
        assert meta["dc:title"]


def test_elements_stand_where_they_may(tree):
    """09-004 to 09-008, 14-002, 14-003: lists, tables and contents are whole, headings skip no level."""
    assert tree[0][1] == "Document"
    wrong = [(inside, own) for inside, own, _ in tree if own in PARENTS and inside not in PARENTS[own]]
    assert wrong == []
    levels = [int(own[1]) for _, own, _ in tree if re.fullmatch(r"H\d", own)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_pictures_have_words_and_a_place(tree):
    """13-004. The typesetter leaves out the place of a few that were moved to the next page."""
    figures = [element for _, own, element in tree if own == "Figure"]
    assert all(str(one.Alt).strip() for one in figures)
    places = [attributes(one, "/Layout").get(Name.BBox) for one in figures]
    assert all(place is None or len(place) == 4 for place in places)
    assert places.count(None) <= len(places) // 5


def test_tables_are_regular_and_every_cell_knows_its_head(tree):
    """15-003: heads have a scope, cells name their heads by id, rows of a table have the same cells."""
    ids = {bytes(e.ID) for _, own, e in tree if own == "TH"}
    tables = [e for _, own, e in tree if own == "Table"]
    assert tables
    for table in tables:
        widths = Counter()
        for _, own, cell in elements(table, ""):
            if own in {"TH", "TD"}:
                about = attributes(cell, "/Table")
                assert own == "TD" or about.Scope == Name.Column
                assert {bytes(head) for head in about.get(Name.Headers, Array())} <= ids
                assert own == "TH" or len(about.Headers) >= 1
        for row in (e for _, own, e in elements(table, "") if own == "TR"):
            cells = [c for _, own, c in elements(row, "") if own in {"TH", "TD"}]
            widths[sum(int(attributes(c, "/Table").get(Name.ColSpan, 1)) for c in cells)] += 1
        assert len(widths) == 1


def test_links_are_tagged_named_and_reached_in_the_order_of_reading(file):
    """28-002, 28-004, 28-009, 28-010, 28-012."""
    known = dict(zip(*[iter(_numbers(file.Root.StructTreeRoot.ParentTree))] * 2, strict=True))
    for page in file.pages:
        marks = page.get(Name.Annots, Array())
        assert page.get(Name.Tabs) == Name.S
        for one in marks:
            assert one.Subtype == Name.Link
            assert str(one.Contents).strip()
            assert Name.Link == known[int(one.StructParent)].S


def _numbers(node: Dictionary) -> Iterator[Object]:
    for kid in node.get(Name.Kids, Array()):
        yield from _numbers(kid)
    for i, entry in enumerate(node.get(Name.Nums, Array())):
        yield int(entry) if i % 2 == 0 else entry


def test_fonts_are_inside_and_every_letter_has_its_code(file):
    """31-001 to 31-027 as far as they meet composite fonts: embedded, with a way back to Unicode."""
    fonts = of_type(file, "/Font")
    whole = [f for f in fonts if f.Subtype == Name.Type0]
    assert whole
    for font in whole:
        (inner,) = font.DescendantFonts
        assert set(inner.FontDescriptor.keys()) & {"/FontFile2", "/FontFile3"}
        assert inner.Subtype != Name.CIDFontType2 or Name.CIDToGIDMap in inner
        codes = re.findall(rb"<([0-9A-Fa-f]{4,})>\s*$", font.ToUnicode.read_bytes(), re.MULTILINE)
        assert codes
        assert not {b"0000", b"FEFF", b"FFFE", b"feff", b"fffe"} & set(codes)
    assert {str(f.Subtype) for f in fonts} <= {"/Type0", "/CIDFontType0", "/CIDFontType2"}


def test_nothing_acts_and_nothing_lies_outside(file):
    """PDF/A-3, 6.1.7, 6.1.3, 6.5, 6.6: no script, no action but going somewhere, nothing foreign, an id."""
    assert Name.ID in file.trailer
    assert not {"/OpenAction", "/AA", "/AcroForm", "/OCProperties"} & set(file.Root.keys())
    for found in file.objects:
        if isinstance(found, Dictionary | pikepdf.Stream):
            assert found.get(Name.S) not in {Name.JavaScript, Name.Launch, Name.SubmitForm, Name.ImportData}
            assert not isinstance(found, pikepdf.Stream) or Name.F not in found
            assert "LZW" not in str(found.get(Name.Filter, ""))
    (intent,) = file.Root.OutputIntents
    assert intent.S == Name.GTS_PDFA1
    assert intent.DestOutputProfile.read_bytes()


def test_the_attached_record_is_described(file):
    """PDF/A-3, 6.8 and Matterhorn 21-001: its name twice, its type, its day, how it belongs here."""
    (record,) = file.Root.AF
    assert (str(record.F), str(record.UF)) == ("audit.json", "audit.json")
    assert record.AFRelationship == Name.Source
    assert str(record.Desc)
    inside = record.EF.F
    assert inside.Subtype == Name("/application/json")
    assert Name.ModDate in inside.Params
