"""Products written byte-true and read back: values, places, no data, and files that are wrong."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geocryoai.core.errors import SourceError
from geocryoai.core.projection import read_crs
from geocryoai.sources import READERS
from geocryoai.sources.uavsar import open_scene
from geocryoai.sources.uavsar.flight import Flight, flight_of
from geocryoai.sources.uavsar.grids import RadarGrid
from geocryoai.sources.uavsar.writer import write_uavsar

NAME = "denalN_09115_17066-008_17100-003_0094d_s01_L090HH_01"
QUAD = "denalN_09115_17066_008_170616_L090_CX_01"
GROUND = RadarGrid("ground", 6, 5, (68.5, -149.0), (-0.00005556, 0.00016667))
SLC = RadarGrid("slc", 4, 7, (-100.0, 13450.0), (0.6, 1.66551366))
FLIGHT = Flight(68.4, -149.2, 91.0, 12_500.0, 300.0, True, 0.238403545)
PASSES = (np.datetime64("2017-06-16T20:00:00"), np.datetime64("2017-09-18T21:30:05"))


def layers(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    phase = rng.normal(size=(6, 5)).astype(np.float32)
    phase[0, 0] = np.nan
    wave = np.exp(1j * phase).astype(np.complex64)
    slc = (rng.normal(size=(4, 7)) + 1j * rng.normal(size=(4, 7))).astype(np.complex64)
    look = np.stack([phase + 2, phase + 3, phase - 9], axis=-1)
    heights = np.full((6, 5), 0.0, np.float32)
    heights[1, 1] = np.nan
    return {"unw.grd": phase, "int.grd": wave, "hgt.grd": heights, "lkv.grd": look, "T1.slc": slc}


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    return write_uavsar(tmp_path, NAME, layers(), grids=[GROUND, SLC], flight=FLIGHT, passes=PASSES)


def test_bytes_are_those_of_the_format(pair: Path) -> None:
    phase = layers()["unw.grd"].copy()
    phase[0, 0] = 0.0
    assert (pair.parent / f"{NAME}.unw.grd").read_bytes() == phase.astype("<f4").tobytes()
    assert (pair.parent / f"{NAME}.T1.slc").stat().st_size == 4 * 7 * 8
    assert (pair.parent / f"{NAME}.lkv.grd").stat().st_size == 6 * 5 * 12


def test_what_is_written_is_read(pair: Path) -> None:
    scene = open_scene(pair)
    assert scene.annotation.version == "2.2"
    assert flight_of(scene.annotation) == FLIGHT
    made = layers()
    np.testing.assert_array_equal(scene.layer("unwrapped_phase").values, made["unw.grd"])
    np.testing.assert_array_equal(scene.layer("interferogram").values[1:], made["int.grd"][1:])
    assert np.isnan(scene.layer("interferogram").values[0, 0])
    np.testing.assert_array_equal(scene.layer("look_up", block=2).values[1:], made["lkv.grd"][1:, :, 2])
    np.testing.assert_array_equal(scene.layer("slc_1", "slc").values, made["T1.slc"])
    heights = scene.layer("elevation").values
    assert np.isnan(heights[1, 1])
    assert np.nansum(np.abs(heights)) == 0.0
    assert np.isfinite(heights).sum() == 29


def test_positions_are_centres(pair: Path) -> None:
    layer = open_scene(pair).layer("unwrapped_phase")
    assert layer.dims == ("lat", "lon")
    np.testing.assert_allclose(layer["lat"], 68.5 - 0.00005556 * np.arange(6), rtol=0, atol=1e-12)
    np.testing.assert_allclose(layer["lon"], -149.0 + 0.00016667 * np.arange(5), rtol=0, atol=1e-12)
    slc = open_scene(pair).layer("slc_1", "slc")
    assert slc.dims == ("azimuth", "slant_range")
    assert float(slc["slant_range"][-1]) == pytest.approx(13450.0 + 6 * 1.66551366)


def test_nothing_is_read_before_it_is_used(pair: Path) -> None:
    layer = open_scene(pair).layer("unwrapped_phase", block=4)
    assert layer.chunks == ((4, 2), (4, 1))


@pytest.mark.parametrize("which", ["folder", "annotation", "image"])
def test_a_scene_is_found_by_any_of_its_files(pair: Path, which: str) -> None:
    path = {"folder": pair.parent, "annotation": pair, "image": pair.parent / f"{NAME}.unw.grd"}[which]
    assert open_scene(path).has("unwrapped_phase")


def test_a_polarimetric_product(tmp_path: Path) -> None:
    power = np.full((6, 5), 0.2, np.float32)
    cross = np.full((6, 5), 0.1 - 0.05j, np.complex64)
    write_uavsar(tmp_path, QUAD, {"HHHH.grd": power, "HHVV.grd": cross, "inc": power + 0.5}, grids=[GROUND],
                 flight=FLIGHT, passes=PASSES[:1])  # fmt: skip
    assert (tmp_path / "denalN_09115_17066_008_170616_L090HHVV_CX_01.grd").stat().st_size == 240
    scene = open_scene(tmp_path / "denalN_09115_17066_008_170616_L090HHVV_CX_01.grd")
    assert scene.annotation.kind == "PolSAR"
    np.testing.assert_array_equal(scene.layer("hhvv").values, cross)
    assert scene.layer("local_incidence").values[0, 0] == pytest.approx(0.7)


def test_images_whose_size_is_not_stated_are_found_by_their_names(tmp_path: Path) -> None:
    path = write_uavsar(tmp_path, QUAD.replace("_CX_", "_XX_"), {"VVVV.grd": np.ones((6, 5))}, grids=[GROUND],
                        flight=FLIGHT, passes=PASSES[:1])  # fmt: skip
    path.write_text("\n".join(line.partition("; File Size")[0] for line in path.read_text().splitlines()))
    scene = open_scene(path)
    assert scene.annotation.files == {}
    assert float(scene.layer("vvvv").sum()) == 30
    image = tmp_path / "denalN_09115_17066_008_170616_L090VVVV_XX_01.grd"
    assert open_scene(image).has("vvvv")
    image.write_bytes(image.read_bytes()[:-4])
    with pytest.raises(SourceError, match="the file is truncated"):
        open_scene(path)


def test_the_reader_gives_lazy_fields_with_time_and_crs(pair: Path) -> None:
    data = READERS.get("uavsar").read(pair, source="a/b.ann", options={"block": 4})
    fields = data.fields
    assert fields is not None
    assert read_crs(str(fields["crs"].values)).is_geographic
    assert fields["unwrapped_phase"].dims == ("time", "lat", "lon")
    assert fields["unwrapped_phase"].chunks is not None
    assert not any(np.iscomplexobj(array) for array in fields.data_vars.values())
    assert fields["time_bnds"].values[0].astype("datetime64[D]").tolist() == [
        PASSES[0].astype("datetime64[D]").tolist(), (PASSES[1].astype("datetime64[D]") + 1).tolist()
    ]  # fmt: skip
    assert data.records.is_empty()
    assert data.observations.is_empty()


def test_options_of_the_reader(pair: Path) -> None:
    def read(**options: object) -> object:
        return READERS.get("uavsar").read(pair, source="b.ann", options=options).fields

    months = read(time="months", layers=["elevation"])
    assert list(months.data_vars) == ["elevation"]  # type: ignore[attr-defined]
    assert str(months["time_bnds"].values[0, 1])[:10] == "2017-10-01"  # type: ignore[index]
    static = read(time="static", layers=["interferogram_imag"])
    assert "time" not in static.dims  # type: ignore[attr-defined]
    with pytest.raises(SourceError, match="the layer 'coherence' is not there"):
        read(layers=["coherence"])
    with pytest.raises(SourceError, match="unknown value of option 'time'"):
        read(time="yearly")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-8], r"the file is truncated; found 112 bytes; expected 120 \(6 x 5 pixels of 4 bytes\)"),
        (lambda data: data + b"\0" * 4, "the file is longer than the annotation says"),
        (lambda data: np.frombuffer(data, "<f4").byteswap().tobytes(), "the bytes of the file are swapped"),
    ],
)
def test_damaged_images_are_refused(pair: Path, damage, message: str) -> None:
    path = pair.parent / f"{NAME}.unw.grd"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(SourceError, match=message):
        open_scene(pair)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("grd.set_rows", "grd.set_rowz", "Ground Range Data Latitude Lines"),
        ("File Size         120", "File Size         124", "contradicts itself on the size"),
        ("= 6\n", "= x\n", "the value is not a number"),
        ("grd.row_addr", "grd.row_place", "the key 'grd.row_addr' is absent"),
    ],
)
def test_annotations_that_do_not_fit(pair: Path, old: str, new: str, message: str) -> None:
    text = pair.read_text()
    assert old in text
    pair.write_text(text.replace(old, new))
    if old == "grd.set_rows":
        assert open_scene(pair).grids["ground"].rows == 6
        return
    with pytest.raises(SourceError, match=message):
        open_scene(pair)


def test_what_is_absent(pair: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the layer 'coherence' is not there on the grid 'ground'"):
        open_scene(pair).layer("coherence")
    with pytest.raises(SourceError, match="the image has no annotation"):
        open_scene(tmp_path / "other.unw.grd")
    for path in pair.parent.glob("*.*"):
        if path != pair:
            path.unlink()
    with pytest.raises(SourceError, match="none of the images of the annotation is there"):
        open_scene(pair)
    pair.unlink()
    with pytest.raises(SourceError, match="no annotation in the folder"):
        open_scene(pair.parent)


def test_slant_range_layers_alone_are_no_map(tmp_path: Path) -> None:
    path = write_uavsar(tmp_path, NAME, {"T1.slc": layers()["T1.slc"]}, grids=[SLC], flight=FLIGHT, passes=PASSES)
    with pytest.raises(SourceError, match="no layer on the ground"):
        READERS.get("uavsar").read(path, source="b.ann", options={})


def test_the_writer_refuses_what_does_not_fit(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not fit its grid"):
        write_uavsar(tmp_path, NAME, {"unw.grd": np.zeros((5, 5))}, grids=[GROUND], flight=FLIGHT, passes=PASSES)
    with pytest.raises(SourceError, match="unknown layer"):
        write_uavsar(tmp_path, NAME, {"unv.grd": np.zeros((6, 5))}, grids=[GROUND], flight=FLIGHT, passes=PASSES)
    with pytest.raises(SourceError, match="a pair has two passes"):
        write_uavsar(tmp_path, NAME, {}, grids=[GROUND], flight=FLIGHT, passes=PASSES[:1])
    assert not list(tmp_path.glob("*.ann"))


def test_a_stack_reads_by_its_keys(tmp_path: Path) -> None:
    stem = "wterre_34202_21028_017_210407_L090VV_02_BU"
    values = (np.arange(12).reshape(3, 4) + 1j).astype("<c8")
    look = np.ones((3, 4, 3), "<f4")
    (tmp_path / f"{stem}_s1_2x8.slc").write_bytes(values.tobytes())
    (tmp_path / "wterre_34202_02_BU_s1_2x8.lkv").write_bytes(look.tobytes())
    (tmp_path / f"{stem}.ann").write_text(
        "Stack Name (&) = wterre_34202_02\n"
        f"slc_1_2x8 (&) = {stem}_s1_2x8.slc ; File Size 96 bytes\n"
        "lkv_1_2x8 (&) = wterre_34202_02_BU_s1_2x8.lkv ; File Size 144 bytes\n"
        + "".join(f"{kind}_1_2x8 Rows = 3\n{kind}_1_2x8 Columns = 4\n" for kind in ("slc", "lkv"))
        + "2x8 SLC Range Pixel Spacing = 3.33102732\n2x8 SLC Azimuth Pixel Spacing = 4.8\n"
        "1x1 SLC Range Pixel Spacing = 1.66551366\n1x1 SLC Azimuth Pixel Spacing = 0.6\n"
        "Image Starting Slant Range (km) = 13.4475459\nSegment 1 Data Starting Azimuth (m) = -38152.2\n"
    )
    scene = open_scene(tmp_path)
    np.testing.assert_array_equal(scene.layer("slc", "1_2x8").values, values)
    assert scene.dataset("1_2x8")["look_up"].values.sum() == 12


def test_slant_range_powers_of_a_polarimetric_product(tmp_path: Path) -> None:
    slant = RadarGrid("slant", 3, 2, (-50.0, 13450.0), (7.2, 4.99654098))
    power = np.arange(1, 7, dtype=np.float32).reshape(3, 2)
    write_uavsar(tmp_path, QUAD, {"HVHV.mlc": power, "HVHV.grd": np.ones((6, 5))}, grids=[GROUND, slant],
                 flight=FLIGHT, passes=PASSES[:1])  # fmt: skip
    scene = open_scene(tmp_path)
    np.testing.assert_array_equal(scene.layer("hvhv", "slant").values, power)
    assert float(scene.layer("hvhv").sum()) == 30
    with pytest.raises(SourceError, match="no layer is on the grid 'slc'"):
        scene.dataset("slc")


def test_two_part_layers_and_their_own_no_data(tmp_path: Path) -> None:
    slope = np.zeros((6, 5, 2), np.float32)
    slope[2, 3] = np.nan
    slope[1, 1] = [-0.5, 0.25]
    write_uavsar(tmp_path, QUAD, {"slope": slope}, grids=[GROUND], flight=FLIGHT, passes=PASSES[:1])
    stored = np.fromfile(tmp_path / f"{QUAD}.slope", "<f4").reshape(6, 5, 2)
    assert (stored[2, 3] == -10000).all()
    east, north = (open_scene(tmp_path).layer(f"slope_{side}").values for side in ("east", "north"))
    assert (east[1, 1], north[1, 1], east[0, 0]) == (-0.5, 0.25, 0.0)
    assert np.isnan(east[2, 3])


def test_big_endian_images_are_read_where_the_annotation_says_so(pair: Path) -> None:
    for path in pair.parent.glob("*.grd"):
        path.write_bytes(np.fromfile(path, "<f4").byteswap().tobytes())
    (pair.parent / f"{NAME}.T1.slc").unlink()
    pair.write_text(pair.read_text().replace("LITTLE ENDIAN", "BIG ENDIAN"))
    np.testing.assert_array_equal(open_scene(pair).layer("unwrapped_phase").values, layers()["unw.grd"])


def test_fields_reach_a_cube(tmp_path: Path) -> None:
    from geocryoai.core.grid import Grid
    from geocryoai.core.projection import LONLAT, transformer
    from geocryoai.cube.harmonise import align

    ground = RadarGrid("ground", 80, 60, (68.66, -149.62), (-0.00005556, 0.00016667))
    columns = np.indices((80, 60))[1].astype(np.float32)
    write_uavsar(tmp_path, NAME, {"cor.grd": 0.2 + columns / 100}, grids=[ground], flight=FLIGHT, passes=PASSES)
    data = READERS.get("uavsar").read(tmp_path, source="p", options={"time": "months"})
    x, y = transformer(LONLAT, "EPSG:3338").transform(-149.6165, 68.6578)
    grid = Grid("EPSG:3338", left=x - 100, top=y + 100, resolution=100.0, width=2, height=2)
    assert data.fields is not None
    cube = align(data.fields, grid, np.arange("2017-05", "2017-11", dtype="datetime64[M]"))
    found = cube["coherence"].values
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1:5]).all()
    assert np.isnan(found[5]).all()
    assert 0.2 < found[2].min() < found[2].max() < 0.8
