"""Run one benchmark by name: ``python benchmarks/run.py NAME``; without a name, list them.

A benchmark is a module of this folder with a function `main`. It prints a table, says against what it was measured, and
ends with one line ``NAME ratio=VALUE`` where a larger value is better.
"""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Return the names of all benchmarks."""
    return sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "run" and not path.stem.startswith("_"))


def main(arguments: list[str]) -> int:
    """Run the benchmark named by the only argument; 2 where there is none of that name."""
    if len(arguments) != 1 or arguments[0] not in names():
        found = f"no benchmark is called '{arguments[0]}'; " if len(arguments) == 1 else ""
        print(
            f"{found}usage: python benchmarks/run.py NAME, where NAME is one of: {', '.join(names())}", file=sys.stderr
        )
        return 2
    spec = spec_from_file_location(arguments[0], FOLDER / f"{arguments[0]}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
