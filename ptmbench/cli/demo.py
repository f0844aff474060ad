"""`ptmbench demo`: a first look at one pre-trained model, beside the controls that show what it is worth."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.cli.running import run_session
from ptmbench.outlet import say, warn
from ptmbench.records.record import Record, quality_of
from ptmbench.report.figures import mark_of
from ptmbench.report.summary import end_of_run
from ptmbench.running.session import Session
from ptmbench.terminal import shows_colour

TASK = "digits_5shot"
MODEL = "resnet_tiny.glyphs"
CASES = (
    ("pixels", "linear_probe"),
    ("resnet_tiny.random", "linear_probe"),
    (MODEL, "linear_probe"),
    ("resnet_tiny.random", "from_scratch"),
    (MODEL, "fine_tune"),
)
SEEDS = 3  # of one seed there is no verdict
NEXT = """\
What to type next:
  ptmbench run -k "resnet and digits"    run more methods, and more labels
  ptmbench list models                   see what else there is
  ptmbench run --model "timm:ID" --task "imagefolder:DIR"
                                         take your own pictures, DIR/CLASS/*.png"""


def demo(arguments: argparse.Namespace) -> int:
    """Runs the cases at the budget quick, prints their table and what it shows; 1 if one did not finish."""
    cases = [find_case(model, TASK, method) for model, method in CASES]
    with tempfile.TemporaryDirectory(prefix="ptmbench-demo-") as folder:
        with Session(check_settings(seeds=SEEDS), folder=arguments.results or Path(folder)) as session:
            complaints = run_session(session, cases)
            session.time_networks(say)
            records, _ = session.finish()
        ids = {case.id for case in cases}
        shown = [record for record in records if record.case.id in ids]
        say(f"\n{end_of_run(shown, session.store.estimate, colour=shows_colour(sys.stdout))}", styled=True)
    for line in complaints:
        warn(f"ptmbench: {line}")
    say(f"\n{sentence(shown)}\n\n{NEXT}")
    return 1 if complaints else 0


def sentence(records: Sequence[Record]) -> str:
    """What the records of the demo show, in words.

    Args:
        records: Those of `CASES`, as far as they finished.

    Returns:
        Two sentences with accuracies in percent and the gain in points with its 95 % interval.
    """
    found = {(record.case.model.name, record.case.method.name): record for record in records if record.quality}
    tuned, control = found.get((MODEL, "fine_tune")), found.get(("resnet_tiny.random", "from_scratch"))
    if tuned is None or control is None or tuned.gain is None:
        return "Not every case finished, so there is nothing to compare: the lines above say why."
    gain, low, high = (100 * figure for figure in (tuned.gain.value, *tuned.gain.interval95))
    sure = f"[{low:+.1f}, {high:+.1f}]{mark_of(tuned.gain.interval_kind)}"
    worth = {
        "helps": "pre-training helps here",
        "hurts": "pre-training hurts here",
        "no_clear_difference": "no clear difference: more test examples or seeds could tell",
        "one_seed": "no verdict: training is one draw at one seed",
    }[tuned.gain.verdict]
    return (
        f"With {tuned.case.task.shots} labelled pictures a digit, the pre-trained {MODEL.partition('.')[0]} reads "
        f"{_percent(tuned)} of\nthe handwritten digits after fine-tuning. The same network from scratch, on the\n"
        f"same budget, reads {_percent(control)}: {gain:+.1f} points {sure},\n{worth}."
    )


def _percent(record: Record) -> str:
    return f"{100 * quality_of(record).value:.1f} %"
