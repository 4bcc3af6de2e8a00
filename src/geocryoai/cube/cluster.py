"""Blocks worked on by a Dask cluster: a local one, or one that is running elsewhere.

A task is a function and small arguments; workers open the files by the same paths. A worker that dies costs the time of
its tasks: the scheduler gives them to others. Results come back in the order of the tasks, a bounded number ahead, so
memory at home stays bounded and what is written does not depend on who worked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from geocryoai.core.errors import CubeError

if TYPE_CHECKING:
    from distributed import Client

    Task = TypeVar("Task")
    Result = TypeVar("Result")

#: Seconds to wait for a scheduler.
PATIENCE = 15

#: Tasks in flight for each worker thread.
AHEAD = 3


@contextmanager
def connected(scheduler: str) -> Iterator[Client | None]:
    """Connect to a cluster, as a context manager; None where the work is done in this process.

    Parameters
    ----------
    scheduler : str
        "none"; "local:N" for N worker processes on this machine; or the address of a scheduler, "tcp://host:port".

    Raises
    ------
    CubeError
        The package is missing, the text is none of these, or nobody answers.
    """
    if scheduler == "none":
        yield None
        return
    try:
        from distributed import Client, LocalCluster
    except ModuleNotFoundError:
        raise CubeError("a cluster needs the package 'distributed'", where="compute.scheduler", found=scheduler,
                        next_step="Install it: pip install 'geocryoai[cluster]'.") from None  # fmt: skip
    if scheduler.startswith("local:"):
        workers = scheduler.removeprefix("local:")
        if not workers.isdecimal() or int(workers) < 1:
            raise unknown(scheduler)
        with (
            LocalCluster(n_workers=int(workers), threads_per_worker=1, dashboard_address=None) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    if not scheduler.startswith(("tcp://", "tls://", "ucx://")):
        raise unknown(scheduler)
    try:
        client = Client(scheduler, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise CubeError("no scheduler answers", where="compute.scheduler", found=f"{scheduler} ({error})",
                        next_step="Start `dask scheduler` and `dask worker`s.") from None  # fmt: skip
    with client:
        yield client


def unknown(scheduler: str) -> CubeError:
    """Return the error for a scheduler that cannot be."""
    return CubeError("not a scheduler", where="compute.scheduler", found=f"'{scheduler}'",
                     expected="none, local:N, or an address such as tcp://host:8786")  # fmt: skip


def in_order(client: Client | None, work: Callable[..., Result], tasks: Iterable[tuple[Any, ...]]) -> Iterator[Result]:
    """Yield what `work(*task)` returns for each task, in their order.

    Parameters
    ----------
    client : Client or None
        None works in this process.
    work : callable
        Of a module, so that workers can import it.
    tasks : iterable of tuple
        Arguments; small, since they travel.

    Raises
    ------
    CubeError
        There are no workers, or workers died over one task again and again.
    """
    if client is None:
        for task in tasks:
            yield work(*task)
        return
    from distributed import KilledWorker

    threads = sum(client.nthreads().values())
    if threads == 0:
        client.wait_for_workers(1, timeout=PATIENCE)
        threads = sum(client.nthreads().values())
    flying: deque[Any] = deque()
    try:
        for task in tasks:
            flying.append(client.submit(work, *task, pure=False))
            if len(flying) >= AHEAD * threads:
                yield flying.popleft().result()
        while flying:
            yield flying.popleft().result()
    except KilledWorker as error:
        raise CubeError("workers died over one task again and again", where="compute.scheduler", found=str(error),
                        next_step="Give the workers more memory, or lower compute.memory_mb.") from None  # fmt: skip
    finally:
        for future in flying:
            future.cancel()
