"""What it costs to come near the best, as one table in the style of a format."""

from collections.abc import Sequence

from tabulate import tabulate

from ptmbench.analysis.economy import SHARES, CheapestCase
from ptmbench.report.figures import NONE


def render_economy(lines: Sequence[CheapestCase], style: str, heading: str = "") -> str:
    """One table of all tasks, a row for each method of each."""
    if not lines:
        return ""
    rows, before = [], ""
    for near, nearer in zip(lines[::2], lines[1::2], strict=True):
        head = ["", ""] if near.task == before else [near.task, f"{100 * near.best:.1f}"]
        rows.append([*head, near.method, *_cells(near), *_cells(nearer)])
        before = near.task
    headers = ["task", "best %", "method"]
    for share in SHARES:
        headers += [f"{share:.0%}: model", "steps", "s", "GFLOPs", "reached"]
    aligned = ["left", "right", "left", *["left", "right", "right", "right", "right"] * len(SHARES)]
    grid = tabulate(rows, headers, style, colalign=aligned, disable_numparse=True)
    return (
        f"{heading}What does it cost to come near the best?\n\n{grid}\n\nOf each method the quickest case that reaches "
        "90 and 95 % of the task's best result: steps of training, seconds and operations (features, or forward and "
        "backward passes) of one seed, tuning left out; reached: how many of the method's cases get there.\n"
    )


def _cells(line: CheapestCase) -> list[str]:
    reached = f"{line.reached} of {line.cases}"
    if line.price is None:
        return [NONE, NONE, NONE, NONE, reached]
    price = line.price
    steps = str(price.steps) if price.steps else NONE
    seconds = NONE if price.seconds is None else f"{price.seconds:.2f}"
    operations = NONE if price.flops is None else f"{price.flops / 1e9:,.2f}"
    return [price.model, steps, seconds, operations, reached]
