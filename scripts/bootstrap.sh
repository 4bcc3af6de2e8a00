#!/bin/sh
# Makes or completes .venv: uv, PyTorch, geocryoai with every extra and the development tools, as pinned.
# PyTorch comes first: any tool that resolves it on its own takes the CUDA build, gigabytes large.
set -eu
cd "$(dirname "$0")/.."
python=${PYTHON:-python3}
venv=.venv
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "geocryoai needs Python 3.11 or newer ($python is older)" >&2; exit 1; }
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
stamp="$venv/.geocryoai-setup"
wanted=$(cat pyproject.toml constraints.txt scripts/bootstrap.sh | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install --quiet uv
uv="$venv/bin/uv pip install --quiet --python $venv/bin/python"
if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
  local_wheel=""
  for folder in ${PIP_FIND_LINKS:-}; do
    [ -d "$folder" ] || continue
    local_wheel=$(find "$folder" -maxdepth 1 -name 'torch-*+cpu-*.whl' | head -n 1)
    [ -z "$local_wheel" ] || break
  done
  if [ -n "$local_wheel" ] && $uv "$local_wheel"; then :; else $uv --torch-backend=auto 'torch>=2.6'; fi
fi
$uv --constraint constraints.txt --editable '.[raster,excel,cluster,radar]' --group dev
"$venv/bin/python" scripts/check_environment.py
printf '%s' "$wanted" > "$stamp"
