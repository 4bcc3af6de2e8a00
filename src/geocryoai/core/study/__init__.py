"""The study: one typed YAML file that says where, when, which data, learners, tests and products."""

from __future__ import annotations

from geocryoai.core.study.load import load_study, read_tree, study_from_dict, to_yaml
from geocryoai.core.study.model import (
    AblationSection,
    AnchorSection,
    ComputeSection,
    DomainSection,
    EvaluateSection,
    JoinSection,
    LearnerSection,
    PeriodSection,
    PredictSection,
    ProtocolSection,
    RefineSection,
    ReportSection,
    RetrievalSection,
    RunSection,
    SelectSection,
    SourceSection,
    Study,
    TargetSection,
    ValidateSection,
    WindowSection,
)
from geocryoai.core.study.salvage import Salvaged, salvage
from geocryoai.core.study.supports import AverageSection, SupportSection

__all__ = [
    "AblationSection",
    "AnchorSection",
    "AverageSection",
    "ComputeSection",
    "DomainSection",
    "EvaluateSection",
    "JoinSection",
    "LearnerSection",
    "PeriodSection",
    "PredictSection",
    "ProtocolSection",
    "RefineSection",
    "ReportSection",
    "RetrievalSection",
    "RunSection",
    "Salvaged",
    "SelectSection",
    "SourceSection",
    "Study",
    "SupportSection",
    "TargetSection",
    "ValidateSection",
    "WindowSection",
    "load_study",
    "read_tree",
    "salvage",
    "study_from_dict",
    "to_yaml",
]
