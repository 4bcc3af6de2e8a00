"""The design matrix: one preparation of features for all learners, fitted on the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.core.errors import ModelError, nearest
from geocryoai.models.anchor import choose_anchor
from geocryoai.models.climatology import month_of_year

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

#: Harmonics of the month of the year: name, function, cycles per year.
HARMONICS = (("cos 1", np.cos, 1), ("sin 1", np.sin, 1), ("cos 2", np.cos, 2), ("sin 2", np.sin, 2))


@dataclass(frozen=True)
class Inputs:
    """What a learner was trained on, by name; later samples must carry the same.

    Attributes
    ----------
    target, task : str
    features : tuple of str
        Sorted.
    lags : tuple of int
    anchors : tuple of str
    """

    target: str
    task: str
    features: tuple[str, ...]
    lags: tuple[int, ...]
    anchors: tuple[str, ...]

    @classmethod
    def of(cls, samples: Samples) -> Self:
        """Return the names that `samples` carry."""
        return cls(
            samples.target,
            samples.task,
            tuple(sorted(samples.features)),
            tuple(sorted(samples.lags)),
            tuple(samples.anchors),
        )

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """Return the inputs that `dataclasses.asdict` turned into JSON."""
        names = {part: tuple(facts[part]) for part in ("features", "lags", "anchors")}
        return cls(facts["target"], facts["task"], **names)

    def check(self, samples: Samples, *, where: str, features: bool = True) -> None:
        """Raise ModelError where `samples` are of another target or task, or carry other features or lags."""
        for part in ("target", "task"):
            if getattr(samples, part) != getattr(self, part):
                raise ModelError(
                    f"samples are of another {part} than the learner",
                    where=where,
                    found=f"'{getattr(samples, part)}'",
                    expected=f"'{getattr(self, part)}'",
                )
        if features:
            _check_names("features", self.features, tuple(samples.features), where)
            _check_names("lags", _text(self.lags), _text(tuple(samples.lags)), where)


def _text(lags: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(str(lag) for lag in lags)


def _check_names(kind: str, known: tuple[str, ...], given: tuple[str, ...], where: str) -> None:
    missing = sorted(set(known) - set(given))
    unseen = sorted(set(given) - set(known))
    if missing:
        hints = "; ".join(f"'{name}': {nearest(name, given)}" for name in missing[:5])
        raise ModelError(
            f"{kind} are missing that the learner was trained on",
            where=where,
            found=", ".join(given) or "none",
            expected=", ".join(missing),
            next_step=hints,
        )
    if unseen:
        raise ModelError(
            f"{kind} are given that the learner was not trained on",
            where=where,
            found=", ".join(unseen),
            expected=", ".join(known) or "none",
            next_step="Leave them out, or train again with them.",
        )


@dataclass(frozen=True)
class Design:
    """A fitted preparation: choice of columns, imputation, missing indicators, scaling.

    Attributes
    ----------
    features, lags, anchors
        Names of the raw columns, in this order; harmonics of the month follow.
    kept : array of int
        Raw columns with at least two different values in training; the others say nothing.
    fill : array of float
        Median of each kept column.
    indicators : array of int
        Kept columns whose absence is a column of its own; of columns absent together only the first.
    centre, scale : array of float
        Mean and standard deviation of the finished columns (0 and 1 where the matrix is not standardised).
    impute : bool
        False leaves gaps as NaN, for learners that know what to do with them.
    """

    features: tuple[str, ...]
    lags: tuple[int, ...]
    anchors: tuple[str, ...]
    kept: Ints
    fill: Floats
    indicators: Ints
    centre: Floats
    scale: Floats
    impute: bool

    @classmethod
    def fit(
        cls, samples: Samples, *, impute: bool, standardise: bool = False, anchors: tuple[str, ...] = ()
    ) -> tuple[Self, Floats]:
        """Return the preparation learnt from `samples`, and their matrix."""
        inputs = Inputs.of(samples)
        raw = _raw(samples, inputs.features, inputs.lags, anchors)
        kept = np.flatnonzero([len(np.unique(column[np.isfinite(column)])) > 1 for column in raw.T])
        missing = ~np.isfinite(raw[:, kept])
        some = np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0))
        first: Ints = np.empty(0, dtype=np.int64)
        if impute and len(some):
            first = np.unique(missing[:, some], axis=1, return_index=True)[1]
        design = cls(
            features=inputs.features,
            lags=inputs.lags,
            anchors=anchors,
            kept=kept,
            fill=np.nanmedian(raw[:, kept], axis=0) if len(kept) else np.empty(0),
            indicators=np.sort(some[first]),
            centre=np.zeros(1),
            scale=np.ones(1),
            impute=impute,
        )
        matrix = design.matrix(samples)
        if not standardise:
            return design, matrix
        spread = matrix.std(axis=0)
        facts, arrays = design.state()
        arrays |= {"centre": matrix.mean(axis=0), "scale": np.where(spread > 0, spread, 1.0)}
        scaled = cls.restore(facts, arrays)
        return scaled, (matrix - scaled.centre) / scaled.scale

    def matrix(self, samples: Samples) -> Floats:
        """Return the prepared columns (n, columns); finite everywhere where `impute` is set.

        Where no column says anything there is one of zeros, so that every fit is defined.
        """
        x = _raw(samples, self.features, self.lags, self.anchors)[:, self.kept]
        if self.impute:
            gap = ~np.isfinite(x)
            x = np.column_stack([np.where(gap, self.fill, x), gap[:, self.indicators].astype(float)])
        if not x.shape[1]:
            x = np.zeros((len(samples), 1))
        scaled: Floats = (x - self.centre) / self.scale
        return scaled

    def columns(self) -> list[str]:
        """Return the names of the columns of `matrix`."""
        raw = [*self.features, *(f"lag {k}" for k in self.lags), *(f"anchor {a}" for a in self.anchors)]
        raw += [name for name, _, _ in HARMONICS]
        names = [raw[i] for i in self.kept]
        return names + [f"{names[i]} missing" for i in self.indicators] or ["nothing"]

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what `restore` needs: facts for JSON and arrays for npz."""
        arrays = {name: getattr(self, name) for name in ("kept", "fill", "indicators", "centre", "scale")}
        facts = {name: list(getattr(self, name)) for name in ("features", "lags", "anchors")}
        return {**facts, "impute": self.impute}, arrays

    @classmethod
    def restore(cls, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the preparation that `state` described."""
        names: dict[str, Any] = {part: tuple(facts[part]) for part in ("features", "lags", "anchors")}
        own: dict[str, Any] = {name: arrays[name] for name in ("kept", "fill", "indicators", "centre", "scale")}
        return cls(**names, **own, impute=facts["impute"])


def _raw(samples: Samples, features: tuple[str, ...], lags: tuple[int, ...], anchors: tuple[str, ...]) -> Floats:
    named = {name: samples.features[name] for name in features}
    named |= {f"lag {k}": samples.lags[k] for k in lags}
    named |= {f"anchor {name}": samples.anchors[choose_anchor(samples, name, "anchor")] for name in anchors}
    for name, values in named.items():
        if np.isinf(values).any():
            raise ModelError("a feature is infinite", where=name, found=f"{np.isinf(values).sum()} rows")
    month = month_of_year(samples.time).astype(float)
    angle = 2 * np.pi * np.where(month < 0, np.nan, month) / 12
    # Rounded so that columns that are constant in theory (one month alone) are constant in fact.
    waves = [np.round(wave(cycles * angle), 12) for _, wave, cycles in HARMONICS]
    return np.column_stack([*named.values(), *waves])
