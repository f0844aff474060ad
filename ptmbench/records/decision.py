"""The decision file: what `ptmbench recommend` found, as JSON that programs read.

Shares of the metric are between 0 and 1, seconds are seconds. Field names may be added to, not renamed, within one
`schema_version`. A figure that is not there is null.
"""

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ptmbench.errors import RecordError
from ptmbench.reading import content_of
from ptmbench.records.hidden_paths import without_folders

DECISION: Final = "decision.json"
Bounds = tuple[float, float]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Tested(_Part):
    """The metric on the test part: one training at the budget `single`, one seed; the case whose record holds it."""

    case: str
    value: float
    interval95: Bounds


class Picked(_Part):
    """A model and how to adapt it; `quality` is what full training is expected to reach on test examples."""

    model: str
    method: str
    variant: str
    quality: float | None
    interval: Bounds | None
    test: Tested | None


class Seen(_Part):
    """A candidate that was rehearsed: the metric on the validation part, at which budget, and what that promises."""

    model: str
    method: str
    stage: str
    validation: float
    quality: float


class Rejected(_Part):
    """A candidate that was left behind, or a model with all its methods (`method` null), and why."""

    model: str
    method: str | None
    reason: str


class Spent(_Part):
    """Seconds of scores, rehearsals and final trainings, and their share of what training everything in full takes."""

    seconds: float
    share: float | None
    everything_s: float | None


class Promise(_Part):
    """How often the procedure was right before: of how many tasks and data sets, and the mean and worst regret there.

    `regret` is by how much of the metric the best candidate lay above the pick, `static_regret` above a static ranking.
    """

    data_sets: int
    tasks: int
    regret: float
    worst: float
    static_regret: float
    covered: float


class Scored(_Part):
    """What put a model on the short list, or kept it off: its score, and its mean rank on other data sets."""

    model: str
    score: float | None
    static_rank: float | None
    listed: bool


class Decision(_Part):
    """One decision; `pick` is null where nothing beats chance or nothing was seen, and `note` says so."""

    schema_version: Literal[1] = 1
    task: str
    metric: str | None
    validation_examples: int | None
    finished: bool
    note: str | None
    confidence: float
    within: float
    pick: Picked | None
    static_pick: Picked | None
    tied: list[Seen]
    behind: list[Seen]
    rejected: list[Rejected]
    scored: list[Scored]
    chance_of_better: float | None
    cost: Spent
    promise: Promise | None
    command: str | None


def decision_text(decision: Decision) -> str:
    """The decision as JSON that ends with a line break; folders are left out, as in records."""
    shown = Decision.model_validate(without_folders(decision.model_dump(), Path.cwd()))
    return shown.model_dump_json(indent=1) + "\n"


def read_decision(folder: Path) -> Decision | None:
    """The decision that a folder holds; None where it holds none. Raises `RecordError` for what is not one."""
    path = folder / DECISION
    try:
        return Decision.model_validate_json(content_of(path))
    except FileNotFoundError:
        return None
    except NotADirectoryError:
        return None
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "the file"
        raise RecordError(f"{path} is no decision of ptmbench recommend: {where}: {fault['msg']}") from None
