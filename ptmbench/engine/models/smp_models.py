"""Segmenters of segmentation-models-pytorch, `smp:ARCHITECTURE/ENCODER@WEIGHTS`: `smp:unet/resnet34@imagenet`, say.

The encoder's weights lie in the hub's cache, at the revision that the library pins; the decoder is drawn for each task.
"""

import functools
from pathlib import Path
from types import ModuleType
from typing import Any

from huggingface_hub import hf_hub_download
from huggingface_hub.errors import HfHubHTTPError
from torch import Tensor, nn

from ptmbench.catalog.places import snapshot
from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_code import imported
from ptmbench.engine.inputs.letterbox import Letterbox
from ptmbench.engine.models.dense_network import SCOPES, DenseModel, DenseNetwork
from ptmbench.engine.models.provider import ModelProvider, nothing_pins
from ptmbench.engine.models.segmenters import Segmenter
from ptmbench.engine.models.torchvision_models import IMAGENET_MEAN, IMAGENET_STD
from ptmbench.engine.models.weight_files import fill, read_state, sha256_of_file
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError
from ptmbench.files.downloads import check_online
from ptmbench.reading import json_of, text_of
from ptmbench.records.measured import Missing

FILE, CONFIG = "model.safetensors", "config.json"
Triple = tuple[float, float, float]
SIDE, STEP = 320, 32  # the usual side of inputs, and what every side is a multiple of
EXPECTED = "smp:ARCHITECTURE/ENCODER@WEIGHTS, for example smp:unet/resnet34@imagenet"


@functools.cache
def library() -> ModuleType:
    """segmentation-models-pytorch itself, an extra; raises `Unavailable` with the line that installs it."""
    return imported("segmentation_models_pytorch", "smp")


class SmpSegmenter(Segmenter):
    """One of the library's networks."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        body: Any = network.encoder
        self.body = body

    def forward(self, images: Tensor) -> Tensor:
        """Scores [n, classes, side, side]."""
        scores: Tensor = self.network(images)
        return scores


def _named(reference: Reference) -> tuple[str, str, dict[str, Any]]:
    """Architecture and encoder, and what the library says of the weights; raises `UnknownName` or `UsageError`."""
    smp, (path, _, weights) = library(), reference.name.partition("@")
    architecture, slash, encoder = path.partition("/")
    if not slash or (not weights and reference.get("weights") != "random"):
        raise UsageError(f"expected {EXPECTED}, got {reference}")
    known = smp.encoders.encoders
    if architecture not in smp.MODEL_ARCHITECTURES_MAPPING:
        raise UnknownName("smp architecture", architecture, smp.MODEL_ARCHITECTURES_MAPPING)
    if encoder not in known:
        raise UnknownName("smp encoder", encoder, known)
    settings: dict[str, dict[str, Any]] = known[encoder]["pretrained_settings"]
    if weights and weights not in settings:
        raise UnknownName(f"weights of {encoder}", weights, settings)
    return architecture, encoder, settings.get(weights, {})


def _folder(settings: dict[str, Any]) -> Path:
    """Where the hub's cache keeps the encoder."""
    return snapshot("models", f"{settings.get('repo_id', 'none')}@{settings.get('revision', 'none')}")


def _normalisation(settings: dict[str, Any]) -> tuple[Triple, Triple]:
    """Channel means and standard deviations, as the encoder's configuration has them, else ImageNet's.

    Raises `WeightsError` for an encoder of pictures in another order of channels.
    """
    try:
        config = json_of(text_of(_folder(settings) / CONFIG))
    except FileNotFoundError:
        return IMAGENET_MEAN, IMAGENET_STD
    if config.get("input_space", "RGB") != "RGB":
        raise WeightsError(f"{settings['repo_id']} takes {config['input_space']} pictures, and pictures here are RGB")
    highest = float(config.get("input_range", [0, 1])[1])
    mean, std = (tuple(float(value) / highest for value in config[name]) for name in ("mean", "std"))
    return (mean[0], mean[1], mean[2]), (std[0], std[1], std[2])


def _file(spec: ModelSpec) -> Path:
    """The encoder's weights in the hub's cache; raises `Unavailable` where they are not."""
    file = _folder(_named(parse(spec.reference))[2]) / FILE
    if not file.exists():
        raise Unavailable(f"the weights of {spec.name} are not on disk: ptmbench fetch --model '{spec.reference}'")
    return file


def weights_sha256(spec: ModelSpec) -> str | None:
    """The sha256 of the encoder's weights on disk. None: they are drawn."""
    return None if spec.random else sha256_of_file(_file(spec))


def fetch(spec: ModelSpec) -> Path:
    """Downloads the encoder's weights at the revision that the library pins."""
    settings = _named(parse(spec.reference))[2]
    check_online()
    try:
        hf_hub_download(settings["repo_id"], CONFIG, revision=settings["revision"])
        return Path(hf_hub_download(settings["repo_id"], FILE, revision=settings["revision"]))
    except (HfHubHTTPError, OSError) as error:
        raise WeightsError(f"{settings['repo_id']} cannot be fetched: {str(error).splitlines()[0]}") from None


def build(spec: ModelSpec, seed: int) -> DenseModel:
    """What makes networks of a spec: the encoder with its weights, or all drawn at that seed."""
    reference = parse(spec.reference)
    architecture, encoder, settings = _named(reference)
    side = reference.integer("size", least=STEP) or SIDE
    if side % STEP:
        raise UsageError(f"expected size=N with a multiple of {STEP}, got size={side} in {reference}")
    file = None if spec.random else _file(spec)
    state = None if file is None else read_state(file)

    def assemble(classes: int, head_seed: int) -> DenseNetwork:
        with seeded_draws("dense", spec.architecture, classes, head_seed, seed):
            network = library().create_model(architecture, encoder, encoder_weights=None, classes=classes)
        if state is not None:
            fill(network.encoder, state, spec.name)
        return SmpSegmenter(network).eval()

    example = library().create_model(architecture, encoder, encoder_weights=None, classes=2).encoder
    return DenseModel(
        assemble=assemble,
        preprocessing=Letterbox(side, *_normalisation(settings)),
        scope=SCOPES[spec.serves],
        weights_sha256=None if file is None else sha256_of_file(file),
        loaded_fraction=None if state is None else fill(example, state, spec.name),
        pretrain_time_s=None,
    )


def revision(spec: ModelSpec) -> str | Missing:
    """The revision of the encoder's weights that the library pins."""
    return _named(parse(spec.reference))[2].get("revision") or nothing_pins(spec)


PROVIDER = ModelProvider(build, weights_sha256, revision, lambda spec, _trusted: fetch(spec))
