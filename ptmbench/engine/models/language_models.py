"""The embedded language models: folders in Hugging Face's format, and their random controls."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel
from transformers.utils import logging

from ptmbench.catalog.checkpoint_cards import load_card, weights_path
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_loads import configured, pretrained
from ptmbench.engine.inputs.texts import (
    TextPreprocessing,
    fitted_tokenizer,
    tokenizer_sha256,
)
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.embedded import check_differs, read_files
from ptmbench.engine.models.language_backbone import language_backbone
from ptmbench.engine.models.provider import SHIPPED, ModelProvider
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import WeightsError
from ptmbench.reading import content_of

HOME_SOURCE = "invented"  # whose checkpoint lends its configuration and tokenizer to the random control
TOKENIZER = "tokenizer.json"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Inside, transformers draws no bars and does not list the tensors of a head that a backbone leaves out."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def preprocessing_of(folder: Path, config: Any, name: str) -> TextPreprocessing:
    """The tokenizer of a folder in Hugging Face's format, for the model of that configuration."""
    found = pretrained(AutoTokenizer, folder)
    tokenizer = fitted_tokenizer(found, config.vocab_size, name)
    return TextPreprocessing(
        tokenizer=tokenizer,
        tokenizer_sha256=tokenizer_sha256(content_of(folder / TOKENIZER)),
        max_length=config.max_position_embeddings,
        vocabulary=config.vocab_size,
    )


def random_model(config: Any, *names: str | int) -> PreTrainedModel:
    """The configuration's model at random initialisation, as transformers initialises it."""
    options = {"add_pooling_layer": False} if config.model_type == "bert" else {}
    with seeded_draws(*names):
        model: PreTrainedModel = configured(AutoModel, config, **options)
    model.eval()
    return model


def pretrained_model(folder: Path, config: Any, name: str) -> tuple[PreTrainedModel, float]:
    """The model of a folder, and the share of its tensors that came from there, which must be all."""
    options = {"add_pooling_layer": False} if config.model_type == "bert" else {}
    with quiet():
        model, report = pretrained(
            AutoModel,
            folder,
            use_safetensors=True,
            output_loading_info=True,
            dtype=torch.float32,
            **options,
        )
    missing = sorted(report["missing_keys"]) + sorted(str(key) for key in report["mismatched_keys"])
    if missing:
        total = len(model.state_dict())
        raise WeightsError(
            f"{name} does not fit its architecture, {len(missing)} of {total} tensors: {'; '.join(missing[:5])}"
        )
    model.eval()
    return model, 1.0


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The embedded checkpoint; it has one set of weights, so the seed changes nothing."""
    _, sha256, size = read_files(spec.entry)
    folder = weights_path(spec.entry)
    config = pretrained(AutoConfig, folder)
    model, fraction = pretrained_model(folder, config, spec.name)
    preprocessing = preprocessing_of(folder, config, spec.name)
    backbone = language_backbone(model)
    untrained = language_backbone(random_model(config, "random", spec.architecture, 0))
    check_differs(backbone, untrained, preprocessing.example(8, (16,)), spec.name)
    return LoadedModel(
        backbone=backbone,
        preprocessing=preprocessing,
        weights_sha256=sha256,
        loaded_fraction=fraction,
        size_bytes=size,
        pretrain_time_s=load_card(spec.entry).pretrain_time_s,
    )


def lender(spec: ModelSpec) -> str:
    """The checkpoint that lends a random control its configuration and tokenizer."""
    return f"{spec.architecture}.{HOME_SOURCE}"


def build_random(spec: ModelSpec, seed: int) -> LoadedModel:
    """The architecture at random initialisation, a new draw each seed, with the tokenizer of the trained ones."""
    name = lender(spec)
    read_files(name)
    folder = weights_path(name)
    config = pretrained(AutoConfig, folder)
    backbone = language_backbone(random_model(config, "random", spec.architecture, seed))
    return LoadedModel(backbone, preprocessing_of(folder, config, spec.name), None, None, tensor_bytes(backbone), None)


PROVIDER = ModelProvider(build, lambda spec: load_card(spec.entry).sha256, lambda _spec: SHIPPED)
RANDOM = ModelProvider(build_random, lambda spec: load_card(lender(spec)).sha256)
