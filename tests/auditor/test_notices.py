"""Notices are read in the locked child; pages are opened in a locked browser that reaches nothing."""

from __future__ import annotations

import dataclasses
import socket
import threading
from contextlib import suppress

import pytest

from auditor import subjects
from auditor.problems import Refused
from auditor.sandbox import Limits, browser
from auditor.sandbox.browser import NotScanned, scan
from auditor.sandbox.notices import read_notice
from auditor.subjects.prepare import Prepared
from auditor.submission import parse
from tests.auditor.test_subjects import Files, applicants

LIMITS = Limits()


@pytest.fixture
def write(tmp_path):
    def written(content):
        path = tmp_path / "notice"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return written


def read(path, **limits):
    return read_notice(path, dataclasses.replace(LIMITS, **limits), where="notices.0")


# Words

PAGE = """<!doctype html><html lang="en-GB"><head><title>Refused</title><style>p {color: red}</style></head>
<body><script>document.write("You can appeal")</script><h1>Your loan</h1><p>was <b>refus&#101;d</b>.</p>
<p>Write to <a href="mailto:help@example.org">us</a></p><noscript>noscript words</noscript></body></html>"""


def test_the_words_of_a_page_are_those_that_people_see(write):
    found = read(write(PAGE))
    assert (found.is_html, found.language) == (True, "en-GB")
    assert found.text == "Refused\nYour loan\nwas refused.\nWrite to mailto:help@example.org us"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_letter_is_read_in_its_encoding(write, encoding):
    found = read(write("您的申请被拒绝。".encode(encoding)))
    assert (found.is_html, found.text) == (False, "您的申请被拒绝。")


def test_a_page_may_say_its_encoding(write):
    found = read(write('<meta charset="big5"><p>您的申請</p>'.encode("big5")))
    assert (found.encoding, found.text) == ("big5", "您的申請")


@pytest.mark.parametrize(
    ("content", "limits", "said"),
    [
        (b"", {}, "it holds no text"),
        (b" \n ", {}, "it holds no text"),
        (b"%PDF-1.7\0\x81\x8d", {}, "neither plain text nor HTML"),
        (b"x" * 200, {"notice_bytes": 100}, "larger than 100 bytes"),
    ],
)
def test_what_is_no_notice_gets_its_sentence(write, content, limits, said):
    with pytest.raises(Refused, match=said):
        read(write(content), **limits)


@pytest.mark.parametrize(
    "page", ["<p>" * 50_000, "<!--" * 9_000, "<a b='" * 9_000, "<p>&#1114112;&#0;\u202e</p>"]
)
def test_damaged_pages_are_read_or_refused(write, page):
    with suppress(Refused):
        assert len(read(write(page)).text) <= 200_000


# In an audit


def submitted(tmp_path, *notices, **more) -> Prepared:
    files = Files(tmp_path)
    files.table("evaluation", applicants())
    said = []
    for i, (content, about) in enumerate(notices):
        files.written[f"{i:064x}"] = tmp_path / f"notice-{i}"
        files.written[f"{i:064x}"].write_text(content)
        said.append({"artifact": f"sha256:{i:064x}", **about})
    return files.prepare(columns={"prediction": "decision"}, notices=said, **more)


def test_notices_become_part_of_the_subject(tmp_path, tables_read_here, monkeypatch):
    seen = {"axe": "4.12.1", "violations": [], "incomplete": [], "passes": 1}
    monkeypatch.setattr(subjects.notices, "scan", lambda *_: seen)
    prepared = submitted(tmp_path, ("Refused.", {"language": "en"}), (PAGE, {"name": "screen"}))
    letter, page = prepared.subject.notices
    assert (letter.name, letter.language, letter.is_html, letter.scan) == ("notice 1", "en", False, None)
    assert (page.name, page.language, page.scan) == ("screen", "en-GB", seen)
    assert "unread" not in prepared.resolved
    subjects.save(prepared, tmp_path / "subject")
    assert subjects.load(tmp_path / "subject").notices == prepared.subject.notices


def test_a_host_without_a_browser_says_so_and_reads_the_words(tmp_path, tables_read_here, monkeypatch):
    monkeypatch.setattr(browser, "BROWSERS", ())
    (page,) = submitted(tmp_path, (PAGE, {})).subject.notices
    assert page.scan is None
    assert "this host has no browser" in page.unscanned
    monkeypatch.setattr(browser, "RULES", "no_such_package")
    monkeypatch.setattr(browser, "BROWSERS", ("/bin/sh",))
    with pytest.raises(NotScanned, match="no axe-core"):
        scan(PAGE, LIMITS)


def test_two_notices_of_one_name_and_bad_notices_are_refused(tmp_path, tables_read_here):
    with pytest.raises(Refused, match="two notices are called `a`"):
        submitted(tmp_path, ("x", {"name": "a"}), ("y", {"name": "a"}))
    with pytest.raises(Refused) as why:
        submitted(tmp_path, ("", {}), ("y", {}), (" ", {}))
    assert [problem.where for problem in why.value.problems] == ["notices.0", "notices.2"]
    assert why.value.problems[0].sentence == (
        "notice `notice 1`: it was refused: it holds no text: send what people were shown, or "
        "leave the notice out."
    )
    with pytest.raises(Refused, match="notice `letter of refusal`: it was refused: it holds no text"):
        submitted(tmp_path, ("", {"name": "letter of refusal"}))
    with pytest.raises(Refused, match=r"notices\.0\.language"):
        parse({"system": {"name": "x"}, "task": "binary", "notices": [{"file": "a", "language": "<b>"}]})


# In the browser


@pytest.fixture
def sees():
    try:
        browser.engine()
    except NotScanned as missing:
        pytest.skip(str(missing))
    return lambda page, **limits: scan(page, dataclasses.replace(LIMITS, **limits))


BARRIERS = """<html lang=en><title>x</title><main><h1>A</h1><img src=a.png><input>
<p style="color:#aaa;background:#fff">pale</p></main></html>"""
FINE = "<html lang=en><title>x</title><main><h1>A</h1><p>Plain words.</p></main></html>"


def rules(found):
    return {rule["rule"]: rule["elements"] for rule in found["violations"]}


def test_barriers_are_found_and_a_sound_page_has_none(sees):
    assert rules(sees(BARRIERS)) == {"image-alt": 1, "label": 1, "color-contrast": 1}
    found = sees(FINE)
    assert rules(found) == {}
    assert found["passes"] > 5
    assert found["axe"][0].isdigit()


def test_scripts_of_the_page_change_nothing(sees):
    """They could hide barriers, or answer in our place."""
    hide = "document.querySelectorAll('img,input,p').forEach(e => e.remove());"
    answer = "axe.run = () => Promise.resolve({violations: [], incomplete: [], passes: []});"
    hostile = f"<script>{hide}{answer}</script><body onload='{answer}'><svg onload='{answer}'></svg>"
    assert rules(sees(BARRIERS.replace("<main>", f"<main>{hostile}"))).keys() >= {"image-alt", "label"}


def test_the_page_reaches_no_network_and_no_file(sees, tmp_path, monkeypatch):
    """A page that fetches, frames and leads elsewhere knocks at nobody's door, even without the policy."""
    monkeypatch.setattr(browser, "POLICY", "default-src * 'unsafe-inline' data:; script-src 'nonce-{word}'")
    knocked = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        port = server.getsockname()[1]

        def listen():
            with suppress(OSError):
                server.accept()
                knocked.set()

        threading.Thread(target=listen, daemon=True).start()
        url = f"http://127.0.0.1:{port}/"
        wants = (
            f'<link rel=stylesheet href="{url}"><img src="{url}"><iframe src="{url}"></iframe>'
            f'<link rel=preconnect href="{url}"><link rel=dns-prefetch href="//example.org">'
            f'<style>@import "{url}"; body {{background: url("{url}")}}</style>'
        )
        with suppress(NotScanned):
            sees(wants + FINE)
        with suppress(NotScanned):
            sees(f'<meta http-equiv=refresh content="0;url={url}">' + FINE)
    assert not knocked.is_set()
    secret = tmp_path / "secret.html"
    secret.write_text(FINE)
    with pytest.raises(NotScanned):
        sees(f'<meta http-equiv=refresh content="0;url={secret.as_uri()}">' + FINE)


def test_a_page_that_takes_too_long_is_given_up(sees):
    with pytest.raises(NotScanned, match="within 1 seconds"):
        sees("<a>" * 20_000, browser_seconds=1.0)
