"""The commands ``geocryoai retrieve ch4`` and ``co2``: enhancement, plumes and emission from imaging spectroscopy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from geocryoai.cli.shared import DebugOption, QuietOption, stoppable

FilesArgument = Annotated[
    list[Path], typer.Argument(help="radiance images (ENVI, EMIT NetCDF), or folders of them", metavar="FILE...")
]
TargetOption = Annotated[
    Path, typer.Option("--target", help="unit absorption (text) or look-up table of radiances (ENVI) of the gas")
]
OutOption = Annotated[Path, typer.Option("--out", help="folder to write to")]
GroupOption = Annotated[int, typer.Option("--group", help="detector columns that share mean and covariance")]
WindOption = Annotated[float | None, typer.Option("--wind", help="wind at 10 m [m s-1], for emission rates")]
WindSigmaOption = Annotated[float | None, typer.Option("--wind-sigma", help="its standard deviation [m s-1]")]
WindLawOption = Annotated[
    tuple[float, float], typer.Option("--wind-law", help="effective speed = SLOPE x wind + INTERCEPT [m s-1]")
]
SunOption = Annotated[float, typer.Option("--sun-zenith", help="for the masks [degree]")]
FalseOption = Annotated[float, typer.Option("--false-alarms", help="expected false plumes in a scene of noise")]
PixelOption = Annotated[float | None, typer.Option("--pixel", help="side of a pixel where no map is known [m]")]
GltOption = Annotated[Path | None, typer.Option("--glt", help="geometry look-up table (default: the one beside)")]
MemoryOption = Annotated[float, typer.Option("--memory", help="memory for blocks of the image [MB]")]
WorkersOption = Annotated[int, typer.Option("--workers", help="threads")]


def gas_command(gas: str, text: str) -> Callable[..., None]:
    """Return the command that retrieves a gas; all gases have the same options.

    Parameters
    ----------
    gas : {"ch4", "co2"}
    text : str
        What the command says of itself.
    """

    def retrieve(
        files: FilesArgument,
        target: TargetOption,
        out: OutOption = Path("retrieved"),
        group: GroupOption = 1,
        wind: WindOption = None,
        wind_sigma: WindSigmaOption = None,
        wind_law: WindLawOption = (1.0, 0.0),
        sun_zenith: SunOption = 50.0,
        false_alarms: FalseOption = 0.05,
        pixel: PixelOption = None,
        glt: GltOption = None,
        memory: MemoryOption = 512.0,
        workers: WorkersOption = 2,
        quiet: QuietOption = False,
        debug: DebugOption = False,
    ) -> None:
        from geocryoai.stages.retrieve_gas import GasRequest, retrieve_scenes

        request = GasRequest(
            gas, target, out, group, wind, wind_sigma, wind_law, sun_zenith, false_alarms, pixel, glt, memory, workers
        )
        with stoppable("Scenes that were finished are complete."):
            retrieve_scenes(files, request, tell=(lambda _: None) if quiet else typer.echo)

    retrieve.__doc__ = text
    return retrieve


retrieve_ch4 = gas_command(
    "ch4", "Methane enhancement in ppm m, plumes with their mass and, with a wind, their emission rate."
)
retrieve_co2 = gas_command(
    "co2", "Carbon dioxide enhancement in the same way; the target must be one of carbon dioxide."
)
