"""What each column on request adds to the time of a case: seconds, and the share of the case without it.

    python benchmarks/speed/columns.py        (needs the extra captum)

Runs cases at the budget `quick`, measures each column once behind the run, and ends with a line a column: the median
share over the cases that have it, and whether it is cheap enough to be measured without being asked for (below 10 %).
"""

import statistics
import time
from collections import defaultdict

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.columns import MEASURED
from ptmbench.engine.runner import prepare, run
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import Missing

CASES = (
    ("resnet_tiny.glyphs", "digits_5shot", "linear_probe"),
    ("resnet_tiny.glyphs", "digits_5shot", "fine_tune"),
    ("vgg_tiny.glyphs", "photo_numerals_full", "linear_probe"),
    ("vgg_tiny.glyphs", "photo_numerals_full", "fine_tune"),
    ("bert_tiny.invented", "sentiment_50shot", "linear_probe"),
    ("bert_tiny.invented", "sentiment_50shot", "fine_tune"),
    ("gpt_tiny.invented", "topic_full", "linear_probe"),
)
CHEAP = 0.1


def main() -> None:
    """Prints a line a case and column, then one a column."""
    bench = Workbench(check_settings(budget="quick", device="cpu", measures_latency=False, columns=[*MEASURED]))
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for names in CASES:
        case = find_case(*names)
        began = time.perf_counter()
        prepared = prepare(bench, case)
        run(Workbench(check_settings(budget="quick", device="cpu", measures_latency=False)), prepared)
        whole = time.perf_counter() - began
        print(f"{case.id}: {whole:.1f} s")
        for name, measured in MEASURED.items():
            began = time.perf_counter()
            found = measured(bench, case, prepared.work)
            took = time.perf_counter() - began
            if not isinstance(found, Missing):
                shares[name].append(took / whole)
                print(f"  {name}: {took:.1f} s, {100 * took / whole:.0f} %")
    for name, seen in sorted(shares.items()):
        middle, most = statistics.median(seen), max(seen)
        told = "may be measured unasked" if most < CHEAP else "on request"
        print(f"{name}: median {100 * middle:.0f} %, at most {100 * most:.0f} % of a case: {told}")


if __name__ == "__main__":
    main()
