"""What labels came out as text: figures by class, the confusion matrix where it fits, mistakes, calibration."""

import numpy as np
from tabulate import tabulate

from ptmbench.analysis.confusion import Confusion
from ptmbench.records.record import Record
from ptmbench.report.figures import NONE
from ptmbench.terminal import printable

MOST_CLASSES = 20  # of a matrix that can be read
MISTAKES = 10


def render_confusion(found: Confusion) -> str:
    """The figures of each class, macro-F1 beside what the largest class alone would give, and the mistakes."""
    names = [printable(name) for name in found.classes]
    rows = [
        [name, f"{count:,}", *(_percent(figure[index]) for figure in (found.precision, found.recall, found.f1))]
        for index, (name, count) in enumerate(zip(names, found.support.tolist(), strict=True))
    ]
    parts = [
        tabulate(
            rows,
            ["class", "test labels", "precision %", "recall %", "F1 %"],
            "simple",
            disable_numparse=True,
            colalign=("left", *["right"] * 4),
        )
    ]
    seeds = "1 seed" if found.seeds == 1 else f"{found.seeds} seeds together"
    parts.append(
        f"macro-F1 {_percent(found.macro_f1)} %; always the largest class: accuracy {_percent(found.majority)} %; "
        f"{seeds}"
    )
    if len(names) <= MOST_CLASSES:
        counts = [[name, *map(str, row)] for name, row in zip(names, found.counts.tolist(), strict=True)]
        aligned = ("left", *["right"] * len(names))
        grid = tabulate(counts, ["true \\ found", *names], "simple", disable_numparse=True, colalign=aligned)
        parts.append(f"Confusion matrix, test labels of the true class (rows) by the class found (columns):\n\n{grid}")
    mistakes = found.mistakes(MISTAKES)
    if mistakes:
        told = ", ".join(f"{printable(true)} as {printable(taken)} ({often})" for true, taken, often in mistakes)
        parts.append(f"Most frequent mistakes: {told}")
    return "\n\n".join(parts) + "\n"


def told_calibration(record: Record) -> str:
    """How sure the answers were, in a line; empty where the record does not say."""
    found = record.calibration
    if found is None:
        return ""
    line = f"NLL {found.nll:.3f}, Brier score {found.brier:.3f}, calibration error {100 * found.ece:.1f} points"
    if found.temperature is None or found.ece_after_temperature is None:
        return f"{line}; no temperature: {record.missing['calibration.temperature']}\n"
    return f"{line}, {100 * found.ece_after_temperature:.1f} after a temperature of {found.temperature:.2f}\n"


def _percent(share: float) -> str:
    return NONE if np.isnan(share) else f"{100 * share:.1f}"
