"""The child process: lock itself, then read a submitted file from an open descriptor, then answer.

Started by its path, as `python -I -B child.py OPERATION DESCRIPTOR TOLD`, or forked from the template. It
never imports numpy, or touches the file, before it is locked.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

ROOT = Path(__file__).resolve().parents[2]


def enter(arguments: list[str]) -> tuple[str, int, dict[str, Any], BinaryIO, BinaryIO]:
    """Lock this process and return what it is asked: operation, descriptor, limits, questions, answers."""
    sys.path.insert(0, str(ROOT))  # -I leaves it out
    import checks  # noqa: F401
    from auditor.sandbox.lock import LAYER_MISSING, LayerMissing, harden, readable_paths

    operation, descriptor, told = arguments[0], int(arguments[1]), json.loads(arguments[2])
    readable = readable_paths(ROOT / "auditor", ROOT / "checks")
    try:
        harden(told["memory_bytes"], told["cpu_seconds"], readable, told["parent"])
    except (LayerMissing, OSError, ImportError) as missing:
        os.write(2, str(missing)[:500].encode())
        os._exit(LAYER_MISSING)
    return operation, descriptor, told, *channels()


def channels() -> tuple[BinaryIO, BinaryIO]:
    """Return the pipes of questions and answers; a model that prints must not corrupt its answers."""
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return questions, answers


def answer(
    operation: str, descriptor: int, limits: dict[str, Any], questions: BinaryIO, answers: BinaryIO
) -> None:
    """Serve one file; every failure becomes one refusal."""
    from auditor.sandbox.inside.answers import Refuse, brief, send_refusal
    from auditor.sandbox.limits import raise_it

    try:
        if operation in {"table", "inspect-table"}:
            from auditor.sandbox.inside import table

            table.serve(operation, descriptor, limits, answers)
        elif operation == "notice":
            from auditor.sandbox.inside import notice

            notice.serve(descriptor, limits, answers)
        elif operation == "attack":
            from auditor.sandbox import attack_child

            attack_child.serve(descriptor, limits, questions, answers)
        else:
            from auditor.sandbox.inside import model

            model.serve(operation, descriptor, limits, questions, answers)
    except Refuse as no:
        send_refusal(answers, no.code, no.sentence)
    except BaseException as error:
        if not _of_memory(error):
            return send_refusal(answers, "unreadable", brief(error))
        size = limits["memory_bytes"] / 2**30
        send_refusal(
            answers,
            "too-large",
            f"decoding it needs more than the {size:.1f} GiB of memory allowed: send less, "
            f"{raise_it('memory_bytes')}",
        )


def _of_memory(error: BaseException) -> bool:
    """Say whether memory ran out; while a library is loaded, that comes as an import that failed."""
    return isinstance(error, MemoryError) or (
        isinstance(error, ImportError)
        and any(words in str(error).lower() for words in ("failed to map segment", "cannot allocate memory"))
    )


if __name__ == "__main__":
    answer(*enter(sys.argv[1:]))
