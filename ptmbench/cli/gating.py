"""`ptmbench gate`: is anything worse than in the baseline?"""

import argparse
import tempfile
from pathlib import Path

from ptmbench.catalog.bounds import beyond
from ptmbench.catalog.selection import select
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import Faults, UsageError
from ptmbench.gate import launching
from ptmbench.gate.judging import judge
from ptmbench.gate.rules import Rules, load_rules
from ptmbench.gate.sides import read_side
from ptmbench.outlet import hand_over, warn
from ptmbench.records.sharing import uncollected
from ptmbench.records.writing import write_atomically
from ptmbench.report.gating import RENDERERS

DEFAULT_RULES = Path("gate.toml")


def gate(arguments: argparse.Namespace) -> int:
    """Compares two sides and prints what was found; 1 on a regression."""
    rules = _rules(arguments.config)
    baseline, current = _launched(arguments) if arguments.against else _given(arguments)
    with uncollected():
        judgement = judge(read_side(baseline), read_side(current), rules)
        text = RENDERERS[arguments.format](judgement)
    if arguments.output:
        write_atomically(arguments.output, text.encode())
    else:
        hand_over(text)
    return 1 if judgement.failed else 0


def _given(arguments: argparse.Namespace) -> tuple[Path, Path]:
    """The two folders that were named."""
    if len(arguments.sides) != 2:
        raise UsageError(
            f"expected two results folders, BASELINE and CURRENT, got {len(arguments.sides)}; or --against REF, which "
            "runs both sides itself"
        )
    if arguments.expression:
        raise UsageError("-k chooses what --against runs; two folders are compared whole")
    return arguments.sides[0], arguments.sides[1]


def _launched(arguments: argparse.Namespace) -> tuple[Path, Path]:
    """Both sides, run in turn now."""
    faults = Faults(*beyond("launch", arguments.launches, where=" a side"))
    with faults:
        if arguments.sides:
            raise UsageError(f"--against runs both sides itself: leave {' '.join(map(str, arguments.sides))} out")
    with faults:
        check_settings(budget=arguments.budget)
    with faults:
        select((), arguments.expression)
    faults.check()
    folder = arguments.results or Path(tempfile.mkdtemp(prefix="ptmbench-gate-"))
    options = ["-k", arguments.expression, "--budget", arguments.budget]
    with (
        tempfile.TemporaryDirectory() as workplace,
        launching.revision(arguments.against, Path(workplace)) as before,
    ):
        sides = (before, launching.here())
        launching.alternate(sides, options, arguments.launches, folder, warn)
    return folder / launching.NAMES[0], folder / launching.NAMES[1]


def _rules(path: Path | None) -> Rules:
    """The rules of the file that was named, else of gate.toml where there is one, else the usual ones."""
    if path is None:
        return load_rules(DEFAULT_RULES) if DEFAULT_RULES.exists() else Rules()
    if not path.exists():
        raise UsageError(f"there is no {path}: expected a gate.toml (ptmbench calibrate writes its table of noise)")
    return load_rules(path)
