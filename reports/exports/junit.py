"""JUnit XML for pipelines: a suite a framework, a case a requirement in force.

A requirement that is not met fails; one that is undecided is an error, as silence never passes; attested,
waived, deferred and not applicable are skipped, with the reason; met and reported pass.
"""

from __future__ import annotations

from collections import Counter
from xml.etree import ElementTree as ET

from reports.characters import shown
from reports.compose.view import View
from reports.exports.shared import NAME, Judged, judged, subject, tell
from reports.wording import verdict

_ENDS = {"not_met": "failure", "undecided": "error"}
_PASSED = {"met", "reported"}


def junit(view: View) -> bytes:
    """Return the verdicts as JUnit XML."""
    root = ET.Element("testsuites", name=f"{NAME}: {subject(view)}")
    total: Counter[str] = Counter()
    for framework in view.verdicts:
        cases = [_case(one) for one in judged(view, framework)]
        counts = Counter(end for _, end in cases)
        total.update(counts)
        head = {"name": framework, "timestamp": f"{view.as_of}T00:00:00"}
        suite = ET.SubElement(root, "testsuite", {**head, **_counts(counts)})
        properties = ET.SubElement(suite, "properties")
        rules = view.frameworks.get(framework, {})
        for name, value in (("record", view.digest), ("rules", str(rules.get("digest") or ""))):
            ET.SubElement(properties, "property", name=name, value=value)
        suite.extend(case for case, _ in cases)
    root.attrib.update(_counts(total))
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _counts(ends: Counter[str]) -> dict[str, str]:
    return {
        "tests": str(ends.total()),
        "failures": str(ends["failure"]),
        "errors": str(ends["error"]),
        "skipped": str(ends["skipped"]),
    }


def _case(one: Judged) -> tuple[ET.Element, str]:
    case = ET.Element(
        "testcase",
        classname=f"{one.framework}.{one.findings[0].principle}",
        name=shown(f"{one.requirement} {one.title}"),
        time="0",
    )
    end = "passed" if one.verdict in _PASSED else _ENDS.get(one.verdict, "skipped")
    told = "\n".join(tell(finding) for finding in one.findings)
    if end == "passed":
        ET.SubElement(case, "system-out").text = told
    else:
        ET.SubElement(case, end, message=verdict(one.verdict), type=one.verdict).text = told
    return case, end
