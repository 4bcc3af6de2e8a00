"""The answer of one suspicion test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warn", "fail"]

#: Worst first, as reports list them.
VERDICTS: tuple[Verdict, ...] = ("fail", "warn", "ok")


@dataclass(frozen=True)
class Finding:
    """What a suspicion test found.

    Attributes
    ----------
    name : str
    verdict : {"ok", "warn", "fail"}
        ``fail``: the score must not be quoted before the cause is found. ``warn``: to be told beside the score.
    number : float or None
        What the verdict rests on, explained by the sentence; None where the test does not apply.
    sentence : str
    """

    name: str
    verdict: Verdict
    number: float | None
    sentence: str


def worst_first(findings: list[Finding]) -> list[Finding]:
    """Return findings in the order fail, warn, ok."""
    return sorted(findings, key=lambda finding: VERDICTS.index(finding.verdict))
