"""How many answers stay right when pictures are changed on purpose, by no more than can hardly be seen."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ptmbench import stages
from ptmbench.catalog.spec import Case
from ptmbench.engine.inputs.pictures import PicturePreprocessing
from ptmbench.engine.seeding import torch_generator
from ptmbench.engine.transfer.answering import FromPixels, Reach, from_pixels, within
from ptmbench.engine.transfer.apgd import STEPS, apgd
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.square_attack import QUERIES, square_attack
from ptmbench.engine.transfer.trained import TrainedRun
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import Missing
from ptmbench.statistics.intervals import wilson

RADIUS: Final = 8 / 255  # in every value of a pixel, as most papers on small pictures have it
REACH: Final = Reach("attacked", 200, 3 * STEPS + QUERIES)  # a backward pass counts as two forward ones
BATCH: Final = 100
NOT_PICTURES: Final = Missing("defined for labels of pictures")


def adversarial_of(bench: Workbench, case: Case, run: FrozenRun | TrainedRun) -> Mapping[str, Any] | Missing:
    """The fields of `AdversarialRecord` at the first seed, or why there are none.

    Args:
        bench: Holds data, models and features.
        case: The case, which has run.
        run: Its run; a trained one has kept the network of its first seed.
    """
    if case.task.kind.dense or not isinstance(bench.loaded(case, 0).preprocessing, PicturePreprocessing):
        return NOT_PICTURES
    found = within(bench, case, run, REACH)
    if isinstance(found, Missing):
        return found
    network, drawn = found
    stages.HERE.at("attacking pictures")
    data = bench.task_data(case)
    whole = from_pixels(bench, case, network)
    inputs = bench.device.put(torch.cat([*bench.encoded(case).inputs.batches([drawn.tolist()])]))
    pictures, labels = whole.pictures(inputs), bench.device.put(torch.from_numpy(data.truth(drawn)))
    right = {"clean": _right(whole, inputs, labels, of_inputs=True)}
    for name, attack in (("apgd_ce", apgd), ("square", square_attack)):
        generator = torch_generator("attack", name, case.task.dataset)
        parts = zip(pictures.split(BATCH), labels.split(BATCH), strict=True)
        moved = torch.cat([attack(whole, part, truth, RADIUS, generator) for part, truth in parts])
        right[name] = _right(whole, moved, labels) & right["clean"]
    shares = {name: float(each.mean()) for name, each in right.items()}
    robust = float((right["apgd_ce"] & right["square"]).mean())
    interval = wilson(robust, len(drawn))
    return {"norm": "linf", "radius": RADIUS, "examples": len(drawn), **shares, "robust": robust,
            "robust_interval95": interval, "interval_kind": "examples"}  # fmt: skip


def _right(network: FromPixels, given: Tensor, labels: Tensor, *, of_inputs: bool = False) -> NDArray[np.bool_]:
    """Whether each answer is right [n]."""
    asked = network.answered if of_inputs else network
    with torch.inference_mode():
        answers = torch.cat([asked(part).argmax(dim=1) for part in given.split(BATCH)])
    found: NDArray[np.bool_] = (answers == labels).cpu().numpy()
    return found
