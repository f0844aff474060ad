"""How well a language model still tells tokens of its own source, by the head that it was pre-trained with."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

from ptmbench.catalog.checkpoint_cards import weights_path
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.device import Device
from ptmbench.engine.foreign_loads import pretrained
from ptmbench.engine.inputs.pictures import PADDING
from ptmbench.engine.models.language import PAD_ID
from ptmbench.engine.models.language_backbone import unpack
from ptmbench.engine.models.language_models import quiet
from ptmbench.engine.pretraining.language import encode, trimmed
from ptmbench.engine.pretraining.masked_lm import IGNORED, mask_tokens
from ptmbench.engine.pretraining.sources.texts import TEXT_SOURCES
from ptmbench.engine.seeding import torch_generator

SENTENCES: Final = 2_000  # held out at pre-training, and masked alike: before training the figures are the card's
BATCH: Final = 250


class Told(NamedTuple):
    """The share of the tokens that were told, and the mean loss of one in nats."""

    accuracy: float
    loss: float


def tokens_told(spec: ModelSpec, tokenizer: Any, packed: nn.Module, device: Device) -> Told:
    """How an embedded language model does on held-out sentences of its source.

    Args:
        spec: The model, whose checkpoint holds the head.
        tokenizer: That of the checkpoint.
        packed: Trunk and tail of a backbone, as it came or trained: ids to what `unpack` takes apart.
        device: Where it lies.
    """
    sentences = TEXT_SOURCES[spec.source].sentences(SENTENCES, "held_out")
    ids = encode(tokenizer, sentences)
    head = device.place(head_of(spec))
    corrupt = _masking(spec, tokenizer) if spec.objective == "masked_lm" else _ahead
    hits, nats, count = 0, 0.0, 0
    packed.eval()
    for part in ids.split(BATCH):
        there = trimmed(part)
        given, targets = corrupt(there)
        with torch.inference_mode(), device.autocast():
            hidden = unpack(packed(device.put(torch.where(there == PAD_ID, PADDING, given))))[1]
            chosen = targets != IGNORED
            logits = head(hidden[device.put(chosen)]).float()
            truth = device.put(targets[chosen])
            nats += float(functional.cross_entropy(logits, truth, reduction="sum"))
            hits += int((logits.argmax(dim=1) == truth).sum())
        count += int(chosen.sum())
    return Told(hits / count, nats / count)


def head_of(spec: ModelSpec) -> nn.Module:
    """The head that a checkpoint was pre-trained with: hidden states [n, d] to logits [n, vocabulary]."""
    kind = AutoModelForMaskedLM if spec.objective == "masked_lm" else AutoModelForCausalLM
    with quiet():
        model = pretrained(kind, weights_path(spec.entry), use_safetensors=True, dtype=torch.float32)
    head: nn.Module = model.cls if spec.objective == "masked_lm" else model.lm_head
    return head.eval()


def _masking(spec: ModelSpec, tokenizer: Any) -> Callable[[Tensor], tuple[Tensor, Tensor]]:
    """Hides tokens as pre-training hid those of its held-out sentences, batch by batch."""
    generator = torch_generator("pretrain", "held_out", spec.name)

    def corrupt(ids: Tensor) -> tuple[Tensor, Tensor]:
        return mask_tokens(
            *(ids, generator),
            mask_id=tokenizer.mask_token_id,
            vocabulary=len(tokenizer),
            specials=tokenizer.all_special_ids,
        )

    return corrupt


def _ahead(ids: Tensor) -> tuple[Tensor, Tensor]:
    """Every token with the one behind it to tell; nothing behind the last, and no padding."""
    targets = torch.full_like(ids, IGNORED)
    targets[:, :-1] = torch.where(ids[:, 1:] == PAD_ID, IGNORED, ids[:, 1:])
    return ids, targets
