"""Progress bars on long work; silent when asked or when nobody watches."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

#: Called with (done, total) whenever a piece of work is done.
Tick = Callable[[int, int], None]


class Progress:
    """Shows one bar per piece of work on standard error.

    Parameters
    ----------
    quiet : bool
        No bars; also the case when standard error is not a terminal (one line per piece of work is then printed).
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet

    @contextmanager
    def task(self, text: str) -> Iterator[Tick]:
        """Yield a function to call with (done, total)."""
        if self.quiet:
            yield lambda done, total: None
            return
        if not sys.stderr.isatty():
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
            yield lambda done, total: None
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Bars(*columns, console=Console(stderr=True)) as bars:
            bar = bars.add_task(text, total=None)
            yield lambda done, total: bars.update(bar, completed=done, total=total)
