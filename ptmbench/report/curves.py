"""Learning curves as a table, one column for each number of steps."""

import math
import textwrap
from collections.abc import Sequence

from tabulate import tabulate

from ptmbench.analysis.curves import Curve


def render_curves(curves: Sequence[Curve], metric: str, style: str, width: float = math.inf) -> str:
    """A table of the curves, one column for each number of steps: as many as the width allows, the last ones always."""
    steps = sorted({step for curve in curves for step in curve.steps})
    grid = _grid(curves, steps, style)
    while len(steps) > 1 and max(map(len, grid.splitlines())) > width:
        steps = steps[(len(steps) + 1) % 2 :: 2] if len(steps) > 2 else steps[-1:]  # every other one, and the last
        grid = _grid(curves, steps, style)
    title = f"Learning curves: {metric} in % on the validation split, mean over seeds"
    return f"{title if len(title) <= width else textwrap.fill(title, int(width))}\n\n{grid}\n"


def _grid(curves: Sequence[Curve], steps: Sequence[int], style: str) -> str:
    rows = []
    for curve in curves:
        known = dict(zip(curve.steps, curve.values, strict=True))
        rows.append(
            [curve.model, curve.method, *(f"{100 * known[step]:.1f}" if step in known else "-" for step in steps)]
        )
    headers = ["model", "method", *(f"{step} steps" for step in steps)]
    aligned = ["left", "left", *["right"] * len(steps)]
    return tabulate(rows, headers=headers, tablefmt=style, colalign=aligned, disable_numparse=True)
