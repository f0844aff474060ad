"""Histories as text for a terminal, and as JSON in SI units."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ptmbench.analysis.history import History, Run, Step, severity
from ptmbench.records.figures import Figure, Unit
from ptmbench.report.figures import metric_name
from ptmbench.terminal import USUAL_WIDTH, printable

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "12345678"  # for terminals that have no blocks
NARROWEST = 40
LETTERS = 12  # of a commit
LEGEND = """\
A step lies between two neighbouring runs; levels are medians of the runs between steps. git log A..B tells more.
Where a figure repeats exactly every change is a step. Elsewhere a level lasts 3 runs or more, and a step is said of \
about 1 in 100 series that did not change (PELT: Killick, Fearnhead & Eckley 2012).
Times and memory are compared within one machine; its own slow spells look like steps: measure again before you \
blame a commit.
Bars: from the lowest run, ▁, to the highest, █; the newest runs where not all have room.
""".splitlines()
SCALES: dict[Unit, tuple[float, str]] = {
    "share": (100.0, " %"),
    "B": (2.0**-20, " MiB"),
    "s": (1e3, " ms"),
    "J": (1.0, " J"),
    "/s": (1.0, " /s"),
    "": (1.0, ""),
}


def shown(value: float, unit: Unit, *, sign: bool = False) -> str:
    """A figure with its unit; a difference carries its sign, of shares it is in points."""
    scale, name = SCALES[unit]
    if unit == "share":
        return f"{100 * value:+.1f} points" if sign else f"{100 * value:.1f} %"
    digits = 0 if unit == "" else 2
    text = f"{value * scale:{'+' if sign else ''},.{digits}f}"
    if float(text.replace(",", "")) == 0 and value:
        text = f"{value * scale:{'+' if sign else ''}.2g}"
    return text + name


def change(step: Step, unit: Unit) -> str:
    """How far a level moved: shares in points, the others in percent of what they were where that is not 0."""
    if unit == "share" or not step.level_before:
        return shown(step.difference, unit, sign=True)
    return f"{100 * step.difference / abs(step.level_before):+,.1f} %"


def sparkline(values: Sequence[float], width: int) -> str:
    """A bar for each of the newest values, as many as have room; a flat series lies at the bottom."""
    newest = list(values[-width:]) if width > 0 else []
    if not newest:
        return ""
    low, high = min(newest), max(newest)
    spread = high - low
    if spread <= 0:
        return BLOCKS[0] * len(newest)
    top = len(BLOCKS) - 1
    return "".join(BLOCKS[min(top, round(top * ((value - low) / spread)))] for value in newest)


def render_text(found: Sequence[History], width: int = USUAL_WIDTH, *, everything: bool = False) -> str:
    """Cases with steps, the worst first; the others in one line, or each of them. No line is wider than the width."""
    width = max(width, NARROWEST)
    stepped = sorted((one for one in found if one.steps), key=lambda one: (*one.worst(), one.case_id))
    flat = [one for one in found if not one.steps and one.unclear is None]
    unclear = [one for one in found if one.unclear is not None]
    parts = [_title(found, width)]
    parts += ["\n".join(_with_steps(one, width)) for one in stepped]
    if everything:
        parts += ["\n".join(_without(one, width)) for one in (*flat, *unclear)]
    parts.append("\n".join(_summary(len(stepped), len(flat), unclear, width, everything=everything)))
    if stepped or everything:
        parts.append("\n".join(line for entry in LEGEND for line in _wrapped(entry, width)))
    return "\n\n".join(parts) + "\n"


def _title(found: Sequence[History], width: int) -> str:
    if not found:
        return "No case fits."
    metric = found[0].metric
    records = [run.record for one in found for run in one.runs]
    kinds = {metric_name(record.quality.metric) for record in records if record.quality}
    named = f" ({', '.join(sorted(kinds))})" if metric.name == "quality" and kinds else ""
    days = [run.started_at[:10] for one in found for run in (one.runs[0], one.runs[-1])]
    text = f"History of {metric.label}{named}: {_count(len(found), 'series', 'series')}, {min(days)} to {max(days)}"
    return "\n".join(_wrapped(text, width, ""))


def _count(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"


def _head(one: History, width: int) -> list[str]:
    """The case with where it ran, and its runs as bars from the first level to the last."""
    where = f"{one.budget}, {one.device}, {one.precision}" + (f", machine {one.machine}" if one.machine else "")
    values = [run.value for run in one.measured if run.value is not None]
    lines = [_cut(one.case_id, width), _cut(f"  {where}", width)]
    if values:
        unit = one.metric.unit
        first, last = (one.steps[0].level_before, one.steps[-1].level_after) if one.steps else (values[0], values[-1])
        ends = f"{shown(first, unit)} -> {shown(last, unit)}, {_count(len(values), 'run', 'runs')}"
        bars = sparkline(values, width - len(ends) - 4)
        lines.append(_cut(f"  {bars}  {ends}", width))
    return lines


def _with_steps(one: History, width: int) -> list[str]:
    lines = _head(one, width)
    for step in sorted(one.steps, key=lambda step: severity(step, one.metric)):
        unit = one.metric.unit
        levels = f"{shown(step.level_before, unit)} -> {shown(step.level_after, unit)}"
        lines.append(_cut(f"  {step.direction:7} {levels} ({change(step, unit)})", width))
        commits = f"{_cut(step.before.commit, LETTERS)}..{_cut(step.after.commit, LETTERS)}"
        lines.append(_cut(f"          {commits}, started {step.after.started_at[:16]}", width))
        note = f", {step.note}" if step.note else ""
        lines += _wrapped(f"{step.before.folder} -> {step.after.folder}{note}", width, " " * 10)
    return lines


def _without(one: History, width: int) -> list[str]:
    lines = _head(one, width)
    if one.unclear:
        lines += _wrapped(one.unclear, width)
    for reason, often in Counter(run.reason for run in one.runs if run.reason).items():
        lines += _wrapped(f"{_count(often, 'run', 'runs')} without a figure: {reason}", width)
    return lines


def _summary(stepped: int, flat: int, unclear: Sequence[History], width: int, *, everything: bool) -> list[str]:
    hint = "" if everything or not (flat or unclear) else " (--all lists them)"
    lines = _wrapped(f"{stepped:,} with a step, {flat:,} without a step, {len(unclear):,} untold{hint}.", width, "")
    for reason, often in Counter(one.unclear for one in unclear).most_common(3):
        lines += _wrapped(f"{often:,}: {reason}", width)
    return lines


def _cut(text: str, width: int) -> str:
    """The text in so many letters, the last of them … where it is longer; nothing in it that a terminal would obey."""
    clean = printable(text)
    return clean if len(clean) <= width else clean[: width - 1] + "…"


def _wrapped(text: str, width: int, indent: str = "  ") -> list[str]:
    return textwrap.wrap(printable(text), width, initial_indent=indent, subsequent_indent=indent)


def render_json(found: Iterable[History], problems: Sequence[str], metric: Figure) -> str:
    """Everything that is known, in SI units, shares between 0 and 1; null stands beside a reason."""
    content = {
        "metric": metric.name,
        "unit": metric.unit or "1",
        "series": [_as_json(one) for one in found],
        "problems": list(problems),
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"


def _as_json(one: History) -> dict[str, Any]:
    return {
        "case": one.case_id,
        "budget": one.budget,
        "device": one.device,
        "precision": one.precision,
        "machine": one.machine or None,
        "machine_reason": None if one.machine else "the figure compares over all machines",
        "higher_is_better": one.upwards,
        "noise": one.noise,
        "steps": None if one.unclear else [_step_as_json(step) for step in one.steps],
        "steps_reason": one.unclear,
        "runs": [_run_as_json(run) | {"machine": run.record.provenance.machine.fingerprint} for run in one.runs],
    }


def _run_as_json(run: Run) -> dict[str, Any]:
    return {
        "started_at": run.started_at,
        "commit": run.commit,
        "folder": run.folder,
        "value": run.value,
        "reason": run.reason,
    }


def _step_as_json(step: Step) -> dict[str, Any]:
    return {
        "before": _run_as_json(step.before),
        "after": _run_as_json(step.after),
        "level_before": step.level_before,
        "level_after": step.level_after,
        "difference": step.difference,
        "direction": step.direction,
        "note": step.note,
    }
