"""The embedded checkpoints: this project's own weights, shipped inside the package."""

from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from ptmbench.catalog.checkpoint_cards import load_card, sha256_of, weights_files, weights_path
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.generative import GENERATIVE
from ptmbench.engine.models.provider import SHIPPED, ModelProvider
from ptmbench.engine.models.tiny import ARCHITECTURES, INPUT
from ptmbench.engine.seeding import seeded_draws, torch_generator
from ptmbench.errors import WeightsError

PREFIX = "backbone."
BACKBONES = {**ARCHITECTURES, **GENERATIVE}


def initialised(architecture: str, seed: int) -> Backbone:
    """The architecture with random weights of that seed, in eval mode."""
    with seeded_draws("random", architecture, seed):
        return BACKBONES[architecture]().eval()


def read_files(name: str) -> tuple[dict[str, bytes], str, int]:
    """The files of an embedded checkpoint by name, their sha256, which must be the card's, and their size in bytes."""
    card, path = load_card(name), weights_path(name)
    try:
        files = {file.name: content for file, content in weights_files(name)}
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): make it with `{card.reproduce}`") from None
    found, size = sha256_of(list(files.values())), sum(map(len, files.values()))
    if found != card.sha256:
        raise WeightsError(
            f"{path.name} is corrupt or truncated: expected sha256 {card.sha256} ({card.size_bytes} bytes), got "
            f"{found} ({size} bytes); install ptmbench again or run `{card.reproduce}`"
        )
    return files, found, size


def read_tensors(name: str) -> tuple[dict[str, Tensor], str, int]:
    """The tensors of an embedded checkpoint, their sha256 and size in bytes."""
    files, found, size = read_files(name)
    file, content = next(iter(files.items()))
    try:
        return load(content), found, size
    except SafetensorError as error:
        raise WeightsError(f"{file} is not a safetensors file ({error}): run `{load_card(name).reproduce}`") from None


def fill(backbone: Backbone, tensors: Mapping[str, Tensor], name: str) -> float:
    """Copies checkpoint tensors into the backbone; the share of its tensors that were there, which must be all."""
    state = backbone.state_dict()
    faults = []
    for key, tensor in state.items():
        came = tensors.get(PREFIX + key)
        if came is None:
            faults.append(f"{key} is missing")
        elif came.shape != tensor.shape:
            faults.append(f"{key} has shape {list(came.shape)}, expected {list(tensor.shape)}")
    if faults:
        shown = "; ".join(faults[:5])
        raise WeightsError(f"{name} does not fit its architecture, {len(faults)} of {len(state)} tensors: {shown}")
    backbone.load_state_dict({key: tensors[PREFIX + key] for key in state})
    return 1.0


def check_differs(backbone: Backbone, untrained: Backbone, probe: Tensor, name: str) -> None:
    """Raises `WeightsError` if the features of inputs are those of a network that nobody trained."""
    with torch.inference_mode():
        same = torch.allclose(backbone(probe), untrained(probe), atol=1e-4)
    if same:
        raise WeightsError(f"{name} is labelled pre-trained and gives the features of random initialisation")


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The embedded checkpoint; it has one set of weights, so the seed changes nothing."""
    tensors, sha256, size = read_tensors(spec.entry)
    backbone = initialised(spec.architecture, seed=0)
    fraction = fill(backbone, tensors, spec.name)
    probe = torch.randn(8, *INPUT.shape, generator=torch_generator("self-check"))
    check_differs(backbone, initialised(spec.architecture, 0), probe, spec.name)
    return LoadedModel(
        backbone=backbone.eval(),
        preprocessing=INPUT,
        weights_sha256=sha256,
        loaded_fraction=fraction,
        size_bytes=size,
        pretrain_time_s=load_card(spec.entry).pretrain_time_s,
    )


PROVIDER = ModelProvider(build, lambda spec: load_card(spec.entry).sha256, lambda _spec: SHIPPED)
