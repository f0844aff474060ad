"""The network that answers a case, from pixels to logits: what attacks and attributions take gradients of."""

from typing import Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptmbench.catalog.spec import Case
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.pictures import PicturePreprocessing
from ptmbench.engine.methods.linear_probe import LinearPredictor
from ptmbench.engine.seeding import numpy_generator
from ptmbench.engine.transfer.frozen import FrozenRun
from ptmbench.engine.transfer.trained import TrainedRun
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import Missing

WORK: Final = 2e12  # multiply-accumulates of all passes together: about a minute on two cores
FEWEST: Final = 20
NO_NETWORK: Final = Missing("a control without a network")
FEW_EXAMPLES: Final = Missing(f"the test part has fewer than {FEWEST} examples")
TOO_LARGE: Final = Missing(f"{FEWEST} examples would take more than a minute on two cores")


class FromPixels(nn.Module):
    """A network on pictures between 0 and 1 at its own resolution: `black` and `white` are what it is fed of these."""

    def __init__(self, network: nn.Module, black: Tensor, white: Tensor, device: Device) -> None:
        super().__init__()
        self.network = network
        self.device = device
        self.black = black
        self.span = white - black

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits [n, classes]."""
        return self.answered(self.black + pictures * self.span)

    def answered(self, inputs: Tensor) -> Tensor:
        """Logits of the network's own inputs, in the precision in which it answers elsewhere."""
        with self.device.autocast():
            logits: Tensor = self.network(inputs)
        return logits

    def like(self, network: nn.Module) -> "FromPixels":
        """Another network that takes the same inputs."""
        return FromPixels(network, self.black, self.black + self.span, self.device)

    def pictures(self, inputs: Tensor) -> Tensor:
        """The pictures that a network's inputs were made of."""
        still = self.span == 0  # a border that the preprocessing adds is the same for any picture
        return ((inputs - self.black) / torch.where(still, 1.0, self.span)).clamp(0, 1)


def answering_network(bench: Workbench, case: Case, run: FrozenRun | TrainedRun) -> nn.Module | None:
    """The whole network of the first seed with its head; None where what answers is none."""
    if isinstance(run, TrainedRun):
        if run.network is None:
            return None
        fixed = run.network_of(0).fixed
        return run.network if fixed is None else nn.Sequential(bench.backbone(case, 0).trunk, run.network)
    predictor = run.first
    if run.chosen is None or not isinstance(predictor, LinearPredictor):
        return None
    state = predictor.layer()
    classes, width = state["weight"].shape
    head = nn.Linear(width, classes)
    head.load_state_dict(state)
    return bench.device.place(nn.Sequential(bench.backbone(case, 0, run.chosen[0]), nn.Flatten(), head))


def from_pixels(bench: Workbench, case: Case, network: nn.Module) -> FromPixels:
    """A network that takes a case's inputs, as one of pictures."""
    preprocessing = bench.loaded(case, 0).preprocessing
    assert isinstance(preprocessing, PicturePreprocessing)
    side = preprocessing.shape[-1]
    black = torch.zeros(1, 3, side, side, dtype=torch.uint8)
    dark, bright = (bench.device.put(preprocessing.apply(image)) for image in (black, torch.full_like(black, 255)))
    return FromPixels(network.eval(), dark, bright, bench.device)


class Reach(NamedTuple):
    """How far a column goes that asks networks much: so many test `examples` at most, each in so many forward `passes`.

    `done` says what is done to them, in its reasons and to draw the examples.
    """

    done: str
    examples: int
    passes: int

    @property
    def no_gradient(self) -> Missing:
        """Why there is nothing where what answers is no network."""
        return Missing(f"{self.done} are networks: what was trained, and probes of one linear layer on the features")


def within(
    bench: Workbench, case: Case, run: FrozenRun | TrainedRun, reach: Reach
) -> tuple[nn.Module, NDArray[np.int64]] | Missing:
    """The network that answers a case, with test examples of its data set, the same for every case; or why not."""
    if not (case.model.pretrained or case.model.random):
        return NO_NETWORK
    network = answering_network(bench, case, run)
    if network is None:
        return reach.no_gradient
    test, macs = np.asarray(bench.task_data(case).split.test), bench.footprint(case).macs
    if len(test) < FEWEST:
        return FEW_EXAMPLES
    affordable = reach.examples if isinstance(macs, Missing) else int(WORK / (reach.passes * max(macs, 1)))
    if affordable < FEWEST:
        return TOO_LARGE
    shuffled = numpy_generator(reach.done, case.task.dataset).permutation(test)
    return network.eval(), np.sort(shuffled[: min(reach.examples, affordable)])
