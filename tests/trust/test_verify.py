"""A bundle is valid as it was signed, and refused with a name after any change."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

from auditor.audit import tell
from auditor.cli import main
from auditor.run import Ran
from auditor.trust import retell
from auditor.trust.keys import Keyring, PublicKey, rotate
from auditor.trust.remeasure import compare
from auditor.trust.seal import seal
from auditor.trust.verify import Answer, check
from reports import bundle
from reports.edition import edition
from reports.publish import publish
from reports.record import canonical
from tests.budgets import budget
from tests.conftest import ROOT
from tests.trust.sealed import REPORTS, Forger, _everything, _improve, audit, edited, keyring, sealed

MUTATIONS = budget(100, 1000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("trust")


def test_equal_files_and_key_give_equal_bytes():
    files, ring, _ = sealed()
    assert bundle.pack(seal(audit().to_json(), REPORTS, ring)) == bundle.pack(files)
    assert bundle.unpack(bundle.pack(files)) == files


def test_a_bundle_holds_everything_that_its_verdicts_rest_on():
    files, _, _ = sealed()
    rules = {f"rules/{name}.json" for name in audit().body["frameworks"]}
    assert files.keys() == {
        *REPORTS,
        *rules,
        "audit.json",
        "manifest.json",
        "manifest.dsse.json",
        "signer.pem",
    }
    assert bundle.subjects(files["manifest.json"]).keys() == {*REPORTS, *rules, "audit.json"}


def test_a_bundle_is_valid_for_whoever_knows_the_key_and_intact_for_whoever_does_not():
    files, ring, _ = sealed()
    data = bundle.pack(files)
    known = check(data, ring.current.fingerprint)
    assert known.answer is Answer.VALID
    assert any("findings follow from the evidence" in line for line in known.said)
    assert check(data, ring.published).answer is Answer.VALID
    assert check(data, None).answer is Answer.UNKNOWN


@pytest.mark.parametrize("seed", range(MUTATIONS))
def test_every_change_is_refused_and_named(seed):
    """Each way of tampering in turn, at a place that the seed draws."""
    rng = np.random.default_rng([8, seed])
    forger = Forger(rng)
    ways = forger.ways()
    data, named = ways[seed % len(ways)]()
    assert data != bundle.pack(forger.files)
    for trust in (forger.ring.current.fingerprint, forger.ring.published):
        found = check(data, trust)
        assert found.answer is Answer.REFUSED
        assert any(named in problem for problem in found.problems), found.problems
        assert all(len(problem) < 400 for problem in found.problems)


@pytest.mark.parametrize("name", ["receipt.json", "calls.jsonl", "rules/mine.json", "notes.txt"])
def test_a_file_that_nobody_signed_has_no_place_in_a_bundle(name):
    files, ring, _ = sealed()
    found = check(bundle.pack({**files, name: b"{}"}), ring.current.fingerprint)
    assert found.answer is Answer.REFUSED
    assert any(name in problem for problem in found.problems)


def test_every_byte_of_the_small_files_is_covered():
    """Flip every byte of the manifest, its signature and the key, one at a time."""
    files, ring, _ = sealed()
    for name in bundle.OUTSIDE[:3]:
        for at in range(0, len(files[name]), 7):
            changed = bytearray(files[name])
            changed[at] ^= 1
            found = check(bundle.pack({**files, name: bytes(changed)}), ring.current.fingerprint)
            assert found.answer is Answer.REFUSED, f"{name} byte {at}"


def test_a_verdict_that_does_not_follow_is_refused_whoever_signed_it():
    """Even the right key cannot make a better verdict follow from the evidence."""
    ring = keyring()
    data = bundle.pack(seal(edited(audit(), _improve).to_json(), REPORTS, ring))
    for trust in (ring.published, None):
        found = check(data, trust)
        assert found.answer is Answer.REFUSED
        assert any("is met there, and not_met by its evidence and rules" in line for line in found.problems)


def test_without_a_key_a_forgery_in_which_all_fits_is_only_of_unknown_origin():
    data = bundle.pack(seal(edited(audit(), _everything).to_json(), REPORTS, keyring()))
    assert check(data, None).answer is Answer.UNKNOWN


def test_a_foreign_signature_does_not_hide_what_else_is_wrong():
    data = bundle.pack(seal(edited(audit(), _improve).to_json(), REPORTS, keyring()))
    found = check(data, sealed()[1].published)
    assert any("the signature: it is by" in line for line in found.problems)
    assert any("is met there, and not_met by its evidence and rules" in line for line in found.problems)


@pytest.fixture(scope="module")
def reports():
    return dict(tell(audit(), public_url="https://audit.example.org/a"))


def test_reports_that_tell_the_record_are_equal_to_it_told_again(reports, folder, capsys):
    """The whole way once: told anew, nothing remembered."""
    path, ring = folder / "told.zip", keyring()
    path.write_bytes(bundle.pack(seal(audit().to_json(), reports, ring)))
    assert main(["verify", str(path), "--key", ring.current.fingerprint]) == 0
    out = capsys.readouterr().out
    assert "Equal to the record told again, byte for byte: report.html and report.pdf." in out
    assert "The service whose log they name: https://audit.example.org/a." in out
    assert "The evidence itself was taken as it stands" in out


def _other_words(name):
    """Ways in which somebody may change a report; each with what must be said of it."""
    return {
        "report.html": [
            (
                b"Not met",
                b"Met",
                "report.html does not tell this record: told again from audit.json, its line",
            ),
            (b"</html>", b"</html> ", "report.html does not tell this record"),
            (b'<html lang="en">', b'<html lang="fr">', "report.html does not tell this record"),
            (b"audit.example.org", b"audit.example.net", "report.html does not tell this record"),
        ],
        "report.pdf": [(b"%%EOF", b"%%EOF ", "report.pdf does not tell this record.")],
    }[name]


@pytest.mark.parametrize("name", bundle.REPORTS)
def test_a_report_in_other_words_is_refused_whoever_signed_it(name, reports, folder, capsys, monkeypatch):
    monkeypatch.setattr(retell, "tell", lambda *_args, **_named: reports)
    for at, (old, new, named) in enumerate(_other_words(name)):
        assert old in reports[name]
        path, ring = folder / f"{name}{at}.zip", keyring()
        changed = {**reports, name: reports[name].replace(old, new)}
        path.write_bytes(bundle.pack(seal(audit().to_json(), changed, ring)))
        for key in (["--key", ring.current.fingerprint], []):
            assert main(["verify", str(path), *key]) == 1
            assert named in capsys.readouterr().err


def test_a_report_of_another_edition_or_of_other_fonts_is_said_not_to_be_compared(reports, monkeypatch):
    monkeypatch.setattr(retell, "tell", lambda *_args, **_named: reports)
    ours = edition().encode()
    other = {name: data.replace(ours, b"0" * 16) for name, data in reports.items()}
    set_otherwise = {**reports, "report.pdf": reports["report.pdf"].replace(ours, ours + b"+fonts")}
    for files, fonts, words in (
        (
            other,
            None,
            "NOT compared with the record: the words of report.html and report.pdf.",
        ),
        (REPORTS, None, "They were told by edition unknown of Auditor"),
        (set_otherwise, None, "report.pdf, set with fonts that are not here"),
        (set_otherwise, ROOT, "NOT equal to the record told again: report.pdf; its own fonts may be"),
    ):
        said = []
        assert list(retell.compare(files, audit(), fonts, said)) == []
        assert any(words in line for line in said), said


def test_reports_of_two_editions_are_refused(reports):
    mixed = {**reports, "report.pdf": reports["report.pdf"].replace(edition().encode(), b"0" * 16)}
    (problem,) = retell.compare(mixed, audit(), None, [])
    assert "report.html and report.pdf name different editions" in problem


def test_a_record_that_no_report_can_tell_is_refused(reports, monkeypatch):
    def breaks(*_args, **_named):
        raise AttributeError

    monkeypatch.setattr(retell, "tell", breaks)
    (problem,) = retell.compare(reports, audit(), None, [])
    assert problem == "audit.json: it cannot be told again (AttributeError)."


def test_a_rule_set_under_a_claimed_digest_is_compared_with_our_own():
    def eased(body):
        body["frameworks"]["us-nyc-ll144"]["title"] = "An easier law"
        return body

    ring = keyring()
    found = check(bundle.pack(seal(edited(audit(), eased).to_json(), REPORTS, ring)), ring.published)
    assert any("rules/us-nyc-ll144.json: it claims the digest" in line for line in found.problems)


def test_a_replaced_key_signs_no_more(folder):
    """A bundle of the old key is refused by the published list, and taken only by who names just that key."""
    place = folder / "ring"
    old = Keyring.open(place)
    data = bundle.pack(seal(audit().to_json(), REPORTS, old))
    assert check(data, old.published).answer is Answer.VALID
    new = rotate(place)
    assert [key.until is None for key in new.published] == [False, True]
    found = check(data, new.published)
    assert found.answer is Answer.REFUSED
    assert "its key was replaced on" in found.problems[0]
    assert check(data, new.current.fingerprint).answer is Answer.REFUSED
    assert check(data, old.current.fingerprint).answer is Answer.VALID


def test_the_version_for_everybody_is_sealed_too():
    ring = keyring()
    found = check(bundle.pack(seal(publish(audit()).to_json(), {}, ring)), ring.published)
    assert found.answer is Answer.VALID
    assert "version for everybody" in found.said[0]


def hostile_zips(folder):
    files, _, _ = sealed()
    entries = {"climbs": "../audit.json", "strange": "run.exe", "long": f"rules/{'a' * 999}.json"}
    for name, entry in entries.items():
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr(entry, b"{}")
        yield folder / f"{name}.zip", "it holds "
    with zipfile.ZipFile(folder / "pressed.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("audit.json", bytes(10**7))
    yield folder / "pressed.zip", "compressed"
    with zipfile.ZipFile(folder / "two.zip", "w") as archive:
        archive.writestr("audit.json", b"{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("audit.json", b"[]")
    yield folder / "two.zip", "audit.json twice"
    for name, data in (("empty", b""), ("words", b"not a zip"), ("behind", bundle.pack(files) + b"more")):
        (folder / f"{name}.zip").write_bytes(data)
        yield folder / f"{name}.zip", "zip"
    for name, record in (("nest", b"[" * 100_000), ("null", b"null"), ("none", b"")):
        (folder / f"{name}.zip").write_bytes(bundle.pack({**files, "manifest.json": record}))
        yield folder / f"{name}.zip", "manifest.json"


def test_what_is_no_bundle_gets_a_sentence(folder, capsys):
    for path, says in hostile_zips(folder):
        assert main(["verify", str(path)]) == 1, path
        said = capsys.readouterr().err
        assert says in said, path
        assert "Traceback" not in said


def test_the_command_says_what_it_can(folder, capsys):
    files, ring, _ = sealed()
    path, pem, listed = folder / "b.zip", folder / "key.pem", folder / "keys.json"
    path.write_bytes(bundle.pack(files))
    pem.write_text(ring.current.pem)
    listed.write_bytes(canonical({"keys": [key.to_json() for key in ring.published]}))
    for key in (ring.current.fingerprint, ring.current.fingerprint.upper(), str(pem), str(listed)):
        assert main(["verify", str(path), "--key", key]) == 0
        said = capsys.readouterr().out
        assert audit().digest in said
        assert "NOT compared with the record" in said
        assert "The evidence itself was taken as it stands" in said
    assert main(["verify", str(path)]) == 3
    assert "signer is unknown" in capsys.readouterr().out
    assert main(["verify", str(path), "--key", "0" * 64]) == 1
    assert "not by 0000" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"keys": [{"pem": 1}]}', "-----BEGIN PUBLIC KEY-----\n", "\0"]
)
def test_what_is_no_key_is_2(text, folder, capsys):
    files, _, _ = sealed()
    (folder / "b.zip").write_bytes(bundle.pack(files))
    (folder / "k").write_text(text)
    assert main(["verify", str(folder / "b.zip"), "--key", str(folder / "k")]) == 2
    assert "refused: " in capsys.readouterr().err


def test_what_is_not_there_is_2(folder, capsys):
    assert main(["verify", str(folder / "nowhere.zip")]) == 2
    files, _, _ = sealed()
    (folder / "b.zip").write_bytes(bundle.pack(files))
    assert main(["verify", str(folder / "b.zip"), "--key", "nowhere"]) == 2
    assert "no fingerprint of 64 hex digits, and no file" in capsys.readouterr().err


def test_a_number_that_measuring_does_not_give_again_is_named(folder, settings, monkeypatch):
    """Run the example of counts, seal it with one number changed, and measure again."""
    monkeypatch.setenv("AUDITOR_HOME", str(settings.home))
    path, out = ROOT / "examples" / "published_counts" / "submission.yaml", folder / "counts"
    assert main(["run", str(path), "--out", str(out), "--as-of", "2026-12-01", "--quiet"]) == 0
    fingerprint = Keyring.open(settings.key_folder).current.fingerprint
    found = check((out / "bundle.zip").read_bytes(), fingerprint)
    assert found.answer is Answer.VALID
    said: list[str] = []
    assert list(compare(found.audit, path, settings, said)) == []
    assert "numbers agree" in said[0]

    def moved(body):
        rate = next(m for e in body["evidence"] for m in e["measures"] if m["name"] == "scoring_rate")
        rate["value"] += 1e-4
        return body

    again = Ran(record=json.loads(found.audit.to_json()), out=out)
    monkeypatch.setattr("auditor.trust.remeasure.run", lambda *_, **__: again)
    wrong = list(compare(edited(found.audit, moved), path, settings, []))
    assert len(wrong) == 1
    assert "fairness.scoring_rate.scoring_rate of attribute" in wrong[0]


def test_published_keys_are_what_openssl_says():
    """The fingerprint is over the DER form; openssl and sha256sum computed this one."""
    pem = (
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n"
    )
    assert PublicKey(pem).fingerprint == "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f"
