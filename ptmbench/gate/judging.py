"""All comparisons of two sides with their verdicts.

The chance of a false alarm that the rules allow is shared out over the kinds of comparison (quality by case, quality by
model, time) and inside each kind by Holm's adjustment, so that with nothing changed the whole gate reports
any `worse` no more often than that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ptmbench.gate import exact, quality, speed
from ptmbench.gate.findings import Comparison, Finding, Tested
from ptmbench.gate.pairs import Pair, check_sides, pair_up
from ptmbench.gate.rules import Rules, Verdict
from ptmbench.gate.sides import Side
from ptmbench.records.record import quality_of
from ptmbench.statistics.intervals import holm
from ptmbench.statistics.power import POWER

# How the chance of a false alarm is shared out. Code that is the same repeats its quality to the bit on one machine, so
# most of it goes to times, which never repeat.
SHARES = {"quality, models": 0.1, "quality, cases": 0.1, "times": 0.8}


@dataclass(frozen=True, eq=False, slots=True)
class Judgement:
    """Everything that a gate found, and whether it fails."""

    baseline: Side
    current: Side
    rules: Rules
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]
    power: Mapping[str, float]

    @property
    def failed(self) -> bool:
        """Whether any verdict is one that the rules fail on, or the gate could not find what it is there for."""
        return bool(self.blind) or any(finding.verdict in self.rules.fail_on for finding in self.findings)

    @property
    def blind(self) -> tuple[str, ...]:
        """The models of which a drop as large as the rules' `must_find` would be missed too often."""
        asked = self.rules.must_find
        return () if asked is None else tuple(model for model, found in self.power.items() if found > asked)

    def count(self, verdict: Verdict) -> int:
        """How many findings have the verdict."""
        return sum(finding.verdict == verdict for finding in self.findings)


def judge(baseline: Side, current: Side, rules: Rules) -> Judgement:
    """Compares two sides; raises `StoreError` where they cannot be."""
    check_sides(baseline, current)
    pairs, findings = pair_up(baseline, current, rules)
    told = [finding for pair in pairs if pair.changes for finding in _changed(pair)]
    kept = [pair for pair in pairs if not pair.changes]
    by_case, by_model = _by_quality(kept, rules)
    timed, remarks = speed.compare(kept, baseline, current, rules)
    families = zip((by_model, by_case, timed), SHARES.values(), strict=True)
    judged = [finding for family, share in families for finding in verdicts(family, share * rules.alarms)]
    exactly = [finding for pair in kept for finding in exact.compare(pair, rules)]
    power = _power(judged, kept)
    return Judgement(baseline, current, rules, (*findings, *told, *judged, *exactly), remarks, power)


def _by_quality(pairs: Iterable[Pair], rules: Rules) -> tuple[list[Tested], list[Tested]]:
    """Quality case by case, and of each model that has several; what is known of single examples is not kept."""
    by_case: list[Tested] = []
    pools: defaultdict[str, quality.PooledCases] = defaultdict(quality.PooledCases)
    for pair in pairs:
        difference = quality.difference_of(pair, rules)
        by_case.append(quality.compare_case(difference, rules))
        pools[pair.baseline[0][1].case.model.name].add(difference)
    several = {model: pool for model, pool in pools.items() if len(pool.figures) > 1}
    return by_case, [quality.compare_model(model, pool, rules) for model, pool in several.items()]


def _power(judged: Iterable[Finding], pairs: Iterable[Pair]) -> dict[str, float]:
    """By model the drop of quality that would be found eight times in ten: in all of its cases, or in its only one."""
    model_of = {pair.case_id: pair.baseline[0][1].case.model.name for pair in pairs}
    found: dict[str, float] = {}
    for finding in judged:
        comparison = finding.comparison
        if comparison is not None and comparison.unit == "points" and finding.detectable is not None:
            model = model_of.get(finding.subject, finding.subject)
            found[model] = min(found.get(model, np.inf), finding.detectable)
    return dict(sorted(found.items()))


def _changed(pair: Pair) -> Iterable[Finding]:
    """What was changed in a case before how much its figure did: that is no like with like."""
    before, now = quality_of(pair.baseline[0][1]), quality_of(pair.current[0][1])
    yield Finding(
        pair.case_id,
        before.metric,
        "changed",
        note=f"{'; '.join(pair.changes)}: {100 * before.value:.2f} -> {100 * now.value:.2f}",
    )


def verdicts(family: Sequence[Tested], level: float) -> list[Finding]:
    """The verdicts of comparisons that share a level."""
    worse = holm([1.0 if entry.p_worse is None else entry.p_worse for entry, _ in family])
    better = holm([1.0 if entry.p_better is None else entry.p_better for entry, _ in family])
    return [
        _verdict(tested, float(down), float(up), level, len(family))
        for tested, down, up in zip(family, worse, better, strict=True)
    ]


def _verdict(tested: Tested, worse: float, better: float, level: float, family: int) -> Finding:
    entry, detector = tested
    detectable = detector.detectable(level / family)
    verdict: Verdict = "same"
    note = entry.note
    if worse <= level:
        verdict = "worse"
    elif better <= level:
        verdict = "better"
    elif entry.resolution is not None and detectable > entry.resolution:
        verdict = "inconclusive"
        takes = _takes(entry, detectable, detector.needed(level / family, entry.resolution))
        note = "; ".join(part for part in (note, takes) if part)
    return Finding(entry.subject, entry.metric, verdict, entry, min(worse, better), detectable, note)


def _takes(entry: Comparison, detectable: float, needed: float) -> str:
    """What a comparison could find, and what it would take to find what is asked for."""
    unit = "points" if entry.unit == "points" else "%"
    found = f"{100 * detectable:.1f} {unit}" if np.isfinite(detectable) else "no change"
    count = f"{int(np.ceil(needed)):,}" if np.isfinite(needed) else "more than can be said of"
    return (
        f"would find {found} {POWER:.0%} of the time; {100 * (entry.resolution or 0.0):.0f} {unit} take {count} "
        f"{entry.sampled}, here are {entry.samples:,}"
    )
