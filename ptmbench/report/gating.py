"""What a gate found, for people (text, Markdown) and for programs (GitHub annotations, JSON, JUnit XML)."""

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as ET

from tabulate import tabulate

from ptmbench.gate.findings import Comparison, Finding
from ptmbench.gate.judging import Judgement
from ptmbench.report import escaping
from ptmbench.report.figures import ONE_SEED, mark_of
from ptmbench.terminal import log_line, log_words

Shown = Callable[[str], str]  # makes a text that comes from records or from the user harmless in a format

MENTION = re.compile(r"(?<!\w)@(?=\w)")  # in a comment on GitHub it calls a person, escaped by a backslash or not
ORDER = ("worse", "missing", "changed", "better", "inconclusive", "same")
SHOWN = ("worse", "missing", "changed", "better")
HEADERS = ("verdict", "case or model", "figure", "baseline", "current", "change [95 %]", "tolerance", "why")


def figure(value: float, unit: str) -> str:
    """A figure in its unit: quality in percent, seconds in milliseconds, bytes in MiB, counts whole."""
    if unit == "points":
        return f"{100 * value:.2f} %"
    if unit == "s":
        return f"{1e3 * value:.3g} ms" if value < 1 else f"{value:.3g} s"
    if unit.startswith("x "):
        return f"{value:.3g} {unit}"
    return f"{value / 2**20:.2f} MiB" if unit == "B" else f"{value:,.0f}"


def change(comparison: Comparison) -> str:
    """The change with its interval: in points for quality, else in percent of the baseline."""
    unit = "" if comparison.unit == "points" else " %"
    text = f"{100 * comparison.change:+.2f}{unit}"
    if comparison.interval is None:
        return text
    low, high = comparison.interval
    return f"{text} [{100 * low:+.2f}, {100 * high:+.2f}]{mark_of(comparison.interval_kind)}"


def _row(finding: Finding, shown: Shown) -> list[str]:
    found, subject, metric, note = finding.comparison, *map(shown, (finding.subject, finding.metric, finding.note))
    if found is None:
        return [finding.verdict, subject, metric, "", "", "", "", note]
    sure = "" if finding.adjusted is None else f"p = {finding.adjusted:.1g} (Holm)"
    return [
        finding.verdict,
        subject,
        metric,
        figure(found.baseline, found.unit),
        figure(found.current, found.unit),
        change(found),
        f"{100 * found.tolerance:g}{'' if found.unit == 'points' else ' %'}",
        "; ".join(part for part in (sure, note) if part),
    ]


def ordered(judgement: Judgement, verdicts: Sequence[str]) -> list[Finding]:
    """The findings of these verdicts, the gravest first."""
    chosen = [finding for finding in judgement.findings if finding.verdict in verdicts]
    return sorted(chosen, key=lambda finding: (ORDER.index(finding.verdict), finding.subject, finding.metric))


def _summary(judgement: Judgement, shown: Shown) -> str:
    counts = ", ".join(f"{judgement.count(verdict)} {verdict}" for verdict in ORDER)  # type: ignore[arg-type]  # ORDER holds verdicts
    baseline, current = judgement.baseline, judgement.current
    return (
        f"{'FAILED' if judgement.failed else 'passed'}: {counts}, of {len(judgement.findings)} comparisons of "
        f"{shown(str(current.path))} ({current.launches} launch{'es' * (current.launches > 1)}) with "
        f"{shown(str(baseline.path))} ({baseline.launches}), {shown(baseline.key.name)}"
    )


def _fine_print(judgement: Judgement, shown: Shown) -> Iterator[str]:
    rules = judgement.rules
    yield (
        f"With nothing changed, any `worse` is reported in at most {100 * rules.alarms:g} % of gate runs. Quality: "
        f"paired on the same test examples and seeds, tolerance {100 * rules.tolerance.quality:g} points."
    )
    if power := sorted(judgement.power.items(), key=lambda entry: -entry[1]):
        model, largest = power[0]
        yield (
            "Power: the smallest drop, over all tasks of a model, that is found 80 % of the time is "
            f"{_points(power[-1][1])} ({shown(power[-1][0])}) to {_points(largest)} ({shown(model)})."
        )
    if any(found.comparison and mark_of(found.comparison.interval_kind) for found in ordered(judgement, SHOWN)):
        yield f"{ONE_SEED}: rests on one seed: over test examples alone; of another seed it says nothing."
    yield from _blind(judgement, shown)
    worst = sorted(
        (finding for finding in judgement.findings if finding.verdict == "inconclusive" and finding.detectable),
        key=lambda finding: -(finding.detectable or 0.0),
    )
    for finding in worst[:3]:
        yield f"inconclusive: {shown(finding.subject)}, {shown(finding.metric)}: {shown(finding.note)}"
    if len(worst) > len(worst[:3]):
        yield f"and {len(worst) - 3} more inconclusive: --format json has all"
    yield from map(shown, judgement.remarks)


def _points(share: float) -> str:
    return f"{100 * share:.1f} points" if math.isfinite(share) else "of any size"


def _blind(judgement: Judgement, shown: Shown) -> Iterator[str]:
    """What fails a gate that could not have found what it is there for."""
    for model in judgement.blind:
        yield (
            f"FAILED: must_find = {judgement.rules.must_find:g}, and a drop of {shown(model)} has to be "
            f"{_points(judgement.power[model])}: more cases, seeds or test examples find less"
        )


def render_text(judgement: Judgement) -> str:
    """A table of what is not as it was, a summary, and what it rests on."""
    rows = [_row(finding, log_words) for finding in ordered(judgement, SHOWN)]
    grid = tabulate(rows, HEADERS, "simple", disable_numparse=True) + "\n\n" if rows else ""
    return f"{grid}{_summary(judgement, log_words)}\n" + "".join(
        f"  {log_line(line)}\n" for line in _fine_print(judgement, log_words)
    )


def render_markdown(judgement: Judgement) -> str:
    """The same for a comment on a pull request."""
    rows = [_row(finding, _commented) for finding in ordered(judgement, SHOWN)]
    grid = tabulate(rows, HEADERS, "github", disable_numparse=True) + "\n\n" if rows else ""
    lines = "".join(f"- {line}\n" for line in _fine_print(judgement, _commented))
    return f"### ptmbench gate\n\n{_summary(judgement, _commented)}\n\n{grid}{lines}"


def _commented(text: str) -> str:
    """Text that a comment on a pull request shows as it is, and that calls nobody."""
    return MENTION.sub("@\u200b", escaping.markdown(text))


def render_github(judgement: Judgement) -> str:
    """Workflow commands that GitHub shows as annotations, and the summary."""
    levels = {"worse": "error", "missing": "warning", "changed": "notice", "better": "notice"}
    lines = []
    for finding in ordered(judgement, SHOWN):
        level = "error" if finding.verdict in judgement.rules.fail_on else levels[finding.verdict]
        cells = [cell for cell in _row(finding, log_words)[2:] if cell]
        title = escaping.github_property(log_words(f"{finding.verdict}: {finding.subject}"))
        lines.append(f"::{level} title={title}::{escaping.github_message(', '.join(cells))}")
    lines += [f"::error title=power::{escaping.github_message(line)}" for line in _blind(judgement, log_words)]
    return "\n".join([*lines, _summary(judgement, log_words)]) + "\n"


def render_json(judgement: Judgement) -> str:
    """Everything, one object."""
    content: dict[str, Any] = {
        "failed": judgement.failed,
        "baseline": str(judgement.baseline.path),
        "current": str(judgement.current.path),
        "key": judgement.baseline.key.name,
        "rules": judgement.rules.model_dump(exclude={"noise"}),
        "counts": {verdict: judgement.count(verdict) for verdict in ORDER},  # type: ignore[arg-type]  # as above
        "findings": [asdict(finding) for finding in ordered(judgement, ORDER)],
        "remarks": list(judgement.remarks),
        "power": {model: found if math.isfinite(found) else None for model, found in judgement.power.items()},
        "blind": list(judgement.blind),
    }
    return json.dumps(content, indent=1) + "\n"


def render_junit(judgement: Judgement) -> str:
    """JUnit XML: a test case for each comparison, a failure for each that fails the gate.

    `log_words` also leaves no letter that XML 1.0 forbids.
    """
    failures = [finding for finding in judgement.findings if finding.verdict in judgement.rules.fail_on]
    untold = {"missing", "inconclusive"} - set(judgement.rules.fail_on)
    skipped = [finding for finding in judgement.findings if finding.verdict in untold]
    suite = ET.Element(
        "testsuite",
        name="ptmbench gate",
        tests=str(len(judgement.findings) + len(judgement.blind)),
        failures=str(len(failures) + len(judgement.blind)),
        errors="0",
        skipped=str(len(skipped)),
    )
    for finding in ordered(judgement, ORDER):
        case = ET.SubElement(suite, "testcase", classname=log_words(finding.metric), name=log_words(finding.subject))
        text = ", ".join(cell for cell in _row(finding, log_words)[3:] if cell)
        if finding.verdict in judgement.rules.fail_on:
            ET.SubElement(case, "failure", message=f"{finding.verdict}: {text}")
        elif finding.verdict in untold:
            ET.SubElement(case, "skipped", message=f"{finding.verdict}: {text}")
    for line in _blind(judgement, log_words):
        ET.SubElement(ET.SubElement(suite, "testcase", classname="power", name="must_find"), "failure", message=line)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


RENDERERS = {
    "text": render_text,
    "markdown": render_markdown,
    "github": render_github,
    "json": render_json,
    "junit": render_junit,
}
