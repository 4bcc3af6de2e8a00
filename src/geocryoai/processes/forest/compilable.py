"""Functions that stay plain Python and that compiled code may call too, so that no equation stands twice."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from numba.extending import register_jitable

F = TypeVar("F", bound=Callable[..., Any])


def compilable(function: F) -> F:
    """Let compiled code call a function; for Python it stays as it is."""
    register_jitable(function)
    return function


def fingerprint() -> str:
    """Return a hash of this package's code; the compiler's cache would notice a change of one of its files only."""
    digest = sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
