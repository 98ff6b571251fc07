"""Lock this process, then become a browser that opens one page: `browser_child.py TOLD` (JSON).

The page comes from *scratch*, the only folder that the browser may write to; the only one it may read is
that and what belongs to the system. See `auditor.sandbox.browser`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
READABLE = (
    "/bin",
    "/etc/chromium",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/dev/null",
    "/dev/random",
    "/dev/urandom",
    "/dev/zero",
    "/lib",
    "/lib64",
    "/opt/google",
    "/proc",
    "/sys/devices/system/cpu",
    "/usr",
)
"""What belongs to the system and names nobody; a browser looks at its own processes in /proc."""


def main() -> None:
    """Lock, then hand over to the browser."""
    sys.path.insert(0, str(ROOT))  # -I leaves it out
    from auditor.sandbox.lock import LAYER_MISSING, LayerMissing, harden_browser

    told = json.loads(sys.argv[1])
    readable = tuple(place for place in READABLE if Path(place).exists())
    try:
        harden_browser(told["cpu_seconds"], readable, told["scratch"], told["parent"])
    except (LayerMissing, OSError, ImportError) as missing:
        os.write(2, str(missing)[:500].encode())
        os._exit(LAYER_MISSING)
    os.execv(told["browser"], told["command"])  # noqa: S606 - no shell


if __name__ == "__main__":
    main()
