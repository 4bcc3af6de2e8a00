"""Imaging spectroscopy: gas enhancement, plumes and their emission, spectral indices and components."""

from __future__ import annotations

from geocryoai.retrievals.spectroscopy.emission import Emission, cross_section_rate, integrated_mass, mass_rate
from geocryoai.retrievals.spectroscopy.enhancement import Enhancement, EnhancementOptions, retrieve_enhancement
from geocryoai.retrievals.spectroscopy.matched_filter import FilterOptions, FilterResult, filter_group
from geocryoai.retrievals.spectroscopy.plumes import Plume, PlumeOptions, find_plumes
from geocryoai.retrievals.spectroscopy.retrieval import retrieve_plumes
from geocryoai.retrievals.spectroscopy.targets import GasTarget, read_target

__all__ = [
    "Emission",
    "Enhancement",
    "EnhancementOptions",
    "FilterOptions",
    "FilterResult",
    "GasTarget",
    "Plume",
    "PlumeOptions",
    "cross_section_rate",
    "filter_group",
    "find_plumes",
    "integrated_mass",
    "mass_rate",
    "read_target",
    "retrieve_enhancement",
    "retrieve_plumes",
]
