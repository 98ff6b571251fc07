"""The command line: `python -m auditor`.

Exit codes: 0 done; 2 refused, with the reason on stderr; 3 a fault of ours; 4 a check failed (`--strict`);
10 the gate tripped; 130 interrupted. A run that does not end with 0, 4 or 10 leaves no file behind. `verify`
has its own: 0 valid; 1 not intact, or another signer; 3 intact, but nobody said who should have signed.
"""

from __future__ import annotations

import argparse
import datetime as dt
import logging
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from auditor import cli_rules, config, logs
from auditor.plan import DOCUMENTS
from auditor.problems import Refused
from auditor.trust import command
from frameworks.load import LoadError
from frameworks.model import Verdict
from reports.language import ENGLISH, LANGUAGES

logger = logging.getLogger(__name__)

DONE, REFUSED, BROKEN, STRICT, GATE, INTERRUPTED = 0, 2, 3, 4, 10, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit code."""
    asked = parser().parse_args(arguments)
    try:
        settings = config.from_environment()
        logs.configure(settings.log_format, settings.log_level)
        code: int = asked.do(asked, settings)
    except Refused as refused:
        for problem in refused.problems:
            where = f"{problem.where}: " if problem.where else ""
            print(f"refused: {where}{problem.sentence}", file=sys.stderr)
        return REFUSED
    except (config.BadSetting, LoadError) as wrong:
        print(f"refused: {wrong}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        print("interrupted; nothing was written.", file=sys.stderr)
        return INTERRUPTED
    except Exception as bug:  # the last stop: people get a sentence, the log the place
        logger.exception("auditor failed")
        print(f"auditor itself failed ({type(bug).__name__}); the line above says where.", file=sys.stderr)
        return BROKEN
    return code


def parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    root = argparse.ArgumentParser(prog="auditor", description="Audit AI systems that decide about people.")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    _add_run(commands)

    serve = commands.add_parser("serve", help="start the web service and its workers")
    serve.add_argument("--port", type=int, help="port to listen on (AUDITOR_PORT)")
    serve.set_defaults(do=_serve)

    worker = commands.add_parser("worker", help="start one worker, for hosts that only measure")
    worker.add_argument("--slot", type=int, default=0, help="number of this worker on this host (default 0)")
    worker.set_defaults(do=_worker)

    cli_rules.add_to(commands, _day)

    publish = commands.add_parser("publish", help="write the version of a record that is for everybody")
    publish.add_argument("record", type=Path, help="an audit.json")
    publish.add_argument("--out", type=Path, required=True, help="the folder to write into")
    _add_language(publish)
    publish.set_defaults(do=_publish)

    _add_report(commands)
    _add_export(commands)

    checks = commands.add_parser("checks", help="list checks, or show the page of one")
    checks.add_argument("id", nargs="?", help="check to show")
    checks.set_defaults(do=_checks)

    command.add_to(commands)

    verify = commands.add_parser("verify-install", help="say what this host provides and what it lacks")
    verify.set_defaults(do=_verify)
    return root


def _add_run(commands: Any) -> None:
    run = commands.add_parser(
        "run",
        help="audit a submission.yaml without a server",
        description=(
            "Audit SUBMISSION and write audit.json, report.html, report.pdf and bundle.zip into DIR. "
            "Exit codes: 0 done, 2 refused, 3 internal error, 4 a check failed (--strict), "
            "10 the gate tripped, 130 interrupted."
        ),
    )
    run.add_argument("submission", type=Path, help="submission.yaml; its paths are relative to it")
    run.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the results")
    run.add_argument(
        "--framework",
        action="append",
        default=[],
        metavar="ID",
        help="judge by this instead, an id or a rule file (repeatable)",
    )
    run.add_argument("--as-of", type=_day, metavar="DATE", help="read the rules as of this day (today)")
    run.add_argument("--seed", type=int, help="seed of everything sampled, instead of the submission's")
    run.add_argument(
        "--gate",
        choices=[str(verdict) for verdict in Verdict if verdict.rank >= Verdict.UNDECIDED.rank],
        help="exit with 10 when a requirement in force has this verdict or a worse one",
    )
    _add_language(run)
    run.add_argument(
        "--records", type=Path, metavar="FILE",
        help="also write what attacks say of single records; for you alone, in no report and no bundle",
    )  # fmt: skip
    run.add_argument("--strict", action="store_true", help="exit with 4 when a check failed")
    run.add_argument("--quiet", action="store_true", help="print nothing but errors")
    run.set_defaults(do=_run)


def _add_report(commands: Any) -> None:
    report = commands.add_parser("report", help="tell a record again, as one of its documents")
    report.add_argument("record", type=Path, help="an audit.json")
    report.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write into")
    report.add_argument(
        "--document", action="append", default=[], metavar="NAME", choices=DOCUMENTS,
        help="report, summary, plan, comparison, transparency or annex (repeatable; all that can be told)",
    )  # fmt: skip
    report.add_argument(
        "--before", type=Path, metavar="RECORD", help="the earlier audit.json of a comparison"
    )
    report.add_argument("--tasks", type=Path, metavar="FILE", help="YAML: who takes what on, until when")
    _add_language(report)
    report.set_defaults(do=_report)


def _add_export(commands: Any) -> None:
    export = commands.add_parser("export", help="write a record in the formats of other tools and registers")
    export.add_argument("record", type=Path, help="an audit.json")
    export.add_argument("--out", type=Path, required=True, metavar="DIR", help="the folder to write into")
    export.add_argument(
        "--format", action="append", default=[], metavar="NAME", help="such as junit.xml (repeatable; all)"
    )
    export.add_argument("--public", action="store_true", help="of the version of the record for everybody")
    export.set_defaults(do=_export)


def _add_language(command: argparse.ArgumentParser) -> None:
    names = ", ".join(f"{tag} {name}" for tag, name in LANGUAGES.items())
    command.add_argument(
        "--language", choices=list(LANGUAGES), default=ENGLISH, metavar="TAG",
        help=f"language of what is told: {names}; the record is the same in all",
    )  # fmt: skip


def _run(asked: argparse.Namespace, settings: config.Settings) -> int:
    from auditor import run

    tell = (lambda _: None) if asked.quiet else (lambda line: print(line, file=sys.stderr, flush=True))
    if asked.out.exists() and not asked.out.is_dir():
        print(f"refused: --out {asked.out} is a file; name a folder.", file=sys.stderr)
        return REFUSED
    try:
        ran = run.run(
            asked.submission,
            asked.out,
            settings,
            frameworks=asked.framework,
            as_of=asked.as_of,
            seed=asked.seed,
            language=asked.language,
            records=asked.records,
            tell=tell,
        )
    except run.Failed as why:
        print(f"auditor itself failed: {why}", file=sys.stderr)
        return BROKEN
    body = ran.record["body"]
    if not asked.quiet:
        print(_summary(body["verdicts"]))
        print(f"{ran.out}/audit.json, report.html, report.pdf, bundle.zip ({ran.record['digest'][:12]})")
    if asked.strict and ran.failed_checks:
        print(f"failed checks: {', '.join(ran.failed_checks)}", file=sys.stderr)
        return STRICT
    return GATE if asked.gate and _tripped(body, Verdict(asked.gate)) else DONE


def _tripped(body: Mapping[str, Any], gate: Verdict) -> bool:
    in_force = (Verdict(f["verdict"]) for f in body["findings"] if f["state"] == "in-force")
    return any(verdict.rank >= gate.rank for verdict in in_force)


def _summary(verdicts: Mapping[str, Any]) -> str:
    lines = []
    for framework, whole in verdicts.items():
        counts = ", ".join(f"{n} {verdict.replace('_', ' ')}" for verdict, n in whole["counts"].items() if n)
        lines.append(f"{framework}: {whole['verdict'].replace('_', ' ')} ({counts})")
    return "\n".join(lines)


def _serve(asked: argparse.Namespace, settings: config.Settings) -> int:
    from auditor.serve import Supervisor

    if asked.port is not None:
        os.environ["AUDITOR_PORT"] = str(asked.port)  # the web process and the workers read it there
        settings = config.from_environment()
    return Supervisor(settings).run()


def _worker(asked: argparse.Namespace, settings: config.Settings) -> int:
    from auditor.sandbox.aside import shut_out

    shut_out(settings.key_folder)  # before any thread is started or anything is read
    from auditor.sandbox import start_canary
    from auditor.worker import run

    def leave(said: str) -> None:
        print(f"this worker takes no work: {said}.", file=sys.stderr)
        os.kill(os.getpid(), signal.SIGTERM)  # what it had begun is resumed elsewhere

    start_canary(leave)
    run(settings, asked.slot)


def _publish(asked: argparse.Namespace, settings: config.Settings) -> int:
    from auditor.publishing import publish

    digest = publish(asked.record, asked.out, asked.language, settings.fonts_folder)
    print(f"{asked.out}/audit.json, report.html, report.pdf ({digest[:12]})")
    return DONE


def _report(asked: argparse.Namespace, settings: config.Settings) -> int:
    from auditor.retold import retell

    written = retell(
        asked.record, asked.out, asked.document, before=asked.before, tasks=asked.tasks,
        language=asked.language, fonts=settings.fonts_folder,
    )  # fmt: skip
    print(f"{asked.out}/{', '.join(written)}")
    return DONE


def _export(asked: argparse.Namespace, _settings: config.Settings) -> int:
    from auditor.exporting import write

    written = write(asked.record, asked.out, asked.format, public=asked.public)
    print(f"{asked.out}/{', '.join(written)}")
    return DONE


def _checks(asked: argparse.Namespace, _settings: config.Settings) -> int:
    from checks.registry import pages

    if asked.id is None:
        for page in pages().values():
            print(f"{page.id:40} {page.title}")
        return DONE
    if asked.id not in pages():
        print(f"refused: there is no check `{asked.id}`; `checks` lists them.", file=sys.stderr)
        return REFUSED
    print(pages()[asked.id].doc)
    return DONE


def _verify(_asked: argparse.Namespace, settings: config.Settings) -> int:
    from auditor.verify import provided

    fit = True
    for part in provided(settings):
        print(f"{'ok     ' if part.available else 'missing'} {part.name:12} {part.sentence}")
        fit = fit and (part.available or not part.needed)
    print("This host can take submissions." if fit else "This host cannot take submissions.")
    return DONE if fit else REFUSED


def _day(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-12-01") from None
