"""Writes ptmbench/rates.json: for each trained case, the learning rate that validation chooses at the quick budget.

    python benchmarks/recording/rates.py             all trained cases
    python benchmarks/recording/rates.py -k bert     these, as pytest's -k; the others keep theirs

A few-shot task takes what was chosen here on other data sets, and its own only where a run asks for that.
The test split is not read for the choice.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from ptmbench.catalog.cases import product
from ptmbench.catalog.rates import RATES
from ptmbench.catalog.selection import select
from ptmbench.catalog.settings import BUDGETS, check_settings
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.workbench import Workbench


def main() -> None:
    """Tunes the chosen cases at seed 0 and writes their rates among those of all trained cases."""
    parser = argparse.ArgumentParser(description="record learning rates for the quick budget")
    parser.add_argument("-k", dest="expression", default="", metavar="EXPR", help="as pytest's -k")
    parser.add_argument(
        "-o", dest="path", type=Path, default=RATES, metavar="FILE", help="default: ptmbench/rates.json"
    )
    arguments = parser.parse_args()
    settings = check_settings(budget="quick", device="cpu", seeds=1, threads=1, measures_latency=False)
    bench = Workbench(replace(settings, budget=replace(BUDGETS["quick"].tuned_on("validation"), tunes_rates=True)))
    trained = [case for case in product() if not case.method.frozen]
    known = json.loads(RATES.read_text())
    rates = {case.id: known[case.id] for case in trained if case.id in known}
    for case in tqdm(select(trained, arguments.expression)):
        chosen = run(bench, prepare(bench, case)).choice.hyperparameters["learning_rate"]
        rates[case.id] = float(chosen)
        arguments.path.write_text(json.dumps(rates, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
