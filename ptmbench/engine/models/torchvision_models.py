"""torchvision's classification models, for now with random weights and for `ptmbench profile` only."""

from torch import Tensor, nn
from torchvision import models

from ptmbench.engine.backbone import Backbone, LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.preprocessing import ImagePreprocessing
from ptmbench.engine.seeding import seeded_initialisation
from ptmbench.errors import UnknownName
from ptmbench.spec import ModelSpec

SIDE, INCEPTION_SIDE = 224, 299
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
CLASSES = 1000


class _Logits(nn.Module):
    """The network as it comes; the ones that return auxiliary outputs in train mode return only logits in eval."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.network(images)
        return logits


def names() -> list[str]:
    """The classification builders, by the names that `torchvision.models.get_model` takes."""
    return list(models.list_models(module=models))


def build_network(name: str, side: int = SIDE) -> nn.Module:
    """The classifier with its published head of 1,000 classes and random weights, in eval mode.

    `side` is the input's, in pixels: a vision transformer is built for one, the other families take any.
    """
    if name not in names():
        raise UnknownName("torchvision model", name, names())
    arguments: dict[str, bool | int] = {"init_weights": False} if name in {"googlenet", "inception_v3"} else {}
    if name.startswith("vit_"):
        arguments["image_size"] = side
    with seeded_initialisation("torchvision", name):
        network: nn.Module = models.get_model(name, weights=None, **arguments)
    return network.eval()


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The whole classifier as its own backbone, which is what `profile` measures; the seed changes nothing."""
    network = _Logits(build_network(spec.entry)).eval()
    side = INCEPTION_SIDE if spec.entry == "inception_v3" else SIDE
    return LoadedModel(
        backbone=Backbone(nn.Identity(), network, feature_size=CLASSES).eval(),
        preprocessing=ImagePreprocessing(side, IMAGENET_MEAN, IMAGENET_STD),
        weights_sha256=None,
        loaded_fraction=None,
        size_bytes=tensor_bytes(network),
        pretrain_time_s=None,
    )
