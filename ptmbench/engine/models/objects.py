"""Modules of a Python program as models: copied, checked on a batch of examples, and never changed."""

import copy
import hashlib
from typing import Any

import torch
from torch import Tensor, nn

from ptmbench.catalog.objects import ModelObject, PictureForm, held, held_model
from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.networks import Features, classifier_backbone, feature_size, first_of, last_stage
from ptmbench.engine.models.provider import ModelProvider
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import UsageError
from ptmbench.records.measured import Missing

IN_MEMORY = Missing("an object of a Python program: the sha256 pins it")
EXAMPLES = 2


def preprocessing_of(pictures: PictureForm) -> ImagePreprocessing:
    """The preprocessing as the engine has it."""
    return ImagePreprocessing(
        pictures.size,
        pictures.mean,
        pictures.std,
        pictures.interpolation,  # type: ignore[arg-type]  # `ptmbench.pictures` has looked at it
        pictures.resize,
    )


def sha256_of_state(module: nn.Module) -> str:
    """Over names, types, shapes and bytes of all parameters and buffers."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {list(tensor.shape)}\n".encode())
        content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
        digest.update(content.numpy().tobytes())
    return digest.hexdigest()


def _shapes(module: nn.Module) -> str:
    """The sha256 of an architecture: names and shapes of its tensors, whatever their values."""
    lines = [f"{name} {list(tensor.shape)}" for name, tensor in sorted(module.state_dict().items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _drawn(found: ModelObject, seed: int) -> nn.Module:
    """The architecture with fresh weights of that seed; its name has no part in the draw."""
    assert found.architecture is not None
    with seeded_draws("random", _shapes(found.module), seed):
        network = found.architecture()
    if not isinstance(network, nn.Module):
        raise UsageError(
            f"{found.spec.name}: architecture() gave a {type(network).__name__}, expected a torch.nn.Module"
        )
    if _shapes(network) != _shapes(found.module):
        raise UsageError(
            f"{found.spec.name}: architecture() gave a network of other tensors than the model has: expected the same "
            "architecture with fresh weights"
        )
    return network


def _network(spec: ModelSpec, seed: int) -> nn.Module:
    """A copy of the module, or a fresh draw of its architecture: on the CPU, float32, in eval mode, free to learn."""
    found = held_model(parse(spec.reference))
    module = _drawn(found, seed) if spec.random and found.architecture else found.module
    try:
        network: nn.Module = copy.deepcopy(module).cpu().float().eval()
    except Exception as error:  # whatever somebody's own module holds is copied with it
        raise UsageError(
            f"{spec.name} cannot be copied ({type(error).__name__}: {error}): give a module that copy.deepcopy takes, "
            "for example a new one with the same state dict"
        ) from error
    return network.requires_grad_(requires_grad=True)


def weights_sha256(spec: ModelSpec) -> str:
    """What binds a case to the weights: of a control that is drawn, to the architecture."""
    found, kept = held_model(parse(spec.reference)), held().kept
    if spec.reference not in kept:
        drawn = spec.random and found.architecture
        kept[spec.reference] = _shapes(found.module) if drawn else sha256_of_state(found.module)
    return kept[spec.reference]


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The module's copy as a backbone; raises `UsageError` where it does not give features of pictures."""
    found, network = held_model(parse(spec.reference)), _network(spec, seed)
    preprocessing = preprocessing_of(found.pictures)
    example = preprocessing.example(EXAMPLES, preprocessing.shape)
    check(network, example, spec.name)
    if found.classifier:
        backbone = classifier_backbone(network, example)
    else:
        tail = Features(network).eval()
        backbone = Backbone(nn.Identity(), tail, feature_size(tail, example), last_stage=last_stage(tail)).eval()
    pretrained = spec.pretrained
    sha256 = weights_sha256(spec) if pretrained else None
    return LoadedModel(backbone, preprocessing, sha256, 1.0 if pretrained else None, tensor_bytes(backbone), None)


def check(network: nn.Module, example: Tensor, name: str) -> None:
    """Raises `UsageError` where a network does not give features for a batch of pictures [n, 3, side, side]."""
    asked = f"{name} was given pictures {list(example.shape)}"
    try:
        with torch.inference_mode():
            given: Any = first_of(network(example))
    except Exception as error:  # somebody's own code may raise anything
        raise UsageError(
            f"{asked} and raised {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}; say what "
            "it takes with preprocessing=ptmbench.pictures(SIDE), or wrap it in a module that takes such pictures"
        ) from error
    if given.dim() not in {2, 3, 4} or len(given) != len(example):
        raise UsageError(
            f"{asked} and gave {list(given.shape)}: expected features [n, d], maps [n, d, h, w] or tokens [n, t, d]"
        )
    if not bool(torch.isfinite(given).all()):
        raise UsageError(f"{asked} and gave values that are NaN or infinite: its weights may be broken")


PROVIDER = ModelProvider(build, weights_sha256, lambda _spec: IN_MEMORY)
