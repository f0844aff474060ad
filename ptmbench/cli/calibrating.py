"""`ptmbench calibrate`: how noisy each case is on this machine, written where the gate reads it."""

import argparse
import datetime as dt
import re
import tempfile
from pathlib import Path

import numpy as np

from ptmbench.catalog.bounds import beyond
from ptmbench.catalog.selection import select
from ptmbench.catalog.settings import check_settings
from ptmbench.errors import Faults, UsageError
from ptmbench.gate import launching
from ptmbench.gate.rules import load_rules
from ptmbench.gate.sides import Entry, Side, read_side
from ptmbench.outlet import say
from ptmbench.reading import text_of, toml_of
from ptmbench.records import toml_text
from ptmbench.records.figures import judged_as
from ptmbench.records.writing import write_atomically
from ptmbench.terminal import printable

NOISE = "[noise."
NOISE_HEADING = re.compile(r"""\s*\[\s*(noise|"noise"|'noise')\s*[].]""")  # as people write it too
HEADER = "# Noise: `ptmbench calibrate`, {count} launches of {cases} cases, {date}, {cpu}, {key}. Standard deviations."


def calibrate(arguments: argparse.Namespace) -> int:
    """Launches the chosen cases several times and writes their noise into a gate.toml."""
    faults = Faults(*beyond("launch", arguments.runs, 2, " (--runs; one says nothing of its noise)"))
    with faults:
        check_settings(budget=arguments.budget)
    with faults:
        select((), arguments.expression)
    faults.check()
    if arguments.output.exists():
        load_rules(arguments.output)  # a file that cannot be read is told before the launches, not after
        _check_room(arguments.output)
    options = ["-k", arguments.expression, "--budget", arguments.budget]
    with tempfile.TemporaryDirectory() as made:
        folder = arguments.results or Path(made)
        launching.launch(launching.here(), options, arguments.runs, folder, say)
        side = read_side(folder)
        text = noise_tables(side)
    write_atomically(arguments.output, merged(arguments.output, text).encode())
    say(f"{len(side.cases)} cases in {arguments.output}; ptmbench gate reads it from there")
    return 0


def _check_room(path: Path) -> None:
    """Raises `UsageError` where noise would stand twice: what cannot be taken out line by line stays in the file."""
    try:
        left = toml_of(merged(path, ""))
    except ValueError as error:
        raise UsageError(f"the tables of noise of {path} cannot be replaced ({error}): take them out by hand") from None
    if "noise" in left:
        raise UsageError(f'{path} holds noise outside tables such as {NOISE}"CASE"]: take it out, it is measured anew')


def noise_tables(side: Side) -> str:
    """The tables of noise of all finished cases, each with its evidence."""
    machine = next(side.records())[1].provenance.machine
    date = dt.datetime.now(dt.UTC).date().isoformat()
    header = HEADER.format(count=side.launches, cases=len(side.cases), date=date, cpu=machine.cpu, key=side.key.name)
    return "\n".join([printable(header), *(_table(name, entries) for name, entries in sorted(side.cases.items()))])


def _table(case_id: str, entries: list[Entry]) -> str:
    finished = [record for _, record in entries if record.quality and record.cost]
    values = [record.quality.value for record in finished if record.quality]
    if len(finished) < 2:
        return f"# {printable(case_id)}: {len(finished)} finished launches tell nothing"
    lines = [
        f"{NOISE}{toml_text.quoted(case_id)}]",
        f"launches = {len(finished)}",
        _line("quality", values, float(np.std(values, ddof=1)), ""),
    ]
    for figure in judged_as("time", "train_time"):
        seconds = [value for record in finished if (value := figure.read(record))]
        if len(seconds) == len(finished):
            lines.append(_line(str(figure.judged), seconds, float(np.std(np.log(seconds), ddof=1)), " s"))
    return "\n".join([*lines, ""])


def _line(name: str, values: list[float], spread: float, unit: str) -> str:
    return f"{name} = {spread:.6f}  # {min(values):.4g} to {max(values):.4g}{unit}"


def merged(path: Path, tables: str) -> str:
    """The rules that stand in the file, without the noise of before, and the new tables of noise."""
    try:
        lines = text_of(path).split("\n")
    except FileNotFoundError:
        lines = []
    kept: list[str] = []
    inside = False
    for line in lines:
        if line.lstrip().startswith("["):
            inside = NOISE_HEADING.match(line) is not None
        if not inside and not line.startswith("# Noise: "):
            kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    return "\n".join([*kept, *([""] if kept else []), tables]).rstrip() + "\n"
