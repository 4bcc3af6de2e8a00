"""A member of the ensemble: preparation, link to the anchor, and network, all fitted on its own training rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from geocryoai.models.link import AnchorLink
from geocryoai.models.networks.fitting import ANSWER_ROWS, FitSettings, Rows, answers, fit_network
from geocryoai.models.networks.inputs import NetworkInputs
from geocryoai.models.networks.regressor import Regressor
from geocryoai.models.networks.settings import reproducible
from geocryoai.models.networks.spec import NetworkSpec
from geocryoai.models.weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray

    from geocryoai.cube.samples import Samples
    from geocryoai.models.networks.windows import WindowReader

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Member:
    """One network and what belongs to it.

    Attributes
    ----------
    inputs : NetworkInputs
    link : AnchorLink
    scale : float
        Root mean square of the correction in training; the network learns in units of it.
    spec : NetworkSpec
    network : Regressor
    best_epoch : int
    """

    inputs: NetworkInputs
    link: AnchorLink
    scale: float
    spec: NetworkSpec
    network: Regressor
    best_epoch: int

    @classmethod
    def fit(
        cls,
        samples: Samples,
        reader: WindowReader,
        train: Ints,
        held: Ints,
        options: Mapping[str, Any],
        *,
        anchored: bool,
        seed: int,
        device: torch.device,
    ) -> Self:
        """Return a member that learnt from the rows `train` and stopped early by the rows `held`.

        Parameters
        ----------
        samples : Samples
            With at least one anchor.
        anchored : bool
            False where that anchor stands for the climatology: it is then not calibrated, and the correction added to
            it may be as large as the range of the target.
        """
        power = float(options["weight_power"])
        inside, weight = samples.take(train), row_weights(samples, power)
        own = row_weights(inside, power)
        if not anchored:
            widest = float(np.ptp(inside.y)) if options["bound"] is None else float(options["bound"])
            options = {**options, "anchor": None, "calibrate": "none", "form": "additive", "bound": widest}
        link = AnchorLink.fit(inside, options, own, where="convlstm")
        learnt = link.encode(inside)
        scale = float(np.sqrt(np.average(learnt**2, weights=own))) or 1.0
        inputs = NetworkInputs.fit(samples, reader, train)
        spec = NetworkSpec.of(
            options, channels=len(inputs.channels), statics=len(inputs.static.mean), size=inputs.shape[-1]
        )
        static = inputs.statics(samples)
        with reproducible(seed, int(options["threads"]), device):
            network = Regressor(spec).to(device)
            course = fit_network(
                network,
                Rows(reader, train, inputs, static[train], learnt / scale, own, device),
                Rows(reader, held, inputs, static[held], link.encode(samples.take(held)) / scale, weight[held], device),
                FitSettings.of(options),
                seed,
            )
        return cls(inputs, link, scale, spec, network, course.best_epoch)

    def learnt(
        self, samples: Samples, reader: WindowReader, rows: Ints, threads: int, device: torch.device
    ) -> tuple[Floats, Floats]:
        """Return the correction and its standard deviation for some rows, as the link reads them."""
        static = self.inputs.statics(samples.take(rows))
        mean, sd = np.empty(len(rows)), np.empty(len(rows))
        with reproducible(0, threads, device):
            for start in range(0, len(rows), ANSWER_ROWS):
                part = slice(start, start + ANSWER_ROWS)
                window = self.inputs.windows(*reader.get(rows[part]))
                mean[part], sd[part] = answers(self.network, window, static[part], device)
        return self.scale * mean, self.scale * sd

    def spread(self, sd: Floats, mean: Floats) -> Floats:
        """Return the standard deviation of the answer [target's unit] from that of the correction."""
        return sd * np.abs(mean) if self.link.form == "ratio" else sd

    def state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Return what `restore` needs, but for the weights of the network."""
        inputs, arrays = self.inputs.state()
        facts = {"inputs": inputs, "link": self.link.facts(), "scale": self.scale, "spec": asdict(self.spec)}
        return {**facts, "best_epoch": self.best_epoch}, arrays

    @classmethod
    def restore(cls, facts: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the member that `state` described; its network has still to get its weights."""
        spec = NetworkSpec.from_facts(facts["spec"])
        return cls(
            NetworkInputs.restore(facts["inputs"], arrays),
            AnchorLink.from_facts(facts["link"]),
            facts["scale"],
            spec,
            Regressor(spec),
            facts["best_epoch"],
        )
