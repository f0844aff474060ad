"""Launches of twelve cases, saved for what is validated on them: real noise of real processes.

    python benchmarks/validation/launches.py 200 launches.json

Every launch is a process of its own that runs `ptmbench run` on the same twelve cases at the budget `smoke` into a
folder of its own. Kept are, of each case, the latency samples, the training time, and the latency samples of the same
network with every forward pass followed by a fifth of its time of doing nothing: a slowdown by 20 %, measured right
after. Cases of one architecture and head share their measurement, as always: three of the twelve. The records of the
first launch are kept whole. Goes on where an earlier run was stopped.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ptmbench.records.measured import Missing
from ptmbench.records.store import ResultsFolder

EXPRESSION = (
    "digits_5shot and not simclr and ("
    "(resnet_tiny.glyphs or vgg_tiny.glyphs) and (linear_probe or fine_tune) and not fine_tune_last or "
    "(inception_tiny.glyphs or vae_tiny.glyphs) and linear_probe or wgan_tiny.glyphs and knn) or "
    "(bert_tiny.invented or gpt_tiny.invented) and (sentiment_50shot or ner_100) and linear_probe or "
    "bert_tiny.invented and sentiment_50shot and fine_tune and not last"
)
SLOWDOWN = 0.2
SLOWED = "slowed.json"


def child(folder: Path) -> int:
    """Runs the cases, and measures each network's latency once more, slowed down."""
    from ptmbench import cli
    from ptmbench.engine.cost import latency
    from ptmbench.engine.workbench import Workbench

    measure, footprint = latency.measure, Workbench.footprint
    slowed: dict[tuple[float, ...], tuple[float, ...]] = {}
    of_case: dict[str, list[float]] = {}

    def twice(call, batch_size, device):  # type: ignore[no-untyped-def]  # as `latency.measure`
        def longer() -> None:
            started = time.perf_counter()
            call()
            device.synchronise()
            until = time.perf_counter() + SLOWDOWN * (time.perf_counter() - started)
            while time.perf_counter() < until:
                pass

        found = measure(call, batch_size, device)
        slowed[found.samples] = measure(longer, batch_size, device).samples
        return found

    def noted(self, case):  # type: ignore[no-untyped-def]  # as `Workbench.footprint`
        found = footprint(self, case)
        assert not isinstance(found.timing.latency, Missing)
        of_case[case.id] = list(slowed[found.timing.latency.samples])
        return found

    latency.measure, Workbench.footprint = twice, noted  # type: ignore[method-assign]  # that is the point
    code = cli.main(["run", "-k", EXPRESSION, "--budget", "smoke", "--results", str(folder)])
    (folder.parent / SLOWED).write_text(json.dumps(of_case))
    return code


def launch() -> tuple[dict[str, Any], list[Any]]:
    """One process that runs the cases: what is kept of it, and its records as JSON."""
    started = time.time()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "results"
        command = [sys.executable, __file__, "--child", str(folder)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        records, problems = ResultsFolder(folder).read_all()
        slowed = json.loads((Path(made) / SLOWED).read_text())
        whole = [json.loads((folder / f"{record.case.id}.json").read_text()) for record in records]
    if problems or len(records) != len(slowed):
        sys.exit(f"expected one latency measurement a case, got {len(slowed)} of {len(records)}: {problems}")
    cases = {
        record["case"]["id"]: {
            "samples": record["cost"]["latency_s"]["samples"],
            "slowed": slowed[record["case"]["id"]],
            "train_time_s": record["cost"]["train_time_s"],
        }
        for record in whole
    }
    return {"started": started, "seconds": round(time.time() - started, 1), "cases": cases}, whole


def main() -> None:
    """Launches until there are enough."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("count", nargs="?", type=int)
    parser.add_argument("output", nargs="?", type=Path)
    parser.add_argument("--child", type=Path)
    arguments = parser.parse_args()
    if arguments.child:
        sys.exit(child(arguments.child))
    if arguments.count is None or arguments.output is None:
        parser.error("expected how many launches, and the file that keeps them")
    kept: dict[str, list[Any]] = {"records": [], "launches": []}
    if arguments.output.exists():
        kept = json.loads(arguments.output.read_text())
    while len(kept["launches"]) < arguments.count:
        done, records = launch()
        kept = {"records": kept["records"] or records, "launches": [*kept["launches"], done]}
        arguments.output.write_text(json.dumps(kept))
        print(f"{len(kept['launches'])} of {arguments.count}: {done['seconds']} s", flush=True)


if __name__ == "__main__":
    main()
