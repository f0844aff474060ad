"""Earlier figures of the candidates on other data sets: records that a user names, and published tables.

They rank models, and teach nothing else: they hold no rehearsals. What they say of the data set that is asked about is
left out, as far as names tell.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ptmbench.catalog.spec import ModelSpec
from ptmbench.recommendation.evidence import Evidence, Row, TaskFacts, whole
from ptmbench.recommendation.published import TransferTable, normal_name
from ptmbench.recommendation.rehearsals import Candidate
from ptmbench.records.record import Record, quality_of

PUBLISHERS: Final = ("torchvision", "timm")  # whose weights of a name are those that tables speak of
FINE_TUNED: Final = "fine_tune"


def of_records(records: Iterable[Record], dataset: str) -> Evidence:
    """What records say of their models on other data sets than that one; higher figures are better.

    Args:
        records: Of any budgets; those of one budget make up a task of their own.
        dataset: The data set that is asked about, as a reference.

    Returns:
        Rows without rehearsals.
    """
    rows, tasks = [], {}
    for record in records:
        case = record.case
        if record.status != "ok" or whole(case.task.dataset) == whole(dataset) or case.model.is_control:
            continue
        quality = quality_of(record)
        name = f"{case.task.name} ({record.budget})"
        tasks[name] = TaskFacts(name, case.task.dataset, "", case.task.shots != "all", {}, {})
        value = quality.value if quality.higher_is_better else -quality.value
        rows.append(Row(Candidate(case.model.name, case.method.name, ""), name, {}, value, 0.0))
    return Evidence(tuple(rows), tasks)


def of_tables(models: Sequence[ModelSpec], tables: Iterable[TransferTable], dataset: str) -> Evidence:
    """What published tables say of models under their publisher's names.

    Args:
        models: The candidates.
        tables: Accuracies after fine-tuning.
        dataset: The data set that is asked about, as a reference.

    Returns:
        Rows without rehearsals; none where a table knows fewer than two of the models.
    """
    rows: list[Row] = []
    tasks = {}
    asked = normal_name(dataset)
    for table in tables:
        columns = {normal_name(name): column for column, name in enumerate(table.models)}
        known = {model.name: columns[name] for model in models if (name := published_name(model)) in columns}
        if len(known) < 2:
            continue
        for at, task in enumerate(table.tasks):
            if normal_name(task) in asked:
                continue
            name = f"{table.name}: {task}"
            tasks[name] = TaskFacts(name, task, "image", few_shot=False, scores={}, scores_s={})
            rows += [
                Row(Candidate(model, FINE_TUNED, "all"), name, {}, table.accuracy[at][column], 0.0)
                for model, column in known.items()
            ]
    return Evidence(tuple(rows), tasks)


def published_name(model: ModelSpec) -> str:
    """The name that tables may know a model by; empty for weights that are not a publisher's own."""
    if model.provider not in PUBLISHERS or model.random:
        return ""
    return normal_name(model.entry.partition("?")[0].partition("@")[0])


def together(first: Evidence, *others: Evidence) -> Evidence:
    """All rows and tasks; of tasks of one name those that come first."""
    rows, tasks = list(first.rows), dict(first.tasks)
    for other in others:
        rows += [row for row in other.rows if row.task not in first.tasks]
        tasks = {**other.tasks, **tasks}
    return Evidence(tuple(rows), tasks)
