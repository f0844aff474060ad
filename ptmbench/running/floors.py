"""Accuracy floors: the least a case must reach at a budget, from a TOML file.

    [tolerance]
    bf16 = 0.01

    [quick]
    "resnet_tiny.glyphs-digits_5shot-linear_probe" = { floor = 0.81, tells = true }

`tells` says whether the floor lies above what random weights reach, so that broken weights would be caught. A task
whose text varies with what is installed has `split` too, the beginning of the sha256 of its data: on other data the
floor is not asserted.
"""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ptmbench.catalog.builtin import TASKS
from ptmbench.catalog.settings import BUDGETS
from ptmbench.catalog.spec import ships
from ptmbench.errors import UsageError
from ptmbench.reading import text_of, toml_of
from ptmbench.records.record import Record

NO_FLOORS_FILE = "no floors file was given"
NO_FLOOR = "the floors file has no floor for this case at this budget"
NO_FLOORS_OF_TASK = "the floors file has no floors for this task at this budget so far"


class Floor(BaseModel):
    """The least value, and whether random weights would miss it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    floor: float
    tells: bool
    split: str | None = None

    def fits(self, split_sha256: str | None) -> bool:
        """Whether it was measured on these data."""
        return self.split is None or (split_sha256 or "").startswith(self.split)


@dataclass(frozen=True, slots=True)
class Floors:
    """The floors of each budget by case id, and by how much each precision may miss them."""

    name: str
    by_budget: dict[str, dict[str, Floor]]
    tolerance: dict[str, float]

    def find(self, budget: str, case_id: str, precision: str) -> Floor | None:
        """The floor of a case with the precision's tolerance taken off, or None."""
        found = self.by_budget.get(budget, {}).get(case_id)
        if found is None:
            return None
        return found.model_copy(update={"floor": round(found.floor - self.tolerance.get(precision, 0.0), 6)})

    def knows(self, budget: str, task: str) -> bool:
        """Whether any case of a task has a floor at a budget: then every other one of that task owes one."""
        return any(f"-{task}-" in case_id for case_id in self.by_budget.get(budget, {}))


def load_floors(path: Path) -> Floors:
    """Reads a floors file; raises `UsageError` with all its faults."""
    try:
        content = toml_of(text_of(path))
        tolerance = TypeAdapter(dict[str, float]).validate_python(content.pop("tolerance", {}))
        by_budget = TypeAdapter(dict[str, dict[str, Floor]]).validate_python(content)
    except OSError as error:
        raise UsageError(f"the floors file {path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise UsageError(f"the floors file {path} has faults: {faults}") from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise UsageError(f"the floors file {path} is not TOML: {error}") from None
    strange = sorted(set(by_budget) - set(BUDGETS))
    if strange:
        raise UsageError(f"the floors file {path} has tables {strange}; expected of {sorted(BUDGETS)}, and tolerance")
    return Floors(path.name, by_budget, tolerance)


def _owes_floor(record: Record) -> bool:
    """Whether model and data ship with the package: of other people's nobody has written floors."""
    return ships(record.case.model.reference) and record.case.task.name in {task.name for task in TASKS}


def complaint(record: Record, floors_name: str) -> str | None:
    """What is wrong with a finished record's floor, or None: missing, or not met."""
    quality = record.quality
    if quality is None:
        return None
    if quality.floor is None and record.missing["quality.floor"] not in {NO_FLOORS_FILE, NO_FLOOR}:
        return None  # this run asserts no floors, and the record says why
    if quality.floor is None and not _owes_floor(record):
        return None
    if quality.floor is None:
        return (
            f"{record.case.id} has no floor at the budget {record.budget} in {floors_name}: it reached "
            f"{quality.value:.4f}; write the floors anew with ptmbench floors --from DIR --write"
        )
    if not quality.floor_met:
        return (
            f"{record.case.id} reached {quality.metric} {quality.value:.4f}, below its floor of {quality.floor:.4f} "
            f"({floors_name}, budget {record.budget}): the weights, the data or the code changed"
        )
    return None
