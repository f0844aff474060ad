"""How much each token of a text matters for an answer, and what the answer loses where tokens are hidden."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ptmbench.catalog.spec import Case
from ptmbench.engine.device import Device
from ptmbench.engine.foreign_code import imported
from ptmbench.engine.inputs.texts import TextPreprocessing
from ptmbench.engine.transfer.maps import AT_ONCE, INTEGRATED, POINTS
from ptmbench.engine.transfer.occlusion import BATCH, STEPS, Watched
from ptmbench.engine.workbench import Workbench
from ptmbench.errors import Unavailable
from ptmbench.records.measured import Missing
from ptmbench.statistics.attribution import Maps, places_in_order, rank_agreement

NO_BLANK: Final = "its tokenizer has no token that stands for nothing: none to mask, none for what is unknown, no end"
NO_DECIDING_WORDS: Final = Missing("texts do not say which of their words decide")
NO_EMBEDDING: Final = "it has no table with one embedding for each token that its tokenizer knows"


@dataclass(frozen=True, eq=False, slots=True)
class Words:
    """Ids of tokens [n, length]: which are words of the text, the same with all words hidden, and how long each is.

    `vocabulary` is how many ids the model knows.
    """

    ids: Tensor
    there: NDArray[np.bool_]
    hidden: Tensor
    letters: NDArray[np.int64]
    vocabulary: int

    @classmethod
    def of(cls, ids: Tensor, preprocessing: TextPreprocessing) -> "Words":
        """Of padded ids; raises `Unavailable` where the tokenizer has nothing to hide words behind."""
        tokenizer: Any = preprocessing.tokenizer
        known = (tokenizer.mask_token_id, tokenizer.unk_token_id, tokenizer.eos_token_id)
        blank = next((token for token in known if token is not None), None)
        if blank is None:
            raise Unavailable(NO_BLANK)
        segments = ids.clamp_min(0) // preprocessing.vocabulary * preprocessing.vocabulary
        special = torch.tensor(tokenizer.all_special_ids, device=ids.device)
        there = (ids >= 0) & ~torch.isin(ids - segments, special)
        plain = (ids - segments).clamp_min(0).cpu().numpy()
        pieces = {int(token): len(tokenizer.decode([int(token)]).strip()) for token in np.unique(plain)}
        return cls(
            ids,
            there.cpu().numpy(),
            torch.where(there, segments + blank, ids),
            np.vectorize(pieces.__getitem__, otypes=[np.int64])(plain),
            preprocessing.vocabulary,
        )


def maps_of_words(network: nn.Module, words: Words, answers: Tensor) -> dict[str, Maps]:
    """Integrated gradients [n, length] over the embeddings of words, from hidden to shown; 0 where there is no word.

    Texts of each length are explained by themselves: networks compute texts of like length together.

    Args:
        network: Ids [n, length] to logits, in eval mode.
        words: Of the texts that it answers for.
        answers: The classes [n] that are explained.

    Raises:
        Unavailable: Without Captum, or where the network has no table of embeddings.
    """
    captum: Any = imported("captum.attr", "captum")
    tables = [module for module in network.modules() if isinstance(module, nn.Embedding)]
    table = next((table for table in tables if table.num_embeddings == words.vocabulary), None)
    if table is None:
        raise Unavailable(NO_EMBEDDING)
    path = captum.LayerIntegratedGradients(network, table)
    values = np.zeros(words.there.shape)
    lengths = (words.ids >= 0).sum(dim=1)
    for length in lengths.unique().tolist():
        rows = (lengths == length).nonzero()[:, 0]
        found = path.attribute(
            words.ids[rows, :length],
            baselines=words.hidden[rows, :length],
            target=answers[rows],
            n_steps=POINTS,
            internal_batch_size=max(AT_ONCE, len(rows)),
        )
        values[rows.cpu().numpy(), :length] = torch.nan_to_num(found.detach()).sum(dim=-1).cpu().double().numpy()
    return {INTEGRATED: np.where(words.there, values, 0.0)}


class Hiding(Watched):
    """Texts whose words are hidden and shown, a tenth of each text's at a time; maps are [n, length]."""

    def __init__(
        self, network: Callable[[Tensor], Tensor], words: Words, answers: Tensor, rng: np.random.Generator
    ) -> None:
        self.words = words
        super().__init__(network, answers, rng, words.there.shape)

    def courses(self, maps: Maps) -> Iterator[Iterator[Tensor]]:
        """Hidden from the most important word on, and shown from it on; what is no word stays."""
        places = places_in_order(np.where(self.words.there, maps, -np.inf), self.rng)
        counts = self.words.there.sum(axis=1, keepdims=True)
        for chosen, others in ((self.words.hidden, self.words.ids), (self.words.ids, self.words.hidden)):
            yield (
                torch.where(torch.from_numpy(places < np.rint(share * counts)).to(chosen.device), chosen, others)
                for share in np.linspace(0, 1, STEPS + 1)
            )


class Answering(nn.Module):
    """A network in the precision in which it answers elsewhere."""

    def __init__(self, network: nn.Module, device: Device) -> None:
        super().__init__()
        self.network = network
        self.device = device

    def forward(self, ids: Tensor) -> Tensor:
        """Logits [n, classes]."""
        with self.device.autocast():
            logits: Tensor = self.network(ids)
        return logits

    def like(self, network: nn.Module) -> "Answering":
        """Another network that takes the same ids."""
        return Answering(network, self.device)


@dataclass(frozen=True, eq=False, slots=True)
class ExplainedTexts:
    """Words of texts with a network's answers [n]; which words decide is not known of any data set."""

    network: Answering
    words: Words
    answers: Tensor
    outside: Missing = NO_DECIDING_WORDS

    @classmethod
    def of(cls, bench: Workbench, case: Case, network: nn.Module, drawn: Any) -> "ExplainedTexts":
        """Of examples [n] of the case's data set; raises `Unavailable` where words cannot be hidden."""
        preprocessing = bench.loaded(case, 0).preprocessing
        assert isinstance(preprocessing, TextPreprocessing)
        answering = Answering(network, bench.device)
        ids = bench.device.put(torch.cat([*bench.encoded(case).inputs.batches([drawn.tolist()])]))
        with torch.inference_mode():
            answers = torch.cat([answering(part).argmax(dim=1) for part in ids.split(BATCH)])
        return cls(answering, Words.of(ids, preprocessing), answers.clone())

    def maps(self, network: nn.Module) -> dict[str, Maps]:
        """Maps [n, length] of what speaks for the answers in a network that takes the same ids."""
        seen = network if network is self.network else self.network.like(network)
        return maps_of_words(seen, self.words, self.answers)

    def controls(self, rng: np.random.Generator) -> dict[str, Maps]:
        """Maps that know the texts at most: random ones, how long words are, and how early they come."""
        shape = self.words.there.shape
        early = np.broadcast_to(-np.arange(shape[1], dtype=float), shape)
        return {"random": rng.random(shape), "length": self.words.letters.astype(float), "position": early}

    def watched(self, rng: np.random.Generator) -> Hiding:
        """The texts while their words come and go."""
        return Hiding(self.network, self.words, self.answers, rng)

    def inside(self, _maps: Maps) -> None:
        """Nothing: see `outside`."""

    def agreement(self, first: Maps, second: Maps) -> float:
        """The mean correlation of the maps' ranks, over the words of each text that has several."""
        each = [
            rank_agreement(one[None, there], other[None, there])[0]
            for one, other, there in zip(first, second, self.words.there, strict=True)
            if there.sum() > 1
        ]
        return float(np.mean(each)) if each else 0.0

    def sheet(self, _maps: Mapping[str, Maps], _controls: Mapping[str, Maps]) -> None:
        """None: words are not drawn."""
