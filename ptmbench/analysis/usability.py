"""A usability card: one page about one model that a person can decide from.

What it is, where it helps and where it hurts, how it stands beside the others, what it costs on this hardware, how it
does across tasks and on corrupted examples, and what the figures do not say.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.comparison import ComparisonTable
from ptmbench.analysis.generalisation import Generalisation, Overall
from ptmbench.analysis.robustness import RobustRow, RobustTable
from ptmbench.errors import UnknownName
from ptmbench.records.case_record import ModelRecord, TaskRecord
from ptmbench.records.figures import Figure, Place, figures_in
from ptmbench.records.record import Record

TINY = "_tiny"  # how the architectures that ship with the package are called
FEW_SEEDS = 3
COLUMN_PLACES: Final[tuple[Place, ...]] = ("privacy", "adversarial", "forgetting", "representation", "attribution")


@dataclass(frozen=True, slots=True)
class Standing:
    """The model's best case of one task, and the best case of all models beside it."""

    table: ComparisonTable
    row: CaseRow
    best: CaseRow
    task: TaskRecord

    @property
    def leads(self) -> bool:
        """Whether no other row surely stands above it."""
        return self.row.place_low == 1


@dataclass(frozen=True, slots=True)
class Effect:
    """A row of a table with its task and budget: of what pre-training did, or of what the case tells."""

    task: str
    budget: str
    row: CaseRow


@dataclass(frozen=True, slots=True)
class Expense:
    """What the network costs on one machine: by figure the range over its cases, None where no case has it."""

    machine: str
    device: str
    precision: str
    ranges: Mapping[str, tuple[float, float] | None]


@dataclass(frozen=True, slots=True)
class UsabilityCard:
    """Everything that the card says; effects are sorted, the largest gain first. `asked`: the
    rows with a column that was asked for, by the place of its figures.
    """

    model: ModelRecord
    standings: tuple[Standing, ...]
    effects: tuple[Effect, ...]
    expenses: tuple[Expense, ...]
    overall: tuple[tuple[Generalisation, Overall], ...]
    robust: tuple[tuple[RobustTable, RobustRow], ...]
    caveats: tuple[str, ...]
    asked: tuple[tuple[Place, tuple[Effect, ...]], ...] = ()

    def count(self, verdict: str) -> int:
        """How many effects have the verdict."""
        return sum(effect.row.verdict == verdict for effect in self.effects)

    @property
    def costs(self) -> tuple[Figure, ...]:
        """The figures of cost that the card shows and some case has."""
        return tuple(figure for figure in _cost_figures() if any(cost.ranges[figure.name] for cost in self.expenses))

    @property
    def trust(self) -> tuple[Figure, ...]:
        """The figures that say how far its answers are to be trusted, and that some case has."""
        found = figures_in("trust")
        return tuple(figure for figure in found if any(_has(standing, figure) for standing in self.standings))

    @property
    def trusted(self) -> tuple[Standing, ...]:
        """The standings that have such a figure."""
        return tuple(standing for standing in self.standings if any(_has(standing, figure) for figure in self.trust))

    def with_verdict(self, verdict: str) -> tuple[Effect, ...]:
        """The effects with the verdict."""
        return tuple(effect for effect in self.effects if effect.row.verdict == verdict)


def card_of(
    model: str,
    records: Sequence[Record],
    tables: Sequence[ComparisonTable],
    comparisons: Sequence[Generalisation],
    robust: Sequence[RobustTable],
) -> UsabilityCard:
    """The card of a model, from all that was recorded; raises `UnknownName` with near names where it was not."""
    mine = [record for record in records if record.case.model.name == model]
    if not mine:
        raise UnknownName("model with records", model, {record.case.model.name for record in records})
    effects = [
        Effect(table.task, table.budget, row)
        for table in tables
        for row in table.by_model.get(model, ())
        if row.verdict is not None
    ]
    return UsabilityCard(
        model=mine[0].case.model,
        standings=tuple(found for table in tables if (found := _standing(model, table, mine)) is not None),
        effects=tuple(sorted(effects, key=lambda effect: (-(effect.row.gain or 0.0), effect.task, effect.row.method))),
        expenses=tuple(_expenses(mine)),
        overall=tuple((found, row) for found in comparisons for row in found.rows if row.model == model),
        robust=tuple((table, row) for table in robust for row in table.rows if row.model == model),
        caveats=tuple(_caveats(mine)),
        asked=tuple((place, rows) for place in COLUMN_PLACES if (rows := _with_column(model, tables, place))),
    )


def _with_column(model: str, tables: Sequence[ComparisonTable], place: Place) -> tuple[Effect, ...]:
    """The model's rows that have a figure of a column that is asked for."""
    names = [figure.name for figure in figures_in(place)]
    return tuple(
        Effect(table.task, table.budget, row)
        for table in tables
        for row in table.by_model.get(model, ())
        if any(row.figures.get(name) is not None for name in names)
    )


def _has(standing: Standing, figure: Figure) -> bool:
    return standing.row.figures.get(figure.name) is not None


def _standing(model: str, table: ComparisonTable, records: Sequence[Record]) -> Standing | None:
    mine = [row for row in table.by_model.get(model, ()) if row.value is not None]
    if not mine or table.leader is None:
        return None

    def quality(row: CaseRow) -> float:
        value = row.value or 0.0
        return value if table.higher_is_better else -value

    task = next(record.case.task for record in records if record.case.task.name == table.task)
    return Standing(table, max(mine, key=quality), table.leader, task)


def _expenses(records: Sequence[Record]) -> list[Expense]:
    """The costs of finished cases by machine, device and precision."""
    groups: defaultdict[tuple[str, str, str], list[Record]] = defaultdict(list)
    for record in records:
        machine = record.provenance.machine
        name = machine.cpu if record.provenance.device == "cpu" else machine.gpu
        if record.cost is not None:
            groups[f"{name}, {machine.cores} cores", record.provenance.device, record.case.precision].append(record)
    return [_expense(key, members) for key, members in sorted(groups.items())]


def _expense(key: tuple[str, str, str], records: Sequence[Record]) -> Expense:
    read = {figure.name: [figure.read(record) for record in records] for figure in _cost_figures()}
    known = {name: [value for value in values if value is not None] for name, values in read.items()}
    return Expense(*key, {name: (min(values), max(values)) if values else None for name, values in known.items()})


def _cost_figures() -> tuple[Figure, ...]:
    return tuple(figure for figure in figures_in("card") if figure.better != "as_quality")


def _caveats(records: Sequence[Record]) -> list[str]:
    """What a reader has to know before trusting the figures."""
    found = []
    unfinished = Counter(record.status for record in records if record.status != "ok")
    if unfinished:
        counted = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(unfinished.items()))
        found.append(f"Not every case finished: {counted}.")
    few = {record.budget for record in records if record.quality and len(record.quality.seeds) < FEW_SEEDS}
    if few:
        found.append(f"Fewer than {FEW_SEEDS} seeds stand behind figures of the budget {', '.join(sorted(few))}.")
    missed = [record.case.id for record in records if record.quality and record.quality.floor_met is False]
    if missed:
        found.append(f"Below their accuracy floor: {', '.join(missed)}.")
    uncounted = sorted({name for record in records if record.cost for name in record.cost.uncounted_operations})
    if uncounted:
        found.append(f"Operations leave out {', '.join(uncounted)}.")
    loaded = {record.case.model.loaded_fraction for record in records} - {None, 1.0}
    if loaded:
        found.append(f"Only {min(filter(None, loaded)):.0%} of the tensors came from the checkpoint.")
    if records[0].case.model.architecture.endswith(TINY):
        found.append(
            "A small network, pre-trained on generated data: it stands for its family's objective, not its size."
        )
    if records[0].case.model.is_control:
        found.append("A control: nothing was pre-trained.")
    return found
