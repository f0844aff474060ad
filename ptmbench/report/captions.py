"""What stands above and below the tables, whatever the format."""

from collections import Counter

from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.analysis.gain import PARTNER_MISSING
from ptmbench.analysis.sources import SourceTable
from ptmbench.report.figures import metric_name

LEGEND = (
    "quality: the metric of the title in %, on the test split, with its 95 % interval (its kind is in the records)",
    "rank: the ranks in this table that a row may hold, from paired comparisons with all others (95 %)",
    "gain over scratch: percentage points over the same architecture from scratch on the same budget, paired",
    "verdict: helps or hurts where the gain is clear of 0; at most 5 % of a table's are false; one seed gives none",
    "size MiB: the weights as their checkpoint holds them, its own head included; of a variant, the backbone as served",
    "p50, p95: latency of one input; infer, train MiB: peak memory at batch 1, and in one training step",
    "transfer s: seconds at one seed for features (paid once, shared) and for fitting or training",
    "controls: *.random is the architecture at random initialisation; the others are no network at all",
)


def title_of(table: ComparisonTable) -> str:
    """What the table is of: task, setting, metric, sizes, and how many of its cases have a figure."""
    known = table.train_size is not None and table.test_size is not None
    sizes = f"{table.train_size} training and {table.test_size} test examples, " if known else ""
    chance = "" if table.chance is None else f"chance {100 * table.chance:.0f} %, "
    return (
        f"{table.task} ({table.budget}, {table.device}, {table.precision}): "
        f"{metric_name(table.metric)}, {sizes}{chance}{balance_of(table)}"
        f"{table.finished} of {len(table.rows)} cases finished"
    )


def notes_of(table: ComparisonTable) -> list[str]:
    """What a reader has to know of this table: odd inputs, why rows have no gain or verdict, and what to type."""
    reasons = Counter(row.no_gain for row in table.rows if row.no_gain)
    found = [f"no gain in {_rows(count)}: {reason}{_remedy(reason)}" for reason, count in sorted(reasons.items())]
    if busy := sum(row.busy for row in table.rows):
        found.append(f"busy in {_rows(busy)}: other work had the cores while latency was measured; measure again alone")
    if single := sum(row.verdict == "one_seed" for row in table.rows):
        found.append(f"no verdict in {_rows(single)}: training is one draw at one seed; run them with --seeds 3")
    return [*table.cautions, *found]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _remedy(reason: str) -> str:
    return "; run it too: --method from_scratch" if reason == PARTNER_MISSING else ""


def balance_of(table: ComparisonTable) -> str:
    """What the figures of a table hide: a constant answer that beats chance, classes nobody learned, copies in test."""
    majority = table.balance.get("majority")
    untrained = int(table.balance.get("untrained_classes", 0))
    copies = int(table.balance.get("duplicated_test_examples", 0))
    beats = majority is not None and round(100 * majority) > round(100 * (table.chance or 0))
    return "".join(
        [
            f"largest class {100 * majority:.0f} %, " if beats and majority is not None else "",
            f"{untrained} class{'' if untrained == 1 else 'es'} without a training example, " if untrained else "",
            f"{copies} test example{'' if copies == 1 else 's'} seen in training too, " if copies else "",
        ]
    )


def title_of_sources(source: SourceTable) -> str:
    """What the table of sources is of."""
    return f"Does the source matter? {source.architecture}, {source.budget}: gain over scratch by source"


def conclusion_of(source: SourceTable) -> str:
    """What the rank correlation of distance and gain allows to say."""
    low, high = source.correlation95
    return (
        f"Rank correlation of distance and gain within a task: {source.correlation:+.2f} "
        f"[{low:+.2f}, {high:+.2f}] over {len(source.lines)} rows of {source.data_sets} data sets: "
        f"{source.conclusion}."
    )
