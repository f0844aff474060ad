"""What charts draw besides the leaderboard's figures: learning curves, corrupted test examples, latency, history."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ptmbench.analysis.series import corrupted_of, curve_of
from ptmbench.report.figures import mark_of_row, metric_name
from ptmbench.report.site.holdings import Entry, Setting

Runs = Mapping[tuple[str, Setting], Sequence[Entry]]  # the same case in several folders, the earliest first


def runs_of(entries: Iterable[Entry]) -> dict[tuple[str, Setting], list[Entry]]:
    """By case and setting its entries in the order in which they ran."""
    found: defaultdict[tuple[str, Setting], list[Entry]] = defaultdict(list)
    for entry in entries:
        found[entry.record.case.id, entry.setting].append(entry)
    for members in found.values():
        members.sort(key=lambda entry: (entry.record.provenance.started_at, entry.holding.label))
    return dict(found)


def series_of(entries: Iterable[Entry]) -> dict[str, dict[str, Any]]:
    """By the page of a case its learning curve and its corruption curves, where it has any."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        quality = entry.record.quality
        if quality and quality.curve:
            found.setdefault(entry.page, {})["curve"] = curve_of(quality)
        if quality and quality.corrupted:
            found.setdefault(entry.page, {})["corrupted"] = corrupted_of(quality)
    return found


def charts_of(entry: Entry, runs: Sequence[Entry]) -> dict[str, Any]:
    """What the page of a case draws: only the charts that there are figures for."""
    quality, cost = entry.record.quality, entry.record.cost
    charts: dict[str, Any] = {}
    if cost and cost.latency_s and cost.latency_s.samples:
        charts["latency"] = {"samples": cost.latency_s.samples, "p50": cost.latency_s.p50, "p95": cost.latency_s.p95}
    if quality and quality.curve:
        charts["curve"] = curve_of(quality)
    if quality and quality.corrupted:
        charts["corrupted"] = corrupted_of(quality)
    if entry.record.privacy:
        false_rates, true_rates = zip(*entry.record.privacy.roc, strict=True)
        charts["roc"] = {"x": false_rates, "y": true_rates}
    past = [run for run in runs if run.record.quality]
    if len(past) > 1:
        charts["history"] = {
            "x": [run.record.provenance.started_at for run in past],
            "y": [run.row.value for run in past],
            "low": [run.row.ends("quality")[0] for run in past],
            "high": [run.row.ends("quality")[1] for run in past],
            "mark": [mark_of_row("quality", run.row) for run in past],
            "text": [run.holding.label for run in past],
        }
    if charts and quality:
        charts["metric"] = metric_name(quality.metric)
    return charts
