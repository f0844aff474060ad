"""Do time and memory grow in step with the number of records? Makes results folders and reads them with each command.

    python benchmarks/speed/growth.py [--shape narrow|wide] [--only COMMAND ...] [--in DIR] [COUNT ...]
                                                                        default: both shapes, 1000 10000 100000

`narrow` has 100 records a table (25 models by 4 methods), `wide` 1,000 (as many models, one method); every record has
outcomes of its own for 917 test examples. Each command runs in a process of its own: `report` (as text), `gate` and
`history` (of two folders of so many records each), `site`, `list` (of a catalog that knows no records: nothing of it
may grow) and `resume` (a run that finds every case done: it reads each record, looks for its sidecars and marks, and
settles the gains). Prints processor seconds, the largest resident memory and, of the site, its bytes, those that its
first page loads and how long a headless Chromium takes to show it; then how many times the processor seconds of each
command grow between the last two counts, and `ratio X (goal 12)` with the largest of them. With `--in DIR` the folders
stay there, and are made once.
"""

import argparse
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tabulate import tabulate

from ptmbench.records.stored_arrays import arrays_of

COMMITTED = Path(__file__).parents[2] / "results" / "embedded" / "quick-cpu-fp32"
CASE = "resnet_tiny.glyphs-digits_5shot-linear_probe"
METHODS = ("linear_probe", "knn", "fine_tune", "fine_tune_last")
FAMILIES = ("supervised", "unsupervised", "self_supervised")
A_TABLE = {"narrow": 100, "wide": 1000}
DRAWS = 2000  # different predictions: more than a table has rows
COMMANDS = ("report", "gate", "history", "site", "list", "resume")
STARTED = ("2026-01-01T00:00:00+00:00", "2026-02-01T00:00:00+00:00")  # of the two folders
GOAL, GOAL_S, GOAL_BYTES, GOAL_OPENS_S = 12.0, 180.0, 1.5e9, 1.0
SOURCE = re.compile(r'<(?:script|link)[^>]* (?:src|href)="(assets/[^"]+)"')


def names_of(shape: str, index: int) -> tuple[str, str, str, str]:
    """Model, family, task and method of a record; the first of each table was trained from scratch."""
    table, place = divmod(index, A_TABLE[shape])
    model = place // 4 if shape == "narrow" else place
    method = METHODS[place % 4] if shape == "narrow" else METHODS[0]
    family = FAMILIES[model % 3] if place else "control"
    return f"model{model}", family, f"task{table}_full", method if place else "from_scratch"


def drawn(side: int) -> tuple[list[bytes], list[float]]:
    """Outcomes of models that are right more or less often, and how often."""
    stored = COMMITTED / "outcomes" / f"{CASE}.npz"
    outcomes = arrays_of(stored.read_bytes(), stored.name)
    generator, contents, values = np.random.default_rng(0), [], []
    again = np.random.default_rng(side)
    for _ in range(DRAWS):
        wrong = generator.random(outcomes["truth"].shape[-1]) < generator.uniform(0.05, 0.4)
        wrong ^= again.random(len(wrong)) < 0.005 * side  # the second launch differs from the first one here and there
        predictions = np.where(wrong, (outcomes["truth"] + 1) % 10, outcomes["truth"])[None].astype(np.uint8)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **(outcomes | {"predictions": predictions}))
        contents.append(buffer.getvalue())
        values.append(float(1 - wrong.mean()))
    return contents, values


def generate(folder: Path, shape: str, count: int, side: int) -> None:
    """So many records that differ in names, figures and outcomes; a zip's comment makes equal outcomes two files."""
    from ptmbench.running.floors import NO_FLOORS_FILE

    content = json.loads((COMMITTED / f"{CASE}.json").read_text())
    contents, values = drawn(side)
    (folder / "outcomes").mkdir(parents=True)
    content["provenance"]["started_at"] = STARTED[side]
    content["quality"] |= {"floor": None, "floor_met": None, "floor_tells": None}
    content["missing"] |= dict.fromkeys(("quality.floor", "quality.floor_met", "quality.floor_tells"), NO_FLOORS_FILE)
    for index in range(count):
        model, family, task, method = names_of(shape, index)
        name, draw = f"{model}-{task}-{method}", index * 7 % DRAWS
        comment = name.encode()
        outcomes = contents[draw][:-2] + len(comment).to_bytes(2, "little") + comment
        content["case"] |= {"id": name, "digest": hashlib.sha256(comment).hexdigest()}
        content["case"]["model"] |= {"name": model, "family": family}
        content["case"]["task"]["name"], content["case"]["method"]["name"] = task, method
        content["quality"]["value"] = content["quality"]["seeds"][0]["value"] = values[draw]
        content["quality"]["outcomes"] = {
            "file": f"outcomes/{name}.npz",
            "sha256": hashlib.sha256(outcomes).hexdigest(),
        }
        content["cost"]["latency_s"]["p50"] = 5e-4 + 1e-8 * index
        (folder / "outcomes" / f"{name}.npz").write_bytes(outcomes)
        (folder / f"{name}.json").write_text(json.dumps(content, indent=1) + "\n")
    shutil.copy(COMMITTED / "_folder.json", folder)


def resume(folder: Path) -> None:
    """What `ptmbench run --resume` does with a folder in which every case is done; run in a process of its own."""
    from types import SimpleNamespace

    from ptmbench.catalog.builtin import METHODS as KNOWN
    from ptmbench.catalog.settings import check_settings
    from ptmbench.catalog.spec import Case, ModelSpec, TaskSpec
    from ptmbench.catalog.traits import Family, TaskKind
    from ptmbench.records.measured import Identity
    from ptmbench.running.session import Session
    from ptmbench.running.work import Identified

    class Idle:
        """A worker that must find nothing to do."""

        def identify(self, case: Case) -> Identified:
            digest = hashlib.sha256(case.id.encode()).hexdigest()
            return Identified(Identity(digest, "", "", "", 10, 50, 184, 917))

        def work(self, case: Case, _identity: Identity) -> Any:
            raise AssertionError(f"{case.id} is to be run again")

    methods = {method.name: method for method in KNOWN}
    tasks: dict[str, TaskSpec] = {}
    models: dict[str, ModelSpec] = {}
    cases = []
    for path in sorted(folder.glob("*-*.json")):
        model, task, method = path.stem.split("-")
        spec = tasks.setdefault(task, TaskSpec(task, TaskKind.IMAGE_CLASSIFICATION, "digits", 5, 10))
        made = models.setdefault(
            model, ModelSpec(model, "embedded", model, "resnet_tiny", Family.SUPERVISED, "", "", "MIT")
        )
        cases.append(Case(made, spec, methods[method]))
    device: Any = SimpleNamespace(type="cpu", precision="fp32")
    bench: Any = SimpleNamespace(device=device)
    with Session(check_settings(budget="quick"), folder, resume=True, _bench=bench) as session:
        for case in cases:
            session._record(case, Idle())  # noqa: SLF001  as `run_all`, with a worker that has no model to load
        session.finish()
        print(f"{len(session.reused)} reused, {len(session.written)} written")


def commands(name: str, folders: list[Path], target: Path) -> list[str]:
    """The command line of a command."""
    program = [sys.executable, "-m", "ptmbench"]
    first, second = map(str, folders)
    return {
        "report": [*program, "report", first, "-o", str(target / "report.txt")],
        "gate": [*program, "gate", first, second, "-o", str(target / "gate.txt")],
        "history": [*program, "history", first, second, "-o", str(target / "history.txt")],
        "site": [*program, "report", first, "--format", "html", "-o", str(target / "site")],
        "list": [*program, "list", "cases", "--json"],
        "resume": [sys.executable, __file__, "--resume", first],
    }[name]


def run(command: list[str], log: Path) -> tuple[float, float]:
    """Processor seconds and the largest resident memory in bytes of a command and its children."""
    with log.open("wb") as stream:
        child = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in {0, 1}:  # a gate that found something ends with 1
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}:\n{log.read_text()[-2000:]}")
    return used.ru_utime + used.ru_stime, used.ru_maxrss * 1024.0


def sizes_of(site: Path) -> str:
    """How many files and bytes a site has, what its first page loads, and how long a browser takes to show that."""
    sizes = [path.stat().st_size for path in site.rglob("*") if path.is_file()]
    page = site / "index.html"
    loaded = page.stat().st_size + sum(
        (site / name).stat().st_size for name in SOURCE.findall(page.read_text(encoding="utf-8"))
    )
    told = f"{len(sizes):,} files, {sum(sizes) / 1e6:,.0f} MB; first page {loaded / 1e6:.2f} MB"
    return f"{told}, opens in {opened(page):.2f} s (goal {GOAL_OPENS_S})" if shutil.which("chromium") else told


def opened(page: Path) -> float:
    """Seconds until the first rows stand in a browser that was running before, the median of five."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        seconds = []
        for _ in range(5):
            tab = browser.new_page()
            started = time.perf_counter()
            tab.goto(page.as_uri())
            tab.wait_for_selector("#board tbody tr")
            seconds.append(time.perf_counter() - started)
            tab.close()
        browser.close()
    return sorted(seconds)[2]


def ready(place: Path, shape: str, count: int) -> list[Path]:
    """The two folders of records, made where they are not there yet; the gains of the first are settled."""
    folders = [place / f"{shape}-{count}-{side}" / "quick-cpu-fp32" for side in range(2)]
    for side, folder in enumerate(folders):
        if not (folder / "_folder.json").exists():
            generate(folder, shape, count, side)
            if side == 0:
                run(commands("resume", folders, place), place / "log")
    return folders


def measured(place: Path, shape: str, count: int, wanted: list[str]) -> Iterator[tuple[str, float, float]]:
    """Each command with its processor seconds and memory."""
    folders = ready(place, shape, count)
    for name in wanted:
        target = place / f"{shape}-{count}-out"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        seconds, memory = run(commands(name, folders, target), place / "log")
        told = sizes_of(target / "site") if name == "site" else ""
        print(f"{shape} {count:,} {name}: {seconds:.1f} s, {memory / 1e6:,.0f} MB  {told}", flush=True)
        yield name, seconds, memory
        shutil.rmtree(target)


def main(arguments: argparse.Namespace) -> None:
    """Measures, and prints the table and the largest ratio."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as name:
        place = arguments.place or Path(name)
        place.mkdir(parents=True, exist_ok=True)
        for shape in arguments.shape:
            for count in arguments.counts:
                for command, *figures in measured(place, shape, count, arguments.only):
                    found.setdefault((shape, command), []).append((figures[0], figures[1]))
    heads = ["shape", "command", *(f"{count:,}: s, MB" for count in arguments.counts), "ratio"]
    lines = [
        [*key, *(f"{seconds:.1f}, {memory / 1e6:,.0f}" for seconds, memory in figures), f"{growth_of(figures):.1f}"]
        for key, figures in found.items()
    ]
    print(tabulate(lines, headers=heads, disable_numparse=True))
    slowest = max(figures[-1][0] for figures in found.values())
    largest = max(figures[-1][1] for figures in found.values())
    print(f"at most {slowest:.0f} s (goal {GOAL_S:.0f}) and {largest / 1e6:,.0f} MB (goal {GOAL_BYTES / 1e6:,.0f})")
    print(f"ratio {max(map(growth_of, found.values())):.1f} (goal {GOAL:.0f})")


def growth_of(figures: list[tuple[float, float]]) -> float:
    """How many times the processor seconds of the last count are those of the one before."""
    return figures[-1][0] / figures[-2][0] if len(figures) > 1 else 1.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[1000, 10_000, 100_000], metavar="COUNT")
    parser.add_argument("--shape", nargs="+", choices=A_TABLE, default=list(A_TABLE))
    parser.add_argument("--only", nargs="+", choices=COMMANDS, default=list(COMMANDS))
    parser.add_argument("--in", dest="place", type=Path, metavar="DIR")
    parser.add_argument("--resume", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.resume:
        resume(chosen.resume)
    else:
        main(chosen)
