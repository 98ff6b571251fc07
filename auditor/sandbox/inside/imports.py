"""Inside the child: what does a pickle stream name, read before it is run?

The list informs and never gates: what a stream imports can import more, and no list of bad names was ever
complete. joblib lays raw arrays between the opcodes; the reading ends at the first of them, and the loader
notes the rest as it comes.
"""

from __future__ import annotations

import io
import pickletools
import re

MOST_OPCODES = 5_000_000
MOST_NAMES = 10_000
_SKLEARN = re.compile(
    rb"_sklearn_version(?:\x94|q.|r....|p\d+\n|\n)*"  # the key, which may be remembered
    rb"(?:\x8c.|X....|V)(\d+\.\d+(?:\.\d+)?(?:\.?(?:rc|dev|post|a|b)\d+)?)",
    re.DOTALL,
)


def named_globals(stream: bytes) -> tuple[list[str], bool]:
    """Return every `module.name` that the opcodes name, and whether they could be read to their end."""
    found: set[str] = set()
    memo: dict[int, str] = {}
    strings = ["", ""]  # the last two on the stack: all that naming a global takes
    top = ""
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(io.BytesIO(stream))):
            if count > MOST_OPCODES or len(found) > MOST_NAMES:
                return sorted(found), False
            match opcode.name:
                case "GLOBAL" | "INST":
                    found.add(str(argument).replace(" ", ".", 1))
                case "STACK_GLOBAL":
                    found.add(".".join(strings))
                case "MEMOIZE":
                    memo[len(memo)] = top
                case "PUT" | "BINPUT" | "LONG_BINPUT":
                    memo[int(argument or 0)] = top
                case "GET" | "BINGET" | "LONG_BINGET":
                    top = memo.get(int(argument or 0), "")
                    strings = [strings[1], top]
                case _:
                    top = argument if isinstance(argument, str) else ""
                    strings = [strings[1], top] if top else strings
    except Exception:  # noqa: BLE001 - raw arrays, damage or deceit: pickletools raises many kinds
        return sorted(found), False
    return sorted(found), True


def stated_version(stream: bytes) -> str | None:
    """Return the version of scikit-learn that the stream says wrote it."""
    found = _SKLEARN.search(stream)
    return None if found is None else found[1].decode("ascii")
