"""From text to network inputs: a checkpoint's own tokenizer."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import BatchEncoding, PreTrainedTokenizerBase

from ptmbench.engine.datasets.base import LabelledTexts, LabelledTokens, Samples
from ptmbench.engine.inputs.batches import TensorInputs
from ptmbench.engine.inputs.pictures import PADDING, Encoded, Fields
from ptmbench.engine.seeding import torch_generator
from ptmbench.errors import WeightsError
from ptmbench.reading import json_of

BATCH = 1_000  # texts tokenized at once
UNKNOWN_FAULT, UNKNOWN_WARNING = 0.5, 0.1  # shares of tokens


def fitted_tokenizer(tokenizer: PreTrainedTokenizerBase, vocabulary: int, name: str) -> PreTrainedTokenizerBase:
    """The tokenizer, if every id it gives has one of the model's `vocabulary` embeddings; else `WeightsError`."""
    vocabulary_of, special = tokenizer.get_vocab(), {*tokenizer.all_special_tokens}
    ids = vocabulary_of.values()
    if not {*vocabulary_of} - special:
        raise WeightsError(
            f"the tokenizer of {name} knows no word: its files are missing or empty (tokenizer.json, or vocab.txt, "
            "vocab.json and merges.txt); copy them from where the weights came from"
        )
    if max(ids) >= vocabulary:
        raise WeightsError(
            f"the tokenizer does not fit the model {name}: it gives ids up to {max(ids)}, and the model has "
            f"{vocabulary} embeddings; take the tokenizer that the weights came with"
        )
    if not tokenizer.is_fast:
        raise WeightsError(f"the tokenizer of {name} has no tokenizer.json: save it with transformers' fast tokenizer")
    if _without_merges(tokenizer.backend_tokenizer.to_str()):
        raise WeightsError(
            f"the tokenizer of {name} has no merges, so that every text falls into single letters: copy merges.txt or "
            "tokenizer.json from where the weights came from"
        )
    return tokenizer


def _without_merges(tokenizer_json: str) -> bool:
    """Whether a byte-pair tokenizer knows longer pieces, and no way to make one."""
    model = json_of(tokenizer_json)["model"]
    added = {entry["content"] for entry in json_of(tokenizer_json).get("added_tokens", ())}
    pairs = model.get("type") == "BPE" and not model.get("merges") and not model.get("ignore_merges")
    return pairs and any(len(piece) > 1 for piece in {*model["vocab"]} - added)


@dataclass(frozen=True, slots=True)
class TextPreprocessing:
    """A tokenizer, and the number of tokens that the model takes; longer texts are cut there, and counted.

    With `segments` the tokenizer says of each token which text of a pair it belongs to, and the model reads that: a
    token of segment s stands as its id + s * `vocabulary` (see `split_segments`).
    """

    tokenizer: PreTrainedTokenizerBase = field(compare=False, repr=False)
    tokenizer_sha256: str
    max_length: int
    vocabulary: int
    segments: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """As many tokens as the model takes."""
        return (self.max_length,)

    def encode(  # the tokenizer is trained
        self,
        samples: Samples,
        train: Sequence[int],  # noqa: ARG002
        validation: Sequence[int] = (),  # noqa: ARG002
    ) -> Encoded:
        """Ids [n, length] of the longest text or of `max_length`, `PADDING` behind the shorter ones."""
        assert isinstance(samples, LabelledTexts | LabelledTokens)
        words = isinstance(samples, LabelledTokens)
        spaced = words and glues_words(self.tokenizer)
        texts: list[Any] = [*samples.texts] if isinstance(samples, LabelledTexts) else [*map(list, samples.sentences)]
        if spaced:
            texts = [[word if word.startswith(" ") else f" {word}" for word in sentence] for sentence in texts]
        pairs = [*samples.pairs] if isinstance(samples, LabelledTexts) else []
        rows, places, truncated, unknown = [], [], 0, _Unknown(self.tokenizer)
        for start in range(0, len(texts), BATCH):
            part = texts[start : start + BATCH]
            second = pairs[start : start + BATCH]
            found = self._tokenized(part, second, words=words)
            unknown.add(found)
            long = [index for index, ids in enumerate(found["input_ids"]) if len(ids) > self.max_length]
            again_second = [second[index] for index in long] if second else []
            cut = (
                self._tokenized([part[index] for index in long], again_second, words=words, cut=True) if long else found
            )
            again = {index: place for place, index in enumerate(long)}
            truncated += len(long)
            for index in range(len(part)):
                source, place = (cut, again[index]) if index in again else (found, index)
                rows.append(self._with_segments(source, place))
                if words:
                    places.append(first_pieces(source.word_ids(place), len(part[index]), self.max_length))
        length = max(map(len, rows))
        inputs = torch.full((len(rows), length), PADDING)
        for row, ids in zip(inputs, rows, strict=True):
            row[: len(ids)] = torch.tensor(ids)
        fields: Fields = {"add_prefix_space": True} if spaced else {}
        if self.segments and pairs:
            fields["segments"] = True
        return Encoded(
            TensorInputs(inputs), padded_places(places) if words else None, truncated, {**fields, **unknown.fields()}
        )

    def row(self, text: str, second: str | None) -> list[int]:
        """What `encode` makes of one text, or of a pair."""
        return self._with_segments(self._tokenized([text], [second] if second else [], words=False, cut=True), 0)

    def _with_segments(self, found: BatchEncoding, place: int) -> list[int]:
        ids: list[int] = found["input_ids"][place]
        if not self.segments:
            return ids
        kinds = found["token_type_ids"][place]
        return [token + segment * self.vocabulary for token, segment in zip(ids, kinds, strict=True)]

    def _tokenized(self, texts: list[Any], second: list[str], *, words: bool, cut: bool = False) -> BatchEncoding:
        """The ids of texts, each with its `second` where there is one, joined as this tokenizer joins them.

        With `cut` they are no more than the model takes, cut as this tokenizer cuts.
        """
        limit: dict[str, Any] = {"truncation": True, "max_length": self.max_length} if cut else {}
        if self.segments:
            limit["return_token_type_ids"] = True
        found: BatchEncoding = self.tokenizer(
            texts, second or None, is_split_into_words=words, verbose=False, return_special_tokens_mask=True, **limit
        )
        return found

    def example(self, batch_size: int, shape: Sequence[int]) -> Tensor:
        """Random ids without padding."""
        generator = torch_generator("example batch")
        return torch.randint(self.vocabulary, (batch_size, *shape), generator=generator)

    def fields(self) -> Fields:
        """Tokenizer and length."""
        return {
            "tokenizer": type(self.tokenizer).__name__,
            "tokenizer_sha256": self.tokenizer_sha256,
            "vocabulary": self.vocabulary,
            "max_length": self.max_length,
        }


def split_segments(ids: Tensor, vocabulary: int) -> tuple[Tensor, Tensor]:
    """The ids of tokens and their segments, both [n, length], of ids as `TextPreprocessing` makes them; no padding."""
    return ids % vocabulary, ids.div(vocabulary, rounding_mode="floor")


class _Unknown:
    """Counts the tokens of texts that stand for what a tokenizer does not know."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self.id, self.name = tokenizer.unk_token_id, tokenizer.unk_token
        self.unknown = self.tokens = 0

    def add(self, found: BatchEncoding) -> None:
        """Counts one batch, what the tokenizer puts around each text left out."""
        for ids, around in zip(found["input_ids"], found["special_tokens_mask"], strict=True):
            self.tokens += len(ids) - sum(around)
            self.unknown += sum(piece == self.id and not frame for piece, frame in zip(ids, around, strict=True))

    def fields(self) -> Fields:
        """The share, where it is worth a warning; raises `WeightsError` where most of the text is unknown."""
        share = self.unknown / max(self.tokens, 1)
        if share > UNKNOWN_FAULT:
            raise WeightsError(
                f"the tokenizer does not know {100 * share:.0f} % of the tokens of these texts (they become "
                f"{self.name}): it is for another language or script, or its files are incomplete; take a model that "
                "was trained on such texts"
            )
        return {"unknown_share": round(share, 3)} if share > UNKNOWN_WARNING else {}


def glues_words(tokenizer: PreTrainedTokenizerBase) -> bool:
    """Whether words given one by one lose the space before them that running text has, and keep one given with them.

    The space is part of the tokens of byte-level BPE (GPT-2, RoBERTa, Llama 3) and of Metaspace that prepends nothing:
    without it the words "New", "York" are read as "NewYork". Metaspace that prepends "first" or "always" takes each
    word for a text of its own and begins it itself. The tokenizer is asked by what it does, since its forms are many:
    ByteLevel alone or behind a regex, Metaspace, a normalizer in place of both.
    """
    first, both = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in ("a", "a b"))
    bare, spaced = (
        tokenizer(words, is_split_into_words=True, add_special_tokens=False) for words in (["a", "b"], [" a", " b"])
    )
    second = both[len(first) :]
    alone, after_space = (
        [piece for piece, word in zip(found["input_ids"], found.word_ids(), strict=True) if word == 1]
        for found in (bare, spaced)
    )
    return bool(alone != second and after_space == second)


def tokenizer_sha256(content: bytes) -> str:
    """The sha256 of a tokenizer.json."""
    return hashlib.sha256(content).hexdigest()


def first_pieces(word_ids: Sequence[int | None], words: int, limit: int) -> list[int]:
    """The position of the first piece of each of a sentence's `words`; -1 if it is missing, or at `limit` or behind."""
    places = [-1] * words
    for place, word in enumerate(word_ids[:limit]):
        if word is not None and places[word] < 0:
            places[word] = place
    return places


def padded_places(places: Sequence[Sequence[int]]) -> NDArray[np.int64]:
    """Rows of unequal length as one array [n, longest], -1 behind the shorter ones."""
    padded = np.full((len(places), max(map(len, places))), -1, dtype=np.int64)
    for row, found in zip(padded, places, strict=True):
        row[: len(found)] = found
    return padded
