"""Every known way in which a pickle runs somebody's code, each as the bytes of one file.

Each tries to leave a mark that the tests can see: a new file at `mark`, the content of `secret` in its error,
or a connection to `port`. They are harmless where they succeed.
"""

from __future__ import annotations

import bz2
import cProfile
import ctypes
import gzip
import io
import logging
import lzma
import operator
import os
import pickle
import pydoc
import runpy
import shutil
import socket
import subprocess
import timeit
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import scipy.io
import sklearn.datasets


@dataclass(frozen=True)
class Target:
    """What an attack would touch."""

    mark: Path
    """A file that must never come to be."""
    secret: Path
    """A file of another tenant, and a second-stage payload beside it."""
    port: int
    """A listener on loopback that must never hear anything."""

    @property
    def command(self) -> str:
        return f"touch {self.mark}"

    @property
    def code(self) -> str:
        return f"import pathlib; pathlib.Path({str(self.mark)!r}).write_text('broken')"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/secret"


class Calls:
    """An object whose loading calls a function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self.call


def _second_stage(target: Target) -> Path:
    """Write a pickle that another loader is told to load."""
    path = target.secret.with_name("second.pkl")
    path.write_bytes(pickle.dumps(Calls(os.system, target.command)))
    return path


def _methodcaller(t: Target) -> Any:
    return Calls(operator.methodcaller("write_text", "broken"), Path(t.mark))


CALLS: dict[str, Callable[[Target], Any]] = {
    "os.system": lambda t: Calls(os.system, t.command),
    "os.popen": lambda t: Calls(os.popen, t.command),
    "posix_spawn": lambda t: Calls(os.posix_spawn, "/bin/sh", ["sh", "-c", t.command], {}),
    "exec": lambda t: Calls(exec, t.code),
    "eval": lambda t: Calls(eval, f"__import__('os').system({t.command!r})"),
    "subprocess": lambda t: Calls(subprocess.run, ["/bin/sh", "-c", t.command]),
    "runpy": lambda t: Calls(runpy.run_path, str(_script(t))),
    "shutil": lambda t: Calls(shutil.copyfile, str(t.secret), str(t.mark)),
    "timeit": lambda t: Calls(timeit.timeit, t.code, "pass", timeit.default_timer, 1),
    "cProfile": lambda t: Calls(cProfile.run, t.code),
    "pydoc.pipepager": lambda t: Calls(pydoc.pipepager, "x", t.command),
    "ctypes": lambda t: Calls(ctypes.CDLL, str(t.secret)),
    "np.testing.runstring": lambda t: Calls(np.testing.runstring, t.code, {}),
    "FileHandler": lambda t: Calls(logging.FileHandler, str(t.mark)),
    "methodcaller": _methodcaller,
    "pd.read_pickle": lambda t: Calls(pd.read_pickle, str(_second_stage(t))),
    "joblib.load": lambda t: Calls(joblib.load, str(_second_stage(t))),
    "np.load": lambda t: Calls(np.load, str(_second_stage(t)), None, True),
    "io.open": lambda t: Calls(io.open, str(t.mark), "w"),
    "np.savetxt": lambda t: Calls(np.savetxt, str(t.mark), [1.0]),
    "savemat": lambda t: Calls(scipy.io.savemat, str(t.mark), {"x": [1.0]}),
    "pd.read_csv of a url": lambda t: Calls(pd.read_csv, t.url),
    "fetch_openml": lambda _: Calls(sklearn.datasets.fetch_openml, "iris"),
    "socket": lambda t: Calls(socket.create_connection, ("127.0.0.1", t.port)),
    "read secret": lambda t: Calls(Path.read_text, t.secret),
}


def _script(t: Target) -> Path:
    path = t.secret.with_name("script.py")
    path.write_text(t.code)
    return path


def _joblib_after_array(t: Target) -> bytes:
    sink = io.BytesIO()
    joblib.dump([np.arange(1000.0), Calls(os.system, t.command)], sink)
    return sink.getvalue()


def _by_hand(t: Target) -> bytes:
    """Return protocol 0 written by hand: no library made it, and a scanner by name may miss it."""
    return f"cposix\nsystem\n(S{t.command!r}\ntR.".encode()


def _stacked_names(t: Target) -> bytes:
    """Name the function by strings on the stack (STACK_GLOBAL), which scanners by opcode miss."""
    command = t.command.encode()
    return (
        b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94\x93\x94\x8c"
        + bytes([len(command)])
        + command
        + b"\x85R."
    )


def _plain(t: Target) -> bytes:
    return pickle.dumps(Calls(os.system, t.command))


FILES: dict[str, Callable[[Target], bytes]] = {
    **{name: (lambda t, make=make: pickle.dumps(make(t))) for name, make in CALLS.items()},
    "joblib gzip": lambda t: gzip.compress(_plain(t)),
    "joblib bz2": lambda t: bz2.compress(_plain(t)),
    "joblib xz": lambda t: lzma.compress(_plain(t)),
    "joblib lzma": lambda t: lzma.compress(_plain(t), format=lzma.FORMAT_ALONE),
    "joblib zlib": lambda t: zlib.compress(_plain(t)),
    "joblib after an array": _joblib_after_array,
    "written by hand": _by_hand,
    "names on the stack": _stacked_names,
}
"""Route -> the bytes of a file that takes it."""
