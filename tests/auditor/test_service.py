"""The service refuses with sentences, and nobody reaches what is somebody else's."""

from __future__ import annotations

import datetime as dt
from functools import partial

import pytest
import sqlalchemy as sa

from auditor import service as service_module
from auditor.manifest import named_by_digest
from auditor.problems import Refused
from auditor.store import audits
from auditor.store.tables import AccountRecord, AuditRecord, OwnershipRecord
from auditor.views import Account, AuditState, Conflict, NotFound, Unavailable
from tests.auditor.test_submission_keys import FILES, FULL

CSV = b"y,d,g\n" + b"1,1,a\n0,0,b\n" * 30


@pytest.fixture
def other(service):
    with service.database.transaction() as session:
        session.add(AccountRecord(id="other", name="Other", token_hash=None, created=dt.datetime.now(dt.UTC)))
    return Account("other", "Other")


def asked(digest, **more):
    return {
        "system": {"name": "Loans"},
        "task": "binary",
        "data": {"evaluation": {"artifact": f"sha256:{digest}"}},
        "frameworks": ["us-nyc-ll144"],
        **more,
    }


def codes(refused):
    return [(p.where, p.code) for p in refused.value.problems]


def test_a_submission_is_queued_with_all_its_checks_waiting(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    view = service.submit(account, asked(digest), as_of=dt.date(2026, 12, 1))
    assert view.state is AuditState.QUEUED
    assert view.as_of == dt.date(2026, 12, 1)
    assert {p.state for p in view.progress} == {"waiting"}
    assert {p.check for p in view.progress} == {row.id for row in service.checks()}
    assert [row.id for row in service.audits(account)] == [view.id]


def test_an_unknown_key_is_refused_by_name(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    with pytest.raises(Refused) as refused:
        service.submit(account, asked(digest, colums={}))
    assert codes(refused) == [("colums", "unknown-key")]
    assert service.audits(account) == ()


def test_an_unknown_framework_is_refused_with_the_list(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    with pytest.raises(Refused, match=r"there is no framework `nope`; choose from .*global-baseline"):
        service.submit(account, asked(digest, frameworks=["nope"]))


def test_answers_and_conditions_that_no_framework_asks_for_are_refused_with_the_nearest(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    system = {"name": "Loans", "conditions": ["sets-prices", "not set-prices"]}
    answers = {"data-source": {"answer": "yes"}, "data-sources": {"answer": "yes"}}
    with pytest.raises(Refused, match=r"did you mean `data-sources`.*did you mean `sets-prices`") as refused:
        service.submit(account, asked(digest, system=system, answers=answers))
    assert codes(refused) == [
        ("answers.data-source", "unknown-answer"),
        ("system.conditions", "unknown-condition"),
    ]


def test_an_answer_that_only_another_framework_asks_for_is_kept(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    view = service.submit(account, asked(digest, answers={"data-sources": {"answer": "yes"}}))
    assert view.state is AuditState.QUEUED


def test_a_path_cannot_be_submitted_over_http(service, account):
    raw = {**asked("0" * 64), "data": {"evaluation": "/etc/passwd"}}
    with pytest.raises(Refused) as refused:
        service.submit(account, raw)
    assert codes(refused) == [("data.evaluation", "unknown-artifact")]


def test_the_file_of_another_account_is_as_unknown_as_one_that_is_nowhere(service, account, other):
    """The refusals are equal, so they do not tell whether somebody has the file."""
    theirs = service.store_artifact(other, [CSV]).digest
    said = []
    for digest in (theirs, "0" * 64):
        with pytest.raises(Refused) as refused:
            service.submit(account, asked(digest))
        said.append(refused.value.problems)
        with pytest.raises(NotFound, match="upload it first"):
            service.inspect(account, digest, "table")
    assert said[0] == said[1]
    assert service.store_artifact(account, [CSV]).digest == theirs
    assert service.submit(account, asked(theirs)).state is AuditState.QUEUED


QUESTION = "model-class-reason"
NAMED = [where.replace("human-review", QUESTION) for where in FILES]


@pytest.mark.parametrize("where", NAMED)
def test_no_key_of_a_submission_reaches_the_file_of_another_account(where, service, account, other):
    own = service.store_artifact(account, [CSV]).digest
    theirs = service.store_artifact(other, [b"id,a\n1,2\n"]).digest
    full = FULL | {"answers": {QUESTION: FULL["answers"]["human-review"]}}
    raw = named_by_digest(full, {key: theirs if key == where else own for key in NAMED})
    with pytest.raises(Refused) as refused:
        service.submit(account, raw)
    assert codes(refused) == [(where, "unknown-artifact")]


def test_a_counts_table_of_another_account_is_not_reached(service, account, other):
    """The one key that stands instead of `data`, so that the list above cannot hold it."""
    theirs = service.store_artifact(other, [b"group,n,selected\na,9,3\n"]).digest
    raw = {key: value for key, value in asked(theirs).items() if key != "data"}
    with pytest.raises(Refused) as refused:
        service.submit(account, raw | {"counts": {"artifact": f"sha256:{theirs}"}})
    assert codes(refused) == [("counts", "unknown-artifact")]


def test_the_audit_of_another_account_is_not_there(service, account, other):
    digest = service.store_artifact(account, [CSV]).digest
    audit_id = service.submit(account, asked(digest)).id
    report = partial(service.report, kind="html")
    for ask in (service.audit, service.record, service.calls, report, service.cancel, service.delete):
        with pytest.raises(NotFound, match="there is no audit"):
            ask(other, audit_id)
    with pytest.raises(NotFound):
        service.rejudge(other, audit_id, ["us-nyc-ll144"])


def test_what_is_not_completed_has_no_report_and_cannot_be_judged_again(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    audit_id = service.submit(account, asked(digest)).id
    with pytest.raises(Conflict, match=r"is queued; it has no report\.pdf"):
        service.report(account, audit_id, "pdf")
    with pytest.raises(Conflict, match="only a completed one"):
        service.rejudge(account, audit_id, ["us-nyc-ll144"])
    assert service.cancel(account, audit_id).state is AuditState.CANCELLED
    with pytest.raises(Conflict, match="only a running one"):
        service.cancel(account, audit_id)


def test_deleting_takes_the_upload_along_unless_another_audit_uses_it(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    first, second = (service.submit(account, asked(digest)).id for _ in range(2))
    service.delete(account, first)
    assert service.artifact(account, digest).size == len(CSV)
    service.delete(account, second)
    with pytest.raises(NotFound):
        service.artifact(account, digest)
    assert not service.artifacts.exists(digest)
    with service.database.reading() as session:
        assert session.scalars(sa.select(AuditRecord)).all() == []
        assert session.scalars(sa.select(OwnershipRecord)).all() == []


def test_the_files_of_an_audit_go_on_request_and_its_row_stays(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    audit_id = service.submit(account, asked(digest)).id
    with pytest.raises(Conflict, match="only a completed one keeps files"):
        service.delete_files(account, audit_id)
    with service.database.transaction() as session:
        audits.move(session, audit_id, AuditState.COMPLETED)
    service.delete_files(account, audit_id)
    assert not service.artifacts.exists(digest)
    assert service.audit(account, audit_id).files_kept is False
    with pytest.raises(NotFound):
        service.artifact(account, digest)


def test_deleting_leaves_what_another_account_uploaded_too(service, account, other):
    for who in (account, other):
        digest = service.store_artifact(who, [CSV]).digest
    service.delete(account, service.submit(account, asked(digest)).id)
    assert service.artifact(other, digest).size == len(CSV)


def test_an_empty_file_is_refused_and_not_kept(service, account):
    with pytest.raises(Refused, match="the file is empty"):
        service.store_artifact(account, [])
    assert not [path for path in service.artifacts.root.rglob("*") if path.is_file()]


def test_a_table_is_inspected_by_its_owner(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    found = service.inspect(account, digest, "table")
    assert found.rows == 60
    assert [column.name for column in found.columns] == ["y", "d", "g"]


def test_a_host_without_the_sandbox_refuses_files_and_serves_the_rest(service, account, monkeypatch):
    digest = service.store_artifact(account, [CSV]).digest
    audit_id = service.submit(account, asked(digest)).id
    monkeypatch.setattr(service_module, "missing_layer", lambda: "Landlock is missing")
    for ask in (
        lambda: service.store_artifact(account, [CSV]),
        lambda: service.submit(account, asked(digest)),
        lambda: service.inspect(account, digest, "table"),
    ):
        with pytest.raises(Unavailable, match="Landlock is missing"):
            ask()
    assert service.audit(account, audit_id).id == audit_id


def test_drafts_are_kept_changed_and_forgotten(service, account, other):
    draft = service.draft_create(account, {"step": 1})
    assert service.draft_get(account, draft.id).data == {"step": 1}
    assert service.draft_put(account, draft.id, {"step": 2}).data == {"step": 2}
    assert service.draft_get(account, draft.id).data == {"step": 2}
    with pytest.raises(NotFound):
        service.draft_get(other, draft.id)
    with pytest.raises(Refused, match="a draft holds at most"):
        service.draft_put(account, draft.id, {"text": "x" * 300_000})
    assert service.draft_change(account, draft.id, lambda held: {**held, "more": 3}).data["step"] == 2
    assert service.draft_get(account, draft.id).data == {"step": 2, "more": 3}
    with pytest.raises(NotFound):
        service.draft_change(other, draft.id, lambda held: held)
    service.draft_delete(account, draft.id)
    with pytest.raises(NotFound, match="may have been sent or deleted"):
        service.draft_get(account, draft.id)


def test_an_attested_document_must_be_uploaded_too(service, account):
    digest = service.store_artifact(account, [CSV]).digest
    answers = {"data-sources": {"answer": "yes", "document": f"sha256:{'1' * 64}"}}
    with pytest.raises(Refused) as refused:
        service.submit(account, asked(digest, answers=answers))
    assert codes(refused) == [("answers.data-sources.document", "unknown-artifact")]


def test_unknown_checks_and_frameworks_are_not_found(service):
    with pytest.raises(NotFound):
        service.check("data.nothing")
    with pytest.raises(NotFound):
        service.framework("nothing")
