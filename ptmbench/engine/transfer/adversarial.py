"""How many answers stay right when pictures are changed on purpose, by no more than can hardly be seen."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from ptmbench import stages
from ptmbench.catalog.spec import Case
from ptmbench.engine.inputs.pictures import PicturePreprocessing
from ptmbench.engine.seeding import numpy_generator, torch_generator
from ptmbench.engine.transfer.answering import FromPixels, affordable, answering_network, from_pixels
from ptmbench.engine.transfer.apgd import STEPS, apgd
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.square_attack import QUERIES, square_attack
from ptmbench.engine.transfer.trained import TrainedRun
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import Missing
from ptmbench.statistics.intervals import wilson

RADIUS: Final = 8 / 255  # in every value of a pixel, as most papers on small pictures have it
EXAMPLES: Final = 200  # of the test part
FEWEST: Final = 20
PASSES: Final = 3 * STEPS + QUERIES  # forward ones; a backward one counts as two
BATCH: Final = 100
NOT_PICTURES: Final = Missing("defined for labels of pictures")
NO_GRADIENT: Final = Missing("attacked are networks: what was trained, and probes of one linear layer on the features")
FEW_PICTURES: Final = Missing(f"the test part has fewer than {FEWEST} pictures")
NO_NETWORK: Final = Missing("a control without a network")
TOO_LARGE: Final = Missing(f"{FEWEST} pictures would take more than a minute on two cores")


def adversarial_of(bench: Workbench, case: Case, run: FrozenRun | TrainedRun) -> Mapping[str, Any] | Missing:
    """The fields of `AdversarialRecord` at the first seed, or why there are none.

    Args:
        bench: Holds data, models and features.
        case: The case, which has run.
        run: Its run; a trained one has kept the network of its first seed.
    """
    if case.task.kind.dense or not isinstance(bench.loaded(case, 0).preprocessing, PicturePreprocessing):
        return NOT_PICTURES
    if not (case.model.pretrained or case.model.random):
        return NO_NETWORK
    network = answering_network(bench, case, run)
    if network is None:
        return NO_GRADIENT
    if len(bench.task_data(case).split.test) < FEWEST:
        return FEW_PICTURES
    examples = affordable(bench, case, EXAMPLES, PASSES)
    if examples < FEWEST:
        return TOO_LARGE
    stages.HERE.at("attacking pictures")
    data = bench.task_data(case)
    rng = numpy_generator("attacked", case.task.dataset)
    drawn = np.sort(rng.permutation(np.asarray(data.split.test))[:examples])
    whole = from_pixels(bench, case, network)
    inputs = bench.device.put(torch.cat([*bench.encoded(case).inputs.batches([drawn.tolist()])]))
    pictures, labels = whole.pictures(inputs), bench.device.put(torch.from_numpy(data.truth(drawn)))
    right = {"clean": _right(whole, inputs, labels, of_inputs=True)}
    for name, attack in (("apgd_ce", apgd), ("square", square_attack)):
        generator = torch_generator("attack", name, case.task.dataset)
        parts = zip(pictures.split(BATCH), labels.split(BATCH), strict=True)
        found = torch.cat([attack(whole, part, truth, RADIUS, generator) for part, truth in parts])
        right[name] = _right(whole, found, labels) & right["clean"]
    shares = {name: float(each.mean()) for name, each in right.items()}
    robust = float((right["apgd_ce"] & right["square"]).mean())
    interval = wilson(robust, len(drawn))
    return {"norm": "linf", "radius": RADIUS, "examples": len(drawn), **shares, "robust": robust,
            "robust_interval95": interval, "interval_kind": "examples"}  # fmt: skip


def _right(network: FromPixels, given: Tensor, labels: Tensor, *, of_inputs: bool = False) -> "np.ndarray[Any, Any]":
    """Whether each answer is right [n]."""
    asked = network.answered if of_inputs else network
    with torch.inference_mode():
        answers = torch.cat([asked(part).argmax(dim=1) for part in given.split(BATCH)])
    found: np.ndarray[Any, Any] = (answers == labels).cpu().numpy()
    return found
