"""Writes ptmbench/recommendation/evidence.json: what `ptmbench recommend` knows from embedded models and data sets.

python benchmarks/recording/evidence.py DIR           runs what is missing into DIR, then writes the file
python benchmarks/recording/evidence.py DIR --dirty   from a checkout with uncommitted changes: not to be committed

Every pre-trained embedded model is rehearsed on every task of labels, scored on its validation part: all methods at
`quick` with one seed, the trained ones at `single` too. What they reached in full is read from the committed records of
results/embedded/standard-cpu-fp32. DIR holds the records of the rehearsals, and may be deleted afterwards.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from ptmbench.catalog.builtin import METHODS, MODELS, TASKS
from ptmbench.catalog.cases import product
from ptmbench.catalog.data_references import on_validation
from ptmbench.catalog.settings import check_settings
from ptmbench.catalog.spec import ModelSpec, TaskSpec
from ptmbench.catalog.traits import Serves
from ptmbench.recommendation.evidence import EVIDENCE, packed
from ptmbench.records.environment import commit
from ptmbench.records.store import ResultsFolder
from ptmbench.records.writing import write_atomically
from ptmbench.running.rehearsing import rehearsal_of

FULL = Path(__file__).parents[2] / "results" / "embedded" / "standard-cpu-fp32"
STAGES = {"quick": "", "single": "single"}


def pretrained() -> list[ModelSpec]:
    """The models that can be picked."""
    return [model for model in MODELS if model.pretrained and model.serves is Serves.FEATURES]


def tasks() -> list[TaskSpec]:
    """The tasks of labels."""
    return [task for task in TASKS if not task.kind.dense]


def ran(folder: Path, stage: str) -> bool:
    """Runs the rehearsals of a stage that the folder lacks."""
    chosen = [method.name for method in METHODS if stage == "quick" or not method.frozen]
    command = [sys.executable, "-m", "ptmbench", "run", "--budget", stage, "--seeds", "1", "--resume"]
    command += ["--results", str(folder / stage)]
    for task in tasks():
        command += ["--task", f"{task.name}?score=validation"]
    for model in pretrained():
        command += ["--model", model.name]
    for method in chosen:
        command += ["--method", method]
    surroundings = {**os.environ, "PTMBENCH_CACHE": "off"}  # features of an earlier run would bring its seconds
    return subprocess.run(command, env=surroundings, check=False).returncode == 0


def scores() -> dict[str, dict[str, tuple[dict[str, float | None], float]]]:
    """All scores of every model on every task, with the seconds of the one that decides."""
    from ptmbench.engine.transfer.transfer_scores import transfer_scores
    from ptmbench.engine.workbench import Workbench
    from ptmbench.statistics.transferability import SCORES

    os.environ["PTMBENCH_CACHE"] = "off"
    bench = Workbench(check_settings(threads=1, measures_latency=False))
    every = {score.name: score.function for score in SCORES}
    found: dict[str, dict[str, tuple[dict[str, float | None], float]]] = {}
    probe = next(method for method in METHODS if method.frozen)
    for task in tasks():
        for case in product(pretrained(), [on_validation(task)], [probe]):
            _, elapsed = transfer_scores(bench, case)
            values, _ = transfer_scores(bench, case, every)
            found.setdefault(task.name, {})[case.model.name] = values, elapsed
            print(f"{case.model.name} on {task.name}: {elapsed:.2f} s", flush=True)
    return found


def rows(folder: Path) -> list[dict[str, Any]]:
    """Every candidate with its rehearsals and what it reached in full."""
    rehearsals = {stage: ResultsFolder(folder / stage) for stage in STAGES}
    full = ResultsFolder(FULL)
    found = []
    for case in product(pretrained(), tasks(), METHODS):
        record = full.read(case.id)
        if record is None or record.quality is None:
            raise SystemExit(f"{FULL} lacks {case.id}: record `standard` first")
        scored_id = f"{case.model.name}-{on_validation(case.task).name}-{case.method.name}"
        seen: dict[str, Any] = {}
        for stage, store in rehearsals.items():
            if stage == "quick" or not case.method.frozen:
                rehearsed_record = store.read(scored_id)
                if rehearsed_record is None or rehearsed_record.quality is None:
                    raise SystemExit(f"{store.path} lacks {scored_id}")
                rehearsal = rehearsal_of(store, rehearsed_record)
                seen[stage] = {
                    "value": round(rehearsal.value, 6), "seconds": round(rehearsal.seconds, 3),
                    "examples": rehearsal.examples, "deviation": round(rehearsal.deviation, 6),
                    "hits": packed(rehearsal.hits),
                }  # fmt: skip
        found.append(
            {
                "model": case.model.name, "method": case.method.name, "trains": str(case.method.trains),
                "task": case.task.name, "rehearsals": seen, "full": round(record.quality.value, 6),
                "full_s": round(record.provenance.duration_s, 2),
            }
        )  # fmt: skip
    return found


def content(folder: Path) -> dict[str, Any]:
    """What the file holds."""
    found = scores()
    known = {
        task.name: {
            "dataset": task.dataset,
            "modality": str(task.kind.modality),
            "few_shot": task.shots is not None,
            "scores": {
                model: {name: None if value is None else float(np.round(value, 6)) for name, value in values.items()}
                for model, (values, _) in found[task.name].items()
            },
            "scores_s": {model: round(elapsed, 3) for model, (_, elapsed) in found[task.name].items()},
        }
        for task in tasks()
    }
    return {"commit": commit(), "full": "results/embedded/standard-cpu-fp32", "tasks": known, "rows": rows(folder)}


def main() -> int:
    """Runs the rehearsals, and writes the file."""
    parser = argparse.ArgumentParser(description="write what recommend knows", allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="where the records of the rehearsals are kept")
    parser.add_argument("--dirty", action="store_true", help="from a checkout with uncommitted changes")
    arguments = parser.parse_args()
    if not arguments.dirty and (commit().endswith("-dirty") or commit() == "unknown"):
        sys.stderr.write(f"expected a clean checkout, got commit {commit()}: commit or stash first, or add --dirty\n")
        return 2
    if not all(ran(arguments.folder, stage) for stage in STAGES):
        return 1
    written = content(arguments.folder)
    lines = [json.dumps(row) for row in written.pop("rows")]
    text = json.dumps(written, indent=1)[:-2] + ',\n "rows": [\n  ' + ",\n  ".join(lines) + "\n ]\n}\n"
    write_atomically(EVIDENCE, text.encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
