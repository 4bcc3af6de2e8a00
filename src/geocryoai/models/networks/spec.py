"""Size and shape of a network, and the presets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from geocryoai.core.errors import ModelError, nearest

#: `small` learns from a few thousand rows in seconds on two cores. `published` has the size of the GeoCryoAI reference
#: (12.1 million parameters: stacked convolutions, ConvLSTM encoder, recurrent decoder with output feedback;
#: doi:10.1088/1748-9326/ad0607) and wants a GPU.
PRESETS: Mapping[str, Mapping[str, Any]] = {
    "small": {"stem": [], "hidden": 32, "layers": 1, "decoder_steps": 0, "width": 32},
    "published": {"stem": [32, 32], "hidden": 256, "layers": 2, "decoder_steps": 3, "width": 64},
}


@dataclass(frozen=True)
class NetworkSpec:
    """What determines the parameters of a network.

    Attributes
    ----------
    channels : int
        Of a window; the network sees the value and the presence of each.
    statics : int
        Columns of the static vector, likewise.
    kernel : int
        Side of the convolutions [cells], odd.
    stem : tuple of int
        Width of each convolution before the encoder.
    hidden : int
        Width of each ConvLSTM layer.
    layers : int
        ConvLSTM layers of the encoder.
    decoder_steps : int
        Steps of the recurrent decoder, 0 for none.
    width : int
        Of the perceptrons of static branch and head.
    dropout : float
        Share of the fused vector set to zero in training.
    """

    channels: int
    statics: int
    kernel: int
    stem: tuple[int, ...]
    hidden: int
    layers: int
    decoder_steps: int
    width: int
    dropout: float

    @classmethod
    def of(cls, options: Mapping[str, Any], *, channels: int, statics: int, size: int) -> Self:
        """Return the network that a learner's options ask for; an option that is None is the preset's.

        Parameters
        ----------
        options : mapping
            `preset`, `stem`, `hidden`, `layers`, `decoder_steps`, `width`, `kernel`, `dropout`.
        size : int
            Side of the windows [cells]: where it is 1, so is the kernel.
        """
        name = str(options["preset"])
        if name not in PRESETS:
            raise ModelError(
                f"no preset is called '{name}'", where="option 'preset'", next_step=nearest(name, PRESETS).capitalize()
            )
        chosen = {key: value if options[key] is None else options[key] for key, value in PRESETS[name].items()}
        kernel = int(options["kernel"]) if size > 1 else 1
        if kernel < 1 or kernel % 2 == 0:
            raise ModelError(
                "a convolution has no centre", where="option 'kernel'", found=kernel, expected="an odd number of cells"
            )
        return cls(
            channels=channels,
            statics=statics,
            kernel=kernel,
            stem=tuple(int(width) for width in chosen["stem"]),
            hidden=int(chosen["hidden"]),
            layers=int(chosen["layers"]),
            decoder_steps=int(chosen["decoder_steps"]),
            width=int(chosen["width"]),
            dropout=float(options["dropout"]),
        )

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Return the spec that `dataclasses.asdict` turned into JSON."""
        return cls(**{**facts, "stem": tuple(facts["stem"])})
