"""What networks see: standardised by training rows, missing shown as missing, bad windows refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geocryoai.core.errors import ModelError
from geocryoai.cube.windows import TableWindows
from geocryoai.models.fake import fake_samples
from geocryoai.models.networks.inputs import LIMIT, NetworkInputs
from geocryoai.models.networks.windows import WindowReader

TRAIN = np.arange(100)


class Faulty:
    """Windows that break their contract on demand."""

    channels = ("tas", "swe")

    def __init__(self, value: float = 0.0, shape: tuple[int, ...] = (3, 2, 1, 1), given: tuple[int, ...] | None = None):
        self.value, self.shape, self.given = value, shape, given or shape

    def get(self, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        values = np.zeros((len(index), *self.given), np.float32)
        values[0, 0, 1] = self.value
        return values, np.ones(values.shape, bool)


def with_windows(windows: object, n_sites: int = 6):
    samples = fake_samples(n_sites=n_sites, gaps=0.2)
    return replace(samples, windows=windows, window_index=np.arange(len(samples)))


def table_windows(n: int, history: int = 4) -> TableWindows:
    rng = np.random.default_rng(3)
    values = rng.normal([280.0, 5.0], [10.0, 2.0], (6, 40, 2))
    values[:, ::7, 1] = np.nan
    return TableWindows(np.arange(n) % 6, np.arange(n) % 40, values, ("tas", "swe"), history)


def test_windows_are_standardised_by_the_present_values_of_the_training_rows() -> None:
    samples = with_windows(table_windows(216))
    reader = WindowReader(samples, 10.0)
    inputs = NetworkInputs.fit(samples, reader, TRAIN)
    values, present = reader.get(TRAIN)
    for channel in range(2):
        here = values[:, :, channel][present[:, :, channel]].astype(float)
        assert inputs.window.mean[channel] == pytest.approx(here.mean(), rel=1e-9)
        assert inputs.window.sd[channel] == pytest.approx(here.std(), rel=1e-6)
    seen = inputs.windows(values, present)
    assert seen.shape == (100, 4, 4, 1, 1)
    np.testing.assert_array_equal(seen[:, :, 2:], present.astype(np.float32))
    assert (seen[:, :, :2][~present] == 0).all()
    others = replace(samples, y=samples.y + 1.0)  # nothing but training rows may matter
    assert NetworkInputs.fit(others, reader, TRAIN).window.mean.tolist() == inputs.window.mean.tolist()


def test_the_static_vector_holds_features_lags_anchors_and_season_with_their_presence() -> None:
    samples = fake_samples(task="forecast", n_sites=6, gaps=0.3)
    inputs = NetworkInputs.fit(samples, WindowReader(samples, 10.0), np.arange(len(samples)))
    names = inputs.design.columns()
    assert names == [
        "dull",
        "static",
        "warm",
        "wet",
        "lag 1",
        "lag 12",
        "anchor made_up",
        "cos 1",
        "sin 1",
        "cos 2",
        "sin 2",
    ]
    seen = inputs.statics(samples)
    for column, values in (("wet", samples.features["wet"]), ("lag 12", samples.lags[12])):
        place, known = names.index(column), np.isfinite(values)
        np.testing.assert_array_equal(seen[:, len(names) + place], known)
        assert (seen[~known, place] == 0).all()
        assert seen[known, place].mean() == pytest.approx(0, abs=1e-5)
        assert seen[known, place].std() == pytest.approx(1, abs=0.02)


def test_odd_values_are_kept_within_limits() -> None:
    samples = fake_samples(n_sites=6)
    inputs = NetworkInputs.fit(samples, WindowReader(samples, 10.0), np.arange(len(samples)))
    wet = samples.features["wet"].copy()
    wet[:] = 1e9
    assert inputs.statics(replace(samples, features={**samples.features, "wet": wet})).max() == LIMIT


def test_a_column_without_spread_stays_finite() -> None:
    samples = fake_samples(n_sites=6)
    samples = replace(samples, features={**samples.features, "flat": np.full(len(samples), 273.15)})
    reader = WindowReader(samples, 10.0)
    inputs = NetworkInputs.fit(samples, reader, np.arange(len(samples)))
    assert np.abs(inputs.windows(*reader.get(TRAIN))).max() <= LIMIT


def test_samples_without_windows_are_windows_of_their_features() -> None:
    samples = fake_samples(n_sites=6)
    reader = WindowReader(samples, 10.0)
    assert (reader.shape, reader.channels) == ((1, 4, 1, 1), ("dull", "static", "warm", "wet"))
    values, present = reader.get(TRAIN)
    wet = samples.features["wet"][TRAIN]
    np.testing.assert_array_equal(present[:, 0, 3, 0, 0], np.isfinite(wet))
    np.testing.assert_allclose(values[:, 0, 3, 0, 0], np.nan_to_num(wet), rtol=1e-6)


def test_samples_without_features_have_one_channel_in_which_nothing_is_present() -> None:
    reader = WindowReader(replace(fake_samples(n_sites=2), features={}, statics=()), 10.0)
    values, present = reader.get(TRAIN[:3])
    assert (reader.channels, values.any(), present.any()) == (("nothing",), False, False)


def test_windows_read_lazily_are_those_kept_in_memory() -> None:
    samples = with_windows(table_windows(216))
    rows = np.array([5, 200, 3])
    for kept, lazy in zip(WindowReader(samples, 10.0).get(rows), WindowReader(samples, 0.0).get(rows), strict=True):
        np.testing.assert_array_equal(kept, lazy)


def test_a_present_value_that_is_not_finite_is_refused_by_channel() -> None:
    with pytest.raises(ModelError, match=r"windows, channel swe: .*not finite.*found 1 values.*Mask them as missing"):
        WindowReader(with_windows(Faulty(np.nan)), 0.0).get(np.arange(3))


def test_windows_of_a_wrong_shape_are_refused() -> None:
    with pytest.raises(ModelError, match=r"windows cannot be read; found shape \(3, 2, 4, 4\).*a centre cell"):
        WindowReader(with_windows(Faulty(shape=(3, 2, 4, 4))), 0.0)
    with pytest.raises(ModelError, match="windows have not the shape that they declare"):
        WindowReader(with_windows(Faulty(given=(5, 2, 1, 1))), 0.0).get(np.arange(3))
    with pytest.raises(ModelError, match="window_index: samples have windows, but no row of them"):
        WindowReader(replace(with_windows(Faulty()), window_index=None), 0.0)


def test_other_channels_or_steps_than_in_training_are_refused() -> None:
    samples = with_windows(table_windows(216))
    inputs = NetworkInputs.fit(samples, WindowReader(samples, 10.0), TRAIN)
    longer = WindowReader(with_windows(table_windows(216, history=5)), 10.0)
    with pytest.raises(ModelError, match=r"another shape.*found \(5, 2, 1, 1\); expected \(4, 2, 1, 1\)"):
        inputs.check(longer)
    renamed = WindowReader(with_windows(replace(table_windows(216), channels=("tas", "swee"))), 10.0)
    with pytest.raises(ModelError, match=r"other channels.*found tas, swee; expected tas, swe.*'swee'"):
        inputs.check(renamed)
    swapped = WindowReader(with_windows(replace(table_windows(216), channels=("swe", "tas"))), 10.0)
    with pytest.raises(ModelError, match=r"other channels.*Keep their order"):
        inputs.check(swapped)
