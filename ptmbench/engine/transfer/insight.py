"""What the features of a case are like, before and after training: how full, how like others, how early they know."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptmbench import stages
from ptmbench.catalog.entries import ALL_MODELS
from ptmbench.catalog.model_references import control_of
from ptmbench.catalog.spec import RANDOM_SUFFIX, Case, ModelSpec
from ptmbench.catalog.traits import IMAGES
from ptmbench.engine.methods import linear_probe
from ptmbench.engine.methods.fine_tune import body
from ptmbench.engine.methods.frozen_method import FitContext
from ptmbench.engine.models.depths import Depths, ends_of
from ptmbench.engine.seeding import numpy_generator
from ptmbench.engine.transfer.features import forward_all, forward_each
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.trained import TrainedRun
from ptmbench.engine.transfer.tuning import Examples
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import Unavailable, UsageError, WeightsError
from ptmbench.records.measured import Missing
from ptmbench.statistics.representation import effective_rank, linear_cka

LEAST: Final = 4  # examples that alignment is told of
MOST: Final = 500  # training examples that features are described by
STRENGTH: Final = 1.0  # of the probes by stage: one value for all, since none of them is a result
DENSE: Final = Missing("boxes and masks are found by features of places: there is no one vector an example")
NO_NETWORK: Final = Missing("a control without a network: its features are the inputs")
RANDOM_ITSELF: Final = Missing("a control: it is the random network itself")
SAME_WEIGHTS: Final = Missing("its architecture cannot be had at random weights: what builds it gives the trained ones")
UNTRAINED: Final = Missing("no layer was trained: the features are as they came")
NO_STAGES: Final = Missing("measured for networks that take pictures alone and have three stages or more")
FEW: Final = Missing("alignment of features is defined for four examples and more")
CONSTANT: Final = Missing("features of one side are the same for all examples")


def representation_of(bench: Workbench, case: Case, run: FrozenRun | TrainedRun) -> Mapping[str, Any] | Missing:
    """The fields of `RepresentationRecord`, on at most `MOST` training examples; or why there are none.

    Args:
        bench: Holds data, models and features.
        case: The case, which has run.
        run: Its run; a trained one has kept the network of its first seed.
    """
    if case.task.kind.dense:
        return DENSE
    drawn = _drawn(bench, case)
    pooling = run.chosen[0] if isinstance(run, FrozenRun) and run.chosen else bench.poolings(case)[0]
    stages.HERE.at("describing features")
    before = _rows(bench, case, pooling, drawn)
    stages_end = _by_stage(bench, case)
    return {
        "examples": len(drawn),
        "dimensions": before.shape[1],
        "effective_rank": effective_rank(before),
        "cka_random": _to_random(bench, case, pooling, drawn, before),
        "cka_fine_tuned": _to_trained(bench, case, run, drawn, before),
        "probe_by_stage": stages_end.probes,
        "rank_by_stage": stages_end.ranks,
    }


def random_twin(model: ModelSpec) -> ModelSpec:
    """The control of a model's architecture: the catalog's, or one of its reference."""
    name = f"{model.architecture}{RANDOM_SUFFIX}"
    known = {one.name: one for one in ALL_MODELS}
    return known[name] if known.get(model.name) == model and name in known else control_of(model)


def _drawn(bench: Workbench, case: Case) -> Examples:
    """Training examples of the data set, the same for every case of it."""
    train = np.asarray(bench.task_data(case).split.train)
    return np.sort(numpy_generator("described", case.task.dataset).permutation(train)[:MOST])


def _rows(bench: Workbench, case: Case, pooling: str | None, drawn: Examples) -> NDArray[np.float32]:
    """Features [m, d] of the drawn examples, one row a label."""
    found = bench.features(case, 0, pooling, examples=tuple(drawn.tolist())).array
    return _flat(bench.rows(case).pick(found, drawn))


def _flat(features: NDArray[np.float32]) -> NDArray[np.float32]:
    return features.reshape(len(features), -1)


def _cka(first: NDArray[np.float32], second: NDArray[np.float32]) -> float | Missing:
    few = slice(MOST)  # of words: their kernels would be as large as their number squared
    if len(first) < LEAST:
        return FEW
    found = linear_cka(first[few], second[few])
    return found if np.isfinite(found) else CONSTANT


def _to_random(
    bench: Workbench, case: Case, pooling: str | None, drawn: Examples, before: NDArray[np.float32]
) -> float | Missing:
    if case.model.random:
        return RANDOM_ITSELF
    if not case.model.pretrained:
        return NO_NETWORK
    try:
        other = _rows(bench, replace(case, model=random_twin(case.model)), pooling, drawn)
    except (UsageError, WeightsError, Unavailable) as error:
        return Missing(f"its architecture cannot be had at random weights: {error}")
    if np.array_equal(before, other):
        return SAME_WEIGHTS
    return _cka(before, other)


def _to_trained(
    bench: Workbench, case: Case, run: FrozenRun | TrainedRun, drawn: Examples, before: NDArray[np.float32]
) -> float | Missing:
    if isinstance(run, FrozenRun) or run.network is None:
        return UNTRAINED
    after = forward_all(body(run.network), run.work.inputs, bench.device, drawn.tolist()).cpu().numpy()
    return _cka(before, _flat(bench.rows(case).pick(after, drawn)))


class _At(nn.Module):
    """One of the tensors that `Depths` gives."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def forward(self, found: Mapping[str, Tensor]) -> Tensor:
        return found[self.name]


class _Stages(NamedTuple):
    """What features are like at the end of each stage of the network as it came, by the name of its last module.

    `probes`: the metric on validation of a probe that is fitted to the draw; `ranks`: the effective rank of both.
    """

    probes: dict[str, float] | Missing
    ranks: dict[str, float] | Missing


def _by_stage(bench: Workbench, case: Case) -> _Stages:
    model = bench.model(case, 0)
    if case.model.modalities != IMAGES or not (case.model.pretrained or case.model.random):
        return _Stages(NO_STAGES, NO_STAGES)
    inputs, rows = bench.encoded(case).inputs, bench.rows(case)
    first = next(iter(inputs.batches([[0]])))
    ends = ends_of(model.backbone, bench.device.put(first))
    if not ends:
        return _Stages(NO_STAGES, NO_STAGES)
    learned = rows.data.training_examples(case.task.shots, 0).numpy()
    held = np.asarray(rows.data.split.validation)
    read = np.concatenate([learned, held])
    with torch.inference_mode():
        given = forward_each(
            Depths(model.backbone, ends), {name: _At(name) for name in ends}, inputs, bench.device, read.tolist()
        )
    context, scorer = FitContext(rows.data.samples.classes, standardise=True), bench.scorer(case)
    probes, ranks = {}, {}
    for name in ends:
        features = given[name].cpu().numpy()
        predict = linear_probe.fit(features[: len(learned)], rows.labels(learned), STRENGTH, context)
        answers = predict(features[len(learned) :]).argmax(axis=1)
        probes[name], ranks[name] = scorer.score(rows.spread(answers, held), held), effective_rank(features)
    return _Stages(probes, ranks)
