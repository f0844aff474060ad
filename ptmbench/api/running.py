"""Runs in Python: models and tasks by name, by reference, as specs or as objects."""

import itertools
import shutil
import tempfile
import threading
import weakref
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from ptmbench.api.objects import data
from ptmbench.api.results import Place, Results
from ptmbench.catalog.builtin import ALL_METHODS, METHODS, VARIANTS
from ptmbench.catalog.cases import named, product, why_no_case
from ptmbench.catalog.entries import entries_of, unlike
from ptmbench.catalog.objects import DataObject, ModelObject, holding
from ptmbench.catalog.presence import on_disk
from ptmbench.catalog.settings import RunSettings, check_settings
from ptmbench.catalog.spec import FULL, Case, MethodSpec, ModelSpec, TaskSpec, VariantSpec
from ptmbench.errors import UsageError
from ptmbench.files.arrays import is_data_set
from ptmbench.outlet import warn
from ptmbench.report.progress import describe
from ptmbench.report.rendering import Readers
from ptmbench.running.session import Session

Model = str | ModelSpec | ModelObject
Task = str | TaskSpec | DataObject
Spec = TypeVar("Spec", MethodSpec, VariantSpec)
REASONS: Final = 3  # why there is no case: as many as a message can hold


def run(
    models: Model | Iterable[Model],
    tasks: Any,
    *,
    methods: str | MethodSpec | Iterable[str | MethodSpec] | None = None,
    variants: str | VariantSpec | Iterable[str | VariantSpec] | None = None,
    budget: str = "quick",
    seeds: int | None = None,
    tune_on: str = "draw",
    results: Place | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    jobs: int = 1,
    timeout: float | None = None,
    skip_bad: bool = False,
    corruptions: bool = False,
    columns: Sequence[str] = (),
    resume: bool = False,
    progress: bool = False,
) -> Results:
    """Runs every case of these models, tasks and methods.

    Args:
        models: One or a sequence of: a name or reference, as on the command line; a `ModelSpec`; what `ptmbench.model`
            gives. A reference brings its control at random initialisation.
        tasks: One or a sequence of: a name or reference; a `TaskSpec`; what `ptmbench.data` gives; a pair (images,
            labels) of arrays; a data set of (image, label) pairs.
        methods: Names; None: every method of the matrix that applies.
        variants: Names; None: the model as it came, in full.
        budget: "smoke", "quick", "single", "standard" or "converged".
        seeds: How many seeds to run, instead of the budget's number.
        tune_on: Which labels choose the hyper-parameters of few-shot tasks: "draw", their own, or "validation", the
            whole validation split, which has many more than the task.
        results: The results folder, which keeps other records that it holds; None: a temporary one, which lives as long
            as the results do.
        device: "auto", "cpu", "cuda" or "mps".
        precision: "auto", "fp32" or "bf16".
        threads: How many CPU threads each case uses; None: one where all models and data are embedded, else all
            cores.
        jobs: How many cases run side by side, each in a process of its own (so call this below
            `if __name__ == "__main__":`).
        timeout: Seconds that a case may take.
        skip_bad: Whether faulty examples are left out, and recorded.
        corruptions: Whether test examples are corrupted as well, for robustness.
        columns: What is measured besides: "scores" (of transferability).
        resume: Whether records that the folder holds are kept where they are still true.
        progress: Whether a line a case is written to stderr.

    Returns:
        The records of these cases. A case that fails has a record that says why, and the others go on.

    Raises:
        UsageError: For what cannot be run: unknown names, options that contradict each other, data that is faulty in
            every task; of one faulty task among others the results' `problems` tell.
        StoreError: For a results folder that cannot be used.
    """
    if resume and results is None:
        raise UsageError("resume needs the folder of the earlier run: results=DIR")
    if timeout is not None and threading.current_thread() is not threading.main_thread():
        raise UsageError("a timeout works in the main thread only: leave timeout out")
    settings = check_settings(
        budget=budget,
        seeds=seeds,
        device=device,
        precision=precision,
        threads=threads,
        timeout_s=timeout,
        skip_bad=skip_bad,
        corruptions=corruptions,
        jobs=jobs,
        tune_on=tune_on,
        columns=columns,
    )
    given_models, given_tasks = _models_given(models), _tasks_given(tasks)
    objects = (
        [entry for entry in given_models if isinstance(entry, ModelObject)],
        [entry for entry in given_tasks if isinstance(entry, DataObject)],
    )
    if jobs > 1 and any(objects):
        raise UsageError("objects run in this process and cannot be handed to others: leave jobs out")
    with holding(*objects):
        cases = _cases(
            given_models, given_tasks, _named("method", methods, ALL_METHODS), _named("variant", variants, VARIANTS)
        )
        _check(objects[0])
        ready, left_out = on_disk(cases)
        problems = [left_out] if left_out else []
        if results is None:
            return _ran_for_now(settings, ready, problems, progress=progress)
        return _ran(Session(settings, folder=Path(results), resume=resume), ready, problems, progress=progress)


def _check(models: Iterable[ModelObject]) -> None:
    """Builds each module's model once, so that what cannot be one is refused before anything has run."""
    for entry in models:
        from ptmbench.engine.models import objects  # the engine, for those who have loaded its framework already

        for spec in entry.specs:
            objects.build(spec, 0)


def _ran_for_now(settings: RunSettings, cases: Sequence[Case], problems: list[str], *, progress: bool) -> Results:
    """The records of the cases in a temporary folder, which goes when the results do."""
    place = Path(tempfile.mkdtemp(prefix="ptmbench-"))
    try:
        found = _ran(Session(settings, folder=place), cases, problems, progress=progress)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    weakref.finalize(found, shutil.rmtree, place, ignore_errors=True)
    return found


def _ran(session: Session, cases: Sequence[Case], problems: list[str], *, progress: bool) -> Results:
    """The records of the cases, each run now."""
    with session:
        for number, record in enumerate(session.run_all(cases), start=1):
            if progress:
                line = describe(record, record.case.id in session.reused)
                warn(f"[{number}/{len(cases)}] {line}")
        session.time_networks(warn if progress else lambda _told: None)
        found, unread = session.finish()
    ran = {case.id for case in cases}
    faults = [f"{case_id} met a fault of ptmbench:\n{trace}" for case_id, trace in session.faults.items()]
    records = tuple(record for record in found if record.case.id in ran)
    readers = Readers.of_folder(session.store)
    told = (*problems, *session.refusals, *unread, *faults)
    return Results(records, (session.store.path,), told, readers)


def _models_given(models: Any) -> list[Model]:
    """Each model by itself; raises `UsageError` for what is none."""
    single = isinstance(models, Model) or hasattr(models, "state_dict")
    found = [models] if single or not isinstance(models, Iterable) else list(models)
    for entry in found:
        if hasattr(entry, "state_dict"):
            raise UsageError(
                f"a {type(entry).__name__} does not say what pictures it takes: give ptmbench.model(module, "
                "preprocessing=ptmbench.pictures(SIDE))"
            )
        if not isinstance(entry, Model):
            raise UsageError(
                f"expected a model as a name, a reference, a ModelSpec or ptmbench.model(...), got a "
                f"{type(entry).__name__}"
            )
    return found


def _tasks_given(tasks: Any) -> list[Task]:
    """Each task by itself, arrays and data sets made one; raises `UsageError` for what is none."""
    single = isinstance(tasks, Task) or _is_data(tasks) or not isinstance(tasks, Iterable)
    return [_task(entry) for entry in ([tasks] if single else tasks)]


def _is_data(found: Any) -> bool:
    """Whether something is a pair (images, labels) of arrays, or a data set of pairs."""
    pair = isinstance(found, tuple) and len(found) == 2 and hasattr(found[0], "shape")
    return pair or (is_data_set(found) and not isinstance(found, Sequence))


def _task(entry: Any) -> Task:
    if isinstance(entry, Task):
        return entry
    if not _is_data(entry):
        raise UsageError(
            f"expected a task as a name, a reference, a TaskSpec, ptmbench.data(...), a pair (images, labels) of "
            f"arrays or a data set of pairs, got a {type(entry).__name__}"
        )
    return data(*entry) if isinstance(entry, tuple) else data(entry)


def _named(kind: str, given: str | Spec | Iterable[str | Spec] | None, catalog: Sequence[Spec]) -> tuple[Spec, ...]:
    """Entries of the catalog by name, or as they are; none where nothing was said."""
    found = [given] if isinstance(given, str | MethodSpec | VariantSpec) else list(given or ())
    return tuple(dict.fromkeys(named(kind, entry, catalog) if isinstance(entry, str) else entry for entry in found))


def _cases(
    models: Sequence[Model], tasks: Sequence[Task], methods: Sequence[MethodSpec], variants: Sequence[VariantSpec]
) -> tuple[Case, ...]:
    """All cases of these; raises `UsageError` with the reasons where there is none."""
    for kind, given in (("model", models), ("task", tasks)):
        if not given:
            raise UsageError(f"expected at least one {kind}")
    model_names, task_names = ([entry for entry in given if isinstance(entry, str)] for given in (models, tasks))
    entries = entries_of(model_names, task_names)
    model_specs = [*(entries.models if model_names else ()), *(spec for entry in models for spec in _specs(entry))]
    task_specs = [
        *(entries.tasks if task_names else ()),
        *(_spec(entry) for entry in tasks if not isinstance(entry, str)),
    ]
    parts = unlike("model", model_specs), unlike("task", task_specs), methods or METHODS, variants or (FULL,)
    found = product(*parts)
    if not found:
        reasons = dict.fromkeys(why_no_case(*combination) or "" for combination in itertools.product(*parts))
        raise UsageError(f"no case is left: {'; '.join(list(reasons)[:REASONS])}")
    return found


def _specs(entry: Model) -> tuple[ModelSpec, ...]:
    if isinstance(entry, ModelObject):
        return entry.specs
    return (entry,) if isinstance(entry, ModelSpec) else ()


def _spec(entry: TaskSpec | DataObject) -> TaskSpec:
    return entry.spec if isinstance(entry, DataObject) else entry
