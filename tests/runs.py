"""Runs of a case over time, for tests of its history: committed records with other times, commits and figures."""

from datetime import UTC, datetime, timedelta

from ptmbench.records.store import ResultsFolder
from sites import QUICK, write

CASE = "resnet_tiny.glyphs-digits_5shot-linear_probe"
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def committed(case=CASE):
    """A committed record."""
    return ResultsFolder(QUICK).read(case)


def run(record, day, *, quality=None, p50=None, macs=None, fingerprint=None, **made):
    """The record as of a run on another day, with other figures; `made` goes into its provenance."""
    provenance = {"started_at": (FIRST + timedelta(days=day)).isoformat(), "commit": f"{day:012x}", **made}
    machine = record.provenance.machine
    if fingerprint:
        provenance["machine"] = machine.model_copy(update={"fingerprint": fingerprint})
    parts = {"provenance": record.provenance.model_copy(update=provenance)}
    if quality is not None:
        moved = {"value": quality, "interval95": (quality - 0.01, quality + 0.01)}
        parts["quality"] = record.quality.model_copy(update=moved)
    cost = {}
    if macs is not None:
        cost |= {"macs": macs, "flops": 2 * macs}
    if p50 is not None:
        cost["latency_s"] = record.cost.latency_s.model_copy(update={"p50": p50})
    if cost:
        parts["cost"] = record.cost.model_copy(update=cost)
    return record.model_copy(update=parts)


def nightly(place, records):
    """A folder for each record, one a night, below a place."""
    for number, record in enumerate(records):
        write(place / f"night-{number:02}", record)
    return place
