"""Whether maps of what speaks for an answer tell more than maps that know the input alone, and than chance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ptmbench import stages
from ptmbench.catalog.spec import Case
from ptmbench.engine.datasets.base import LabelledTokens
from ptmbench.engine.foreign_code import state_sha256
from ptmbench.engine.inputs.pictures import PicturePreprocessing
from ptmbench.engine.inputs.texts import TextPreprocessing
from ptmbench.engine.seeding import numpy_generator, torch_generator
from ptmbench.engine.transfer.answering import Reach, within
from ptmbench.engine.transfer.attributed_pictures import ExplainedPictures
from ptmbench.engine.transfer.attributed_words import ExplainedTexts
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.insight import SAME_WEIGHTS, random_twin
from ptmbench.engine.transfer.maps import POINTS
from ptmbench.engine.transfer.occlusion import ORDERS, STEPS
from ptmbench.engine.transfer.trained import TrainedRun
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import Unavailable, UsageError, WeightsError
from ptmbench.records.measured import SHEET, Missing
from ptmbench.statistics.attribution import INTERVAL_KIND, Maps, Values, over_controls

# Both networks' paths, in which a backward pass counts as two forward ones; six maps and controls, and random orders.
REACH: Final = Reach("explained", 100, 2 * 3 * POINTS + (6 + ORDERS) * 2 * STEPS)
NOT_LABELS: Final = Missing("defined for one label a picture or text")
NO_TWIN: Final = "its architecture cannot be had at random weights: {}"

Asked = ExplainedPictures | ExplainedTexts


def attribution_of(bench: Workbench, case: Case, run: FrozenRun | TrainedRun) -> Mapping[str, Any] | Missing:
    """The fields of `AttributionRecord` at the first seed, or why there are none.

    Args:
        bench: Holds data, models and features.
        case: The case, which has run.
        run: Its run; a trained one has kept the network of its first seed.

    Raises:
        Unavailable: Without Captum, or where a text cannot be hidden word by word.
    """
    if case.task.kind.dense or isinstance(bench.task_data(case).samples, LabelledTokens):
        return NOT_LABELS
    found = within(bench, case, run, REACH)
    if isinstance(found, Missing):
        return found
    network, drawn = found
    stages.HERE.at("explaining answers")
    preprocessing = bench.loaded(case, 0).preprocessing
    if isinstance(preprocessing, PicturePreprocessing):
        return _fields(bench, case, run, ExplainedPictures.of(bench, case, network, drawn))
    if isinstance(preprocessing, TextPreprocessing):
        return _fields(bench, case, run, ExplainedTexts.of(bench, case, network, drawn))
    return NOT_LABELS


def summary(values: Mapping[str, Values], methods: Sequence[str], rng: np.random.Generator) -> dict[str, Any]:
    """The fields of `MapMeasure`: one measure of each map, and how far those of methods lie above the best control."""
    controls = {name: each for name, each in values.items() if name not in methods}
    over = {name: over_controls(values[name], controls, rng) for name in methods}
    return {
        "mean": {name: float(each.mean()) for name, each in values.items()},
        "control": next(found.control for found in over.values()),
        "over_control": {name: found.value for name, found in over.items()},
        "over_control_interval95": {name: found.interval95 for name, found in over.items()},
    }


def _fields(bench: Workbench, case: Case, run: FrozenRun | TrainedRun, asked: Asked) -> Mapping[str, Any]:
    rng = numpy_generator("attribution", case.task.dataset)
    maps, controls = asked.maps(asked.network), asked.controls(rng)
    watched, both = asked.watched(rng), {**maps, **controls}
    gains = {name: watched.gains(each) for name, each in both.items()}
    deletion, insertion = ({name: pair[kind] for name, pair in gains.items()} for kind in (0, 1))
    inside = {name: found for name, each in both.items() if (found := asked.inside(each)) is not None}
    twin = _twin(bench, case, run, asked)
    fields = {
        "examples": len(asked.answers),
        "deletion": summary(deletion, [*maps], rng),
        "insertion": summary(insertion, [*maps], rng),
        "inside": summary(inside, [*maps], rng) if inside else asked.outside,
        "inside_random_network": _inside(asked, twin) if inside else asked.outside,
        "rank_agreement": twin
        if isinstance(twin, Missing)
        else {name: asked.agreement(maps[name], each) for name, each in twin.items() if name in maps},
        "interval_kind": INTERVAL_KIND,
    }
    sheet = asked.sheet(maps, controls)
    return fields if sheet is None else {**fields, SHEET: sheet}


def _inside(asked: Asked, twin: Mapping[str, Maps] | Missing) -> Mapping[str, float] | Missing:
    """How much of the random network's maps lies on the objects."""
    if isinstance(twin, Missing):
        return twin
    told = {name: asked.inside(each) for name, each in twin.items()}
    return {name: float(each.mean()) for name, each in told.items() if each is not None}


def _twin(bench: Workbench, case: Case, run: FrozenRun | TrainedRun, asked: Asked) -> Mapping[str, Maps] | Missing:
    """Maps for the same answers by the same architecture whose weights are random, the head's too.

    Of a control that is random itself, or was before training, it is another draw.
    """
    pooling = run.chosen[0] if isinstance(run, FrozenRun) and run.chosen else None
    model, seed = (case.model, 1) if case.model.random else (random_twin(case.model), 0)
    try:
        backbone = bench.backbone(replace(case, model=model), seed, pooling)
    except (UsageError, WeightsError, Unavailable) as error:
        return Missing(NO_TWIN.format(error))
    if state_sha256(backbone) == state_sha256(bench.backbone(case, 0, pooling)):
        return SAME_WEIGHTS
    head = _random_head(backbone.feature_size, len(bench.task_data(case).samples.classes))
    return asked.maps(bench.device.place(nn.Sequential(backbone, nn.Flatten(), head)).eval())


def _random_head(width: int, classes: int) -> nn.Linear:
    """A layer of weights that were drawn from a name."""
    drawn: Tensor = torch.randn(classes, width, generator=torch_generator("random head")) / width**0.5
    head = nn.Linear(width, classes)
    head.load_state_dict({"weight": drawn, "bias": torch.zeros(classes)})
    return head
