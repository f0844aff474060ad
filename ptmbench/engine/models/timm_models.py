"""timm's image models, `timm:ID`: built by timm, with the preprocessing of the checkpoint's own data configuration."""

import functools
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from huggingface_hub import hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError
from torch import nn

from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_code import imported
from ptmbench.engine.inputs.own_pictures import OwnPreprocessing, Processor, as_the_source
from ptmbench.engine.inputs.pictures import FILTERS, ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.networks import Features, feature_size, last_stage
from ptmbench.engine.models.provider import ModelProvider
from ptmbench.engine.models.weight_files import sha256_of_file
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import Unavailable, UnknownName, WeightsError
from ptmbench.files.downloads import check_online

FILE = "model.safetensors"  # timm's repositories on the hub all have it; their pickles are left alone


@functools.cache
def library() -> ModuleType:
    """Timm itself, an extra; raises `Unavailable` with the line that installs it."""
    imported("timm.data", "timm")
    return imported("timm", "timm")


def _split(reference: Reference) -> tuple[str, str | None]:
    """The id and the revision of its repository."""
    name, _, revision = reference.name.partition("@")
    return name, revision or None


def configuration(reference: Reference) -> Any:
    """What timm knows of the weights: where they lie, sizes, means; raises `UnknownName` or `UsageError`."""
    timm, (name, _) = library(), _split(reference)
    architecture, _, tag = name.partition(".")
    if not timm.is_model(architecture):
        raise UnknownName("timm model", architecture, timm.list_models())
    tags = timm.models.get_arch_pretrained_cfgs(name)
    known = {key.partition(".")[2] for key in tags}
    if tag and tag not in known:
        raise UnknownName(f"weights of {architecture}", tag, known)
    return timm.models.get_pretrained_cfg(name)


def _repository(reference: Reference) -> str:
    """The hub's repository of the weights; raises `Unavailable` where timm has none."""
    repository: str | None = configuration(reference).hf_hub_id
    if not repository:
        raise Unavailable(f"timm publishes no safetensors of {reference.name}: take another tag")
    return repository


def _file(spec: ModelSpec) -> Path:
    """The weights in the hub's cache; raises `Unavailable`."""
    reference = parse(spec.reference)
    repository = _repository(reference)
    found = try_to_load_from_cache(repository, FILE, revision=_split(reference)[1])
    if not isinstance(found, str):
        raise Unavailable(f"the weights of {spec.name} are not on disk: ptmbench fetch --model '{spec.reference}'")
    return Path(found)


def weights_sha256(spec: ModelSpec) -> str | None:
    """The sha256 of the weights on disk; raises `Unavailable` where they are not. None: a random control."""
    if spec.random:
        configuration(parse(spec.reference))
        return None
    return sha256_of_file(_file(spec))


def fetch(spec: ModelSpec) -> Path:
    """Downloads the weights into the hub's cache; the hub's client goes on where it was cut off."""
    check_online()
    reference = parse(spec.reference)
    repository = _repository(reference)
    try:
        return Path(hf_hub_download(repository, FILE, revision=_split(reference)[1]))
    except (HfHubHTTPError, OSError) as error:
        raise WeightsError(f"{repository} cannot be fetched: {str(error).splitlines()[0]}") from None


def preprocessing_of(network: nn.Module, size: int | None) -> ImagePreprocessing | OwnPreprocessing:
    """Timm's evaluation transform, by ours where that does the same; `size` is the side in the place of its own."""
    return transform_of(library().data.resolve_data_config({}, model=network), size)


def transform_of(config: dict[str, Any], size: int | None) -> ImagePreprocessing | OwnPreprocessing:
    """The evaluation transform of a data configuration of timm's, by ours where that does the same."""
    if size:
        config = {**config, "input_size": (config["input_size"][0], size, size)}
    side = int(config["input_size"][-1])
    ours = ImagePreprocessing(
        side=side,
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        interpolation=FILTERS.get(config["interpolation"], "bilinear"),
        resize=None if config["crop_mode"] == "squash" else int(side / config["crop_pct"]),
    )
    transform: Processor = library().data.create_transform(**config, is_training=False)
    return as_the_source(ours, transform, name="timm.data.create_transform", identity=str(config))


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """Timm's model without its classifier: with the weights of its id, or at random, a new draw each seed."""
    timm, reference = library(), parse(spec.reference)
    configuration(reference)
    size = reference.integer("size")
    options: dict[str, Any] = {}
    if size:
        options["img_size"] = size
    sha256, fraction = None, None
    if not spec.random:
        file = _file(spec)
        sha256, fraction = sha256_of_file(file), 1.0  # strictly, as long as the classifier is there: all, or none
        options |= {"pretrained": True, "pretrained_cfg_overlay": {"file": str(file), "hf_hub_id": None}}
    with seeded_draws("random", spec.architecture, seed):
        network = _created(timm, _split(reference)[0], options, spec)
    preprocessing = preprocessing_of(network, size)
    tail = Features(network).eval()
    example = preprocessing.example(2, preprocessing.shape)
    backbone = Backbone(nn.Identity(), tail, feature_size(tail, example), last_stage=last_stage(tail)).eval()
    return LoadedModel(backbone, preprocessing, sha256, fraction, tensor_bytes(backbone), None)


def _created(timm: ModuleType, name: str, options: dict[str, Any], spec: ModelSpec) -> nn.Module:
    try:
        network: nn.Module = timm.create_model(name, **options)
    except TypeError:  # convolutions take pictures of any size, and have no such option
        options.pop("img_size", None)
        network = timm.create_model(name, **options)
    except (RuntimeError, OSError, ValueError, torch.OutOfMemoryError) as error:
        raise WeightsError(f"{spec.name} cannot be built: {str(error).splitlines()[0]}") from None
    network.reset_classifier(0)  # type: ignore[operator]  # timm's own, on all its models
    return network.eval()


PROVIDER = ModelProvider(build, weights_sha256, fetch=lambda spec, _trusted: fetch(spec))
