"""Tests of the work of tasks of labels."""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ptmbench.catalog.cases import find_case
from ptmbench.engine.runner import prepare
from ptmbench.engine.transfer.training import CHECK_EVERY

READ = torch.ops.aten._local_scalar_dense.default  # a number of a tensor becomes one of Python: a GPU has to catch up


class Calls(TorchDispatchMode):
    """Counts the operations that are called."""

    def __init__(self):
        super().__init__()
        self.counts = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        """Counts one, and does it."""
        self.counts[function] += 1
        return function(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    "case_id",
    ["resnet_tiny.glyphs-digits_5shot-fine_tune", "bert_tiny.invented-sentiment_50shot-fine_tune",
     "gpt_tiny.invented-ner_100-fine_tune_last"],
)  # fmt: skip
def test_training_reads_nothing_but_the_loss_from_the_device(bench, case_id):
    """A step waits for no figure: the loss is read every tenth one, and nothing else ever."""
    work = prepare(bench, find_case(*case_id.split("-"))).work
    with Calls() as calls:
        work._trained(0, replace(work.recipe, steps=3 * CHECK_EVERY))

    assert 3 == calls.counts[READ]


def test_a_batch_brings_the_targets_of_its_examples(bench):
    """Inputs and targets are those of the examples in the order asked for."""
    work = prepare(bench, find_case("resnet_tiny.glyphs", "digits_5shot", "fine_tune")).work.work
    order = [[5, 3], [8]]
    batches = list(work.batches(order))

    for group, (inputs, targets) in zip(order, batches, strict=True):
        assert torch.equal(work.inputs.tensor[group], inputs)
        assert [work.rows.data.labels[example] for example in group] == targets.tolist()
