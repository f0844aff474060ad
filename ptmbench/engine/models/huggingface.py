"""Hugging Face checkpoints, `hf:ORG/NAME@REVISION` or `hf:FOLDER`: text encoders and decoders, and image models."""

import re
from pathlib import Path
from typing import Any

import torch
from transformers import MODEL_MAPPING, AutoConfig, AutoModel, PreTrainedModel

from ptmbench.catalog.spec import ModelSpec
from ptmbench.catalog.traits import Modality
from ptmbench.engine.foreign_loads import configured, pretrained
from ptmbench.engine.inputs.pictures import Preprocessing
from ptmbench.engine.models import autoencoders
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.hub_folders import check_folder, fetch, folder_of, loading, narrow_kinds, weights_sha256
from ptmbench.engine.models.hub_pictures import image_backbone
from ptmbench.engine.models.hub_texts import has_decoder, text_backbone
from ptmbench.engine.models.language_models import quiet
from ptmbench.engine.models.provider import ModelProvider, at_revision
from ptmbench.engine.models.stray_tensors import misread, refuse_adapters, refuse_quantised
from ptmbench.engine.models.weight_files import WRAPPED, layers_beyond
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import WeightsError, listed

NOT_FEATURES = ("pooler.", "cls.", "lm_head.")  # tensors that features do not need and checkpoints may leave out
WRAPPING = f"^(?:{'|'.join(map(re.escape, WRAPPED))})+"  # DataParallel and torch.compile save names of their own
TOWERS = {Modality.IMAGE: "vision_config", Modality.TEXT: "text_config"}
PARTS = {  # what models of pictures and texts call the half that takes one of them
    Modality.IMAGE: ("vision_model", "vision_tower", "visual", "vision_encoder"),
    Modality.TEXT: ("text_model", "language_model", "text_encoder"),
}


def _tower(config: Any, spec: ModelSpec) -> Any:
    """The configuration of the half that takes the modality, of a model of pictures and texts; else the whole."""
    modality = next(iter(spec.modalities))
    return getattr(config, TOWERS[modality], None) or config


def _drawn(kind: Any, config: Any, spec: ModelSpec, seed: int) -> PreTrainedModel:
    """A model at random initialisation."""
    with seeded_draws("random", spec.architecture, seed):
        if kind is AutoModel:
            return configured(kind, config)  # type: ignore[no-any-return]
        return kind(config)  # type: ignore[no-any-return]


def _loaded(folder: Path, kind: Any, config: Any, **options: Any) -> tuple[PreTrainedModel, dict[str, Any]]:
    """A model with the folder's weights, and transformers' report of the load."""
    with quiet():
        found: tuple[PreTrainedModel, dict[str, Any]] = pretrained(
            kind,
            folder,
            config=config,
            output_loading_info=True,
            dtype=torch.float32,
            ignore_mismatched_sizes=True,  # they are named by whoever reads the report
            **options,
        )
    return found


def _filled(folder: Path, kind: Any, config: Any) -> tuple[PreTrainedModel, list[str]]:
    """A model with the folder's weights, and the tensors that it lacks."""
    model, report = _loaded(folder, kind, config)
    beside = report["unexpected_keys"]
    if report["missing_keys"] and beside and all(key.startswith(WRAPPED) for key in beside):
        model, report = _loaded(folder, kind, config, key_mapping={WRAPPING: ""})
    layers = {key for key, _ in model.named_modules()}
    refuse_adapters(layers, report["unexpected_keys"], str(folder), "take its tensors out of the file")
    if getattr(config, "quantization_config", None) is None:  # with one, transformers knows how to scale them
        refuse_quantised(misread(model.state_dict(), narrow_kinds(folder)), str(folder))
    before = f"{model.base_model_prefix}."
    if beyond := layers_beyond(model.state_dict(), [key.removeprefix(before) for key in report["unexpected_keys"]]):
        raise WeightsError(
            f"{folder}: the weights hold {len(beyond)} tensors of layers that config.json does not have "
            f"({listed(beyond)}): take the config.json that they were saved with"
        )
    unused = (*NOT_FEATURES, *(("decoder.",) if has_decoder(model) else ()))
    absent = [key for key in report["missing_keys"] if not key.startswith(unused)]
    return model, sorted([*absent, *(str(key) for key in report["mismatched_keys"])])


def _half(model: PreTrainedModel, modality: Modality) -> tuple[str, Any] | None:
    """The half of a model that takes the modality, with its name."""
    found = ((name, getattr(model, name, None)) for name in PARTS[modality])
    return next(((name, part) for name, part in found if isinstance(part, PreTrainedModel)), None)


def _model(folder: Path, config: Any, spec: ModelSpec, seed: int) -> tuple[PreTrainedModel, float | None]:
    """The model with its weights and the share of its tensors that came, or at random initialisation and None.

    Half of a model of pictures and texts is loaded as a model of its own where transformers has one that the weights
    fit; else the whole is, and its half is taken.
    """
    tower = _tower(config, spec)
    model: PreTrainedModel
    absent: list[str] = []
    with loading(folder, spec):
        alone = tower is config or type(tower) in MODEL_MAPPING
        if alone:
            kind = AutoModel if tower is config else MODEL_MAPPING[type(tower)]
            model, absent = (_drawn(kind, tower, spec, seed), []) if spec.random else _filled(folder, kind, tower)
        if tower is not config and (not alone or absent):
            whole, lacking = (
                (_drawn(AutoModel, config, spec, seed), []) if spec.random else _filled(folder, AutoModel, config)
            )
            half = _half(whole, next(iter(spec.modalities)))
            if half is not None:
                model, absent = half[1], [key for key in lacking if key.startswith(f"{half[0]}.")]
            elif not alone:
                raise WeightsError(
                    f"{spec.name}: {type(whole).__name__} has no part for {next(iter(spec.modalities))}s alone"
                )
    if absent:
        total = len(model.state_dict())
        raise WeightsError(
            f"{spec.name} does not fit its architecture, {len(absent)} of {total} tensors: {'; '.join(absent[:5])}"
        )
    model.eval()
    return model, None if spec.random else 1.0


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The checkpoint's backbone with its tokenizer or image processor, or the same at random initialisation."""
    folder = folder_of(spec)
    check_folder(folder, spec)
    if autoencoders.is_autoencoder(folder):
        return autoencoders.build(spec, folder, weights_sha256(spec), seed)
    with loading(folder, spec):
        config = pretrained(AutoConfig, folder)
    model, fraction = _model(folder, config, spec, seed)
    backbone: Backbone
    preprocessing: Preprocessing
    if Modality.TEXT in spec.modalities:
        backbone, preprocessing = text_backbone(folder, _tower(config, spec), model, spec)
    else:
        backbone, preprocessing = image_backbone(folder, model, spec)
    sha256 = None if spec.random else weights_sha256(spec)
    return LoadedModel(backbone.eval(), preprocessing, sha256, fraction, tensor_bytes(backbone), None)


PROVIDER = ModelProvider(build, weights_sha256, at_revision, lambda spec, _trusted: fetch(spec))
