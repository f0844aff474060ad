"""Latency as pytest-benchmark's JSON, for the tools that read it; `extra_info` carries the whole record.

A case has the name that it has under `pytest benchmarks/ --benchmark-json`, so that files of both compare.
"""

import json
from collections.abc import Sequence
from typing import Any

from ptmbench.errors import UsageError
from ptmbench.records.record import Record

UNKNOWN = "unknown"


def without_latency(records: Sequence[Record]) -> list[str]:
    """The cases that have no samples of latency to show."""
    return [record.case.id for record in records if not _samples(record)]


def _samples(record: Record) -> list[float]:
    return list(record.cost.latency_s.samples) if record.cost and record.cost.latency_s else []


def render_benchmarks(records: Sequence[Record]) -> str:
    """The cases with latency in the layout of pytest-benchmark 5: seconds a batch of one, every sample under `data`."""
    import pytest_benchmark

    shown = [record for record in records if _samples(record)]
    if not shown:
        raise UsageError("no case of these folders has a latency: there is nothing to put into pytest-benchmark's JSON")
    last = max((record.provenance for record in shown), key=lambda provenance: provenance.started_at)
    machines = sorted({record.provenance.machine.fingerprint for record in shown})
    content = {
        "machine_info": {
            "node": ", ".join(machines),
            "python_version": last.packages.get("python", UNKNOWN),
            "cpu": {"brand_raw": last.machine.cpu, "count": last.machine.cores},
            "gpu": last.machine.gpu,
        },
        "commit_info": {"id": last.commit, "time": last.started_at, "dirty": False, "project": "ptmbench"},
        "benchmarks": [_entry(record) for record in shown],
        "datetime": last.started_at,
        "version": pytest_benchmark.__version__,
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _entry(record: Record) -> dict[str, Any]:
    from pytest_benchmark.stats import Stats

    case, samples = record.case, _samples(record)
    stats = Stats()
    for seconds in samples:
        stats.update(seconds)
    name = f"test_{case.task.kind}"
    return {
        "group": None,
        "name": f"{name}[{case.id}]",
        "fullname": f"{name}.py::{name}[{case.id}]",
        "params": {
            "model": case.model.name,
            "task": case.task.name,
            "method": case.method.name,
            "variant": case.variant,
        },
        "param": case.id,
        "extra_info": {"ptmbench": record.model_dump(mode="json", exclude={"cost": {"latency_s": {"samples"}}})},
        "options": {"timer": "ptmbench_samples"},
        "stats": {**stats.as_dict(), "data": samples, "iterations": 1},
    }
