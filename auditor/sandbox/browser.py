"""Look for barriers in a submitted page: axe-core in a locked headless Chromium, where the host has both.

No script of the page runs and nothing is fetched: the page is given a content security policy before its
first byte, under which only our two scripts run, by a word that nobody can guess. The browser itself is
locked as the locked child is, as far as a browser can be (docs/explanation/sandbox.md): it sees no file but
those of the system and its own empty folder, and reaches no network and no other process. Its answer is
numbers by rule; no word of the page comes back.
"""

from __future__ import annotations

import html
import json
import os
import re
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from auditor.sandbox.host import available
from auditor.sandbox.limits import Limits

SCRIPT = Path(__file__).with_name("browser_child.py")
BROWSERS = ("/usr/lib/chromium/chromium", "/usr/lib/chromium-browser/chromium-browser",
            "/opt/google/chrome/chrome", "chromium", "chromium-browser", "google-chrome")  # fmt: skip
"""The program itself before scripts that start it."""
RULES = "axe_playwright_python"
"""The package whose copy of axe-core is used; nothing else of it is."""
MOST = 4 << 20
"""Bytes of the browser's answer that are read."""
IMPACTS = ("minor", "moderate", "serious", "critical", None)
ID, TAG = re.compile(r"[a-z0-9-]{1,64}"), re.compile(r"[A-Za-z0-9.-]{1,40}")
VERSION = re.compile(r"axe v(\d+\.\d+\.\d+)")

POLICY = (
    "default-src 'none'; script-src 'nonce-{word}'; style-src 'unsafe-inline'; img-src data:; font-src data:"
)
LOOK = """
addEventListener("load", () => {
  const told = (said) => {
    const all = document.implementation.createHTMLDocument("").documentElement;
    all.lastChild.setAttribute("id", "WORD");
    all.lastChild.textContent = JSON.stringify(said);
    document.documentElement.replaceWith(document.adoptNode(all));
  };
  const brief = (rules) => rules.map((r) => [r.id, r.impact ?? null, r.tags, r.nodes.length, r.help]);
  const asked = { elementRef: false, resultTypes: ["violations", "incomplete", "passes"] };
  axe.run(document, asked).then(
    (r) => told({
      violations: brief(r.violations), incomplete: brief(r.incomplete), passes: r.passes.length,
    }),
    () => told({})
  );
});
"""
"""Ask axe-core, and put its answer in the place of the page."""


class NotScanned(Exception):
    """The page was not looked at; the sentence says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What looks at pages on this host."""

    browser: Path
    rules: Path
    version: str


def engine() -> Engine:
    """Return what this host has; raise `NotScanned` with what is missing."""
    found = next(filter(None, (_program(name) for name in BROWSERS)), None)
    if found is None:
        raise NotScanned("this host has no browser to open pages in: the operator can install Chromium")
    spec = find_spec(RULES)
    path = None if spec is None or spec.origin is None else Path(spec.origin).with_name("axe.min.js")
    if path is None or not path.exists():
        raise NotScanned(
            "this host has no axe-core to look for barriers with: the operator can install the package "
            "axe-playwright-python beside Auditor"
        )
    version = VERSION.search(path.read_text(encoding="utf-8")[:400])
    return Engine(found, path, version.group(1) if version else "of an unknown version")


def _program(name: str) -> Path | None:
    if name.startswith("/"):
        return Path(name) if os.access(name, os.X_OK) else None
    found = shutil.which(name)
    return None if found is None else Path(found)


def scan(page: str, limits: Limits) -> Mapping[str, Any]:
    """Return what axe-core finds in *page*; raise `NotScanned` where it could not look."""
    if (missing := available()) is not None:
        raise NotScanned(f"submitted pages cannot be opened here: {missing}")
    with_ = engine()
    word = secrets.token_hex(16)
    with tempfile.TemporaryDirectory(prefix="auditor-page-") as scratch:
        path = Path(scratch) / "page.html"
        path.write_text(_armed(page, with_.rules.read_text(encoding="utf-8"), word), encoding="utf-8")
        said = _opened(with_.browser, path, limits)
    found = re.search(rf'<body id="{word}">(.*?)</body>', said, re.DOTALL)
    if found is None:
        raise NotScanned("the browser ended without an answer: the page may be damaged, or leads elsewhere")
    try:
        return {"axe": with_.version, **_checked(json.loads(html.unescape(found.group(1))))}
    except (KeyError, TypeError, ValueError, RecursionError):
        raise NotScanned("axe-core could not look at this page") from None


def _armed(page: str, rules: str, word: str) -> str:
    """Return *page* behind the policy and our scripts; what follows is parsed as it would be alone."""
    policy = POLICY.format(word=word)
    scripts = "".join(
        f'<script nonce="{word}">{text}</script>' for text in (rules, LOOK.replace("WORD", word))
    )
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f"{scripts}\n{page}"
    )


def _opened(browser: Path, page: Path, limits: Limits) -> str:
    """Open *page* in a locked browser and return what became of it."""
    scratch = str(page.parent)
    command = [
        str(browser), "--headless", "--no-sandbox", "--no-zygote", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-breakpad", "--disable-extensions", "--disable-background-networking", "--no-first-run",
        "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND", "--js-flags=--jitless",
        f"--user-data-dir={scratch}/profile", "--virtual-time-budget=20000", "--dump-dom", page.as_uri(),
    ]  # fmt: skip
    told = {
        "cpu_seconds": int(limits.browser_seconds) + 1,
        "scratch": scratch,
        "parent": os.getpid(),
        "browser": str(browser),
        "command": command,
    }
    environment = {"HOME": scratch, "TMPDIR": scratch, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-I", "-B", str(SCRIPT), json.dumps(told)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        cwd="/",
        start_new_session=True,
    )
    try:
        return _answer(process, limits.browser_seconds)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _answer(process: subprocess.Popen[bytes], seconds: float) -> str:
    pipe, got, deadline = process.stdout, bytearray(), time.monotonic() + seconds
    assert pipe is not None
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while len(got) < MOST:
            if not selector.select(max(0, deadline - time.monotonic())):
                raise NotScanned(f"the page was not looked at within {seconds:g} seconds; send a shorter one")
            part = os.read(pipe.fileno(), 1 << 16)
            if not part:
                return got.decode(errors="replace")
            got += part
    raise NotScanned("the browser answered with more than a result; the page may be hostile")


def _checked(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answer in the shape that is kept; raise ValueError where it has another."""
    return {
        "violations": [_rule(*one) for one in said["violations"]],
        "incomplete": [_rule(*one) for one in said["incomplete"]],
        "passes": _count(said["passes"]),
    }


def _rule(name: str, impact: str | None, tags: list[str], nodes: int, help_: str) -> dict[str, Any]:
    if not ID.fullmatch(name) or impact not in IMPACTS or not all(TAG.fullmatch(tag) for tag in tags):
        raise ValueError("it is no rule of axe-core")
    return {
        "rule": name,
        "impact": impact,
        "tags": list(tags),
        "elements": _count(nodes),
        "says": help_[:200],
    }


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 10_000_000:
        raise ValueError("a count is out of range")
    return value
