"""Weights of networks on disk: one safetensors file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from geocryoai.core.errors import ModelError

WEIGHTS_NAME = "networks.safetensors"


def save_weights(folder: Path, networks: Sequence[nn.Module]) -> None:
    """Write the weights of all networks into `folder`."""
    tensors = {
        f"{place}.{name}": tensor.detach().cpu().contiguous()
        for place, network in enumerate(networks)
        for name, tensor in network.state_dict().items()
    }
    save_file(tensors, folder / WEIGHTS_NAME)


def load_weights(folder: Path, networks: Sequence[nn.Module]) -> None:
    """Give networks the weights that `save_weights` wrote.

    Raises
    ------
    ModelError
        The file is missing, damaged or of other networks.
    """
    path = folder / WEIGHTS_NAME
    try:
        tensors = load_file(path)
        for place, network in enumerate(networks):
            own = {
                name.removeprefix(f"{place}."): part for name, part in tensors.items() if name.startswith(f"{place}.")
            }
            network.load_state_dict(own)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise ModelError(
            "the weights of a network cannot be read",
            where=str(path),
            found=str(error).splitlines()[0],
            next_step="Train and save the learner again.",
        ) from error
