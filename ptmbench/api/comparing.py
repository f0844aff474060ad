"""The gate in Python: two sides, and what is worse."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptmbench.api.results import Place, Results
from ptmbench.errors import UnknownName
from ptmbench.gate.findings import Finding
from ptmbench.gate.judging import Judgement, judge
from ptmbench.gate.rules import checked_rules
from ptmbench.gate.sides import read_side
from ptmbench.report.gating import RENDERERS


@dataclass(frozen=True, eq=False)
class GateResult:
    """What the gate found between two sides; `judgement` holds everything."""

    judgement: Judgement

    @property
    def passed(self) -> bool:
        """Whether no finding is one that the rules fail on."""
        return not self.judgement.failed

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Every comparison with its verdict."""
        return self.judgement.findings

    @property
    def worse(self) -> tuple[Finding, ...]:
        """What is surely worse than before by more than the tolerance."""
        return tuple(finding for finding in self.findings if finding.verdict == "worse")

    def table(self, style: str = "text") -> str:
        """What is not as it was, a summary, and what it rests on, as `ptmbench gate` prints it.

        Args:
            style: "text", "markdown", "github", "json" or "junit".

        Returns:
            One text, which ends with a line break.

        Raises:
            UsageError: For another style.
        """
        if style not in RENDERERS:
            raise UnknownName("style", style, RENDERERS)
        return RENDERERS[style](self.judgement)

    def __repr__(self) -> str:
        return f"<GateResult: {'passed' if self.passed else 'FAILED'}, {len(self.worse)} worse of {len(self.findings)}>"


def compare(before: Results | Place, after: Results | Place, **rules: Any) -> GateResult:
    """Whether anything got worse, as `ptmbench gate` finds out.

    Args:
        before: The baseline: results, a results folder, or a folder of such folders, one a launch.
        after: What is compared with it, on the same budget, device and precision.
        **rules: What may stand in a gate.toml: `alarms`, `resolution`, `fail_on`, `compare`, `tolerance`, `noise`.

    Returns:
        The findings, and whether the gate passed.

    Raises:
        UsageError: For rules that are not known.
        StoreError: Where the two cannot be compared.
    """
    checked = checked_rules(rules, "these rules have faults")
    return GateResult(judge(read_side(_side(before)), read_side(_side(after)), checked))


def _side(given: Results | Place) -> Path:
    return given.folder if isinstance(given, Results) else Path(given)
