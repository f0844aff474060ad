"""All comparisons of two sides with their verdicts.

The chance of a false alarm that the rules allow is shared out evenly over the kinds of comparison (quality by case,
quality by model, time) and inside each kind by Holm's adjustment, so that with nothing changed the whole gate reports
any `worse` no more often than that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ptmbench.gate import exact, quality, speed
from ptmbench.gate.findings import Comparison, Finding
from ptmbench.gate.pairs import Pair, check_sides, pair_up
from ptmbench.gate.rules import Rules, Verdict
from ptmbench.gate.sides import Side
from ptmbench.power import POWER, StudentTest, minimum_detectable_effect, times_needed
from ptmbench.record import quality_of
from ptmbench.statistics import holm

KINDS = 3  # of comparison that share the chance of a false alarm


@dataclass(frozen=True, eq=False, slots=True)
class Judgement:
    """Everything that a gate found, and whether it fails."""

    baseline: Side
    current: Side
    rules: Rules
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether any verdict is one that the rules fail on."""
        return any(finding.verdict in self.rules.fail_on for finding in self.findings)

    def count(self, verdict: Verdict) -> int:
        """How many findings have the verdict."""
        return sum(finding.verdict == verdict for finding in self.findings)


def judge(baseline: Side, current: Side, rules: Rules) -> Judgement:
    """Compares two sides; raises `StoreError` where they cannot be."""
    check_sides(baseline, current)
    pairs, findings = pair_up(baseline, current, rules)
    told = [finding for pair in pairs if pair.changes for finding in _changed(pair)]
    kept = [pair for pair in pairs if not pair.changes]
    differences = [quality.difference_of(pair, rules) for pair in kept]
    by_case = [quality.compare_case(difference, rules) for difference in differences]
    by_model = [
        quality.compare_model(model, members, rules) for model, members in quality.by_model(differences).items()
    ]
    timed, remarks = speed.compare(kept, baseline, current, rules)
    level = rules.alarms / KINDS
    judged = [finding for family in (by_model, by_case, timed) for finding in verdicts(family, level)]
    exactly = [finding for pair in kept for finding in exact.compare(pair, rules)]
    return Judgement(baseline, current, rules, (*findings, *told, *judged, *exactly), remarks)


def _changed(pair: Pair) -> Iterable[Finding]:
    """What was changed in a case before how much its figure did: that is no like with like."""
    before, now = quality_of(pair.baseline[0][1]), quality_of(pair.current[0][1])
    yield Finding(
        pair.case_id,
        before.metric,
        "changed",
        note=f"{'; '.join(pair.changes)}: {100 * before.value:.2f} -> {100 * now.value:.2f}",
    )


def verdicts(family: Sequence[Comparison], level: float) -> list[Finding]:
    """The verdicts of comparisons that share a level."""
    worse = holm([1.0 if entry.p_worse is None else entry.p_worse for entry in family])
    better = holm([1.0 if entry.p_better is None else entry.p_better for entry in family])
    return [
        _verdict(entry, float(down), float(up), level, len(family))
        for entry, down, up in zip(family, worse, better, strict=True)
    ]


def _verdict(entry: Comparison, worse: float, better: float, level: float, family: int) -> Finding:
    detectable, takes = _detectable(entry, level / family)
    verdict: Verdict = "same"
    note = entry.note
    if worse <= level:
        verdict = "worse"
    elif better <= level:
        verdict = "better"
    elif entry.error is None or (
        entry.resolution is not None and detectable is not None and detectable > entry.resolution
    ):
        verdict = "inconclusive"
        note = "; ".join(part for part in (note, takes) if part)
    return Finding(entry.subject, entry.metric, verdict, entry, min(worse, better), detectable, note)


def _detectable(entry: Comparison, level: float) -> tuple[float | None, str]:
    """The smallest worsening that would have been found eight times in ten, and what a smaller one would take."""
    if entry.error is None or entry.degrees_of_freedom is None:
        return None, ""
    test = StudentTest(entry.error, entry.degrees_of_freedom, level)
    found = minimum_detectable_effect(test, entry.tolerance)
    if entry.resolution is None or found <= entry.resolution:
        return found, ""
    times = times_needed(test, entry.resolution, entry.tolerance)
    return found, (
        f"would find {100 * found:.1f} {entry.unit} {POWER:.0%} of the time; {100 * entry.resolution:.0f} {entry.unit} "
        f"take {int(np.ceil(times * entry.samples)):,} {entry.sampled}, here are {entry.samples:,}"
    )
