"""Tests of `ptmbench.engine.transfer.features`: frozen outputs over a data set."""

import torch
from torch import nn

from ptmbench.catalog.cases import find_case
from ptmbench.engine.device import Device
from ptmbench.engine.inputs.batches import TensorInputs
from ptmbench.engine.transfer import features
from ptmbench.engine.transfer.features import forward_all, forward_each

CPU = Device("cpu", "fp32", 1)


class Tokens(nn.Module):
    """Two numbers a token, its id and the length of the batch it came in; every batch is remembered."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, ids):
        """[n, length, 2]."""
        self.seen.append(tuple(ids.shape))
        return torch.stack([ids.float(), torch.full_like(ids, ids.shape[1]).float()], dim=2)


def texts(*lengths, width):
    """Ids of texts, each token the text's number, with padding to a width."""
    ids = torch.full((len(lengths), width), -1)
    for number, length in enumerate(lengths):
        ids[number, :length] = number
    return TensorInputs(ids)


def test_texts_of_like_length_are_computed_together(monkeypatch):
    """Batches go from the longest text to the shortest, each cut to its longest, and never hold too many tokens."""
    monkeypatch.setattr(features, "TOKENS", 20)
    network = Tokens()

    found = forward_all(network, texts(2, 9, 2, 10, 1, 2, width=12), CPU)

    assert [(2, 10), (4, 2)] == network.seen
    assert (6, 12, 2) == found.shape
    assert [0, 1, 2, 3, 4, 5] == found[:, 0, 0].tolist()
    assert [2, 10, 2, 10, 2, 2] == found[:, 0, 1].tolist()


def test_outputs_behind_a_text_are_nothing():
    """What a batch does not reach is 0, whatever stood in memory, and every end is given in the order asked for."""
    inputs = texts(1, 3, width=4)

    found = forward_each(Tokens(), {"all": nn.Identity()}, inputs, CPU, examples=[1, 0, 1])

    assert [1, 0, 1] == found["all"][:, 0, 0].tolist()
    assert [0, 0, 0] == found["all"][:, 3].abs().sum(1).tolist()


def test_pictures_keep_their_order(monkeypatch):
    """Inputs that are no texts are computed as they stand."""
    monkeypatch.setattr(features, "BATCH", 2)
    pictures = torch.randn(5, 3)

    assert pictures.tolist() == forward_all(nn.Identity(), TensorInputs(pictures), CPU).tolist()


def test_outputs_can_be_trained_on():
    """What was computed without gradients is read by a training like any tensor."""
    found = forward_all(nn.Identity(), TensorInputs(torch.randn(4, 3)), CPU)

    nn.Linear(3, 1)(found).sum().backward()

    assert not found.is_inference()


def test_a_text_has_the_features_that_it_has_alone(bench):
    """Company and padding move no feature of an embedded language model by more than rounding."""
    for name in ("bert_tiny.invented", "gpt_tiny.invented"):
        case = find_case(name, "sentiment_50shot", "linear_probe")
        backbone, inputs = bench.backbone(case, 0), bench.encoded(case).inputs
        some = inputs.tensor[:40]
        alone = [backbone(row[row >= 0][None]) for row in some]
        together = forward_all(backbone, TensorInputs(some), CPU)
        assert torch.allclose(torch.cat(alone), together, atol=1e-5)
