"""Renders what is committed from the committed records: intervals and gains, tables, the schema, README's pictures.

python benchmarks/recording/pages.py      (needs rich and matplotlib: pip install rich matplotlib)
"""

import json
import re
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table as Grid
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text
from tabulate import tabulate

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable, comparison_tables
from ptmbench.analysis.gain import settled
from ptmbench.catalog.builtin import PRETRAINING
from ptmbench.catalog.checkpoint_cards import ZOO, load_card
from ptmbench.records.figures import by_name
from ptmbench.records.record import Record
from ptmbench.records.record_json import json_schema
from ptmbench.records.store import ResultsFolder
from ptmbench.report.captions import marks_of, sizes_of
from ptmbench.report.figures import NONE, scaled, written
from ptmbench.report.plots import draw
from ptmbench.report.rendering import Readers, render

RESULTS = Path(__file__).parents[2] / "results"
PICTURED = RESULTS / "embedded" / "standard-cpu-fp32"
PICTURED_TASKS = {
    "photo_numerals_20shot": "handwriting on photographs, 20 labelled examples a class",
    "sentiment_50shot": "sentiment, 200 labelled sentences, test sentences in other words",
}
PICTURED_METHODS = ("linear_probe", "fine_tune", "from_scratch")
PICTURED_SOURCES = ("glyphs", "invented", "manuals", "none")  # the other image sources have a table of their own
COSTS = {
    "macs": 2,
    "latency_p50_s": 2,
    "training_bytes": 1,
    "carry_over_time_s": 2,
}  # digits
ZOO_PAGE = """\
# The embedded checkpoints

Pre-trained by this project, each by the objective that defines its family, on generated images and sentences and on
Python's own manuals. Each line's card (JSON) holds recipe, seed, sha256, versions and machine. `ptmbench pretrain
NAME` trains one again: the same machine and versions give the same sha256. Held-out: examples of the same source from
a random stream of their own.

{table}

Objectives: {objectives}

Sources: `glyphs`, made-up characters of one to four chained strokes; `fractals`, attractors of iterated function
systems; `waves`, fields of interfering plane waves: 160 classes each, 32x32 pixels. `invented`, reviews and reports in
English grammar with made-up words; `manuals`, the prose in Python's documentation, docstrings and comments. No image
source reads a data set; what a text source shares with a task stands on the card under `overlap`.

{pictures}

{limits}
"""
OBJECTIVES = {
    "cross_entropy": "supervised, cross-entropy on the source's classes",
    "vae": "unsupervised, the evidence lower bound of a variational autoencoder",
    "wgan_gp": "unsupervised, a Wasserstein GAN with gradient penalty, whose critic is the feature extractor",
    "simclr": "self-supervised, two views of an image against all others",
    "masked_lm": "self-supervised, words hidden and guessed",
    "causal_lm": "self-supervised, the next token guessed",
}
COLOURS = {"helps": "green", "no_clear_difference": "yellow", "hurts": "red", "one_seed": "yellow"}


def committed(folder: Path) -> tuple[list[Record], ResultsFolder]:
    """The folder's records with their intervals and gains, which it then holds."""
    store = ResultsFolder(folder)
    records = store.read_all()[0]
    renewed = settled(records, store.estimate)
    for before, after in zip(records, renewed, strict=True):
        if before != after:
            store.write(after)
    return renewed, store


def picture(records: list[Record]) -> str:
    """The tables of two tasks as SVG, a selection of their rows and columns."""
    pictured = [record for record in records if record.case.task.name in PICTURED_TASKS]
    chosen = {
        (record.case.model.name, record.case.way)
        for record in pictured
        if record.case.method.name in PICTURED_METHODS and record.case.model.source in PICTURED_SOURCES
    }
    console = Console(record=True, width=178, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123  it only records
    for table in comparison_tables(pictured):  # whole: verdicts hold among all rows of a table
        rows = tuple(row for row in table.rows if (row.model, row.method) in chosen)
        console.print(_grid(replace(table, rows=rows)))
        console.print()
    svg = console.export_svg(
        title=f"ptmbench report {PICTURED.relative_to(RESULTS.parent)}", theme=DEFAULT_TERMINAL_THEME
    )
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)  # they would fetch fonts from the network


def _grid(table: ComparisonTable) -> Grid:
    title = f"{table.task}: {PICTURED_TASKS[table.task]}; {sizes_of(table)} ({table.budget}, {table.device})"
    marks = "\n".join(marks_of(table))
    grid = Grid(title=title, title_style="bold", header_style="bold", box=None, padding=(0, 1), caption=marks or None)
    for name in ("family", "model", "method"):
        grid.add_column(name, no_wrap=True)
    costs = [by_name(name).heading for name in COSTS]
    for name in ("quality %  [95 %]", "gain over scratch [95 %]", "verdict", *costs):
        grid.add_column(name, justify="right", no_wrap=True)
    before = ""
    for row in table.rows:
        family = "" if row.family == before else row.family.replace("_", "-")
        grid.add_row(family, *_cells(row))
        before = row.family
    return grid


def _cells(row: CaseRow) -> list[str | Text]:
    texts = (written(by_name(name), row).replace(" [", "  [") for name in ("quality", "gain"))
    quality, gain = (text + " " if text.endswith("]") else text for text in texts)  # where others have a mark
    verdict = row.verdict or ""
    costs = [scaled(row.figures[name], by_name(name).scale, digits) for name, digits in COSTS.items()]
    return [
        row.model,
        row.method,
        quality,
        "" if gain == NONE else gain,
        Text(verdict.replace("_", " "), style=COLOURS.get(verdict, "")),
        *("" if cost == NONE else cost for cost in costs),
    ]


def zoo_page() -> str:
    """The cards of the embedded checkpoints as one table, and the pictures that generative ones draw."""
    cards = [load_card(spec.name) for spec in PRETRAINING]
    rows = [
        [
            f"[{card.name}]({card.name}.json)",
            card.objective,
            card.source,
            f"{card.parameters:,}",
            f"{card.size_bytes / 1e6:.2f}",
            f"{card.recipe['steps']:,}",
            f"{card.pretrain_time_s:.0f}",
            ", ".join(f"{name} {value:.3g}" for name, value in card.held_out.items()),
        ]
        for card in cards
    ]
    headers = ["checkpoint", "objective", "source", "parameters", "MB", "steps", "pre-training s", "held-out"]
    pictures = [f"![{card.samples_show}]({card.samples})\n\n{card.samples_show}" for card in cards if card.samples]
    return ZOO_PAGE.format(
        table=tabulate(rows, headers, "github", disable_numparse=True),
        objectives="; ".join(f"`{name}`, {meaning}" for name, meaning in OBJECTIVES.items()) + ".",
        pictures="\n\n".join(pictures),
        limits="\n\n".join(dict.fromkeys(card.limits for card in cards)),
    )


def main() -> None:
    """Writes all pages."""
    (ZOO / "README.md").write_text(zoo_page())
    (RESULTS / "record.schema.json").write_text(json.dumps(json_schema(), indent=1) + "\n")
    for folder in sorted(path for path in RESULTS.glob("*/*-*-*") if path.is_dir()):
        records, store = committed(folder)
        (folder / "README.md").write_text(render(records, "markdown", Readers.of_folder(store)))
    (RESULTS / "table.svg").write_text(picture(committed(PICTURED)[0]))
    for path in draw(committed(PICTURED)[0], RESULTS / "plots"):
        if path.suffix == ".png":  # README shows the SVG
            path.unlink()


if __name__ == "__main__":
    main()
