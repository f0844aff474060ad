"""What the engine asks of a detector or segmenter: a loss over pictures and their truth, and answers for pictures."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from torch import Tensor, nn

from ptmbench.catalog.traits import Serves
from ptmbench.engine.inputs.letterbox import Letterbox


class DenseNetwork(nn.Module, ABC):
    """A network over images [n, 3, side, side] that answers with boxes or masks.

    Called in eval mode it gives, of each image, boxes (a dictionary of `boxes` [k, 4] in pixels of the input, `labels`
    [k] from 0 and `scores` [k], best first), or scores [n, classes, side, side] of classes at every pixel. `body` names
    the part that came pre-trained.
    """

    body: nn.Module
    frozen = False

    @abstractmethod
    def loss(self, images: Tensor, targets: Any) -> Tensor:
        """What training minimises, for images and their truth: dictionaries of `boxes` and `labels`, or masks."""

    def freeze_body(self) -> None:
        """Leaves the pre-trained part as it came, its BatchNorm statistics too."""
        self.frozen = True
        self.body.requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> "DenseNetwork":  # noqa: FBT001, FBT002  torch's own signature
        """Train mode for what learns; a frozen body stays in eval mode."""
        super().train(mode)
        if self.frozen:
            self.body.eval()
        return self


SCOPES: Final[dict[Serves, str]] = {
    Serves.BOXES: "forward pass with score threshold and non-maximum suppression, on noise, before training",
    Serves.MASKS: "forward pass, scores brought to the side of the input",
}


@dataclass(frozen=True, slots=True)
class DenseModel:
    """What makes detectors or segmenters of one set of weights.

    `assemble(classes, seed)` gives a new network whose pre-trained part holds the weights and whose rest is drawn at
    that seed. `scope` says what a latency of it holds. The other fields are those of a `LoadedModel`.
    """

    assemble: Callable[[int, int], DenseNetwork]
    preprocessing: Letterbox
    scope: str
    weights_sha256: str | None
    loaded_fraction: float | None
    pretrain_time_s: float | None
