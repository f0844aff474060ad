"""Renders what is committed from the committed records: the tables, the schema, and README's picture.

python benchmarks/recording/pages.py      (needs rich: pip install rich)
"""

import json
import re
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text
from tabulate import tabulate

from ptmbench.card import ZOO, load_card
from ptmbench.catalog import PRETRAINING
from ptmbench.cli.reporting import render
from ptmbench.gain import settled
from ptmbench.record import Record, json_schema
from ptmbench.report.tables import Row, comparison_tables
from ptmbench.store import ResultsFolder

RESULTS = Path(__file__).parents[2] / "results"
PICTURED = RESULTS / "embedded" / "standard-cpu-fp32"
TASK = "photo_numerals_20shot"
SOURCES = ("glyphs", "none")  # the other sources have a table of their own
ZOO_PAGE = """\
# The embedded checkpoints

Pre-trained by this project with cross-entropy on generated images; each line's card (JSON) holds recipe, seed, sha256,
versions and machine. `ptmbench pretrain NAME` trains one again: the same machine and versions give the same sha256.
Held-out: images of the same source and classes from a random stream of their own.

{table}

{limits}

Sources: `glyphs`, made-up characters of one to four chained strokes; `fractals`, attractors of iterated function
systems; `waves`, fields of interfering plane waves. 160 classes each, 32x32 pixels. No source reads a data set.
"""
COLOURS = {"helps": "green", "no_clear_difference": "yellow", "hurts": "red"}


def committed(folder: Path) -> list[Record]:
    """The folder's records with their gains."""
    store = ResultsFolder(folder)
    return settled(store.read_all()[0], store.hits)


def picture(records: list[Record]) -> str:
    """The table of one task as SVG, a selection of its rows and columns."""
    chosen = [r for r in records if r.case.task.name == TASK and r.case.model.source in SOURCES]
    (table,) = comparison_tables(chosen)
    title = f"{TASK}: handwriting on photographs, 20 labelled examples a class, {table.test_size} test examples"
    grid = Grid(title=f"{title} (standard, cpu)", title_style="bold", header_style="bold", box=None, padding=(0, 1))
    for name in ("model", "method"):
        grid.add_column(name, no_wrap=True)
    for name in (
        "top-1 %  [95 %]",
        "gain over scratch [95 %]",
        "verdict",
        "MMACs",
        "p50 ms",
        "train MiB",
        "carry-over s",
    ):
        grid.add_column(name, justify="right", no_wrap=True)
    for row in table.rows:
        grid.add_row(*_cells(row))
    console = Console(record=True, width=148, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123  it only records
    console.print(grid)
    title = "ptmbench report results/embedded/standard-cpu-fp32"
    svg = console.export_svg(title=title, theme=DEFAULT_TERMINAL_THEME)
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # they would fetch fonts from the network


def _cells(row: Row) -> list[str | Text]:
    assert row.value is not None
    assert row.low is not None
    assert row.high is not None
    gain = ""
    if row.gain is not None and row.gain_low is not None and row.gain_high is not None:
        gain = f"{100 * row.gain:+.1f}  [{100 * row.gain_low:+.1f}, {100 * row.gain_high:+.1f}]"
    verdict = row.verdict or ""
    return [
        row.model,
        row.method,
        f"{100 * row.value:.1f}  [{100 * row.low:.1f}, {100 * row.high:.1f}]",
        gain,
        Text(verdict.replace("_", " "), style=COLOURS.get(verdict, "")),
        f"{(row.macs or 0) / 1e6:.2f}",
        f"{1e3 * (row.latency_p50_s or 0):.2f}",
        "" if row.training_bytes is None else f"{row.training_bytes / 2**20:.1f}",
        f"{row.carry_over_time_s or 0:.2f}",
    ]


def zoo_page() -> str:
    """The cards of the embedded checkpoints as one table."""
    cards = [load_card(spec.name) for spec in PRETRAINING]
    rows = [
        [
            f"[{card.name}]({card.name}.json)",
            card.source,
            card.source_classes,
            f"{card.parameters:,}",
            f"{card.size_bytes / 1e6:.2f}",
            card.recipe["steps"],
            f"{card.pretrain_time_s:.0f}",
            f"{100 * card.held_out_accuracy:.1f}",
        ]
        for card in cards
    ]
    headers = ["checkpoint", "source", "classes", "parameters", "MB", "steps", "pre-training s", "held-out top-1 %"]
    return ZOO_PAGE.format(table=tabulate(rows, headers, "github", disable_numparse=True), limits=cards[0].limits)


def main() -> None:
    """Writes all pages."""
    (ZOO / "README.md").write_text(zoo_page())
    (RESULTS / "record.schema.json").write_text(json.dumps(json_schema(), indent=1) + "\n")
    for folder in sorted((RESULTS / "embedded").iterdir()):
        (folder / "README.md").write_text(render(committed(folder), "markdown"))
    (RESULTS / "table.svg").write_text(picture(committed(PICTURED)))


if __name__ == "__main__":
    main()
