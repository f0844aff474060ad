"""What stands above and below the tables, whatever the format."""

from collections import Counter

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.analysis.gain import PARTNER_MISSING
from ptmbench.analysis.sources import SourceTable
from ptmbench.report.figures import ONE_SEED, OTHER_SEEDS, mark_of_row, metric_name

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

TUNED = "quality tuned on validation: what these few labels would reach if the whole validation split chose their value"


def title_of(table: ComparisonTable) -> str:
    """What the table is of: task, setting, metric, sizes, and how many of its cases have a figure."""
    sizes = f"{told}, " if (told := sizes_of(table)) else ""
    chance = "" if table.chance is None else f"chance {100 * table.chance:.0f} %, "
    return (
        f"{table.task} ({table.budget}, {table.device}, {table.precision}): "
        f"{metric_name(table.metric)}, {sizes}{chance}{balance_of(table)}"
        f"{table.finished} of {len(table.rows)} cases finished"
    )


def sizes_of(table: ComparisonTable) -> str:
    """How many examples the parts of the data have that are known; empty where none is."""
    parts = {"training": table.train_size, "validation": table.validation_size, "test": table.test_size}
    known = [f"{size} {part}" for part, size in parts.items() if size is not None]
    return f"{', '.join(known[:-1])}{' and ' if len(known) > 1 else ''}{known[-1]} examples" if known else ""


def notes_of(table: ComparisonTable) -> list[str]:
    """What a reader has to know of this table: odd inputs, why rows have no gain or verdict, and what to type."""
    reasons = Counter(row.no_gain for row in table.rows if row.no_gain)
    found = [f"no gain in {_rows(count)}: {reason}{_remedy(reason)}" for reason, count in sorted(reasons.items())]
    if busy := sum(row.busy for row in table.rows):
        found.append(f"busy in {_rows(busy)}: other work had the cores while latency was measured; measure again alone")
    if any(row.figures.get("tuned_on_validation") is not None for row in table.rows):
        found.append(TUNED)
    return [*table.cautions, *found, *marks_of(table)]


def marks_of(table: ComparisonTable) -> list[str]:
    """What the marks behind the intervals of this table say, as far as it has any."""
    found = []
    if single := sum(ONE_SEED in _marks(row) for row in table.rows):
        found.append(
            f"{ONE_SEED} in {_rows(single)}: rests on one seed: intervals and ranks are over test examples alone, and "
            "there is no verdict; run them with --seeds 3"
        )
    if other := [row for row in table.rows if OTHER_SEEDS in _marks(row)]:
        seeds = "; ".join(dict.fromkeys(map(_seeds_of, other)))
        found.append(
            f"{OTHER_SEEDS} in {_rows(len(other))}: the gain is over the seeds that partner and row share, and the "
            f"qualities do not subtract to it ({seeds}); --format csv has both over those seeds"
        )
    return found


def _marks(row: CaseRow) -> str:
    """The marks of all intervals of a row that stand in a table."""
    return "".join(mark_of_row(name, row) for name in row.intervals if row.figures.get(name) is not None)


def _seeds_of(row: CaseRow) -> str:
    """What a gain that does not subtract rests on, and what the qualities do."""
    partner = f", of the partner over {row.shared.partner_seeds}" if row.shared else ""
    return f"gain over {row.gain_seeds}, quality over {row.seeds}{partner}"


def sentence(note: str) -> str:
    """A note as a sentence in running text, its full stop left out."""
    return f"{note[:1].upper()}{note[1:]}"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def _remedy(reason: str) -> str:
    return "; run it too: --method from_scratch" if reason == PARTNER_MISSING else ""


def balance_of(table: ComparisonTable) -> str:
    """What the figures of a table hide: what a constant answer reaches, classes nobody learned, copies in test."""
    majority = table.balance.get("majority")
    untrained = int(table.balance.get("untrained_classes", 0))
    copies = int(table.balance.get("duplicated_test_examples", 0))
    return "".join(
        [
            f"always the largest class {100 * majority:.0f} %, " if majority is not None else "",
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
