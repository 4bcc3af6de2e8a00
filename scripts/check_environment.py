"""Fail if CUDA packages came in on a machine without a GPU: gigabytes nobody can use."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import distributions


def cuda_packages() -> list[str]:
    """Return the installed packages that only serve NVIDIA GPUs."""
    names = {(d.metadata["Name"] or "").lower() for d in distributions()}
    return sorted(name for name in names if name.startswith(("nvidia-", "cuda-")) or name == "triton")


def main() -> int:
    """Return 1, with a message, when CUDA packages stand on a CPU machine."""
    found = cuda_packages()
    if found and shutil.which("nvidia-smi") is None:
        print(f"CUDA packages on a machine without a GPU: {', '.join(found)}", file=sys.stderr)
        print("Remove .venv and install PyTorch's CPU build first (see docs/how-to/install.md).", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
