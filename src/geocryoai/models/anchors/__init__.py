"""Process models as anchors: the target from drivers alone, with published parameters and no fit.

An anchor is a function of named columns; its options say which column plays which role (``tdd: tdd_era5``) and set
parameters. A row in which an input is missing has no anchor (NaN).
"""

from __future__ import annotations

from geocryoai.core.registry import Registry
from geocryoai.models.anchors.base import Anchor, anchor_inputs, compute_anchor

#: All anchors by name; a new one is one line here (or the entry-point group ``geocryoai.anchors``).
ANCHORS: Registry[Anchor] = Registry(
    "anchors",
    {
        "stefan": "geocryoai.models.anchors.thaw:stefan",
        "layered_stefan": "geocryoai.models.anchors.thaw:layered",
        "heat_column": "geocryoai.models.anchors.column:heat_column",
        "gpp_light_use": "geocryoai.models.anchors.carbon:gpp",
        "reco_lloyd_taylor": "geocryoai.models.anchors.carbon:reco",
        "nee_light_use": "geocryoai.models.anchors.carbon:nee",
        "simulated": "geocryoai.models.anchors.simulated:simulated",
        "ch4_q10": "geocryoai.models.anchors.methane:q10",
        "gpp_process": "geocryoai.models.anchors.monthly:gpp",
        "reco_process": "geocryoai.models.anchors.monthly:reco",
        "nee_process": "geocryoai.models.anchors.monthly:nee",
        "ch4_process": "geocryoai.models.anchors.methane:process",
    },
)

__all__ = ["ANCHORS", "Anchor", "anchor_inputs", "compute_anchor"]
