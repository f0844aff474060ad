"""Runs cases: `prepare` pays for everything that comes before, `run` works.

Only `run` is timed: imports, weights, data, the footprint and the warm-up belong to `prepare`.
"""

import contextlib
import functools
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace

import torch
from torch import nn

from ptmbench.catalog.rates import recorded_rate, said_of_rate
from ptmbench.catalog.spec import FULL, Case, MethodSpec
from ptmbench.catalog.traits import Serves, Trains
from ptmbench.engine.columns import LOOK_INSIDE, MEASURED, Column
from ptmbench.engine.corruptions.stress import Condition
from ptmbench.engine.cost import energy
from ptmbench.engine.cost.latency import waiting_s
from ptmbench.engine.foreign_code import carried_out, said
from ptmbench.engine.frozen_cases import frozen_run, probed_network
from ptmbench.engine.inputs.augmentation import AUGMENTATIONS
from ptmbench.engine.inputs.batches import TensorInputs, on_device
from ptmbench.engine.inputs.letterbox import Letterbox
from ptmbench.engine.methods.fine_tune import Trainable
from ptmbench.engine.methods.low_rank import merged
from ptmbench.engine.models.provider import NO_CHECKPOINT
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.labels import LabelWork
from ptmbench.engine.transfer.rows import Rows
from ptmbench.engine.transfer.trained import RISE, TrainedRun, Work
from ptmbench.engine.variants.table import SERVED
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import Diverged, OutOfMemory, PtmbenchError, TimedOut, Unavailable
from ptmbench.records.case_record import SourceDistance
from ptmbench.records.cost_record import BUSY
from ptmbench.records.measured import Choice, Footprint, Loaded, Missing, Result, Spending

NOTHING_TRAINED = Missing("nothing is trained step by step: a classifier is fitted to its optimum")
EVERYTHING_TRAINS = Missing("no frozen features: every layer trains")
NOT_PUBLISHED = Missing("the publisher of the checkpoint does not state it")
ON_VALIDATION = "highest validation {metric} at seed 0, the least of equals, in a window of rates that follows the best"
CONVERGED = "; steps doubled until a doubling gained less than {rise:g} points of 100, or diverged"
RISING = "; it still rose at {steps} steps, the most that are tried"
METRIC_NAMES = {
    "top1_accuracy": "accuracy",
    "entity_f1": "entity F1",
    "word_accuracy": "accuracy over words",
    "map": "mAP@[.5:.95]",
    "miou": "mIoU",
}
FULL_ALONE = Missing("measured of the full network: a variant has its differences in quality and cost")
NO_CONVERGENCE = "few labels leave none to see by when a training has converged: take a full task, or another budget"
HELD_UP = "not measured: other work had the cores while this case trained: run it again with --jobs 1"


@contextlib.contextmanager
def out_of_memory_named() -> Iterator[None]:
    """Turns torch's and Python's out-of-memory errors into `OutOfMemory`."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise OutOfMemory(f"out of memory: {(str(error) or 'no more to be had').splitlines()[0]}") from error
    except RuntimeError as error:
        if "can't allocate memory" not in str(error):
            raise
        raise OutOfMemory(f"out of memory: {str(error).splitlines()[0]}") from error


@dataclass(frozen=True, slots=True)
class Prepared:
    """A case with everything loaded and warm; it may run once."""

    case: Case
    loaded: Loaded
    footprint: Footprint
    training_bytes: int | Missing
    work: FrozenRun | TrainedRun
    source_distance: SourceDistance | Missing


def _pretrain_time(case: Case, seconds: float | None) -> float | Missing:
    """Seconds of pre-training, or why they are not known."""
    if seconds is not None:
        return seconds
    return NOT_PUBLISHED if case.model.pretrained else NO_CHECKPOINT


def prepare(bench: Workbench, case: Case) -> Prepared:
    """Loads weights and data, measures what does not depend on the labels, and warms up.

    Raises `Unavailable` where no answer would have a score.
    """
    unscored = bench.task_data(case).unscored
    if unscored:
        raise Unavailable(unscored)
    if bench.settings.budget.converges and case.task.shots is not None and not case.method.frozen:
        raise Unavailable(NO_CONVERGENCE)
    with carried_out(case.model.name), out_of_memory_named():
        model, encoded = bench.loaded(case, 0), bench.encoded(case)
        loaded = Loaded(
            loaded_fraction=NO_CHECKPOINT if model.loaded_fraction is None else model.loaded_fraction,
            pretrain_time_s=_pretrain_time(case, model.pretrain_time_s),
            input_shape=encoded.shape,
            preprocessing={**model.preprocessing.fields(), **encoded.fields},
            truncated=encoded.truncated,
        )
        footprint = bench.footprint(case)
        distance = bench.source_distance(case)
        if case.method.recipe is None:
            work = frozen_run(bench, case)
            return Prepared(case, loaded, footprint, NOTHING_TRAINED, work, distance)
        trained = _trained_run(bench, case)
        peak = bench.training_bytes(case, trained.work, trained.recipe.batch_size)
        return Prepared(case, loaded, footprint, peak, trained, distance)


def _trained_run(bench: Workbench, case: Case) -> TrainedRun:
    assert case.method.recipe is not None
    feature_time_s: float | Missing = EVERYTHING_TRAINS
    if case.task.kind.dense:
        work: Work = _dense_work(bench, case)
        pooling = None
    else:
        trunk = bench.trunk_outputs(case) if _divided(bench, case) else None
        inputs = TensorInputs(trunk.outputs) if trunk else on_device(bench.encoded(case).inputs, bench.device)
        change = AUGMENTATIONS[case.method.recipe.augmentation]
        work = LabelWork(case.task, bench.rows(case), bench.scorer(case), inputs, bench.device, change)
        pooling = bench.poolings(case)[0]
        feature_time_s = trunk.feature_time_s if trunk else EVERYTHING_TRAINS
    network_of: Callable[[int], Trainable] = functools.partial(bench.network, case)
    if case.method.probed:
        network_of = probed_network(bench, case)
        feature_time_s = bench.features(case, 0, pooling).feature_time_s
    budget = bench.settings.budget
    examples = bench.task_data(case).train_size(case.task.shots)
    return TrainedRun(
        case=case,
        work=work,
        device=bench.device,
        recipe=replace(case.method.recipe, steps=budget.steps_for(case.method.recipe, examples)),
        rates=case.method.grid if budget.tunes(case.task) else (recorded_rate(case, own=budget.tunes_on_validation),),
        network_of=network_of,
        pooling=pooling,
        feature_time_s=feature_time_s,
        served=functools.partial(_served, bench, case, work),
        watched=case.task.kind.dense,
        converges=budget.converges,
        on_validation=budget.tunes_on_validation,
        stress=bench.stress(case),
        corrupted=functools.partial(_corrupted_work, bench, case, work),
        keeps=not LOOK_INSIDE.isdisjoint(bench.settings.columns),
    )


def _corrupted_work(bench: Workbench, case: Case, work: Work, condition: Condition) -> Work:
    """The work of labels with its test examples corrupted."""
    assert isinstance(work, LabelWork)
    encoded = bench.corrupted(case, condition)
    inputs = encoded.inputs
    if case.variant == FULL and isinstance(work.inputs, TensorInputs) and _divided(bench, case):
        outputs = work.inputs.tensor.clone()
        outputs[list(work.test)] = bench.trunk_outputs(case, condition).outputs
        inputs = TensorInputs(outputs)
    return replace(work, rows=Rows.of(bench.task_data(case), encoded), inputs=inputs)


def _served(bench: Workbench, case: Case, work: Work, network: nn.Module) -> tuple[nn.Module, Work]:
    """The variant of a trained network with the work that it answers: the whole network, on inputs as they came."""
    if case.variant == FULL:
        return network, work
    if case.method.trains is Trains.ADAPTER:
        network = merged(network)
    if isinstance(work, LabelWork) and _divided(bench, case):
        network = nn.Sequential(bench.model(case, 0).backbone.trunk, network)
        work = replace(work, inputs=on_device(bench.encoded(case).inputs, bench.device))
    return SERVED[case.variant.name](network), work


def _divided(bench: Workbench, case: Case) -> bool:
    """Whether the frozen part of the network is computed once, and only what trains is trained."""
    return case.method.trains is Trains.LAST_STAGE and not bench.model(case, 0).backbone.last_stage


def _dense_work(bench: Workbench, case: Case) -> Work:
    """The work of a detector or segmenter."""
    # Here, for torchmetrics: its import takes 4 s, which tasks of labels need not pay.
    from ptmbench.engine.transfer.boxes_work import BoxesWork
    from ptmbench.engine.transfer.masks_work import MasksWork

    kind = BoxesWork if case.task.kind.asks is Serves.BOXES else MasksWork
    letterbox = bench.loaded(case, 0).preprocessing
    assert isinstance(letterbox, Letterbox)
    inputs = on_device(bench.encoded(case).inputs, bench.device)
    return kind(case.task, bench.task_data(case), inputs, letterbox, bench.device, case.id)


def run(bench: Workbench, prepared: Prepared) -> Result:
    """Every seed of the case: choose at seed 0, then train or fit, predict and score."""
    case, work = prepared.case, prepared.work
    seeds = tuple(range(bench.settings.seeds_for(case.method, case.task)))
    before, waits = energy.counter_joules(bench.device), waiting_s()
    started = time.perf_counter()
    with carried_out(case.model.name), out_of_memory_named():
        seen = [work.seed(seed) for seed in seeds]
    duration, after = time.perf_counter() - started, energy.counter_joules(bench.device)
    waited = 0.0 if waits is None else ((waiting_s() or waits) - waits) / duration
    answers = work.answers(seeds, seen)
    return Result(
        loaded=prepared.loaded,
        answers=answers,
        choice=_choice(work, answers.metric),
        footprint=prepared.footprint,
        spending=_spending(bench, prepared, energy.spent(before, after), waited),
        source_distance=prepared.source_distance,
        duration_s=duration,
        columns={name: _column(bench, name, case, work) for name in bench.settings.columns},
    )


def _column(bench: Workbench, name: str, case: Case, work: FrozenRun | TrainedRun) -> Column:
    """A column that was asked for; one that cannot be measured says why, and costs no case its record."""
    if name in LOOK_INSIDE and case.variant != FULL:
        return FULL_ALONE
    try:
        with carried_out(case.model.name), out_of_memory_named():
            return MEASURED[name](bench, case, work)
    except TimedOut:
        raise
    except PtmbenchError as error:
        return Missing(f"could not be measured: {error}")
    except Exception as error:  # noqa: BLE001  what was trained is kept, whatever a network does under an attack
        return Missing(f"could not be measured: {said(error)}")


def _spending(bench: Workbench, prepared: Prepared, energy_j: float | Missing, waited: float) -> Spending:
    """What the case took; of cases side by side no energy, and no time of one that `waited` for its cores."""
    work, crowded = prepared.work, bench.settings.crowded
    spent = Spending(
        trainable_parameters=_trainable(bench, work),
        training_bytes=prepared.training_bytes,
        training_batch_size=0 if isinstance(work, FrozenRun) else work.recipe.batch_size,
        train_time_s=sum(work.times_s) / len(work.times_s),
        feature_time_s=work.feature_time_s,
        energy_j=energy_j,
        uncounted_operations=work.method.uncounted if isinstance(work, FrozenRun) else (),
    )
    if crowded is None:
        return spent
    spent = replace(spent, energy_j=energy_j if isinstance(energy_j, Missing) else Missing(crowded))
    return replace(spent, train_time_s=Missing(HELD_UP)) if waited > BUSY else spent


def _choice(work: FrozenRun | TrainedRun, metric: str) -> Choice:
    method = work.case.method
    if work.chosen is None:
        raise Diverged("no hyper-parameter was chosen")
    if isinstance(work, FrozenRun):
        facts = work.method.facts(work.learned) if work.method.facts else {}
        each = [{**_named(method, *choice), **facts} for choice in work.choices]
        offered: dict[str, list[float | str]] = {method.tuned: [*method.grid]}
        if work.poolings[0] is not None:
            offered["pooling"] = [name for name in work.poolings if name]
        selection = work.selection.format(metric=METRIC_NAMES[metric])
        differ = tuple(each) if any(one != each[0] for one in each) else ()
        return Choice(each[0], offered, selection, NOTHING_TRAINED, differ)
    fields = asdict(work.chosen)
    del fields["pace"]  # the steps hold it
    if work.recipe.augmentation == "none":
        del fields["augmentation"]
    if work.pooling is not None:
        fields["pooling"] = work.pooling
    if work.recipe.optimizer != "sgd":
        del fields["momentum"]
    if work.recipe.epochs is None:
        del fields["epochs"]
    tried = tuple(sorted(work.tried)) if len(work.tried) < len(work.rates) else ()
    grid: dict[str, list[float | str]] = {method.tuned: [*work.rates]}
    return Choice(fields, grid, _selection(work, metric), work.chosen.steps, tried=tried)


def _selection(work: TrainedRun, metric: str) -> str:
    """What chose the learning rate, and the steps where they were chosen too."""
    assert work.chosen is not None
    if len(work.rates) == 1 and not work.converges:
        return said_of_rate(work.case, own=work.on_validation)
    said = ON_VALIDATION.format(metric=METRIC_NAMES[metric])
    if not work.converges:
        return said
    return said + (RISING.format(steps=work.chosen.steps) if work.rising else CONVERGED.format(rise=100 * RISE))


def _named(method: MethodSpec, pooling: str | None, value: float) -> dict[str, bool | int | float | str]:
    """A choice of a frozen method as hyper-parameters by name."""
    return {method.tuned: value, **({} if pooling is None else {"pooling": pooling})}


def _trainable(bench: Workbench, work: FrozenRun | TrainedRun) -> int:
    if isinstance(work, FrozenRun):
        pooling = work.chosen[0] if work.chosen else None
        size = bench.feature_size(work.case, bench.encoded(work.case).shape, pooling)
        return work.method.trainable_parameters(size, work.rows.data.classes)
    learning = work.network_of(0).trained.parameters()
    return sum(parameter.numel() for parameter in learning if parameter.requires_grad)
