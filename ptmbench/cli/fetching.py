"""`ptmbench fetch`: the one command that touches the network. Everything else runs on what is on disk."""

import argparse

from ptmbench.entries import entries_of
from ptmbench.errors import UsageError
from ptmbench.spec import ModelSpec


def fetch(arguments: argparse.Namespace) -> int:
    """Downloads the weights of models by reference and says where they lie."""
    models = [model for model in entries_of(arguments.model).models if not model.random]
    if not arguments.model:
        raise UsageError("expected --model REFERENCE, for example --model torchvision:resnet18@IMAGENET1K_V1")
    for model in models:
        print(f"{model.name}: {_fetched(model)}")
    return 0


def _fetched(model: ModelSpec) -> str:
    from ptmbench.engine.models import huggingface, torchvision_models

    if model.provider == "torchvision":
        return str(torchvision_models.fetch(model))
    if model.provider == "hf":
        return str(huggingface.fetch(model))
    return "nothing to fetch: it ships with ptmbench, or is a file of your own"
