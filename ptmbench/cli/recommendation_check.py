"""`ptmbench recommend --check`: the procedure on data sets that it had not seen, beside a static ranking and chance."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

import numpy as np
from tabulate import tabulate

from ptmbench.cli.recommending import plan_of, share_of
from ptmbench.errors import Faults, UsageError
from ptmbench.outlet import hand_over, say
from ptmbench.recommendation.evidence import Evidence, evidence
from ptmbench.recommendation.published import published_tables
from ptmbench.recommendation.replay import Checked, ScoreCheck, TableCheck, check, check_scores, check_table


def print_check(arguments: argparse.Namespace) -> int:
    """Prints the check as tables, or as JSON."""
    plan, share = plan_of(arguments), share_of(arguments.budget_share)
    Faults(*plan.faults()).check()
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


FIGURES: Final = {  # of a task, by the heading of their column: shares, shown in percent
    "regret": "regret",
    "at 3": "regret_at_3",
    "static": "static_regret",
    "static at 3": "static_regret_at_3",
    "at random": "chance_regret",
    "cost %": "share",
    "with test %": "share_with_test",
}


def _of_modality(found: Sequence[Checked], modality: str, known: Evidence, confidence: float) -> str:
    """A row a task, and the means below."""
    rows = [
        [
            *(one.task, f"{one.pick.model}, {one.pick.method}"),
            *(_percent(getattr(one, name)) for name in FIGURES.values()),
            *("yes" if one.covered else "NO", f"{100 * one.chance_of_better:.0f}"),
        ]
        for one in found
    ]
    columns = {name: [getattr(one, name) for one in found] for name in FIGURES.values()}
    held, said, better = (
        100 * float(np.mean([getattr(one, name) for one in found]))
        for name in ("covered", "chance_of_better", "better")
    )
    means = [_percent(float(np.mean(each))) for each in columns.values()]
    rows.append(["mean", "", *means, f"{held:.0f} %", f"{said:.0f}"])
    rows.append(["worst", "", *(_percent(max(each)) for each in columns.values()), "", ""])
    headers = ["task", "pick", *FIGURES, "held", "better %"]
    text = tabulate(rows, headers=headers, disable_numparse=True, colalign=("left", "left", *["right"] * 9))
    models = len({row.candidate.model for row in known.of_modality(modality).rows})
    sets = len({one.dataset for one in found})
    tested = sum(one.tested for one in found)
    untested = "" if tested == len(found) else f" ({tested} of {len(found)}; the budget had no seconds for the others)"
    return (
        f"{modality}: {models} models, {len(found)} tasks of {sets} data sets, each data set left out in turn; regret "
        f"in points of the metric on the test part at the budget standard\n\n{text}\n\n"
        "cost: of scores and rehearsals, as a share of training everything in full; with test: and of training the "
        f"picks that are tested{untested}; held: whether the {100 * confidence:g} % interval held what the pick "
        "reached; better: the chance that was said of another candidate being better by more than the margin (it was "
        f"in {better:.0f} % of tasks)"
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
