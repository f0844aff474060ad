"""The text models of transformers as backbones: how long a text may be, what a token sees, and whether padding shows.

Names of architectures say none of this reliably, so the model is asked: a decoder is one whose first token does not
move with the last, and a text must have the same features alone and beside longer ones.
"""

import inspect
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoTokenizer, PreTrainedModel

from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_loads import pretrained
from ptmbench.engine.inputs.pictures import PADDING
from ptmbench.engine.inputs.texts import TextPreprocessing, fitted_tokenizer, split_segments, tokenizer_sha256
from ptmbench.engine.models.backbone import Backbone, Pool
from ptmbench.engine.models.checks import CLOSE, checked
from ptmbench.engine.models.hub_folders import loading
from ptmbench.engine.models.language_backbone import Pooling, pool_names
from ptmbench.engine.models.networks import last_stage
from ptmbench.engine.seeding import torch_generator
from ptmbench.errors import UsageError, WeightsError

GROUPS = 8  # of texts of like length in a batch: MiniLM takes SST-2 2.3 times as fast as in one
USUAL_LENGTH = 512  # tokens, where neither model nor tokenizer has a limit
SOURCE_TEXTS = (  # what features from the source's own calls are compared on: a text, a longer one, a pair
    ("A good film", None),
    ("Nobody expected that the second half would be better than the first, 3 to 1.", None),
    ("Two dogs run", "An animal is moving"),
)
LENGTHS = (3, 5, 9)  # tokens of the texts that a model is tried on
POSITIONS = frozenset(  # what modules call their table of learned positions
    {"position_embeddings", "position_embedding", "embed_positions", "positions_embed", "pos_embeddings", "wpe"}
)


class HiddenStates(nn.Module):
    """Token ids [n, length], `PADDING` at the end, to [n, length, 2 d + 1]: see `language_backbone`.

    With a size of the `vocabulary`, ids say the segments of tokens too, see `TextPreprocessing`.
    """

    def __init__(self, model: nn.Module, padding_id: int, vocabulary: int | None = None) -> None:
        super().__init__()
        self.model = model
        self.padding_id = padding_id
        self.vocabulary = vocabulary
        taken = inspect.signature(model.forward).parameters
        self.masks = "attention_mask" in taken or any(one.kind is one.VAR_KEYWORD for one in taken.values())

    def forward(self, ids: Tensor) -> Tensor:
        """The mean over embeddings and layers, the last layer's states, and 1 for a token.

        In eval mode texts of like length are computed together: padding is never attended to, and costs as much.
        """
        lengths = (ids >= 0).sum(dim=1)
        groups = 1 if self.training or bool((lengths == lengths[:1]).all()) else GROUPS
        order = lengths.argsort()
        states = torch.cat([self.together(ids[group], ids.shape[1]) for group in order.chunk(groups)])
        return states[order.argsort()]

    def together(self, ids: Tensor, length: int) -> Tensor:
        """The states of texts that are computed in one batch, padded to `length`."""
        ids = ids[:, : int((ids >= 0).sum(dim=1).max())]
        there = ids >= 0
        options = {"attention_mask": there.long()} if self.masks else {}
        if self.vocabulary is not None:
            ids, options["token_type_ids"] = split_segments(ids.masked_fill(~there, 0), self.vocabulary)
        outputs = self.model(input_ids=ids.masked_fill(~there, self.padding_id), output_hidden_states=True, **options)
        last = outputs.last_hidden_state
        layers = [state for state in outputs.hidden_states if isinstance(state, Tensor) and state.shape == last.shape]
        average = torch.stack(layers or [last]).mean(dim=0)  # without those of another width (OPT 350m, Reformer)
        states = torch.cat([average, last, there[:, :, None].to(last.dtype)], dim=-1)
        return functional.pad(states, (0, 0, 0, length - ids.shape[1]))


def table_length(network: nn.Module) -> int | None:
    """The tokens that the network's table of positions has room for; None where it has none.

    Rows up to the padding index, or up to the module's own offset, belong to no token.
    """
    rooms = []
    for name, module in network.named_modules():
        if isinstance(module, nn.Embedding) and name.rpartition(".")[2] in POSITIONS:
            offset = getattr(module, "offset", None)
            before = offset if isinstance(offset, int) else 0 if module.padding_idx is None else module.padding_idx + 1
            rooms.append(module.num_embeddings - before)
    return min(rooms, default=None)


def text_length(config: Any, network: nn.Module, tokenizer: Any, reference: Reference) -> int:
    """The tokens that the model takes at most: what is asked for, but no more than model and tokenizer allow.

    A limit of 0 or less is none: relative positions have no end.
    """
    stated = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    limits = [stated, table_length(network), tokenizer.model_max_length]
    found = [int(limit) for limit in limits if isinstance(limit, int | float) and 0 < limit < 1e9]
    asked = reference.integer("max_length")
    return min([*found, asked] if asked else found or [USUAL_LENGTH])


def check_room(length: int, tokenizer: Any, reference: Reference, name: str) -> None:
    """Raises where texts of that many tokens have no room for a word beside the tokenizer's own marks.

    Two tokens are the least: whether a model is a decoder shows where one token may see another.
    """
    marks = int(tokenizer.num_special_tokens_to_add())
    least = max(marks + 1, 2)
    if length >= least:
        return
    if reference.integer("max_length") == length:
        raise UsageError(
            f"expected max_length={least} or more, got max_length={length}: the tokenizer of {name} puts {marks} marks "
            "around each text, and its words need room beside them"
        )
    raise WeightsError(
        f"{name} takes texts of {length} tokens, and its tokenizer puts {marks} marks around each: no word is left; "
        "look at max_position_embeddings in config.json and model_max_length in tokenizer_config.json"
    )


def has_decoder(model: nn.Module) -> bool:
    """Whether a decoder stands beside an encoder that reads texts by itself; T5's encoders saved alone deny it."""
    encoder, decoder = (getattr(model, part, None) for part in ("encoder", "decoder"))
    if not isinstance(encoder, nn.Module) or not isinstance(decoder, nn.Module):
        return False
    return "input_ids" in inspect.signature(encoder.forward).parameters


def _tried(preprocessing: TextPreprocessing) -> Tensor:
    """Random ids [3, length] of ordinary tokens, padded: a short text, a longer one, the longest."""
    special = {*preprocessing.tokenizer.all_special_ids}
    ordinary = torch.tensor([token for token in range(preprocessing.vocabulary) if token not in special])
    lengths = [min(length, preprocessing.max_length) for length in LENGTHS]
    ids = torch.full((len(lengths), max(lengths)), PADDING)
    for row, length in zip(ids, lengths, strict=True):
        row[:length] = ordinary[torch.randint(len(ordinary), (length,), generator=torch_generator("texts", length))]
    return ids


def _apart(first: Tensor, second: Tensor) -> float:
    """The largest difference over the largest value."""
    return float((first - second).abs().max()) / max(float(first.abs().max()), 1e-9)


def _check_padding(tail: HiddenStates, ids: Tensor, name: str) -> None:
    with torch.no_grad():
        batch = tail.together(ids, ids.shape[1])
        apart = 0.0
        for row, states in zip(ids, batch, strict=True):
            length = int((row >= 0).sum())
            apart = max(apart, _apart(tail.together(row[None, :length], length)[0], states[:length]))
    if apart > CLOSE:
        raise WeightsError(
            f"{name} gives other features for a text alone and beside longer ones, {apart:.2g} of the largest value "
            "apart: it sees padding as if it were text, so its features would depend on the batch; ptmbench cannot "
            "measure it"
        )


def _reads_segments(tokenizer: Any, network: nn.Module, config: Any) -> bool:
    """Whether the tokenizer says which text of a pair a token belongs to, and the model has a place for that."""
    named = "token_type_ids" in tokenizer.model_input_names
    if not named or "token_type_ids" not in inspect.signature(network.forward).parameters:
        return False
    return _has_room(config, tokenizer("a", "b", return_token_type_ids=True)["token_type_ids"])


def _has_room(config: Any, kinds: Sequence[int]) -> bool:
    """Whether a model has an embedding for each of these segments; without a table it compares them alone."""
    room = getattr(config, "type_vocab_size", None)
    return room is None or max(kinds) < room


def _check_source(tail: HiddenStates, config: Any, preprocessing: TextPreprocessing, name: str) -> None:
    """Raises `WeightsError` where a text, a longer one or a pair has other states than from the source's own calls."""
    taken = inspect.signature(tail.model.forward).parameters
    for text, second in SOURCE_TEXTS:
        limit = {"truncation": True, "max_length": preprocessing.max_length}
        found = preprocessing.tokenizer(text, second, return_tensors="pt", **limit)
        own = {key: value for key, value in found.items() if key in taken}
        if not _has_room(config, own.get("token_type_ids", torch.zeros(1)).flatten().tolist()):
            own.pop("token_type_ids", None)
        ids = torch.tensor([preprocessing.row(text, second)])
        with torch.no_grad():
            expected = tail.model(**own).last_hidden_state
            states = tail.together(ids, ids.shape[1])
        got = states[..., states.shape[-1] // 2 : -1]  # the last layer's: before it the mean, behind it the mask
        apart = _apart(expected, got) if expected.shape == got.shape else math.inf
        if apart > CLOSE:
            raise WeightsError(
                f"{name} gives other features here than from its own tokenizer and model, {apart:.2g} of the largest "
                f"value apart for {'a pair of texts' if second else 'a text'}; ptmbench cannot measure it: please "
                "report it, with the name of the model"
            )


def _causal(tail: HiddenStates, ids: Tensor) -> bool:
    """Whether no token sees what comes after it: another last token moves none of the others."""
    longest = ids[-1:]
    other = longest.clone()
    other[0, -1] = ids[0, 0] if ids[0, 0] != longest[0, -1] else ids[0, 1]
    with torch.no_grad():
        first, second = (tail.together(text, text.shape[1])[:, :-1] for text in (longest, other))
    return longest.shape[1] > 1 and _apart(first, second) < CLOSE / 10


def text_backbone(
    folder: Path, config: Any, model: PreTrainedModel, spec: ModelSpec
) -> tuple[Backbone, TextPreprocessing]:
    """The model as a backbone of texts, with its tokenizer; raises `WeightsError` where one of them is no use."""
    with loading(folder, spec):
        found = pretrained(AutoTokenizer, folder)
        vocabulary = int(config.vocab_size or 0)
    if not vocabulary:
        raise WeightsError(f"{spec.name} has no vocabulary, so it reads no texts: say ?modality=image for pictures")
    tokenizer = fitted_tokenizer(found, vocabulary, spec.name)
    network = model.get_encoder() if has_decoder(model) else model
    reference = parse(spec.reference)
    length = text_length(config, network, tokenizer, reference)
    check_room(length, tokenizer, reference, spec.name)
    preprocessing = TextPreprocessing(
        tokenizer=tokenizer,
        tokenizer_sha256=tokenizer_sha256(tokenizer.backend_tokenizer.to_str().encode()),
        max_length=length,
        vocabulary=vocabulary,
        segments=_reads_segments(tokenizer, network, config),
    )
    model.config.use_cache = False
    padding = getattr(config, "pad_token_id", None)
    segments = vocabulary if preprocessing.segments else None
    tail = HiddenStates(network, 0 if padding is None or padding < 0 else padding, segments)
    ids = _tried(preprocessing)
    size = (checked(tail, ids, spec.name).shape[-1] - 1) // 2
    _check_padding(tail, ids, spec.name)
    with loading(folder, spec):
        _check_source(tail, config, preprocessing, spec.name)
    pools = {
        way: Pool(Pooling(way.removesuffix("_all_layers"), all_layers=way.endswith("_all_layers")), size)
        for way in pool_names(causal=_causal(tail, ids))
    }
    return Backbone(nn.Identity(), tail, pools=pools, last_stage=last_stage(tail)), preprocessing
