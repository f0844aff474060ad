"""How sure answers are and what they tell of training, as one table a task each in the style of a format."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from tabulate import tabulate

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.records.figures import Place, by_name, figures_in
from ptmbench.report.figures import metric_name, written


class TrustTable(NamedTuple):
    """A kind of table: its figures, the one that orders its rows, what it is called, and what is said below."""

    place: Place
    orders: str
    title: str
    below: str
    falling: bool = False


TRUST: Final = TrustTable(
    "trust",
    "nll",  # falls with accuracy and with honest confidence alike
    "Can they be trusted?",
    "NLL and Brier: what probabilities lose against the truth. ECE: points between confidence and accuracy, over 15 "
    "bins of equally many labels, some of which is chance; after T: behind one temperature, fitted to examples that "
    "were not learned from.",
)
ASKED: Final = (
    TrustTable(
        "privacy",
        "membership_auc",
        "What do answers tell about training?",
        "Membership inference (LiRA) by somebody who has 63 models of the same kind: AUC 50 is guessing; TPR at 1 % "
        "FPR: members found while one other example in a hundred is taken for a member, 1 where nothing is told. Null: "
        "the same with membership shuffled. Intervals over target models.",
    ),
    TrustTable(
        "adversarial",
        "robust",
        "What stays right under attack?",
        "Shares of up to 200 test pictures, of which every value may be moved by 8/255 of its range, at one seed: by "
        "gradients (APGD-CE), by random squares (Square), and by both. More attacks would find more.",
        falling=True,
    ),
    TrustTable(
        "forgetting",
        "known_after",
        "What does training cost of what was known?",
        "What the model tells of its pre-training data before and after training on the task, at one seed: of pictures "
        "the class, by five nearest neighbours (a guess is below 1 %); of text the hidden or next token.",
        falling=True,
    ),
    TrustTable(
        "representation",
        "effective_rank",
        "What are the features like?",
        "Effective rank: how many of their dimensions the features of training examples fill. CKA: 1 where features "
        "are the same but for a rotation, 0 where they are unrelated; to random: to the architecture at random "
        "initialisation; to trained: to those behind training on the task, at one seed.",
        falling=True,
    ),
    TrustTable(
        "attribution",
        "explained_deletion",
        "Do attributions tell more than the input does?",
        "Integrated gradients of up to 100 test examples at one seed, less the best of the controls that know no "
        "network (random maps; of pictures edges and a bump in the middle, of texts long and early words): points of "
        "probability by which an answer falls faster where what they name is taken away (deletion), and comes faster "
        "where it alone is shown (insertion); inside: how much more of their mass lies on the object, in times of its "
        "area. 0: no more than the control. Agreement: correlation with the maps of the network at random weights.",
        falling=True,
    ),
)


def render_trust(tables: Sequence[ComparisonTable], style: str, heading: str = "") -> str:
    """Tables of how sure answers are, and of the columns that were asked for, one a task each: best first."""
    return "\n".join(filter(None, (_tables(tables, kind, style, heading) for kind in (TRUST, *ASKED))))


def _tables(tables: Sequence[ComparisonTable], kind: TrustTable, style: str, heading: str) -> str:
    parts = []
    for table in tables:
        known = [row for row in table.rows if row.figures.get(kind.orders) is not None]
        rows = sorted(known, key=lambda row: row.figures[kind.orders] or 0.0, reverse=kind.falling)
        if rows:
            title = f"{kind.title} {table.task}, {table.budget}: {metric_name(table.metric)} in %"
            parts.append(f"{heading}{title}\n\n{_grid(rows, kind.place, style)}\n")
    return "\n".join([*parts, *([f"{kind.below}\n"] if parts else [])])


def _grid(rows: Sequence[CaseRow], place: Place, style: str) -> str:
    figures = (by_name("quality"), *figures_in(place))
    cells = [[row.model, row.method, *(written(figure, row) for figure in figures)] for row in rows]
    headers = ["model", "method", "quality [95 %]", *(figure.heading for figure in figures[1:])]
    aligned = ["left", "left", *["right"] * len(figures)]
    return tabulate(cells, headers, style, colalign=aligned, disable_numparse=True)
