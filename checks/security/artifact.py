"""Model file: what could loading it do?

Says which bytes were audited (format, size, SHA-256) and what loading them needs: the types, operators or
imports that the file names. `executes_code` is 1 where the format lets a file run code of its own when it
is loaded (a pickle does), else 0. `unexpected_types` counts what the file names outside the allow-list of
its format.

Why it matters
    Whoever loads a file in a format that runs code gives its author control of the machine. A digest ties
    the report to one file: another file is another audit.

How to read it
    0 and 0 mean that no such door was found in this file. The file is opened only inside a locked process
    all the same: a file without code can still be built to crash or to stall its reader.

Limits
    A file that runs code can name one import and use another: its list of imports informs, no more.
    Nothing is said about how the model was trained or about triggers hidden in its weights. An operator on
    the allow-list can still be used badly.

References
    OWASP Machine Learning Security Top 10, ML06:2023 (supply chain); skops.io, Secure persistence.
"""

from __future__ import annotations

from collections.abc import Iterator

from checks.model import Kind, Measure, NotApplicable, Subject, Table, check

LOWER_TRUST = (
    "trust",
    "lower: it runs code as it loads, so its numbers come from a process that the file controls",
)


@check
def artifact(subject: Subject) -> Iterator[Measure | Table]:
    """Tell what is known of the model file without trusting it."""
    file = subject.model_file
    if file is None:
        raise NotApplicable("no model file was submitted")

    exact = Kind.EXACT
    yes = float(file.can_execute)
    yield Measure("executes_code", yes, n=1, kind=exact, unit="yes is 1", method="the format of the file")
    unexpected = set(file.unexpected)
    checked = not file.can_execute or unexpected
    yield Measure(
        "unexpected_types",
        float(len(unexpected)) if checked else None,
        n=len(file.types),
        kind=exact,
        unit="types",
        method="count of what the file names outside the allow-list of its format",
        note=None
        if checked
        else "no allow-list can bound a format that runs code; the imports are only listed",
    )
    yield Measure("size", float(file.size), n=1, kind=exact, unit="bytes", method="count")
    facts = (("format", file.format), ("sha-256", file.digest), ("bytes", file.size))
    yield Table("model file", ("fact", "value"), (*facts, LOWER_TRUST) if file.can_execute else facts)
    if file.can_execute:
        yield Table(
            "imports", ("named by the file",), tuple((name,) for name in sorted({*file.types, *unexpected}))
        )
        return
    named = tuple((name, name not in unexpected) for name in sorted(unexpected.union(file.types)))
    yield Table("named types", ("type", "expected"), named)
