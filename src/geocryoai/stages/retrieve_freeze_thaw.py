"""Frozen or thawed ground from series: each file on its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geocryoai import __version__
from geocryoai.core.errors import GeoCryoAIError, SourceError
from geocryoai.core.files import complete_or_absent, require_folder, write_json
from geocryoai.core.units import convert
from geocryoai.products.scene_map import (
    Layer,
    SceneMap,
    layer_numbers,
    map_axes,
    write_scene_geotiff,
    write_scene_netcdf,
)
from geocryoai.retrievals.radar.freeze_thaw_seasons import (
    FreezeThawOptions,
    backscatter_state,
    microwave_state,
    season_days,
    surface_state,
)
from geocryoai.sources._series import SITE, Series, read_series
from geocryoai.stages.scene_batch import each_once, each_scene

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Method = Literal["backscatter", "microwave", "thermal"]
Tell = Callable[[str], None]

#: Values worked on at once, and values of the state beyond which it is not written.
_BLOCK, _MOST_STATES = 20_000_000, 200_000_000

_NOTE = "what is seen is plants and the top few centimetres, not the soil at depth"


@dataclass(frozen=True)
class FreezeThawRequest:
    """What the user asked for.

    Attributes
    ----------
    out : Path
    method : {"backscatter", "microwave", "thermal"}
    variables : tuple of str
        One of backscatter; vertical and horizontal brightness temperature; temperature at night and snow cover.
    options : FreezeThawOptions
    """

    out: Path
    method: Method
    variables: tuple[str, ...]
    options: FreezeThawOptions


def freeze_thaw_request(
    out: Path, variable: str, horizontal: str | None, snow: str | None, options: FreezeThawOptions
) -> FreezeThawRequest:
    """Return the request; the second variable says the method.

    Raises
    ------
    GeoCryoAIError
        Both second variables are given.
    """
    if horizontal is not None and snow is not None:
        raise GeoCryoAIError("one method at a time", where="--horizontal, --snow")
    if horizontal is not None:
        return FreezeThawRequest(out, "microwave", (variable, horizontal), options)
    if snow is not None:
        return FreezeThawRequest(out, "thermal", (variable, snow), options)
    return FreezeThawRequest(out, "backscatter", (variable,), options)


def retrieve_freeze_thaw(files: Sequence[Path], request: FreezeThawRequest, tell: Tell = lambda _: None) -> list[Path]:
    """Tell frozen from thawed in every file and return the written summaries.

    Raises
    ------
    PartlyDoneError, SourceError
        At the end, naming every file that could not be used; the others are written.
    """
    series = each_once(list(files), _stem, "files")
    require_folder(request.out)
    return each_scene(series, lambda path: _retrieve(path, request, tell), tell)


def _stem(path: Path) -> str:
    return f"{path.stem}_freeze-thaw"


def _retrieve(path: Path, request: FreezeThawRequest, tell: Tell) -> Path:
    series = read_series(path, request.variables, str(path))
    shape = next(iter(series.values.values())).shape
    keep = int(np.prod(shape)) <= _MOST_STATES
    rows = max(1, int(_BLOCK / max(1, np.prod([shape[0], *shape[2:]]))))
    years, states, days = np.empty(0, np.int64), [], []
    known, thawed = np.zeros(shape[0]), np.zeros(shape[0])
    for top in range(0, shape[1], rows):
        state = _state(series, slice(top, top + rows), request, str(path))
        flat = state.reshape(shape[0], -1)
        known += np.isfinite(flat).sum(axis=1)
        thawed += (flat == 1).sum(axis=1)
        years, *found = season_days(state, series.times, least=request.options.least)
        days.append(np.stack(found))
        states += [state.astype(np.float32)] if keep else []
    if not known.any():
        raise SourceError(
            "no state is known", where=str(path), found="references that do not differ, or no values",
            next_step="Lower --least-contrast, or look at the months of --frozen and --thawed.",
        )  # fmt: skip
    thaw, freeze = np.concatenate(days, axis=2)
    whole = np.concatenate(states, axis=1) if keep else None
    share = np.where(known > 0, thawed / np.maximum(known, 1), np.nan)
    return _write(path, series, request, years, thaw, freeze, whole, share, tell)


def _state(series: Series, run: slice, request: FreezeThawRequest, where: str) -> Floats:
    parts = [series.part(name, run) for name in request.variables]
    if request.method == "backscatter":
        return backscatter_state(parts[0], series.times, request.options)
    if request.method == "microwave":
        return microwave_state(parts[0], parts[1], series.times, request.options)
    for number, unit in enumerate(("degC", "1")):
        stated = series.units[request.variables[number]]
        if stated not in ("", unit):
            parts[number] = np.asarray(convert(parts[number], stated, unit), np.float64)
    return surface_state(parts[0], parts[1], request.options)


def _write(
    path: Path,
    series: Series,
    request: FreezeThawRequest,
    years: NDArray[np.int64],
    thaw: Floats,
    freeze: Floats,
    state: NDArray[np.float32] | None,
    share: Floats,
    tell: Tell,
) -> Path:
    from geocryoai.report.figures.freeze_thaw import thawed_figure

    netcdf, geotiff, picture, table, summary = (
        request.out / f"{_stem(path)}{end}" for end in (".nc", ".tif", ".png", ".csv", ".json")
    )
    history = f"geocryoai {__version__} retrieve freeze-thaw"
    attributes = {"title": f"frozen or thawed: {path.stem}", "source": path.name, "history": history}
    layers = {}
    for number, year in enumerate(years):
        for name, values in (("thaw", thaw), ("freeze", freeze)):
            layers[f"{name}_day_{year}"] = Layer(values[number].astype(np.float32), "d", f"day of {year}: {name}")
    write_scene_netcdf(netcdf, _dataset(series, years, thaw, freeze, state, attributes))
    paths = [netcdf]
    if write_scene_geotiff(geotiff, SceneMap(layers, series.position, attributes)):
        paths.append(geotiff)
    with complete_or_absent(picture) as temporary:
        temporary.write_bytes(thawed_figure(series.times, share, path.stem))
    paths.append(picture)
    if series.dims == (SITE,):
        _write_table(table, series.coords[SITE], years, thaw, freeze)
        paths.append(table)
    numbers = {name: layer_numbers(layer) for name, layer in layers.items()}
    notes = [_NOTE, *([] if state is not None else ["too many values: the state of each time is left out"])]
    write_json(summary, {
        "scene": path.name, "kind": "freeze-thaw", "method": request.method, "variables": list(request.variables),
        "options": {key: list(value) if isinstance(value, tuple) else value
                    for key, value in vars(request.options).items()},
        "times": int(series.times.size), "first": str(series.times[0])[:19], "last": str(series.times[-1])[:19],
        "layers": numbers, "notes": notes, "files": [written.name for written in paths], "version": __version__,
    })  # fmt: skip
    for year in years:
        tell(f"{path.stem} {year}: {_said('thaw', numbers, year)}, {_said('freezing', numbers, year)}")
    for note in notes:
        tell(f"  note: {note}")
    for written in [*paths, summary]:
        tell(f"written: {written}")
    return summary


def _said(season: str, numbers: dict[str, Any], year: int) -> str:
    found = numbers[f"{'thaw' if season == 'thaw' else 'freeze'}_day_{year}"]
    if found["median"] is None:
        return f"no {season} seen"
    return f"{season} from day {found['median']:.0f} ({found['p05']:.0f} to {found['p95']:.0f})"


def _dataset(
    series: Series,
    years: NDArray[np.int64],
    thaw: Floats,
    freeze: Floats,
    state: NDArray[np.float32] | None,
    attributes: dict[str, str],
) -> xr.Dataset:
    import xarray as xr

    dims: tuple[str, ...] = series.dims
    coords: dict[str, Any] = {name: (name, values) for name, values in series.coords.items()}
    if series.position is not None:
        dims, coords = map_axes(series.position, thaw.shape[1:])
    text = "day of the year (1 = 1 January) on which {} begins"
    variables: dict[str, Any] = {
        "thaw_day": (("year", *dims), thaw.astype(np.float32), {"units": "d", "long_name": text.format("thaw")}),
        "freeze_day": (
            ("year", *dims), freeze.astype(np.float32),
            {"units": "d", "long_name": text.format("freezing, after thaw,")},
        ),
        "thawed_days": (
            ("year", *dims), (freeze - thaw).astype(np.float32),
            {"units": "d", "long_name": "days from thaw to freezing"},
        ),
    }  # fmt: skip
    if state is not None:
        meaning = {"units": "1", "long_name": "1 where thawed, 0 where frozen"}
        variables["thawed"] = (("time", *dims), state, meaning)
        coords = {**coords, "time": ("time", series.times, {"standard_name": "time"})}
    dataset = xr.Dataset(variables, {**coords, "year": years}, {"Conventions": "CF-1.8", **attributes})
    if series.position is not None:
        for array in dataset.data_vars.values():
            array.attrs["grid_mapping"] = "crs"
    return dataset


def _write_table(path: Path, sites: NDArray[Any], years: NDArray[np.int64], thaw: Floats, freeze: Floats) -> None:
    import polars as pl

    where, when = np.meshgrid(sites, years)
    table = pl.DataFrame(
        {"site": where.ravel(), "year": when.ravel(), "thaw_day": thaw.ravel(), "freeze_day": freeze.ravel()}
    ).with_columns(pl.col("thaw_day", "freeze_day").fill_nan(None)).sort("site", "year")  # fmt: skip
    with complete_or_absent(path) as temporary:
        table.write_csv(temporary)
