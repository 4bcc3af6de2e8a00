"""PyTorch settings for the time of a fit or an answer: threads, seed, deterministic algorithms; put back afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from geocryoai.core.errors import ModelError

DEVICES = ("auto", "cpu", "cuda")


def choose_device(wanted: str) -> torch.device:
    """Return the device of the option `device`; `auto` takes a GPU where there is one."""
    if wanted not in DEVICES:
        raise ModelError(
            "no device is called so", where="option 'device'", found=f"'{wanted}'", expected=", ".join(DEVICES)
        )
    found = torch.cuda.is_available()
    if wanted == "cuda" and not found:
        raise ModelError("PyTorch finds no GPU", where="option 'device'", next_step="Use 'auto' or 'cpu'.")
    return torch.device("cuda" if found and wanted != "cpu" else "cpu")


@contextmanager
def reproducible(seed: int, threads: int, device: torch.device) -> Iterator[None]:
    """Seed PyTorch, limit its threads and ask for deterministic algorithms while the block runs.

    On the CPU the same seed and number of threads give the same bytes. On a GPU operations without a deterministic
    form warn and run.
    """
    before = torch.get_num_threads()
    strict, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    devices = [torch.cuda.current_device()] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True, warn_only=device.type == "cuda")
        try:
            yield
        finally:
            torch.set_num_threads(before)
            torch.use_deterministic_algorithms(strict, warn_only=warn_only)
