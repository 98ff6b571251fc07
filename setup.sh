#!/usr/bin/env bash
# Make .venv, or another folder, hold exactly what a lock file names; `setup.sh browser` finds or installs Chromium for the tests.
# usage: setup.sh PYTHON LOCKFILE [FOLDER] | setup.sh browser
set -euo pipefail
cd "$(dirname "$0")"
say() { printf 'auditor: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }

if [ "${1:-}" = browser ]; then
    find_browser >/dev/null && exit 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing Chromium for the browser tests"
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1 || true
    fi
    find_browser >/dev/null || say "WARNING: there is no Chromium and it could not be installed: THE BROWSER TESTS WILL BE SKIPPED."
    exit 0
fi

python=${1:-python3} lock=${2:?which lock file?} venv=${3:-.venv}
[ "$(uname -s)" = Linux ] || say "this is $(uname -s), not Linux: existing reports can be served, uploads will be refused."
command -v "$python" >/dev/null || stop "$python was not found; install Python 3.11 or later, or run make PYTHON=/path/to/python3."
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' ||
    stop "$("$python" --version) is not supported; use Python 3.11 to 3.14: make PYTHON=/path/to/python3."

if command -v uv >/dev/null; then
    [ -x "$venv/bin/python" ] || uv venv -q --python "$python" "$venv"
    # compiled: the locked children may write nothing, and would compile these libraries at every start
    uv pip sync -q --compile-bytecode --python "$venv/bin/python" --require-hashes "$lock"
else
    [ -x "$venv/bin/python" ] || "$python" -m venv "$venv" ||
        stop "$python cannot make virtual environments; install its venv package (Debian, Ubuntu: apt install python3-venv)."
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r "$lock"
fi
