"""How figures are written, whatever the format: percent with intervals, ranks, what there is no figure for."""

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.records.figures import Figure
from ptmbench.statistics.estimates import of_one_seed

NONE = "-"
ONE_SEED = "!"  # ASCII: a terminal without other letters would show their codes
OTHER_SEEDS = "~"
MARKS = {  # what each says, as pages without a table's own notes have it
    ONE_SEED: f"{ONE_SEED}: rests on one seed: over test examples alone, and no verdict",
    OTHER_SEEDS: f"{OTHER_SEEDS}: the gain is over the seeds that the partner from scratch has too, "
    "and the qualities do not subtract to it",
}
METRICS = {
    "top1_accuracy": "top-1 accuracy",
    "entity_f1": "entity F1",
    "word_accuracy": "accuracy over words",
    "map": "mAP@[.5:.95]",
    "miou": "mIoU",
}


def metric_name(metric: str) -> str:
    """A metric as people call it."""
    return METRICS.get(metric, metric)


def mark_of(kind: str | None, *, same_seeds: bool = True) -> str:
    """What stands behind every interval that is printed: nothing, or marks of what it rests on.

    Args:
        kind: What the interval is over, as the record has it.
        same_seeds: Of a gain, whether both qualities that it is the difference of rest on its own seeds.

    Returns:
        `ONE_SEED` where the interval is over test examples alone, `OTHER_SEEDS` where the qualities beside a gain do
        not subtract to it.
    """
    return f"{ONE_SEED if of_one_seed(kind) else ''}{'' if same_seeds else OTHER_SEEDS}"


def mark_of_row(name: str, row: CaseRow) -> str:
    """The marks behind the interval of a figure of a row."""
    if name == "gain":
        return mark_of(row.gain_kind, same_seeds=row.subtracts)
    return mark_of(row.interval_kind if name == "quality" else None)


def percent(value: float | None, low: float | None, high: float | None, kind: str | None, sign: str = "") -> str:
    """A share and its interval in percent, with the mark of what the interval is over."""
    if value is None or low is None or high is None:
        return NONE
    return f"{100 * value:{sign}.1f} [{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]{mark_of(kind)}"


def scaled(value: float | None, scale: float, digits: int) -> str:
    """A figure in another unit."""
    return NONE if value is None else f"{value * scale:,.{digits}f}"


def written(figure: Figure, row: CaseRow) -> str:
    """A figure of a row in the unit in which tables show it, with its interval and marks where it has one."""
    sign = "+" if figure.signed else ""
    known = (value for value in (row.figures.get(figure.name), *row.ends(figure.name)) if value is not None)
    texts = [f"{value * figure.scale:{sign},.{figure.digits}f}" for value in known]
    if len(texts) < 2:
        return (texts or [NONE])[0]
    return f"{texts[0]} [{', '.join(texts[1:])}]{mark_of_row(figure.name, row)}"


def labelled(figure: Figure, measure: str | None = None) -> str:
    """A figure in words, with the unit in which it is shown: that of tables where no other is given."""
    unit = figure.measure if measure is None else measure
    return f"{figure.label}, {unit}" if unit else figure.label


def place_range(first: int | None, last: int | None, kind: str | None) -> str:
    """The ranks that a row may hold: one, or from the first to the last; with the mark of what its interval is over."""
    if first is None:
        return NONE
    return f"{first if first == last else f'{first}-{last}'}{mark_of(kind)}"
