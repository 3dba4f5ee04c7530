#!/bin/sh
# Makes .venv with the locked packages and the `slipway` command, then the engine and its plugins. Arguments go to
# `slipway toolchain install`, as in `toolchain/setup.sh --for knative`.
# Needs Python 3.11 or later with its venv module. Does nothing when nothing changed; may be run twice at once.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"

missing=
for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break
  python=
done
if [ -z "$python" ]; then
  missing="  - Python 3.11 or later, as python3 on PATH or named by PYTHON=; install it with
      apt-get install python3 python3-venv
"
elif ! command -v uv >/dev/null && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  missing="  - Python's venv module for $(command -v "$python"); install it with
      apt-get install python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv
"
fi
if [ -n "$missing" ]; then
  if ! command -v go >/dev/null && ! command -v pulumi >/dev/null; then
    missing="$missing  - either access to Pulumi's official downloads, or Go to build from source; the next run tells which
"
  fi
  printf 'setup: this machine lacks\n%s' "$missing" >&2
  exit 2
fi

"$python" toolchain/bootstrap.py "$root"
exec .venv/bin/slipway toolchain install --quiet "$@"
