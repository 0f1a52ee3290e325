#!/bin/sh
# Prints the path of a Python interpreter that is 3.13 or later, or says what to install.
set -eu

recent_enough() {
    "$1" -c 'import sys; raise SystemExit(sys.version_info < (3, 13))' 2>/dev/null
}

for candidate in python3.13 python3.14 python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[3-9]*/bin/python3; do
    path=$(command -v "$candidate" 2>/dev/null) || continue
    if recent_enough "$path"; then
        echo "$path"
        exit 0
    fi
done

if command -v uv >/dev/null 2>&1 && path=$(uv python find '>=3.13' 2>/dev/null) && recent_enough "$path"; then
    echo "$path"
    exit 0
fi

cat >&2 <<'MESSAGE'
Image Bakery needs Python 3.13 or later, and none was found (looked for python3.13 on PATH, pyenv's versions, uv's).
Install one, then run the command again:
  pyenv:   pyenv install 3.13
  uv:      uv python install 3.13
  Debian:  apt install python3.13 python3.13-venv   (where the release has it)
  macOS:   brew install python@3.13
  Windows: winget install Python.Python.3.13        (run make from WSL)
MESSAGE
exit 1
