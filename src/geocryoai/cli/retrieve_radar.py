"""The commands ``geocryoai retrieve interferogram``, ``displacement``, ``alt`` and ``polsar``: products from radar."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from geocryoai.cli.shared import DebugOption, QuietOption, stoppable


class Grows(StrEnum):
    """What makes the phase grow."""

    away = "away"
    towards = "towards"


class AngleFrom(StrEnum):
    """Where the angle to the vertical comes from."""

    best = "best"
    look_vector = "look_vector"
    incidence = "incidence"
    track = "track"


class Speckle(StrEnum):
    """Filters of speckle."""

    none = "none"
    boxcar = "boxcar"
    refined_lee = "refined_lee"


OutOption = Annotated[Path, typer.Option("--out", help="folder to write to")]
PairsArgument = Annotated[
    list[Path], typer.Argument(help="annotations or images of UAVSAR pairs, or folders of them", metavar="FILE...")
]
MapsArgument = Annotated[
    list[Path], typer.Argument(help="maps that `retrieve displacement` wrote, or folders", metavar="FILE...")
]
QuadArgument = Annotated[
    list[Path], typer.Argument(help="annotations of UAVSAR PolSAR products, or C3 folders", metavar="FILE...")
]
GrowsOption = Annotated[
    Grows,
    typer.Option("--phase-grows", help="sign: the phase grows where the ground moves away from or towards the radar"),
]
ReferenceOption = Annotated[
    tuple[float, float, float] | None,
    typer.Option("--reference", help="ground taken not to move: latitude, longitude [degree], radius [m]"),
]

SingleLooksArgument = Annotated[
    list[Path],
    typer.Argument(help="a UAVSAR pair with both single-look images, or two products", metavar="FILE [SECOND]"),
]

_KEPT = "Scenes that were finished are complete."


def retrieve_interferogram(
    files: SingleLooksArgument,
    out: OutOption = Path("retrieved"),
    looks: Annotated[tuple[int, int], typer.Option("--looks", help="pixels averaged along and across the track")] = (
        12,
        3,
    ),
    coherence: Annotated[
        float, typer.Option("--coherence", help="least coherence; below it the phase is missing")
    ] = 0.35,
    filter_strength: Annotated[float, typer.Option("--filter", help="Goldstein filter of the phase, 0 to 1")] = 0.0,
    unwrap: Annotated[bool, typer.Option("--unwrap", help="unwrap the phase, too (extra: radar)")] = False,
    image: Annotated[
        str | None, typer.Option("--image", help="which image of several: a polarisation, or segment_looks (1_1x1)")
    ] = None,
    memory: Annotated[float, typer.Option("--memory", help="memory for strips of the images [MB]")] = 512.0,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Interferogram and coherence of two single-look images; the phase is that of the first less the second."""
    from geocryoai.retrievals.radar.interferogram_map import InterferogramOptions
    from geocryoai.stages.retrieve_radar import retrieve_interferogram as make

    options = InterferogramOptions(looks, coherence, filter_strength, unwrap, image, memory)
    with stoppable("Nothing was written."):
        make(files, out, options, tell=(lambda _: None) if quiet else typer.echo)


def retrieve_displacement(
    files: PairsArgument,
    out: OutOption = Path("retrieved"),
    phase_grows: GrowsOption = Grows.away,
    coherence: Annotated[
        float, typer.Option("--coherence", help="least coherence; below it a pixel is missing")
    ] = 0.35,
    reference: ReferenceOption = None,
    remove_ramp: Annotated[bool, typer.Option("--remove-ramp", help="take off a robust plane")] = False,
    angle: Annotated[
        AngleFrom, typer.Option("--angle", help="where the angle to the vertical comes from")
    ] = AngleFrom.best,
    horizontal: Annotated[float, typer.Option("--horizontal", help="horizontal motion towards the radar [m]")] = 0.0,
    looks: Annotated[
        float | None, typer.Option("--looks", help="independent looks (default: the annotation's)")
    ] = None,
    unwrap: Annotated[bool, typer.Option("--unwrap", help="unwrap the interferogram anew (extra: radar)")] = False,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Vertical displacement [m, up positive] between two passes, with its noise."""
    from geocryoai.retrievals.radar.displacement_map import DisplacementOptions
    from geocryoai.stages.retrieve_radar import retrieve_radar

    options = DisplacementOptions(
        phase_grows.value, coherence, reference, remove_ramp, angle.value, horizontal, looks, unwrap
    )
    with stoppable(_KEPT):
        retrieve_radar("displacement", files, out, options, tell=(lambda _: None) if quiet else typer.echo)


def retrieve_alt(
    files: MapsArgument,
    thaw_first: Annotated[
        float, typer.Option("--thaw-first", help="degree days of thaw up to the first pass [degC d]")
    ],
    thaw_second: Annotated[float, typer.Option("--thaw-second", help="up to the second pass [degC d]")],
    thaw_end: Annotated[float, typer.Option("--thaw-end", help="up to the end of the season [degC d]")],
    out: OutOption = Path("retrieved"),
    organic_mass: Annotated[float, typer.Option("--organic-mass", help="organic matter of the soil [kg m-2]")] = 30.0,
    saturation: Annotated[float, typer.Option("--saturation", help="share of the pores filled with water [1]")] = 1.0,
    water_sigma: Annotated[
        float, typer.Option("--water-sigma", help="relative standard deviation of the water in the pores [1]")
    ] = 0.1,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Active-layer thickness [m] from the subsidence between two passes of one thaw season (ReSALT)."""
    from geocryoai.retrievals.radar.soil_porosity import SoilPorosity
    from geocryoai.retrievals.radar.thickness_map import ThicknessOptions
    from geocryoai.stages.retrieve_radar import retrieve_radar

    soil = SoilPorosity(organic_mass=organic_mass, saturation=saturation)
    options = ThicknessOptions(thaw_first, thaw_second, thaw_end, soil, water_sigma)
    with stoppable(_KEPT):
        retrieve_radar("alt", files, out, options, tell=(lambda _: None) if quiet else typer.echo)


def retrieve_polsar(
    files: QuadArgument,
    out: OutOption = Path("retrieved"),
    speckle_filter: Annotated[Speckle, typer.Option("--filter", help="filter of speckle")] = Speckle.boxcar,
    window: Annotated[int, typer.Option("--window", help="window of the filter, odd [pixels]")] = 5,
    looks: Annotated[float, typer.Option("--looks", help="looks of the input, for refined_lee")] = 4.0,
    quiet: QuietOption = False,
    debug: DebugOption = False,
) -> None:
    """Vegetation index, ratios, entropy, anisotropy, alpha and the Freeman-Durden powers of a quad-pol product."""
    from geocryoai.retrievals.radar.polarimetry.polarimetric_map import PolarimetryOptions
    from geocryoai.stages.retrieve_radar import retrieve_radar

    options = PolarimetryOptions(speckle_filter.value, window, looks)
    with stoppable(_KEPT):
        retrieve_radar("polsar", files, out, options, tell=(lambda _: None) if quiet else typer.echo)
