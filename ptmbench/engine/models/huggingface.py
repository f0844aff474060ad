"""Hugging Face checkpoints, `hf:ORG/NAME@REVISION` or `hf:FOLDER`: text encoders and decoders, and image models."""

from pathlib import Path
from typing import Any

import torch
from transformers import MODEL_MAPPING, AutoConfig, AutoModel, PreTrainedModel

from ptmbench.catalog.spec import ModelSpec
from ptmbench.catalog.traits import Modality
from ptmbench.engine.inputs.pictures import Preprocessing
from ptmbench.engine.models import autoencoders
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.hub_folders import check_folder, fetch, folder_of, loading, weights_sha256
from ptmbench.engine.models.hub_pictures import image_backbone
from ptmbench.engine.models.hub_texts import has_decoder, text_backbone
from ptmbench.engine.models.language_models import quiet
from ptmbench.engine.models.provider import ModelProvider, at_revision
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import WeightsError

NOT_FEATURES = ("pooler.", "cls.", "lm_head.")  # tensors that features do not need and checkpoints may leave out
TOWERS = {Modality.IMAGE: "vision_config", Modality.TEXT: "text_config"}


def _tower(config: Any, spec: ModelSpec) -> Any:
    """The configuration of the half that takes the modality, of a model of pictures and texts; else the whole."""
    modality = next(iter(spec.modalities))
    return getattr(config, TOWERS[modality], None) or config


def _model(folder: Path, config: Any, spec: ModelSpec, seed: int) -> tuple[PreTrainedModel, float | None]:
    """The model with its weights and the share of its tensors that came, or at random initialisation and None."""
    tower = _tower(config, spec)
    kind: Any = AutoModel
    model: PreTrainedModel
    with loading(folder, spec):
        if tower is not config:
            kind = MODEL_MAPPING[type(tower)]
        if spec.random:
            with seeded_draws("random", spec.architecture, seed):
                model = kind(tower) if tower is not config else kind.from_config(config, trust_remote_code=False)
            model.eval()
            return model, None
        with quiet():
            model, report = kind.from_pretrained(
                folder,
                config=tower,
                local_files_only=True,
                trust_remote_code=False,
                output_loading_info=True,
                dtype=torch.float32,
            )
    unused = (*NOT_FEATURES, *(("decoder.",) if has_decoder(model) else ()))
    absent = [key for key in report["missing_keys"] if not key.startswith(unused)]
    absent += [str(key) for key in report["mismatched_keys"]]
    total = len(model.state_dict())
    if absent:
        raise WeightsError(
            f"{spec.name} does not fit its architecture, {len(absent)} of {total} tensors: "
            f"{'; '.join(sorted(absent)[:5])}"
        )
    model.eval()
    return model, 1.0


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The checkpoint's backbone with its tokenizer or image processor, or the same at random initialisation."""
    folder = folder_of(spec)
    check_folder(folder, spec)
    if autoencoders.is_autoencoder(folder):
        return autoencoders.build(spec, folder, weights_sha256(spec), seed)
    with loading(folder, spec):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
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
