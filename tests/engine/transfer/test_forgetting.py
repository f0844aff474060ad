"""Tests of what training costs of what a network knew."""

import copy
import math
from dataclasses import replace

import pytest
import torch

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.checkpoint_cards import load_card
from ptmbench.engine.frozen_cases import frozen_run
from ptmbench.engine.runner import prepare
from ptmbench.engine.transfer.forgetting import CONTROL, ELSEWHERE, FROZEN, TOKENS, forgetting_of

MODEL, TASK = "resnet_tiny.glyphs", "digits_5shot"


def trained(bench, case, change=lambda network: network):
    """The run of a case, with a network as if it had been trained: new, and changed."""
    run = prepare(bench, case).work
    network = bench.device.place(run.network_of(0).trained)
    run.network = change(network)
    return run


@pytest.mark.parametrize("method", ["fine_tune", "fine_tune_last"])
def test_a_network_that_stays_as_it_is_forgets_nothing(bench, method):
    """Before and after are the same to the last bit, and far above a guess, whichever part trains."""
    case = find_case(MODEL, TASK, method)
    found = forgetting_of(bench, case, trained(bench, case))

    assert found["before"] == found["after"]
    assert found["before"] > 20 * found["chance"]
    assert 1 / 160 == found["chance"]


def test_a_network_whose_weights_are_lost_has_forgotten(bench):
    """Random weights find much less among the source's classes."""
    case = find_case(MODEL, TASK, "fine_tune")

    def lost(network):
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, std=0.05)
        return network

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        found = forgetting_of(bench, case, trained(bench, case, lost))

    assert found["after"] < 0.7 * found["before"]


def test_the_model_itself_is_left_alone(bench):
    """What is measured before training is the model as it came, also after it was measured."""
    case = find_case(MODEL, TASK, "fine_tune")
    before = copy.deepcopy(bench.model(case, 0).backbone.state_dict())
    forgetting_of(bench, case, trained(bench, case))

    assert all(torch.equal(value, bench.model(case, 0).backbone.state_dict()[name]) for name, value in before.items())


@pytest.mark.parametrize("model", ["bert_tiny.invented", "gpt_tiny.invented"])
@pytest.mark.parametrize("method", ["fine_tune", "fine_tune_last"])
def test_a_language_model_that_stays_as_it_is_tells_the_tokens_of_its_card(bench, model, method):
    """Before and after are what the card says of the held-out sentences at the end of pre-training."""
    case = find_case(model, "sentiment_50shot", method)
    found = forgetting_of(bench, case, trained(bench, case))
    card = load_card(model).held_out
    loss = card["masked_token_loss_nats"] if "bert" in model else math.log(card["perplexity"])

    assert loss == pytest.approx(found["loss_before"], rel=1e-4)
    assert found["loss_before"] == pytest.approx(found["loss_after"], rel=1e-6)
    assert (TOKENS, found["before"]) == (found["of"], found["after"])
    if "bert" in model:
        assert card["masked_token_accuracy"] == pytest.approx(found["before"], abs=1e-4)


def test_reasons_say_why_there_is_nothing(bench):
    """Frozen features cannot forget, and sources that are not here cannot be asked."""
    case = find_case(MODEL, TASK, "fine_tune")
    run = trained(bench, case)
    scratch = find_case("resnet_tiny.random", TASK, "from_scratch")
    foreign = replace(case, model=replace(case.model, source="ImageNet-1k"))

    assert FROZEN == forgetting_of(bench, case, frozen_run(bench, find_case(MODEL, TASK, "knn")))
    assert ELSEWHERE == forgetting_of(bench, foreign, run)
    assert CONTROL == forgetting_of(bench, scratch, trained(bench, scratch))
