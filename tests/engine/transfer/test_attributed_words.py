"""Tests of texts whose answers are explained, word by word."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from ptmbench.engine.transfer.attributed_words import Hiding, Words, maps_of_words
from ptmbench.engine.transfer.maps import INTEGRATED
from ptmbench.errors import Unavailable

PAD, MASK, WORDS = -1, 1, 12
GOOD, BAD = 7, 8


class Tokenizer:
    """Ten words, a mark in front of every text, and a mask."""

    mask_token_id, unk_token_id, eos_token_id = MASK, None, None
    all_special_ids = (0, MASK)

    def decode(self, ids):
        """As many letters as the id says."""
        return "a" * ids[0]


PREPROCESSING = SimpleNamespace(tokenizer=Tokenizer(), vocabulary=WORDS)


class Counting(nn.Module):
    """Good words speak for the second class, bad ones for the first, and all others for none."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(WORDS, 2)
        with torch.no_grad():
            self.table.weight.zero_()
            self.table.weight[GOOD, 1] = self.table.weight[BAD, 0] = 3.0

    def forward(self, ids):
        """Sums over the words of each text."""
        return (self.table((ids % WORDS).clamp_min(0)) * (ids >= 0)[..., None]).sum(dim=1)


@pytest.fixture
def words():
    """Two texts, the second shorter, the words that decide at its end and in the middle."""
    return Words.of(torch.tensor([[0, 3, 4, GOOD, 5], [0, 9, BAD, PAD, PAD]]), PREPROCESSING)


def test_marks_and_padding_are_no_words(words):
    """What the tokenizer puts around a text, and behind it, is never hidden."""
    assert [[False, True, True, True, True], [False, True, True, False, False]] == words.there.tolist()
    assert [[0, MASK, MASK, MASK, MASK], [0, MASK, MASK, PAD, PAD]] == words.hidden.tolist()
    assert [0, 3, 4, GOOD, 5] == words.letters[0].tolist()


def test_segments_stay_when_words_are_hidden():
    """A word of a second text is hidden behind the mask of a second text."""
    found = Words.of(torch.tensor([[0, 5, WORDS + 6]]), PREPROCESSING)

    assert [[0, MASK, WORDS + MASK]] == found.hidden.tolist()


def test_a_tokenizer_without_anything_to_hide_behind_is_refused():
    """Without a mask, a token for the unknown and an end there is nothing that stands for a missing word."""
    bare = SimpleNamespace(
        tokenizer=SimpleNamespace(mask_token_id=None, unk_token_id=None, eos_token_id=None), vocabulary=WORDS
    )
    with pytest.raises(Unavailable, match="stands for nothing"):
        Words.of(torch.tensor([[3]]), bare)


def test_the_words_that_decide_have_all_the_mass(words):
    """Of a sum over words the map is what each adds beyond a hidden one, and nothing where there is no word."""
    found = maps_of_words(Counting().eval(), words, torch.tensor([1, 0]))[INTEGRATED]

    assert np.array([[0, 0, 0, 3, 0], [0, 0, 3, 0, 0]]) == pytest.approx(found, abs=1e-5)


def test_the_table_of_tokens_is_taken_and_no_other(words):
    """A table of positions may be the larger one."""
    network = Counting()
    network.positions = nn.Embedding(50, 2)

    assert 3 == pytest.approx(maps_of_words(network.eval(), words, torch.tensor([1, 0]))[INTEGRATED].max())


def test_a_network_without_embeddings_is_refused(words):
    """There is nothing whose gradients could be followed."""
    with pytest.raises(Unavailable, match="no table with one embedding for each token"):
        maps_of_words(nn.Flatten(), words, torch.tensor([0, 0]))


def test_hiding_what_decides_gains_and_a_uniform_map_does_not():
    """Naming the one word that decides is better than a random order, calling all words alike is not."""
    drawn = np.random.default_rng(0)
    ids = np.concatenate([np.zeros((200, 1), int), drawn.integers(2, 7, (200, 12))], axis=1)
    ids[np.arange(200), drawn.integers(1, 13, 200)] = GOOD
    words = Words.of(torch.from_numpy(ids), PREPROCESSING)
    watched = Hiding(Counting(), words, torch.ones(200, dtype=torch.int64), np.random.default_rng(0))
    right, uniform = (watched.gains(each) for each in ((ids == GOOD).astype(float), np.ones(ids.shape)))

    assert min(each.mean() for each in right) > 0.1
    assert [0, 0] == pytest.approx([each.mean() for each in uniform], abs=0.02)
