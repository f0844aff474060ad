"""A decision for people: the pick first, then how sure it is, who else was in it, and what it cost."""

import textwrap
from collections.abc import Sequence

from tabulate import tabulate

from ptmbench.records.decision import Decision, Picked, Rejected, Seen
from ptmbench.report.figures import metric_name, percent
from ptmbench.report.progress import about

SHOWN = 12  # of rejected candidates, a line each
EVERYTHING = 10_000
ONE_SEED_KIND = "examples"  # what the interval of a single training is over


def render_decision(decision: Decision, width: int = EVERYTHING) -> str:
    """The decision as text for a terminal of that width."""
    parts = [_head(decision), _tied(decision), _behind(decision), _rejected(decision.rejected), _around(decision)]
    lines = [line for part in parts if part for line in (*part, "")]
    return "\n".join(_wrapped(line, width) for line in lines[:-1])


def _wrapped(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    if len(line) <= width or "  " in line.strip():  # columns stand apart by two blanks or more
        return line
    return textwrap.fill(line, width, subsequent_indent=indent)


def _head(decision: Decision) -> list[str]:
    """The pick with what it is expected to reach, or why there is none."""
    pick = decision.pick
    if pick is None:
        return [f"{decision.task}: no model is recommended", f"  {decision.note}"]
    lines = [f"{decision.task}: take {pick.model}, {pick.method}"]
    if pick.quality is not None:
        expected = f"{metric_name(decision.metric or '')} {100 * pick.quality:.1f} %"
        lines.append(f"  expected on test examples, trained in full: {expected}{_expectation(decision, pick)}")
    lines += _test(pick) or ["  not tested: no time was left, the run was cut short, or its case did not finish"]
    if decision.chance_of_better is not None:
        lines.append(
            f"  chance that another candidate is better by more than {_points(decision.within)}: "
            f"{100 * decision.chance_of_better:.0f} %"
        )
    if not decision.finished:
        lines.append("  cut short: this is the best answer so far; the same command without a limit goes on from here")
    return lines


def _expectation(decision: Decision, pick: Picked) -> str:
    """The interval of what is expected, and what it rests on."""
    if pick.interval is None:
        return f" (too little is known of other data sets for an interval at {100 * decision.confidence:g} %)"
    low, high = pick.interval
    behind = "" if decision.promise is None else f", from how {_data_sets(decision)} came out"
    return f" [{100 * low:.1f}, {100 * high:.1f}] ({100 * decision.confidence:g} %{behind})"


def _data_sets(decision: Decision) -> str:
    promise = decision.promise
    if promise is None:
        return ""
    return f"{promise.tasks} tasks of {promise.data_sets} other data sets"


def _test(pick: Picked) -> list[str]:
    if pick.test is None:
        return []
    value = percent(pick.test.value, *pick.test.interval95, ONE_SEED_KIND)
    return [f"  on the test part, one training at one seed, in %: {value}"]


def _points(share: float) -> str:
    return f"{100 * share:g} point{'' if share == 0.01 else 's'}"


def _tied(decision: Decision) -> list[str]:
    """Who cannot be told apart from the pick."""
    if not decision.tied:
        return ["Every other candidate can be told apart from it."] if decision.pick and decision.behind else []
    return ["Cannot be told apart from it:", *_table(decision.tied)]


def _behind(decision: Decision) -> list[str]:
    if not decision.behind:
        return []
    return ["Behind it:" if decision.pick else "Rehearsed:", *_table(decision.behind)]


def _table(seen: Sequence[Seen]) -> list[str]:
    rows = [
        [f"  {one.model}", one.method, f"{100 * one.quality:.1f}", f"{100 * one.validation:.1f}", one.stage]
        for one in seen
    ]
    headers = ["  model", "method", "expected %", "on validation %", "budget"]
    text = tabulate(rows, headers=headers, disable_numparse=True, colalign=("left", "left", "right", "right", "left"))
    return text.splitlines()


def _rejected(rejected: Sequence[Rejected]) -> list[str]:
    """One line of reason for each that was left behind."""
    if not rejected:
        return []
    lines = [f"  {one.model}{f', {one.method}' if one.method else ''}: {one.reason}" for one in rejected[:SHOWN]]
    more = len(rejected) - SHOWN
    return ["Left behind:", *lines, *([f"  and {more} more: see decision.json"] if more > 0 else [])]


def _around(decision: Decision) -> list[str]:
    """What stands beside the pick: the static ranking's, the cost, and how this very procedure fared before."""
    lines = []
    static = decision.static_pick
    if static is not None:
        same = decision.pick and (static.model, static.method) == (decision.pick.model, decision.pick.method)
        tested = "".join(_test(static)).replace("  on the test part", ": on the test part")
        lines.append(f"A static ranking takes {static.model}, {static.method}{', too' if same else tested}")
    cost = decision.cost
    share = "" if cost.share is None else f", {100 * cost.share:.1f} % of training everything in full"
    lines.append(f"Cost: {about(cost.seconds)} of work{share}")
    if decision.promise is not None:
        promise = decision.promise
        lines.append(
            f"This procedure on {_data_sets(decision)}: the best candidate lay {100 * promise.regret:.1f} points above "
            f"the pick on average, {100 * promise.worst:.1f} at worst (static ranking: "
            f"{100 * promise.static_regret:.1f} on average); {100 * promise.covered:.0f} % of the intervals held; "
            "see ptmbench recommend --check"
        )
    if decision.command:
        lines.append(f"To record it in full: {decision.command}")
    return lines
