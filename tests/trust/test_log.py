"""The log grows, is signed, and shows every change, on both databases."""

from __future__ import annotations

import hashlib
import json
import threading

import numpy as np
import pytest
import sqlalchemy as sa

from auditor.artifacts import Artifacts
from auditor.register import Register
from auditor.service import Service
from auditor.store import log as kept
from auditor.store import people
from auditor.trust import log
from auditor.trust.keys import Keyring, rotate
from auditor.trust.merkle import consistent
from auditor.trust.seal import seal
from auditor.trust.sealing import LAST, Sealer
from auditor.trust.verify import Answer, check
from auditor.views import Unavailable
from reports import bundle
from reports.record import canonical
from tests.budgets import budget
from tests.trust.sealed import audit, keyring
from tests.trust.stored import completed

MUTATIONS = budget(48, 1000)


class Store(Service):
    """A service without a queue."""

    def __init__(self, database, folder):
        self.database = database
        self.artifacts = Artifacts(folder / "files")
        self.sealer = Sealer(folder / "keys", database, self.artifacts)
        self.register = Register(database, self.artifacts, self.sealer)


@pytest.fixture
def store(database, tmp_path):
    return Store(database, tmp_path)


@pytest.fixture
def owner(store):
    with store.database.transaction() as session:
        return people.local_account(session)


def exported(store):
    return canonical(store.register.whole_log())


def test_completed_audits_are_sealed_once_and_entered(store, owner):
    first, second = completed(store, owner), completed(store, owner, "Grants")
    assert store.sealer.seal_waiting() == 2
    assert store.sealer.seal_waiting() == 0
    whole = store.register.whole_log()
    assert [entry["kind"] for entry in whole["entries"]] == ["sealed", "sealed"]
    assert "Loans" not in json.dumps(whole)
    trust = store.sealer.keys.published
    for audit_id, place in ((first, 0), (second, 1)):
        data = store.sealer.bundle(audit_id)
        found = check(data, trust, exported(store))
        assert found.answer is Answer.VALID, found.problems
        assert f"Entry {place} of a log of 2" in found.said[0]
        assert store.sealer.bundle(audit_id) == data


def test_sealing_at_once_makes_one_entry(store, owner):
    audit_id = completed(store, owner)
    threads = [threading.Thread(target=store.sealer.seal, args=(audit_id,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.register.whole_log()["entries"]) == 1


def test_the_database_refuses_to_change_an_entry(store, owner):
    store.sealer.seal(completed(store, owner))
    for change in ("UPDATE log SET entry = '{}'", "DELETE FROM log"):
        with (
            pytest.raises(sa.exc.DBAPIError, match="the log only grows"),
            store.database.transaction() as session,
        ):
            session.execute(sa.text(change))


def drop_triggers(store):
    with store.database.transaction() as session:
        if session.get_bind().dialect.name == "postgresql":
            session.execute(sa.text("ALTER TABLE log DISABLE TRIGGER log_only_grows"))
        else:
            for change in ("update", "delete"):
                session.execute(sa.text(f"DROP TRIGGER log_only_grows_{change}"))


@pytest.mark.parametrize(
    "change", ["DELETE FROM log WHERE position = 1", "UPDATE log SET entry = '{}' WHERE position = 0"]
)
def test_a_head_is_not_signed_over_a_log_that_lost_its_past(change, store, owner):
    """Whoever has the whole database still cannot make us sign another history."""
    completed(store, owner), completed(store, owner, "Grants")
    store.sealer.seal_waiting()
    drop_triggers(store)
    with store.database.transaction() as session:
        session.execute(sa.text(change))
    for sealer in (Store(store.database, store.sealer.folder.parent).sealer, store.sealer):
        completed(store, owner, "Permits")  # a head over more is asked for, also of who read the log before
        with pytest.raises(Unavailable, match="entries were dropped or changed"):
            sealer.seal_waiting()
    assert json.loads((store.sealer.folder / LAST).read_bytes())["size"] == 2


def test_a_replaced_key_signs_the_head_anew_and_old_bundles_stay_valid(store, owner):
    audit_id = completed(store, owner)
    before = store.sealer.bundle(audit_id)
    rotate(store.sealer.folder)
    after = store.sealer.bundle(audit_id)
    trust = store.sealer.keys.published
    assert check(before, trust).answer is Answer.REFUSED  # its receipt is by the old key as well
    found = check(after, trust)
    assert found.answer is Answer.VALID, found.problems
    assert found.fingerprint == trust[0].fingerprint


def test_a_bundle_kept_since_before_a_replacement_is_valid_by_the_log_of_today(store, owner):
    """Its receipt is by the replaced key; the log under the present key goes on from there and holds it."""
    audit_id = completed(store, owner)
    kept = store.sealer.bundle(audit_id)
    rotate(store.sealer.folder)
    completed(store, owner, "Grants"), store.sealer.seal_waiting()
    trust = store.sealer.keys.published
    bare = bundle.pack({n: d for n, d in bundle.unpack(kept).items() if n != bundle.RECEIPT})
    for data in (kept, bare):
        alone = check(data, trust)
        assert alone.answer is Answer.REFUSED
        assert all("name with --log the log as its service gives it today" in said for said in alone.problems)
        found = check(data, trust, exported(store))
        assert found.answer is Answer.VALID, found.problems
        (said,) = [line for line in found.said if "was replaced on" in line]
        assert "the log, under the present key, shows that it signed before" in said


def test_what_a_replaced_key_signs_later_is_refused_whatever_log_is_named(store, owner):
    """Whoever holds the old key makes a bundle, a receipt and a log of its own, or names the true log."""
    kept = bundle.unpack(store.sealer.bundle(completed(store, owner)))
    old = store.sealer.keys
    rotate(store.sealer.folder)
    completed(store, owner, "Grants"), store.sealer.seal_waiting()
    trust = store.sealer.keys.published
    forged = seal(audit("Parking").to_json(), {}, old)
    true = store.register.whole_log()
    entry = {
        **true["entries"][0],
        "manifest": hashlib.sha256(forged[bundle.MANIFEST]).hexdigest(),
        "signer": old.current.fingerprint,
    }
    spelt = [canonical(one).decode() for one in [*true["entries"], entry]]
    head = log.signed_head(log.leaves(spelt), old, entry["time"])
    own = canonical(log.whole(spelt, head, old.current))
    receipt = log.receipt(spelt, len(spelt) - 1, head, old.current)
    for files in (
        forged,
        {**forged, bundle.RECEIPT: receipt},
        {**forged, bundle.RECEIPT: kept[bundle.RECEIPT]},
    ):
        for whole in (None, exported(store), own):
            found = check(bundle.pack(files), trust, whole)
            assert found.answer is Answer.REFUSED
            assert any("its key was replaced on" in problem for problem in found.problems)


@pytest.mark.parametrize(
    ("change", "named"),
    [({"signer": "0" * 64}, "is of another signer"), ({"time": "2999-01-01T00:00:00+00:00"}, "after that")],
)
def test_a_true_log_that_says_otherwise_does_not_help_a_replaced_key(change, named, tmp_path):
    ring = Keyring.open(tmp_path)
    files = seal(audit().to_json(), {}, ring)
    new = rotate(tmp_path)
    manifest = hashlib.sha256(files[bundle.MANIFEST]).hexdigest()
    said = {
        "kind": "sealed",
        "manifest": manifest,
        "signer": ring.current.fingerprint,
        "time": "2026-01-01T00:00:00+00:00",
    }
    spelt = [canonical({**said, **change}).decode()]
    head = log.signed_head(log.leaves(spelt), new, "2026-01-01T00:00:00+00:00")
    found = check(bundle.pack(files), new.published, canonical(log.whole(spelt, head, new.current)))
    assert found.answer is Answer.REFUSED
    assert any(named in problem for problem in found.problems)


def test_growth_can_be_proved(store, owner):
    completed(store, owner)
    store.sealer.seal_waiting()
    old = log.read_log(exported(store), None).head
    completed(store, owner, "Grants"), completed(store, owner, "Parking")
    store.sealer.seal_waiting()
    said = store.register.proof_since(old.size)
    new, _, current = log.read_head(said, store.sealer.keys.published)
    proof = [bytes.fromhex(one) for one in said["proof"]]
    assert current
    assert consistent(old.size, new.size, bytes.fromhex(old.root), bytes.fromhex(new.root), proof)


def test_a_withdrawal_is_told_with_its_reason(store, owner):
    audit_id = completed(store, owner)
    store.register.withdraw(owner, audit_id, "The data were of another year.")
    found = check(store.sealer.bundle(audit_id), store.sealer.keys.published, exported(store))
    assert found.answer is Answer.VALID
    assert any("WITHDRAWN" in line and "another year" in line for line in found.said)


class Rewriter:
    """Somebody who changes the log that a reader is given; the reader has a bundle with its receipt."""

    def __init__(self, rng, store, audit_id, old):
        self.rng = rng
        self.old = old
        self.whole = store.register.whole_log()
        self.bundle = store.sealer.bundle(audit_id)
        self.ring = store.sealer.keys

    def ways(self):
        return [getattr(self, name) for name in sorted(dir(self)) if name.startswith("by_")]

    def by_dropping_an_entry(self):
        del self.whole["entries"][self._place()]
        return "entries, and its head was signed over"

    def by_swapping_two_entries(self):
        a, b = self.rng.choice(len(self.whole["entries"]), 2, replace=False)
        entries = self.whole["entries"]
        entries[a], entries[b] = entries[b], entries[a]
        return "its entries do not give its signed head"

    def by_changing_an_entry(self):
        self.whole["entries"][self._place()]["record"] = "0" * 64
        return "its entries do not give its signed head"

    def by_cutting_it_short_with_its_own_key(self):
        self._sign(self.whole["entries"][:-1], keyring())
        return "not signed by the key that you named"

    def by_cutting_it_short_under_an_earlier_head(self):
        """The head was truly signed, when the log was shorter: the receipt is later."""
        self._sign(self.whole["entries"][:-1], self.ring)
        return "it was cut short"

    def by_rewriting_it_with_the_right_key(self):
        entries = [dict(entry) for entry in self.whole["entries"]]
        entries[self._place()]["signer"] = "0" * 64
        self._sign(entries, self.ring)
        return "it was rewritten"

    def by_giving_another_logs_receipt(self):
        files = bundle.unpack(self.bundle)
        other = keyring()
        entries = [canonical(entry).decode() for entry in self.whole["entries"]]
        head = log.signed_head(log.leaves(entries), other, "2026-12-01T00:00:00+00:00")
        self.whole = log.whole(entries, head, other.current)
        self.bundle = bundle.pack({**files, bundle.RECEIPT: log.receipt(entries, 0, head, other.current)})
        return "not signed by the key that you named"

    def by_moving_the_receipt(self):
        files = bundle.unpack(self.bundle)
        said = json.loads(files[bundle.RECEIPT])
        said["position"] = (said["position"] + 1) % len(self.whole["entries"])
        self.bundle = bundle.pack({**files, bundle.RECEIPT: canonical(said)})
        return "receipt.json: its proof does not lead to the signed head"

    def by_dropping_the_receipt_and_its_entry(self):
        files = bundle.unpack(self.bundle)
        place = json.loads(files[bundle.RECEIPT])["position"]
        self.bundle = bundle.pack({n: d for n, d in files.items() if n != bundle.RECEIPT})
        self._sign([e for i, e in enumerate(self.whole["entries"]) if i != place], self.ring)
        return "entries is of this bundle"

    def by_an_old_key_alone(self):
        """The log as it is, under a head by a key that was replaced."""
        self._sign(self.whole["entries"], self.old)
        return "not signed by the key that you named"

    def by_a_receipt_of_an_old_key(self):
        files = bundle.unpack(self.bundle)
        self.bundle = bundle.pack({**files, bundle.RECEIPT: self._receipt(self.old)})
        return "receipt.json: its head is signed with"

    def by_cutting_it_short_for_an_old_key(self):
        self._sign(self.whole["entries"][: self._place()], self.old)
        return "not signed by the key that you named"

    def by_signing_it_all_again_with_another_key(self):
        """Bundle, receipt and log fit each other, and nobody named whoever signed."""
        other = keyring()
        files = bundle.unpack(self.bundle)
        again = seal(files[bundle.RECORD], {n: files[n] for n in bundle.REPORTS if n in files}, other)
        place = json.loads(files[bundle.RECEIPT])["position"]
        manifest = hashlib.sha256(again[bundle.MANIFEST]).hexdigest()
        signer = other.current.fingerprint
        self.whole["entries"][place] |= {"manifest": manifest, "signer": signer}
        self._sign(self.whole["entries"], other)
        self.bundle = bundle.pack({**again, bundle.RECEIPT: self._receipt(other, place)})
        return "the signature: it is by"

    def by_taking_the_receipt_of_another_bundle(self):
        files = bundle.unpack(self.bundle)
        place = json.loads(files[bundle.RECEIPT])["position"]
        entries = [canonical(entry).decode() for entry in self.whole["entries"]]
        other = next(i for i, e in enumerate(self.whole["entries"]) if i != place and e["kind"] == "sealed")
        head = canonical(self.whole["head"]).decode()
        key = self.ring.current
        self.bundle = bundle.pack({**files, bundle.RECEIPT: log.receipt(entries, other, head, key)})
        return "receipt.json: it is for another bundle"

    def by_a_byte_of_the_receipt(self):
        files = bundle.unpack(self.bundle)
        changed = bytearray(files[bundle.RECEIPT])
        changed[int(self.rng.integers(0, len(changed)))] ^= int(self.rng.integers(1, 256))
        self.bundle = bundle.pack({**files, bundle.RECEIPT: bytes(changed)})
        return "receipt.json: "

    def _receipt(self, ring, place=None):
        if place is None:
            place = json.loads(bundle.unpack(self.bundle)[bundle.RECEIPT])["position"]
        spelt = [canonical(entry).decode() for entry in self.whole["entries"]]
        head = log.signed_head(log.leaves(spelt), ring, "2026-12-01T00:00:00+00:00")
        return log.receipt(spelt, place, head, ring.current)

    def _place(self):
        return int(self.rng.integers(0, len(self.whole["entries"])))

    def _sign(self, entries, ring):
        spelt = [canonical(entry).decode() for entry in entries]
        head = log.signed_head(log.leaves(spelt), ring, "2026-12-01T00:00:00+00:00")
        self.whole = log.whole(spelt, head, ring.current)


def test_every_change_of_the_log_is_refused_and_named(settings, tmp_path):
    """Each way of tampering in turn, at a place that the seed draws."""
    from auditor.store.database import Database

    database = Database(f"sqlite:///{tmp_path / 'log.db'}")
    database.migrate()
    store = Store(database, tmp_path)
    with database.transaction() as session:
        owner = people.local_account(session)
    old = store.sealer.keys
    rotate(store.sealer.folder)
    ids = [completed(store, owner, name) for name in ("Loans", "Grants", "Parking", "Permits")]
    store.sealer.seal_waiting()
    trust = store.sealer.keys.published
    for seed in range(MUTATIONS):
        forger = Rewriter(np.random.default_rng([9, seed]), store, ids[seed % 4], old)
        ways = forger.ways()
        way = ways[seed % len(ways)]
        named = way()
        found = check(forger.bundle, trust, canonical(forger.whole))
        assert found.answer is Answer.REFUSED, way.__name__
        assert any(named in problem for problem in found.problems), (way.__name__, found.problems)
    database.close()


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{}", b'{"entries":[],"head":{},"key":""}', b"[" * 10**5]
)
def test_what_is_no_log_gets_a_sentence(data):
    with pytest.raises(log.BadLog):
        log.read_log(data, None)


def test_entries_are_found_by_place_and_by_digest(store, owner):
    audit_id = completed(store, owner)
    store.sealer.seal(audit_id)
    with store.database.reading() as session:
        (row,) = kept.of_audit(session, audit_id)
    for reference in ("0", row.record, row.record[:12], f"sha256:{row.record}", row.record[:12].upper()):
        assert store.register.lookup(reference) == (0,)
