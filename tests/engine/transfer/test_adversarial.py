"""Tests of what stays right when pictures are attacked."""

import pytest
from probes import probed

from ptmbench.catalog.cases import find_case
from ptmbench.engine.runner import prepare
from ptmbench.engine.seeding import numpy_generator
from ptmbench.engine.transfer import adversarial, answering
from ptmbench.engine.transfer.adversarial import NOT_PICTURES, REACH, adversarial_of
from ptmbench.engine.transfer.answering import FEW_EXAMPLES, NO_NETWORK, TOO_LARGE
from ptmbench.records.trust_record import AdversarialRecord

MODEL, TASK = "resnet_tiny.glyphs", "digits_20shot"


@pytest.fixture
def few(monkeypatch):
    """So few pictures and searches that a test can wait for them."""
    monkeypatch.setattr(adversarial, "REACH", adversarial.REACH._replace(examples=40))
    monkeypatch.setattr("ptmbench.engine.transfer.apgd.STEPS", 10)
    monkeypatch.setattr("ptmbench.engine.transfer.square_attack.QUERIES", 30)


def test_attacks_only_take_answers_away(bench, few):
    """Fewer stay right under an attack than without, fewest under both, and an undefended probe falls far."""
    found = adversarial_of(bench, *probed(bench, TASK))

    assert AdversarialRecord.model_fields.keys() == found.keys()
    assert found["robust"] <= min(found["apgd_ce"], found["square"])
    assert found["apgd_ce"] < 0.6 * found["clean"]
    assert found["clean"] > 0.8
    assert found["robust_interval95"][0] <= found["robust"] <= found["robust_interval95"][1]


def test_without_room_to_move_everything_stays(bench, few, monkeypatch):
    """At a radius of nothing answers are those of the clean pictures, which are those of the network's own inputs."""
    monkeypatch.setattr(adversarial, "RADIUS", 0.0)
    found = adversarial_of(bench, *probed(bench, TASK))

    assert {found["clean"]} == {found[name] for name in ("apgd_ce", "square", "robust")}


@pytest.mark.parametrize("task", [TASK, "digits_full"])
def test_a_probe_answers_as_its_network(bench, few, task):
    """The share that is right on clean pictures is that of the probe's own answers for them."""
    case, run = probed(bench, task)
    found = adversarial_of(bench, case, run)
    data = run.rows.data
    answers, test = run.seed(0).test, [*data.split.test]
    rng = numpy_generator("attacked", case.task.dataset)
    drawn = sorted(rng.permutation(test)[:40].tolist())
    right = [answers[test.index(place)] == data.labels[place] for place in drawn]

    assert sum(right) / 40 == pytest.approx(found["clean"], abs=0.026)  # of ties one may fall otherwise


@pytest.mark.parametrize("method", ["fine_tune", "fine_tune_last"])
def test_a_trained_network_is_attacked_whole(bench, few, method):
    """Also where its frozen part was computed once: gradients reach the pixels through both parts."""
    case = find_case(MODEL, TASK, method)
    run = prepare(bench, case).work
    run.network = bench.device.place(run.network_of(0).trained)

    assert 40 == adversarial_of(bench, case, run)["examples"]


def test_reasons_say_why_there_is_nothing(bench, monkeypatch):
    """Texts, controls without a network, nearest neighbours, and networks that would take too long."""
    knn, pixels = probed(bench, TASK, method="knn"), probed(bench, TASK, model="pixels")
    text = find_case("tfidf", "sentiment_50shot", "linear_probe")

    assert REACH.no_gradient == adversarial_of(bench, *knn)
    assert NO_NETWORK == adversarial_of(bench, *pixels)
    assert NOT_PICTURES == adversarial_of(bench, text, None)
    monkeypatch.setattr(answering, "FEWEST", 10**6)
    assert FEW_EXAMPLES == adversarial_of(bench, *probed(bench, TASK))
    monkeypatch.undo()
    monkeypatch.setattr(answering, "WORK", 1e9)
    assert TOO_LARGE == adversarial_of(bench, *probed(bench, TASK))
