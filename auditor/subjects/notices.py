"""The notices that people were shown: their words, and what a browser finds in pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from auditor.problems import Problem, Refused, refuse
from auditor.sandbox import Limits
from auditor.sandbox.browser import NotScanned, scan
from auditor.sandbox.notices import read_notice
from auditor.submission import Submission
from checks.notices import Notice


def notices(
    submission: Submission, open_artifact: Callable[[str], Path], limits: Limits
) -> tuple[Notice, ...]:
    """Return every notice, read in the locked child; pages are looked at where the host can."""
    names = [shown.name or f"notice {i}" for i, shown in enumerate(submission.notices, start=1)]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        sentence = f"two notices are called `{twice[0]}`; give each a name of its own."
        raise refuse("notices", "name-twice", sentence)
    found: list[Notice] = []
    problems: list[Problem] = []
    for i, (name, shown) in enumerate(zip(names, submission.notices, strict=True)):
        path = open_artifact(shown.digest)
        try:
            read = read_notice(path, limits, where=f"notices.{i}")
        except Refused as refused:
            problems += [
                replace(problem, sentence=f"notice `{name}`: {problem.sentence}")
                for problem in refused.problems
            ]
            continue
        language = shown.language or read.language or None
        notice = Notice(name, read.is_html, language, read.text)
        found.append(_looked_at(notice, path, read.encoding, limits) if read.is_html else notice)
    if problems:
        raise Refused(problems)
    return tuple(found)


def _looked_at(notice: Notice, path: Path, encoding: str, limits: Limits) -> Notice:
    """Return a page with what a browser found, or why it found nothing."""
    page = path.read_bytes()[: limits.notice_bytes].decode(encoding, errors="replace")
    found, why = None, None
    try:
        found = scan(page, limits)
    except NotScanned as no:
        why = str(no)
    return Notice(notice.name, notice.is_html, notice.language, notice.text, found, why)
