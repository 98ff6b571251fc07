"""`python -m auditor frameworks`: list and show rules, and check, compare and resolve files of them."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from auditor.cli_past import effect, effectiveness, gap
from auditor.cli_terms import terms
from auditor.config import Settings
from auditor.kept_records import one, records
from auditor.problems import refuse
from auditor.store.clock import today
from frameworks import policies
from frameworks.beside import Beside
from frameworks.diff import differences
from frameworks.layers import on_day
from frameworks.load import LoadError, load, packs
from frameworks.model import Framework
from frameworks.resolve import state
from frameworks.source import parse
from reports.exports.oscal_profile import document
from reports.record import framework_to_json

DONE, REFUSED = 0, 2
_SHOW = "or a framework's id, to show it"


def add_to(commands: Any, day: Callable[[str], dt.date]) -> None:
    """Add the command with its verbs to the command line."""
    asked = commands.add_parser(
        "frameworks",
        help="list frameworks or show one; lint, diff, resolve, oscal, gap, effect, effectiveness, terms",
        description=(
            "Without more, list the frameworks. ID: show one. lint FILE...: read frameworks or overlays "
            "and name every mistake by line. diff A B: what B asks that A does not. resolve ID --as-of "
            "DATE: the rules as they stand on a day. oscal ID: the rules as an OSCAL catalog, an overlay "
            "as a profile. gap AUDIT ID: how AUDIT stands by ID, and what is missing. effect OVERLAY "
            "[AUDIT...]: which audits it judges otherwise. effectiveness ID [AUDIT...]: what each "
            "requirement did over audits, and what that proposes. AUDIT is an audit.json, a folder with "
            "some, or the id of an audit of the service in AUDITOR_HOME; without any, the newest 200 "
            "that it measured. A, B, ID and OVERLAY may be files; what a file builds on is bundled, or "
            "lies beside it in a file with that `id`. terms FILE: the terms of data transfers beside "
            "baselines. "
            "Exit codes: 0 done, 1 a term is weaker or missing, 2 refused."
        ),
    )
    asked.add_argument(
        "what", nargs="?", help=f"lint, diff, resolve, oscal, gap, effect, effectiveness or terms; {_SHOW}"
    )
    asked.add_argument("names", nargs="*", help="files or ids that the verb asks for")
    asked.add_argument("--as-of", type=day, metavar="DATE", help="read the rules as of this day (today)")
    asked.add_argument(
        "--against", metavar="ID", help="effect: the rules before, instead of the first parent"
    )
    asked.add_argument(
        "--catalog", action="store_true", help="oscal: of an overlay, the catalog instead of the profile"
    )
    asked.add_argument(
        "--profile",
        metavar="ID",
        action="append",
        help="terms: beside this baseline; more than one may be named",
    )
    asked.add_argument("--json", action="store_true", help="print JSON")
    asked.set_defaults(do=run)


def run(asked: argparse.Namespace, settings: Settings) -> int:
    """Do what the verb says."""
    asked.settings = settings
    if asked.what is None:
        for name, framework in sorted(packs().items()):
            print(f"{name:24} {framework.version:10} {framework.title}")
        return DONE
    verbs: dict[str, tuple[tuple[str, ...], Callable[[argparse.Namespace], int]]] = {
        "lint": (("FILE", "[FILE...]"), _lint),
        "diff": (("A", "B"), _diff),
        "resolve": (("ID",), _resolve),
        "oscal": (("ID",), _oscal),
        "gap": (("AUDIT", "ID"), _gap),
        "effect": (("OVERLAY", "[AUDIT...]"), _effect),
        "effectiveness": (("ID", "[AUDIT...]"), _effectiveness),
        "terms": (("FILE",), _terms),
    }
    if asked.what not in verbs:
        if asked.names:
            raise refuse("", "verb", f"`{asked.what}` is no verb here; choose from {', '.join(verbs)}.")
        return _show(asked.what)
    takes, do = verbs[asked.what]
    many = takes[-1].startswith("[")
    if len(asked.names) < len(takes) - many or (len(asked.names) > len(takes) and not many):
        raise refuse("", "usage", f"write: frameworks {asked.what} {' '.join(takes)}")
    return do(asked)


def named(name: str, *others: str) -> Framework:
    """Return the framework in the file *name*, or the bundled one of that id.

    Its parents are bundled, lie beside it, or are or lie beside one of the *others*.
    """
    if name in packs():
        return packs()[name]
    if not Path(name).is_file():
        known = ", ".join(packs())
        raise refuse("", "unknown-framework", f"there is no file or framework `{name}`; choose from {known}.")
    files = [Path(one) for one in (name, *others) if one not in packs() and Path(one).is_file()]
    return load(Path(name), shelf=Beside(files))


def _show(name: str) -> int:
    framework = named(name)
    place = f"({framework.id}, version {framework.version}, {framework.jurisdiction})"
    print(f"{framework.title} {place}\n")
    for requirement in framework.requirements:
        print(f"{requirement.id:14} {requirement.title}")
    return DONE


def _lint(asked: argparse.Namespace) -> int:
    shelf = Beside(list(map(Path, asked.names)))
    return max(_lint_one(name, shelf, asked.as_of or today()) for name in asked.names)


def _lint_one(name: str, shelf: Beside, day: dt.date) -> int:
    try:
        framework = load(Path(name), shelf=shelf)
    except LoadError as wrong:
        for one in (wrong, *wrong.others):
            print(one, file=sys.stderr)
        return REFUSED
    if framework.id in packs() and framework.digest != packs()[framework.id].digest:
        sentence = f"`{framework.id}` is the id of a bundled framework; give yours another `id`."
        print(LoadError(Path(name).name, _line_of("id", name), sentence), file=sys.stderr)
        return REFUSED
    if framework.sunset is not None and framework.sunset <= day:
        sentence = (
            f"the sunset {framework.sunset} has passed on {day}, so only the parents hold; give a later "
            "`sunset` and a new `version`."
        )
        print(LoadError(Path(name).name, _line_of("sunset", name), sentence), file=sys.stderr)
        return REFUSED
    if framework.review_by is not None and framework.review_by < day:
        print(
            f"warning: it should have been reviewed by {framework.review_by}; read it again, give a new day."
        )
    count = len(framework.requirements)
    print(f"{framework.id} {framework.version}: {count} requirements, digest {framework.digest}")
    return DONE


def _line_of(key: str, file: str) -> int:
    return parse(Path(file).read_bytes(), file).lines[key,]


def _diff(asked: argparse.Namespace) -> int:
    day = asked.as_of
    one, other = (
        on_day(found, day) if day else found for found in (named(name, *asked.names) for name in asked.names)
    )
    found = differences(one, other)
    if asked.json:
        rows = [{name: getattr(d, name) for name in d.__slots__} for d in found]
        print(json.dumps(rows, indent=2))
        return DONE
    for d in found:
        where = f"{d.requirement} {d.criterion or ''}".rstrip()
        print(f"{where}: {d.old or 'not asked'} -> {d.new or 'not asked'}")
    if not found:
        print("Both ask the same.")
    return DONE


def _resolve(asked: argparse.Namespace) -> int:
    day = asked.as_of or today()
    framework = on_day(named(asked.names[0]), day)
    if asked.json:
        print(json.dumps(framework_to_json(framework), indent=2, sort_keys=True))
        return DONE
    print(f"{framework.title} ({framework.id}, version {framework.version}) on {day}")
    for parent in framework.parents:
        print(f"builds on {parent.id} {parent.version} ({parent.digest[:12]})")
    if framework.lapsed:
        print(framework.lapsed)
    for block, key, value, ground in policies.rows(framework):
        if ground:
            print(f"{block} {key}: {value} (by {ground.framework} {ground.version}: {ground.source})")
    for requirement in framework.requirements:
        print(f"{requirement.id:14} {state(framework, requirement, day):11} {requirement.title}")
        for change in requirement.changes:
            print(f"{'':14} {change.mode} by {change.overlay} {change.version}: {change.reason}")
    return DONE


def _oscal(asked: argparse.Namespace) -> int:
    _name, content = document(named(asked.names[0]), "catalog" if asked.catalog else None, asked.as_of)
    sys.stdout.write(content.decode())
    return DONE


def _terms(asked: argparse.Namespace) -> int:
    return terms(Path(asked.names[0]), asked.profile or (), as_json=asked.json)


def _gap(asked: argparse.Namespace) -> int:
    gap(one(asked.names[0], asked.settings), named(asked.names[1]), as_json=asked.json)
    return DONE


def _effect(asked: argparse.Namespace) -> int:
    overlay, *names = asked.names
    before = named(asked.against) if asked.against else None
    effect(named(overlay), records(names, asked.settings), before, as_json=asked.json)
    return DONE


def _effectiveness(asked: argparse.Namespace) -> int:
    rules, *names = asked.names
    effectiveness(named(rules), records(names, asked.settings), as_json=asked.json)
    return DONE
