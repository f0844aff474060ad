"""The embedded checkpoints: this project's own weights, shipped inside the package."""

import hashlib
from collections.abc import Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor

from ptmbench.card import load_card, weights_path
from ptmbench.engine.backbone import Backbone, LoadedModel
from ptmbench.engine.models.tiny import ARCHITECTURES, INPUT
from ptmbench.engine.seeding import seeded_initialisation, torch_generator
from ptmbench.errors import WeightsError
from ptmbench.spec import ModelSpec

PREFIX = "backbone."


def initialised(architecture: str, seed: int) -> Backbone:
    """The architecture with random weights of that seed, in eval mode."""
    with seeded_initialisation("random", architecture, seed):
        return ARCHITECTURES[architecture]().eval()


def read_tensors(name: str) -> tuple[dict[str, Tensor], str, int]:
    """The tensors of an embedded checkpoint, their sha256 and size in bytes; the card's sha256 must be theirs."""
    card, path = load_card(name), weights_path(name)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}): make it with `{card.reproduce}`") from None
    found = hashlib.sha256(content).hexdigest()
    if found != card.sha256:
        raise WeightsError(
            f"{path.name} is corrupt or truncated: expected sha256 {card.sha256} ({card.size_bytes} bytes), got "
            f"{found} ({len(content)} bytes); install ptmbench again or run `{card.reproduce}`"
        )
    try:
        return load(content), found, len(content)
    except SafetensorError as error:
        raise WeightsError(f"{path.name} is not a safetensors file ({error}): run `{card.reproduce}`") from None


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


def check_trained(backbone: Backbone, architecture: str, name: str) -> None:
    """Raises `WeightsError` if the features are those of a network that nobody trained (seed 0)."""
    probe = torch.randn(8, 3, INPUT.side, INPUT.side, generator=torch_generator("self-check"))
    with torch.inference_mode():
        same = torch.allclose(backbone(probe), initialised(architecture, 0)(probe), atol=1e-4)
    if same:
        raise WeightsError(f"{name} is labelled pre-trained and gives the features of random initialisation")


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The embedded checkpoint; it has one set of weights, so the seed changes nothing."""
    tensors, sha256, size = read_tensors(spec.entry)
    backbone = initialised(spec.architecture, seed=0)
    fraction = fill(backbone, tensors, spec.name)
    check_trained(backbone, spec.architecture, spec.name)
    return LoadedModel(
        backbone=backbone.eval(),
        preprocessing=INPUT,
        weights_sha256=sha256,
        loaded_fraction=fraction,
        size_bytes=size,
        pretrain_time_s=load_card(spec.entry).pretrain_time_s,
    )
