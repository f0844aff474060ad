"""Writes ptmbench/rates.json: for each trained case, the learning rate that validation chooses at the quick budget.

    python benchmarks/recording/rates.py

Takes about 8 minutes on 2 cores. The test split is not read for the choice.
"""

import json
from dataclasses import replace

from tqdm import tqdm

from ptmbench.cases import product
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.workbench import Workbench
from ptmbench.rates import RATES
from ptmbench.settings import BUDGETS, check_settings


def main() -> None:
    """Tunes every trained case at seed 0 and writes the chosen rates."""
    settings = check_settings(budget="quick", device="cpu", measures_latency=False)
    bench = Workbench(replace(settings, budget=replace(BUDGETS["quick"], tunes_rates=True)))
    rates = {}
    for case in tqdm([case for case in product() if not case.method.frozen]):
        chosen = run(bench, prepare(bench, case)).choice.hyperparameters["learning_rate"]
        rates[case.id] = float(chosen)
        RATES.write_text(json.dumps(rates, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
