"""`ptmbench recommend --check`: the procedure on data sets that it had not seen, beside a static ranking and chance."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
from tabulate import tabulate

from ptmbench.cli.recommending import plan_of, share_of
from ptmbench.errors import UsageError
from ptmbench.outlet import hand_over, say
from ptmbench.recommendation.evidence import Evidence, evidence
from ptmbench.recommendation.published import published_tables
from ptmbench.recommendation.replay import Checked, ScoreCheck, TableCheck, check, check_scores, check_table


def print_check(arguments: argparse.Namespace) -> int:
    """Prints the check as tables, or as JSON."""
    plan, share = plan_of(arguments), share_of(arguments.budget_share)
    known = evidence()
    if not known.rows:
        raise UsageError("this ptmbench has no evidence: python benchmarks/recording/evidence.py DIR records it")
    found = check(known, replace(plan, confidence=arguments.confidence), share)
    scores = check_scores(known)
    tables = [check_table(table, plan.shortlist) for table in published_tables()]
    if arguments.json:
        hand_over(json.dumps({"tasks": [asdict(one) for one in found], "scores": [asdict(one) for one in scores],
                              "tables": [asdict(one) for one in tables]}, indent=1) + "\n")  # fmt: skip
        return 0
    say("\n\n".join(render_check(found, scores, tables, known, arguments.confidence)))
    return 0


def render_check(
    found: Sequence[Checked],
    scores: Sequence[ScoreCheck],
    tables: Sequence[TableCheck],
    known: Evidence,
    confidence: float,
) -> list[str]:
    """The check as paragraphs and tables of text."""
    parts = []
    for modality in dict.fromkeys(one.modality for one in found):
        own = [one for one in found if one.modality == modality]
        parts += [_of_modality(own, modality, known, confidence)]
    parts += [_of_scores(scores), _of_tables(tables)]
    return parts


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _of_modality(found: Sequence[Checked], modality: str, known: Evidence, confidence: float) -> str:
    """A row a task, and the means below."""
    rows = [
        [one.task, f"{one.pick.model}, {one.pick.method}", _percent(one.regret), _percent(one.regret_at_3),
         _percent(one.static_regret), _percent(one.static_regret_at_3), _percent(one.chance_regret),
         _percent(one.share), "yes" if one.covered else "NO", f"{100 * one.chance_of_better:.0f}"]
        for one in found
    ]  # fmt: skip
    columns = ("regret", "regret_at_3", "static_regret", "static_regret_at_3", "chance_regret", "share")
    means = [float(np.mean([getattr(one, name) for one in found])) for name in columns]
    worst = [float(np.max([getattr(one, name) for one in found])) for name in columns]
    covered = np.mean([one.covered for one in found])
    rows.append(["mean", "", *map(_percent, means), f"{100 * covered:.0f} %",
                 f"{100 * np.mean([one.chance_of_better for one in found]):.0f}"])  # fmt: skip
    rows.append(["worst", "", *map(_percent, worst), "", ""])
    models = len({row.candidate.model for row in known.rows if known.tasks[row.task].modality == modality})
    headers = ["task", "pick", "regret", "at 3", "static", "at 3", "at random", "cost %", "held", "better %"]
    text = tabulate(rows, headers=headers, disable_numparse=True, colalign=("left", "left", *["right"] * 8))
    better = float(np.mean([one.better for one in found]))
    sets = len({one.dataset for one in found})
    return (
        f"{modality}: {models} models, {len(found)} tasks of {sets} data sets, each data set left out in turn; regret "
        f"in points of the metric on the test part at the budget standard\n\n{text}\n\n"
        f"cost: of everything in full; held: whether the {100 * confidence:g} % interval held what the pick reached; "
        f"better: the chance that was said of another candidate being better by more than the margin (it was in "
        f"{100 * better:.0f} % of tasks)"
    )


def _of_scores(scores: Sequence[ScoreCheck]) -> str:
    """Each score by itself: how well it orders models that are trained in full."""
    rows = [
        [one.modality, one.name, f"{one.tau:+.2f}", _percent(one.regret), _percent(one.regret_at_3),
         "" if one.static else f"{'below static' if one.below_static else ''}"]
        for one in scores
    ]  # fmt: skip
    text = tabulate(rows, headers=["", "order by", "tau", "regret", "at 3", ""], disable_numparse=True,
                    colalign=("left", "left", "right", "right", "right", "left"))  # fmt: skip
    what = "from at most 300 labelled training examples; regret of the best method in full"
    return f"Scores by themselves, {what}\n\n{text}"


def _of_tables(tables: Sequence[TableCheck]) -> str:
    """Published tables, of which nothing is there but accuracies: the short list trained in full."""
    rows = [
        [one.name, f"{one.tasks} x {one.models}", f"{one.tau:+.2f}", _percent(one.static_regret), _percent(one.regret),
         _percent(one.worst), f"{100 * one.share:.0f}"]
        for one in tables
    ]  # fmt: skip
    headers = ["table", "tasks x models", "tau", "static", "short list", "at worst", "cost %"]
    text = tabulate(rows, headers=headers, disable_numparse=True, colalign=("left", "left", *["right"] * 5))
    return (
        "Published tables hold no weights to score: the static short list alone, each of its models trained in full on "
        f"the task asked about\n\n{text}"
    )


def summary(found: Sequence[Checked]) -> Mapping[str, float]:
    """Means and worst figures over tasks, in shares."""
    return {
        "regret": float(np.mean([one.regret for one in found])),
        "worst": float(np.max([one.regret for one in found])),
        "static_regret": float(np.mean([one.static_regret for one in found])),
        "share": float(np.mean([one.share for one in found])),
        "covered": float(np.mean([one.covered for one in found])),
    }
