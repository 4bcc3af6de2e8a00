"""An ensemble of small ConvLSTM networks that correct a process anchor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from threadpoolctl import threadpool_limits

from geocryoai.models.folds import group_folds
from geocryoai.models.link import ANCHOR_OPTIONS
from geocryoai.models.point import Point, PointLearner
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.models.folds import Folds
    from geocryoai.models.networks.member import Member

    Floats = NDArray[np.float64]

#: Shrink factors of the correction to choose from, as for the other anchored learners; 0 is the anchor itself.
SHRINKS = (0.0, 0.25, 0.5, 0.75, 1.0)
#: The anchor of samples that carry none: computable nowhere, so that every row starts from the climatology.
CLIMATOLOGY = "climatology"


class ConvLSTMEnsemble(PointLearner):
    """ConvLSTM networks on windows of drivers, fused with a row's own features; they correct the process anchor.

    Each member holds out another grouped inner fold, by which it stops early. What a member answers for the groups
    it held out gives the shrink factor and the intervals. The answer is the mean of the members; its spread joins
    their own standard deviations and their disagreement. Samples without windows give windows of one step and one
    cell: their features. Samples without anchor are corrected from the climatology. For the forecast task the lags of
    the target are inputs. Missing inputs are shown as missing, never imputed.

    Options:

    - `members`: networks, each with an inner fold of its own; as many as `folds` where it is None;
    - `anchor`, `calibrate`, `form`, `bound`: see `geocryoai.models.link.AnchorLink`;
    - `preset`: `small`, or `published` (12.1 million parameters); `stem`, `hidden`, `layers`, `decoder_steps` and
      `width` (see `geocryoai.models.networks.spec.NetworkSpec`) replace a part of it;
    - `kernel`: side of the convolutions where windows have more than one cell [cells];
    - `dropout`: share of the fused vector set to zero in training;
    - `loss`, `epochs`, `patience`, `batch`, `learning_rate`, `weight_decay`, `channel_dropout`, `noise`,
      `gradient_norm`: see `geocryoai.models.networks.fitting.FitSettings`;
    - `device`: `auto`, `cpu` or `cuda`; on the CPU the same seed and threads give the same bytes;
    - `keep_mb`: windows that take no more are held in memory while fitting [MB], others are read batch by batch;
    - `folds`, `degrees`, `weight_power`, `threads`: as for every `PointLearner`.
    """

    name = "convlstm"
    defaults: ClassVar[Mapping[str, Any]] = {
        "members": None,
        **ANCHOR_OPTIONS,
        "preset": "small",
        "stem": None,
        "hidden": None,
        "layers": None,
        "decoder_steps": None,
        "width": None,
        "kernel": 3,
        "dropout": 0.3,
        "loss": "crps",
        "epochs": 60,
        "patience": 10,
        "batch": 128,
        "learning_rate": 2e-3,
        "weight_decay": 1e-2,
        "channel_dropout": 0.05,
        "noise": 0.5,
        "gradient_norm": 1.0,
        "device": "auto",
        "keep_mb": 256.0,
    }

    def __init__(self, *, seed: int = 0, **options: Any) -> None:
        super().__init__(seed=seed, **options)
        self._members: list[Member] = []

    def fit(self, samples: Samples) -> Self:
        """Fit the members, each with another inner fold held out; calibrate on what they answer there."""
        self._check_learnable(samples)
        groups = self.fit_groups(samples)
        members = self.options["folds"] if self.options["members"] is None else self.options["members"]
        with threadpool_limits(int(self.options["threads"])):
            self.fit_on(samples, groups, group_folds(groups, int(members), self.seed))
        return self

    def cross_answer(self, samples: Samples, folds: Folds) -> Point:
        """Fit one member per fold, choose the shrink factor; return what members answer for the rows they held out."""
        from geocryoai.models.networks.member import Member
        from geocryoai.models.networks.settings import choose_device
        from geocryoai.models.networks.windows import WindowReader

        anchored, device, threads = bool(samples.anchors), choose_device(str(self.options["device"])), self._threads()
        samples = self._with_anchor(samples, anchored)
        reader = WindowReader(samples, float(self.options["keep_mb"]))
        trials = np.empty((len(SHRINKS), len(samples)))
        spread = np.empty(len(samples))
        self._members = []
        seeds = np.random.SeedSequence(self.seed).generate_state(len(folds))
        for (train, held), seed in zip(folds, seeds, strict=True):
            member = Member.fit(
                samples, reader, train, held, self.options, anchored=anchored, seed=int(seed), device=device
            )
            learnt, sd = member.learnt(samples, reader, held, threads, device)
            outside = samples.take(held)
            for i, shrink in enumerate(SHRINKS):
                trials[i, held] = member.link.decode(learnt, outside, shrink).mean
            spread[held] = member.spread(sd, trials[-1, held])
            self._members.append(member)
        weight = row_weights(samples, float(self.options["weight_power"]))
        chosen = int(np.argmin(np.average((trials - samples.y) ** 2, axis=1, weights=weight)))
        self.tuned = {"shrink": SHRINKS[chosen]}
        return Point(trials[chosen], spread=spread)

    def learn(self, samples: Samples) -> None:
        """Do nothing more: `cross_answer` left the members fitted."""

    def answer(self, samples: Samples) -> Point:
        """Return the mean of the members, and the spread of their mixture."""
        from geocryoai.models.networks.settings import choose_device
        from geocryoai.models.networks.windows import WindowReader

        device, threads = choose_device(str(self.options["device"])), self._threads()
        assert self._inputs is not None  # checked by the caller
        samples = self._with_anchor(samples, bool(self._inputs.anchors))
        reader = WindowReader(samples, 0.0)
        self._members[0].inputs.check(reader)
        rows = np.arange(len(samples))
        points, variances = [], []
        for member in self._members:
            member.network.to(device)
            learnt, sd = member.learnt(samples, reader, rows, threads, device)
            points.append(member.link.decode(learnt, samples, self.tuned["shrink"]))
            variances.append(member.spread(sd, points[-1].mean) ** 2)
        means = np.array([point.mean for point in points])
        ledger = {name: np.mean([point.ledger[name] for point in points], axis=0) for name in points[0].ledger}
        return Point(means.mean(axis=0), ledger, np.sqrt(np.mean(variances, axis=0) + means.var(axis=0)))

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return the members without the weights of their networks, which `save` writes beside."""
        states = [member.state() for member in self._members]
        arrays = {f"{place}_{name}": part for place, (_, own) in enumerate(states) for name, part in own.items()}
        return {"members": [facts for facts, _ in states]}, arrays

    def restore(self, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take up the members; `load` brings the weights of their networks."""
        from geocryoai.models.networks.member import Member

        self._members = []
        for place, own in enumerate(facts["members"]):
            start = f"{place}_"
            parts = {name.removeprefix(start): part for name, part in arrays.items() if name.startswith(start)}
            self._members.append(Member.restore(own, parts))

    def save(self, folder: Path) -> None:
        """Write `learner.json`, `learner.npz` and the weights as `networks.safetensors`."""
        from geocryoai.models.networks.storage import save_weights

        super().save(folder)
        save_weights(folder, [member.network for member in self._members])

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Return the learner that `save` wrote."""
        from geocryoai.models.networks.storage import load_weights

        learner = super().load(folder)
        load_weights(folder, [member.network for member in learner._members])
        return learner

    def _threads(self) -> int:
        return int(self.options["threads"])

    @staticmethod
    def _with_anchor(samples: Samples, anchored: bool) -> Samples:
        if anchored:
            return samples
        return replace(samples, anchors={CLIMATOLOGY: np.full(len(samples), np.nan)})
