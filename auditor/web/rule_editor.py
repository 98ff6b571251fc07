"""The editor of rules: YAML and forms that change it, with mistakes by line, differences, and effect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from auditor import policy_edits, rule_edits
from auditor.local_rules import LARGEST, Checked
from auditor.problems import Refused, refuse
from auditor.store.clock import today
from auditor.web.form import anchor
from auditor.web.here import account, all_frameworks, service
from frameworks.diff import differences
from frameworks.model import Framework
from frameworks.proposing import Change
from reports import wording
from reports.compose.allowed import FIGURES
from reports.language import N_, _, own

ROWS = range(1, policy_edits.FIGURES + 1)
PARTS = {
    "head": ("version", "title", *rule_edits.DAYS),
    "number": ("place", "limit", "reason"),
    "group": ("group_id", "group_title", "attributes", "group_values", "at_least", "below", "why"),
    "relief": (*policy_edits.RELIEF, "approvers", "relief_reason", "relief_widen"),
    "effectiveness": (
        "audits",
        "propose",
        *(f"{part}_{row}" for row in ROWS for part in ("figure", "by", "limit")),
        "effectiveness_reason",
        "effectiveness_widen",
    ),
}
"""The parts of the form that change the text, with their fields."""
BYS = N_({"at_least": "at least", "above": "above", "at_most": "at most", "below": "below"})
"""How a figure is held against a number, in words."""
FIELDS = tuple(field for fields in PARTS.values() for field in fields)


def add_to(pages: Blueprint) -> None:
    """Add the pages of the editor."""
    pages.add_url_rule("/rules/new", "rules_new", new, methods=["GET", "POST"])
    pages.add_url_rule("/rules/edit", "rules_edit", edit, methods=["POST"])
    pages.add_url_rule("/rules/check", "rules_check", check, methods=["POST"])
    pages.add_url_rule("/rules/<rule>", "rules_history", history)
    pages.add_url_rule("/rules/<rule>/edit", "rules_open", reopen)
    pages.add_url_rule("/rules/<rule>/<int:position>.yaml", "rules_export", export)


def new() -> ResponseReturnValue:
    """Begin rules: a copy of a bundled overlay, an overlay on any framework, or a file brought along."""
    if request.method == "POST":
        sent = request.files.get("file")
        content = sent.read(LARGEST + 1) if sent else b""
        try:
            return _page(_decoded(content))
        except Refused as refused:
            return _begin({p.where: p.sentence for p in refused.problems}), 422
    name = request.args.get("from")
    if name is None:
        return _begin({})
    found = service().rules.framework(account(), name)
    own = {rule.id for rule in service().rules.listed(account())}
    copied = found.layer is not None and found.id not in own
    return _page(rule_edits.copy_of(name) if copied else rule_edits.start(found, today()))


def reopen(rule: str) -> ResponseReturnValue:
    """Open the newest version to write the next."""
    return _page(service().rules.versions(account(), rule)[0].content)


def edit() -> ResponseReturnValue:
    """Do what the pressed button says: change the text, check it, show its effect, publish it."""
    text = request.form.get("content", "").replace("\r\n", "\n")
    sent = {name: request.form.get(name, "") for name in FIELDS}
    do = request.form.get("do", "check")
    try:
        if do == "publish":
            made = service().rules.publish(account(), text)
            flash(_("Version {version} was published. Audits may name it from now on.", version=made.version))
            return redirect(url_for("web.rules_history", rule=made.id), 303)
        if do == "effect":
            return _page(text, effect=service().rules.effect(account(), text))
        if do in PARTS:
            return _page(
                _changed(do, text, sent), said=_("The file below was changed. Nothing is published yet.")
            )
    except Refused as refused:
        return _page(text, sent, {p.where: p.sentence for p in refused.problems}), 422
    return _page(text, sent, said=_("The file was checked."))


def check() -> ResponseReturnValue:
    """Answer with what is wrong with the text, as a part of the page."""
    text = request.form.get("content", "").replace("\r\n", "\n")
    return render_template("web/rule_problems.html", **_checked(text)[1])


def history(rule: str) -> ResponseReturnValue:
    """Show every version of rules, and what each changed."""
    versions = service().rules.versions(account(), rule)
    read = [service().rules.check(account(), one.content).framework for one in versions]
    older = [*read[1:], None]
    rows = [
        (one, None if new is None else differences(old, new) if old else ())
        for one, new, old in zip(versions, read, older, strict=True)
    ]
    layered = read[0] and read[0].layer is not None
    return render_template("web/rule_history.html", rule=rule, rows=rows, newest=versions[0], layered=layered)


def export(rule: str, position: int) -> ResponseReturnValue:
    """Send one version as a file."""
    found = service().rules.version(account(), rule, position)
    disposition = f'attachment; filename="{found.id}-{found.position}.yaml"'
    return Response(found.content, mimetype="application/yaml", headers={"Content-Disposition": disposition})


def _begin(errors: Mapping[str, str]) -> str:
    return render_template("web/rule_new.html", frameworks=all_frameworks(), errors=errors)


def _decoded(content: bytes) -> str:
    if not content.strip():
        raise refuse("file", "no-file", "Choose a rule file (YAML).")
    if len(content) > LARGEST:
        raise refuse("file", "too-large", f"The file is larger than {LARGEST} bytes; a rule file is short.")
    try:
        return content.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise refuse("file", "not-text", "The file is not UTF-8 text; choose a rule file (YAML).") from None


def _changed(do: str, text: str, sent: Mapping[str, str]) -> str:
    if do == "head":
        return rule_edits.head(text, sent)
    if do == "group":
        return rule_edits.group(text, sent)
    if do == "relief":
        return policy_edits.relief(text, sent, _parents(text))
    if do == "effectiveness":
        return policy_edits.effectiveness(text, sent, _parents(text))
    return rule_edits.number(text, sent, _parents(text))


def _parents(text: str) -> tuple[Framework, ...]:
    return rule_edits.parents_of(text, {f.id: f for f in service().rules.frameworks(account())})


def _checked(text: str) -> tuple[Checked, dict[str, Any]]:
    checked = service().rules.check(account(), text)
    found = checked.framework
    return checked, {"problems": checked.problems, "found": found}


def _page(
    text: str,
    sent: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    *,
    effect: Any = None,
    said: str | None = None,
) -> str:
    checked, shown = _checked(text)
    values = rule_edits.values_of(text)
    parents = _parents(text)
    head = {key: str(values.get(key) or "") for key in ("version", "title", *rule_edits.DAYS)}
    places = [
        (f"{item} {part}", _("{item}: {part}, now {limit}", item=item, part=part, limit=wording.limit(bound)))
        for parent in parents
        for item, part, bound in rule_edits.bounds(parent)
    ]
    listed = values.get("groups")
    return render_template(
        "web/rule_edit.html",
        text=text,
        sent={**head, **{k: v for k, v in (sent or {}).items() if v}},
        errors=errors or {},
        wrong={part for part, fields in PARTS.items() if not set(fields).isdisjoint(errors or ())},
        effect=effect,
        said=said,
        parents=parents,
        places=places,
        groups=listed if isinstance(listed, list) else (),
        rows=ROWS,
        changes=[(str(one), wording.plain(one)) for one in Change],
        figures=[(name, own(said)) for name, said in FIGURES.items()],
        bys=[(name, own(words)) for name, words in BYS.items()],
        told=differences(parents[0], checked.framework) if parents and checked.framework else (),
        anchor=anchor,
        published=any(rule.id == values.get("id") for rule in service().rules.listed(account())),
        **shown,
    )
