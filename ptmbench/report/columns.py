"""The columns of a comparison table: heading, how a row's figure is written, and which figure is the best one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from ptmbench.analysis.comparison import Row, Table
from ptmbench.report.figures import NONE, percent, place_range, scaled

VERDICTS = {"helps": "helps", "no_clear_difference": "no clear difference", "hurts": "hurts"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `figure` names the field of a row whose best value a table marks; None where nothing is best."""

    heading: str
    text: Callable[[Row], str]
    figure: str | None = None
    align: Literal["left", "right"] = "left"

    def is_best(self, row: Row, table: Table) -> bool:
        """Whether the row holds the best figure of this column."""
        value = getattr(row, self.figure) if self.figure else None
        return value is not None and value == table.best(str(self.figure))


def _cost(heading: str, figure: str, scale: float, digits: int) -> Column:
    return Column(heading, lambda row: scaled(getattr(row, figure), scale, digits), figure, "right")


def verdict_of(row: Row) -> str:
    """What pre-training did, in words."""
    return VERDICTS[row.verdict] if row.verdict else NONE


def floor_note(row: Row) -> str:
    """Said behind a quality that lies below its floor."""
    return " below floor" if row.floor_met is False else ""


FAMILY = Column("family", lambda row: row.family.replace("_", "-"))
MODEL = Column("model", lambda row: row.model)
METHOD = Column("method", lambda row: row.method)
QUALITY = Column("quality [95 %]", lambda row: percent(row.value, row.low, row.high), "value")
PLACE = Column("place", lambda row: place_range(row.place_low, row.place_high))
GAIN = Column("gain over scratch [95 %]", lambda row: percent(row.gain, row.gain_low, row.gain_high, "+"), "gain")
VERDICT = Column("verdict", verdict_of)
P50 = _cost("p50 ms", "latency_p50_s", 1e3, 2)
MACS = _cost("MMACs", "macs", 1e-6, 3)
PARAMETERS = _cost("params", "parameters", 1, 0)
CARRY_OVER = _cost("carry-over s", "carry_over_time_s", 1, 2)
COSTS = (
    PARAMETERS,
    MACS,
    P50,
    _cost("p95 ms", "latency_p95_s", 1e3, 2),
    _cost("infer MiB", "inference_bytes", 2**-20, 2),
    _cost("train MiB", "training_bytes", 2**-20, 1),
    CARRY_OVER,
)
ALL = (FAMILY, MODEL, METHOD, QUALITY, PLACE, GAIN, VERDICT, *COSTS)
