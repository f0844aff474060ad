"""Holds the parameters of every public checkpoint whose code is installed against the number that was published.

    python benchmarks/validation/parameters.py [NAME ...]

All of torchvision's classification, detection and segmentation builders, and the hub tier's models of Hugging Face
whose configuration transformers knows by itself. Nothing is downloaded: networks are built without weights. Prints one
line a model and ends with 1 if any disagrees.
"""

import sys

import torch
from torch import nn
from torchvision import models
from transformers import (
    BertConfig,
    BertModel,
    Dinov2Config,
    Dinov2Model,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2Model,
    PretrainedConfig,
    RobertaConfig,
    RobertaModel,
)

from ptmbench.catalog.hub_models import PUBLISHED
from ptmbench.catalog.references import parse
from ptmbench.engine.models.torchvision_models import all_names, build_network

DINOV2_SMALL = Dinov2Config(hidden_size=384, num_attention_heads=6, image_size=518, patch_size=14)
ROBERTA = RobertaConfig(vocab_size=50_265, max_position_embeddings=514, type_vocab_size=1)
HUGGING_FACE: dict[str, tuple[type[nn.Module], PretrainedConfig]] = {
    "bert_base": (BertModel, BertConfig()),
    "distilbert": (DistilBertModel, DistilBertConfig()),
    "roberta_base": (RobertaModel, ROBERTA),
    "gpt2": (GPT2Model, GPT2Config()),
    "dinov2_small": (Dinov2Model, DINOV2_SMALL),
}


def published(name: str) -> tuple[int, int]:
    """The parameters of the network as built here, and as published."""
    if name in HUGGING_FACE:
        kind, config = HUGGING_FACE[name]
        with torch.device("meta"):
            network = kind(config)
        return sum(parameter.numel() for parameter in network.parameters()), PUBLISHED[name].parameters or 0
    reference = parse(f"torchvision:{name}")
    try:
        with torch.device("meta"):
            network = build_network(reference, 0)
    except NotImplementedError:  # RegNet computes its widths with tensors, and needs their values
        network = build_network(reference, 0)
    weights = models.get_model_weights(name).DEFAULT
    return sum(parameter.numel() for parameter in network.parameters()), int(weights.meta["num_params"])


def main(chosen: list[str]) -> int:
    """Builds the chosen models, or all, and compares."""
    chosen, wrong = chosen or [*all_names(), *HUGGING_FACE], []
    for name in chosen:
        counted, figure = published(name)
        agrees = counted == figure
        print(f"{name:32} published {figure:13,}  counted {counted:13,}{'' if agrees else '  DISAGREES'}", flush=True)
        wrong += [] if agrees else [name]
    print(f"{len(chosen) - len(wrong)} of {len(chosen)} agree; not: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
