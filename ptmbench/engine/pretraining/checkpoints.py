"""Writes what pre-training left: weights as safetensors, and the card."""

import hashlib
from pathlib import Path

import torch
from safetensors.torch import save

from ptmbench import environment
from ptmbench.card import LICENCE, LIMITS, Card, card_path, recipe_fields, weights_path
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES
from ptmbench.engine.pretraining.supervised import Pretrained
from ptmbench.spec import PretrainingSpec


def write_checkpoint(spec: PretrainingSpec, result: Pretrained, folder: Path) -> Card:
    """Writes `NAME.safetensors` and `NAME.json` into the folder and returns the card."""
    content = save(result.tensors)
    card = Card(
        name=spec.name,
        architecture=spec.architecture,
        objective=spec.objective,
        source=spec.source,
        source_classes=IMAGE_SOURCES[spec.source].classes,
        source_images=spec.examples,
        recipe=recipe_fields(spec),
        seed=spec.seed,
        threads=spec.threads,
        parameters=result.parameters,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        held_out_accuracy=result.held_out_accuracy,
        held_out_images=result.held_out_images,
        pretrain_time_s=round(result.pretrain_time_s, 1),
        packages=environment.packages(),
        machine=environment.machine(environment.NO_GPU, torch.get_num_threads()),
        licence=LICENCE,
        reproduce=f"ptmbench pretrain {spec.name}",
        limits=LIMITS,
    )
    folder.mkdir(parents=True, exist_ok=True)
    weights_path(spec.name, folder).write_bytes(content)
    card_path(spec.name, folder).write_text(card.model_dump_json(indent=1) + "\n")
    return card
