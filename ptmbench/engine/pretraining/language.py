"""What the two language-model objectives share: sentences as padded token ids, and a model folder as bytes."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

from ptmbench.engine.models.language import PAD_ID
from ptmbench.reading import content_of

LONGEST = 40  # tokens of a training text; the rest of a longer one is cut off
SHIPPED = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")


def encode(tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], longest: int = LONGEST) -> Tensor:
    """Token ids [n, width] of the texts, specials included, padded on the right with id 0 (int64)."""
    rows: list[list[int]] = tokenizer(list(texts), truncation=True, max_length=longest)["input_ids"]
    padded = torch.full((len(rows), max(map(len, rows))), PAD_ID)
    for row, ids in zip(padded, rows, strict=True):
        row[: len(ids)] = torch.tensor(ids)
    return padded


def trimmed(ids: Tensor) -> Tensor:
    """The batch [n, width] without the columns that hold only padding."""
    return ids[:, : int((ids != PAD_ID).sum(1).max())]


def folder(name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast) -> dict[str, bytes]:
    """The Hugging Face folder of a model and its tokenizer, each file's content by its path under `name`."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # one shard of a megabyte: the bar would only break the lines of the caller's
    try:
        with tempfile.TemporaryDirectory() as place:
            model.save_pretrained(place)
            tokenizer.save_pretrained(place)
            return {f"{name}/{file}": content_of(Path(place) / file) for file in SHIPPED}
    finally:
        if shown:
            logging.enable_progress_bar()
