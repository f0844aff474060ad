"""What a case is made of, known before it runs: data, weights by their sha256, and the digest of it all."""

from ptmbench.catalog.digests import case_digest
from ptmbench.catalog.rates import recorded_rate
from ptmbench.catalog.spec import Case
from ptmbench.engine.foreign_code import built
from ptmbench.engine.models.provider import NO_CHECKPOINT, provider_of, revision_of
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import WeightsError
from ptmbench.records.measured import Identity, Missing


def _bound(case: Case) -> str | Missing:
    """The sha256 that binds the case's records: of its weights, or of what a control takes from a checkpoint.

    Broken weights are for `prepare` to complain of. Raises `Unavailable` where they are not on disk.
    """
    try:
        with built(case.model.name):
            found = provider_of(case.model).sha256(case.model)
    except WeightsError as error:
        return Missing(str(error))
    return NO_CHECKPOINT if found is None else found


def _digest(bench: Workbench, case: Case, bound: str | Missing, split_sha256: str | None) -> str:
    settings = bench.settings
    recorded = case.method.frozen or settings.budget.tunes(case.task)
    return case_digest(
        case,
        weights_sha256=None if isinstance(bound, Missing) else bound,
        split_sha256=split_sha256,
        budget=settings.budget,
        seeds=settings.seeds_for(case.method, case.task),
        recorded_rate=None if recorded else recorded_rate(case, own=settings.budget.tunes_on_validation),
        precision=bench.device.precision,
    )


def identify_unavailable(bench: Workbench, case: Case, reason: str) -> Identity:
    """What is known of a case whose weights or data cannot be had here."""
    gone = Missing(reason)
    return Identity(
        digest=_digest(bench, case, gone, None),
        weights_sha256=gone,
        revision=gone,
        split_sha256=gone,
        classes=case.task.classes or gone,
        train_size=gone,
        validation_size=gone,
        test_size=gone,
    )


def identify(bench: Workbench, case: Case) -> Identity:
    """What the case is made of. Reads the data and the sha256 of the weights, but not the weights.

    Raises `Unavailable` where one of them cannot be had here.
    """
    bound = _bound(case)
    task = bench.task_data(case)
    return Identity(
        digest=_digest(bench, case, bound, task.sha256),
        weights_sha256=bound if case.model.pretrained else NO_CHECKPOINT,
        revision=revision_of(case.model),
        split_sha256=task.sha256,
        classes=task.classes,
        train_size=task.train_size(case.task.shots),
        validation_size=len(task.split.validation),
        test_size=len(task.split.test),
        left_out=task.samples.left_out,
        balance=task.balance.fields(),
    )
