"""Fields of a scene for a study: indices, or reflectance and radiance at wavelengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from geocryoai.core.errors import SourceError, nearest
from geocryoai.core.variables import variable, variables
from geocryoai.sources._fields import house_attributes, house_form
from geocryoai.sources.spectroscopy.indices import INDICES, index_values
from geocryoai.sources.spectroscopy.north_up import lazy_field, need_position, north_up

if TYPE_CHECKING:
    import xarray as xr

    from geocryoai.sources.spectroscopy.scene import Scene

#: Unit of what a scene holds.
UNITS = {"radiance": "uW cm-2 nm-1 sr-1", "reflectance": "1"}

#: Taken where the user asks for nothing [nm]: blue, green, red, near infrared, two in the shortwave infrared.
WAVELENGTHS = (470.0, 560.0, 660.0, 860.0, 1650.0, 2200.0)

#: Indices that are taken from reflectance where the user asks for none.
DEFAULT_INDICES = ("ndvi", "ndwi", "ndii")


def scene_fields(scene: Scene, indices: Sequence[str], wavelengths: Sequence[float]) -> xr.Dataset:
    """Return lazy fields of a scene, north up.

    Parameters
    ----------
    scene : Scene
    indices : sequence of str
        Of `INDICES`; reflectance only. Nothing asked for: `DEFAULT_INDICES`.
    wavelengths : sequence of float
        Bands to bring as they are [nm], named ``reflectance_660``. Radiance, nothing asked for: `WAVELENGTHS`.

    Raises
    ------
    SourceError
        No CRS, no such band, an unknown index, or an index of radiance.
    """
    import xarray as xr

    position = need_position(scene.map_position, scene.where)
    if indices and scene.quantity != "reflectance":
        raise SourceError("indices need reflectance", where=scene.where, found=scene.quantity)
    if not indices and not wavelengths:
        indices, wavelengths = (DEFAULT_INDICES, ()) if scene.quantity == "reflectance" else ((), WAVELENGTHS)
    raw = scene.position is None
    shape = scene.glt.sample.shape if raw and scene.glt is not None else (scene.lines, scene.samples)
    grid = north_up(scene.raster, position, shape, glt=scene.glt if raw else None, ignore=scene.ignore)
    fields: dict[str, Any] = {}
    for name in indices:
        if name not in INDICES:
            raise SourceError(f"unknown index '{name}'", where=scene.where, next_step=nearest(name, INDICES))
        index = INDICES[name]
        bands = [scene.band_at(wavelength) for wavelength in index.wavelengths]
        field = lazy_field(grid, bands, partial(index_values, index))
        known = house_attributes(variable(name)) if name in variables() else {}
        fields[name] = field.assign_attrs({"long_name": index.long_name, "units": "1"} | known)
    for wavelength in wavelengths:
        band = scene.band_at(wavelength)
        label = f"{scene.quantity} at {scene.wavelength[band]:.1f} nm"
        attributes = {"long_name": label, "units": UNITS[scene.quantity]}
        fields[f"{scene.quantity}_{wavelength:g}"] = lazy_field(grid, [band]).assign_attrs(attributes)
    return house_form(xr.Dataset(fields), position.crs, scene.where)


def scene_notes(scene: Scene) -> list[str]:
    """Return what a user may want to know of a scene."""
    notes = list(scene.notes)
    if scene.start is not None:
        notes.append(f"the scene of {scene.start:%Y-%m-%d} stands for all months of a study")
    position = scene.map_position
    if position is not None and position.affine[1]:
        notes.append("the rotated map was brought to one with north at the top by nearest neighbour")
    return notes


def wanted(options: Mapping[str, Any], where: str) -> tuple[list[str], list[float]]:
    """Return the indices and wavelengths that a study asks for."""
    indices, wavelengths = options["indices"], options["wavelengths"]
    if not all(isinstance(value, str) for value in indices):
        raise SourceError("'indices' is a list of names", where=where, found=repr(indices))
    if not all(isinstance(value, int | float) and value > 0 for value in wavelengths):
        raise SourceError("'wavelengths' is a list of wavelengths [nm]", where=where, found=repr(wavelengths))
    return list(indices), [float(value) for value in wavelengths]
