"""The page of a case: every figure of its record with the reason where there is none, and how to run it again."""

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ptmbench.records.budget_names import options_of
from ptmbench.records.case_record import FULL
from ptmbench.records.record import ASKED_FOR, Record
from ptmbench.report.figures import mark_of

WORDS = {
    "macs": "MACs", "flops": "FLOPs", "thop_macs": "MACs by thop", "interval95": "95 % interval", "id": "id",
    "cpu": "CPU", "gpu": "GPU", "commit": "commit",
}  # fmt: skip
UNITS = (("_per_s", "/s"), ("_s", "s"), ("_bytes", "B"), ("_j", "J"))
SHARES = {
    "calibration.ece",
    "calibration.ece_after_temperature",
    "adversarial.clean",
    "adversarial.apgd_ce",
    "adversarial.square",
    "adversarial.robust",
    "adversarial.robust_interval95",
    "forgetting.before",
    "forgetting.after",
    "forgetting.chance",
    "privacy.auc",
    "privacy.auc_interval95",
    "privacy.null_auc",
    "privacy.tpr_at_fpr_1e_2",
    "privacy.tpr_at_fpr_1e_2_interval95",
    "privacy.tpr_at_fpr_1e_3",
    "privacy.tpr_at_fpr_1e_3_interval95",
    "quality.value",
    "quality.train_value",
    "quality.interval95",
    "quality.floor",
    "case.model.loaded_fraction",
}
POINTS = {"gain.value", "gain.interval95"}
ELSEWHERE = {
    "quality.seeds", "quality.curve", "quality.corrupted", "quality.pictures", "cost.latency_s.samples",
    "provenance.packages", "provenance.machine", "privacy.roc",
    "representation.probe_by_stage", "representation.rank_by_stage",
}  # fmt: skip
GROUPS = (
    ("Quality", "quality", ()),
    ("Gain over training from scratch", "gain", ()),
    ("Calibration", "calibration", ()),
    ("Privacy", "privacy", ()),
    ("Under attack", "adversarial", ()),
    ("Attributions", "attribution", ()),
    ("Forgetting", "forgetting", ()),
    ("Representation", "representation", ()),
    ("Cost", "cost", ()),
    ("Model", "case.model", ()),
    ("Task", "case.task", ()),
    ("Method", "case.method", ()),
    ("Input", "case.input", ()),
    ("Case", "case", ("model", "task", "method", "input")),
    ("Provenance", "provenance", ("packages", "machine")),
    ("Machine", "provenance.machine", ()),
    ("Packages", "provenance.packages", ()),
)


SEED_KINDS = ("examples", "seeds_and_examples", "paired_over_examples", "paired_over_seeds_and_examples")
FIGURE_RULES = {  # for `static/cases.js`, which writes figures as this module does
    "words": WORDS, "units": UNITS, "shares": sorted(SHARES), "points": sorted(POINTS), "elsewhere": sorted(ELSEWHERE),
    "groups": GROUPS, "marks": {kind: mark_of(kind) for kind in SEED_KINDS},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A named figure as it is shown; `text` is None where there is none, and `reason` says why."""

    name: str
    text: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that belong together; a group that is missing whole has no figures but a reason."""

    title: str
    figures: tuple[NamedValue, ...]
    reason: str | None = None


def groups_of(record: Record) -> list[Group]:
    """All figures of a record by what they are of, but for those that have a chart or table of their own.

    Parts that older records lack are left out.
    """
    dumped = record.model_dump(exclude={"missing"})
    there = [group for group in GROUPS if group[1].partition(".")[0] in dumped or group[1] in record.missing]
    return [_group(title, path, skipped, dumped, record.missing) for title, path, skipped in there]


def _group(title: str, path: str, skipped: Sequence[str], dumped: dict[str, Any], missing: Mapping[str, str]) -> Group:
    found: Any = dumped
    for part in path.split("."):
        found = found.get(part)
    if found is None:
        return Group(title, (), missing.get(path, "not there"))
    figures: list[NamedValue] = []
    for key, value in found.items():
        if key not in skipped:
            figures += _figures(path, key, value, missing)
    mark = mark_of(found.get("interval_kind"))
    return Group(title, tuple(_marked(figure, mark) for figure in figures))


def _marked(figure: NamedValue, mark: str) -> NamedValue:
    """The figure with the mark of what it rests on, where it is an interval."""
    return replace(figure, text=f"{figure.text}{mark}") if figure.name == WORDS["interval95"] else figure


def _figures(root: str, path: str, value: Any, missing: Mapping[str, str]) -> list[NamedValue]:
    """The figure at a path below a root, or those below it."""
    whole = f"{root}.{path}"
    if value is None:
        return [NamedValue(name_of(path), None, missing.get(whole, "not there"))]
    if whole in ELSEWHERE:
        return []
    if isinstance(value, dict):
        below = [figure for key, entry in value.items() for figure in _figures(root, f"{path}.{key}", entry, missing)]
        return below or [NamedValue(name_of(path), "none")]
    return [NamedValue(name_of(path), shown(whole, value))]


def name_of(path: str) -> str:
    """A path in words, without the units that the text beside it has."""
    return " · ".join(WORDS.get(part) or re.sub(r"(_per_s|_s|_bytes|_j)$", "", part).replace("_", " ")
                      for part in path.split("."))  # fmt: skip


def shown(path: str, value: Any) -> str:
    """A value with its unit, which its name or its parent's says."""
    if isinstance(value, list | tuple):
        return ", ".join(shown(path, entry) for entry in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if path in POINTS:
            return f"{100 * value:+.2f} points"
        return f"{100 * value:.2f} %" if path in SHARES else _number(value, _unit(path))
    return str(value)


def _unit(path: str) -> str:
    if path.endswith("batch_size"):
        return ""
    for part in reversed(path.split(".")):
        for ending, unit in UNITS:
            if part.endswith(ending):
                return unit
    return ""


def _number(value: float, unit: str) -> str:
    if unit == "s":
        return f"{1e3 * value:.4g} ms" if value < 1 else f"{value:,.2f} s"
    if unit == "B":
        return f"{value / 2**20:,.2f} MiB ({value:,} bytes)"
    text = f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    return f"{text} {unit}" if unit else text


def command_of(record: Record, ships: Callable[[str], bool]) -> str:
    """What reproduces the case; models that do not ship with the package are named by their whole references."""
    case, quality = record.case, record.quality
    words = ["ptmbench", "run", "--model", _model(record, ships), "--task", _task(record), "--method", case.method.name]
    if case.variant != FULL:
        words += ["--variant", case.variant]
    words += options_of(record.budget)
    if quality:
        words += ["--seeds", str(len(quality.seeds))]
    if quality and quality.corrupted:
        words.append("--corruptions")
    if case.task.left_out:
        words.append("--skip-bad")
    columns = [name for name in ASKED_FOR if getattr(record, name) is not None]
    if columns:
        words += ["--columns", ",".join(columns)]
    return shlex.join(words)


def _model(record: Record, ships: Callable[[str], bool]) -> str:
    model = record.case.model
    return model.name if ships(model.reference) else model.reference


def _task(record: Record) -> str:
    """The name of a built-in task, else its reference with the amount of labels that belongs to it."""
    task = record.case.task
    if ":" not in task.dataset or task.shots == "all":
        return task.dataset if ":" in task.dataset else task.name
    return f"{task.dataset}{'&' if '?' in task.dataset else '?'}shots={task.shots}"
