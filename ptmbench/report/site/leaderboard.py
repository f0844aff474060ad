"""The leaderboard as data: a row for every case of every folder, in SI units, and what a reader may see of it.

The page itself is built in the browser (`static/leaderboard.js`) from these columns; nothing is rounded here.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ptmbench.analysis.comparison import task_order
from ptmbench.report.columns import VERDICTS
from ptmbench.report.figures import metric_name
from ptmbench.report.site.holdings import Entry

Kind = Literal["text", "number", "share", "difference", "places"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a reader may choose. Numbers are shown times `scale` with so many digits; intervals have `key`_low
    and `key`_high beside them. `title` says at length what the heading is short for.
    """

    key: str
    label: str
    kind: Kind
    title: str
    shown: bool = True
    scale: float = 1.0
    digits: int = 0


MIB = 2.0**-20
COLUMNS = (
    Column("model", "Model", "text", "The model; the link leads to all that is known of the case"),
    Column("family", "Family", "text", "How it was pre-trained; controls were not"),
    Column("task", "Task", "text", "The downstream task: data set and amount of labels"),
    Column("method", "Method", "text", "How the model was carried over to the task"),
    Column("value", "Quality %", "share", "The task's metric on the test split in percent, with its 95 % interval"),
    Column("place", "Place", "places", "Places that the row may hold among all rows of its task and folder (95 %)"),
    Column("gain", "Gain over scratch", "difference", "Points over the same architecture from scratch, 95 % interval"),
    Column("verdict", "Verdict", "text", "Whether the interval of the gain is clear of 0"),
    Column("parameters", "Parameters", "number", "Parameters of backbone and head"),
    Column("macs", "MMACs", "number", "Millions of multiply-accumulates of one input", scale=1e-6, digits=2),
    Column("p50", "p50 ms", "number", "Median latency of one input in milliseconds", scale=1e3, digits=2),
    Column("inference_bytes", "Infer MiB", "number", "Peak memory at batch 1 in MiB", scale=MIB, digits=2),
    Column("carry_over", "Carry-over s", "number", "Seconds for features and fitting or training, one seed", digits=2),
    Column("metric", "Metric", "text", "What quality is measured in", shown=False),
    Column("setting", "Setting", "text", "Budget, device and precision", shown=False),
    Column("folder", "Folder", "text", "The results folder that holds the record", shown=False),
    Column("status", "Status", "text", "Whether the case finished, and if not, how it ended", shown=False),
    Column("seeds", "Seeds", "number", "Seeds that the quality is the mean of", shown=False),
    Column("floor", "Floor", "text", "Whether the least accuracy asked for was met", shown=False),
    Column("objective", "Objective", "text", "What the model was pre-trained to do", shown=False),
    Column("source", "Source", "text", "The data that the model was pre-trained on", shown=False),
    Column("p95", "p95 ms", "number", "95th percentile of latency in milliseconds", shown=False, scale=1e3, digits=2),
    Column("throughput", "Inputs/s", "number", "Inputs a second in batches", shown=False),
    Column("training_bytes", "Train MiB", "number", "Peak memory in a training step", shown=False, scale=MIB, digits=1),
    Column("size_bytes", "Size MiB", "number", "Size of the weights", shown=False, scale=MIB, digits=2),
    Column("trainable", "Trained", "number", "Parameters that training changes", shown=False),
    Column("distance", "Distance", "number", "From pre-training source to task", shown=False, digits=2),
    Column("machine", "Machine", "text", "Fingerprint: compare speed only between equal ones", shown=False),
    Column("commit", "Commit", "text", "The commit that ran", shown=False),
    Column("started_at", "Started", "text", "When the case ran", shown=False),
)
FLOORS = {True: "met", False: "missed", None: ""}


def fields_of(entry: Entry) -> dict[str, Any]:
    """All that the leaderboard and the charts know of a case, by name; None where there is no figure."""
    record, row = entry.record, entry.row
    quality, cost, case = record.quality, record.cost, record.case
    return {
        "page": entry.page,
        "model": case.model.name,
        "family": case.model.family,
        "task": case.task.name,
        "method": case.method.name,
        "value": row.value,
        "value_low": row.low,
        "value_high": row.high,
        "place": row.place_low,
        "place_high": row.place_high,
        "places": entry.rows,
        "gain": row.gain,
        "gain_low": row.gain_low,
        "gain_high": row.gain_high,
        "verdict": VERDICTS.get(row.verdict or ""),
        "parameters": row.parameters,
        "macs": row.macs,
        "p50": row.latency_p50_s,
        "p95": row.latency_p95_s,
        "inference_bytes": row.inference_bytes,
        "training_bytes": row.training_bytes,
        "carry_over": row.carry_over_time_s,
        "throughput": cost.throughput_per_s if cost else None,
        "size_bytes": cost.size_bytes if cost else None,
        "trainable": cost.trainable_parameters if cost else None,
        "metric": metric_name(quality.metric) if quality else None,
        "upwards": quality.higher_is_better if quality else None,
        "setting": ", ".join(entry.setting),
        "folder": entry.holding.label,
        "status": record.status,
        "reason": record.reason,
        "seeds": row.seeds,
        "floor": FLOORS[row.floor_met],
        "dataset": case.task.dataset,
        "examples": case.task.train_size,
        "objective": case.model.objective,
        "source": case.model.source,
        "distance": case.source_distance.value if case.source_distance else None,
        "machine": record.provenance.machine.fingerprint,
        "commit": record.provenance.commit,
        "started_at": record.provenance.started_at,
    }


def leaderboard(entries: Sequence[Entry]) -> dict[str, Any]:
    """Columns, names of fields, and one list of figures a case, task by task and the best first."""
    ordered = sorted(entries, key=lambda entry: task_order((entry.record.case.task.name, *entry.setting)))
    rows = [fields_of(entry) for entry in ordered]
    names = list(rows[0]) if rows else []
    return {
        "columns": [asdict(column) for column in COLUMNS],
        "fields": names,
        "rows": [[row[name] for name in names] for row in rows],
    }
