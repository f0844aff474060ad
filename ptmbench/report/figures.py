"""How figures are written, whatever the format: percent with intervals, ranks, what there is no figure for."""

from ptmbench.analysis.comparison import CaseRow
from ptmbench.records.figures import Figure

NONE = "-"
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


def percent(value: float | None, low: float | None, high: float | None, sign: str = "") -> str:
    """A share and its interval in percent."""
    if value is None or low is None or high is None:
        return NONE
    return f"{100 * value:{sign}.1f} [{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"


def scaled(value: float | None, scale: float, digits: int) -> str:
    """A figure in another unit."""
    return NONE if value is None else f"{value * scale:,.{digits}f}"


def written(figure: Figure, row: CaseRow) -> str:
    """A figure of a row in the unit in which tables show it, with its interval where it has one."""
    sign = "+" if figure.signed else ""
    known = (value for value in (row.figures.get(figure.name), *row.ends(figure.name)) if value is not None)
    texts = [f"{value * figure.scale:{sign},.{figure.digits}f}" for value in known]
    return f"{texts[0]} [{', '.join(texts[1:])}]" if len(texts) > 1 else (texts or [NONE])[0]


def labelled(figure: Figure, measure: str | None = None) -> str:
    """A figure in words, with the unit in which it is shown: that of tables where no other is given."""
    unit = figure.measure if measure is None else measure
    return f"{figure.label}, {unit}" if unit else figure.label


def place_range(first: int | None, last: int | None) -> str:
    """The ranks that a row may hold: one, or from the first to the last."""
    if first is None:
        return NONE
    return str(first) if first == last else f"{first}-{last}"
