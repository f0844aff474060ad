"""Tests of the column of attributions."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from probes import probed

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.runner import prepare
from ptmbench.engine.transfer import answering, attribution
from ptmbench.engine.transfer.answering import FEW_EXAMPLES, NO_NETWORK, TOO_LARGE
from ptmbench.engine.transfer.attributed_pictures import NO_MASKS
from ptmbench.engine.transfer.attributed_words import NO_DECIDING_WORDS
from ptmbench.engine.transfer.attribution import NOT_LABELS, REACH, attribution_of
from ptmbench.engine.transfer.insight import SAME_WEIGHTS
from ptmbench.engine.workbench import Workbench
from ptmbench.records.measured import SHEET
from ptmbench.records.trust_record import AttributionRecord
from ptmbench.running.session import Session

MODEL, TASK = "resnet_tiny.glyphs", "photo_numerals_full"
METHODS, CONTROLS = ("saliency", "integrated_gradients", "grad_cam"), ("random", "edges", "centre")


@pytest.fixture
def few(monkeypatch):
    """So few pictures that a test can wait for them."""
    monkeypatch.setattr(attribution, "REACH", attribution.REACH._replace(examples=24))


def test_every_map_stands_beside_controls_and_the_random_network(bench, few):
    """Nothing is told of a method without random maps, edges, a centre prior and the network at random weights."""
    found = dict(attribution_of(bench, *probed(bench, TASK)))
    sheet = Image.open(io.BytesIO(found.pop(SHEET)))
    record = AttributionRecord.model_validate(found)

    assert (24, "PNG") == (record.examples, sheet.format)
    for measure in (record.deletion, record.insertion, record.inside):
        assert {*METHODS, *CONTROLS} == measure.mean.keys()
        assert {*METHODS} == measure.over_control.keys()
        best = max(CONTROLS, key=lambda name: measure.mean[name])
        assert best == measure.control
        for name in METHODS:
            low, high = measure.over_control_interval95[name]
            assert measure.mean[name] - measure.mean[best] == pytest.approx(measure.over_control[name])
            assert low <= measure.over_control[name] <= high + 1e-9
    assert {*METHODS} == record.inside_random_network.keys() == record.rank_agreement.keys()
    assert abs(record.deletion.mean["random"]) < 0.06
    assert 0.9 < record.inside.mean["random"] < 1.1
    assert record.inside.mean["integrated_gradients"] > record.inside_random_network["integrated_gradients"]


def test_the_same_case_tells_the_same(bench, few):
    """Pictures, orders and random weights are drawn from names, not from what ran before."""
    case, run = probed(bench, TASK)

    assert attribution_of(bench, case, run) == attribution_of(bench, case, run)


@pytest.mark.parametrize("method", ["fine_tune", "fine_tune_last"])
def test_trained_networks_are_explained_whole(bench, few, method):
    """Also where the frozen part was computed once: maps are of pixels."""
    case = find_case(MODEL, "textures_5shot", method)
    run = prepare(bench, case).work
    run.network = bench.device.place(run.network_of(0).trained)
    found = attribution_of(bench, case, run)

    assert 24 == found["examples"]
    assert NO_MASKS == found["inside"] == found["inside_random_network"]


@pytest.mark.parametrize("model", ["bert_tiny.manuals", "gpt_tiny.invented"])
def test_words_of_texts_are_explained(bench, few, model):
    """Integrated gradients of tokens stand beside random maps, long words and early ones; there is no sheet."""
    found = attribution_of(bench, *probed(bench, "topic_full", model=model))
    record = AttributionRecord.model_validate({**found, "inside": None, "inside_random_network": None})

    assert {"integrated_gradients", "random", "length", "position"} == record.deletion.mean.keys()
    assert {"integrated_gradients"} == record.rank_agreement.keys()
    assert NO_DECIDING_WORDS == found["inside"] == found["inside_random_network"]
    assert abs(record.deletion.mean["random"]) < 0.06


def test_a_probe_is_held_against_a_network_that_pools_alike(bench, few, monkeypatch):
    """The network at random weights gives the features that the probe chose, of other weights; also of controls."""
    asked, backbone = [], Workbench.backbone
    monkeypatch.setattr(Workbench, "backbone", lambda bench, *given: asked.append(given) or backbone(bench, *given))
    for model in ("vae_tiny.glyphs", "vae_tiny.random"):
        case, run = probed(bench, TASK, model=model)
        run.choices[0] = ("last_convolution", run.choices[0][1])
        run.first = run._learned(run.features_of(0, "last_convolution").array, np.arange(200), 1.0)[0]
        asked.clear()
        found = attribution_of(bench, case, run)
        twin = next(given for given in asked if (given[0].model.name, given[1]) != (model, 0))

        assert ("vae_tiny.random", "last_convolution") == (twin[0].model.name, twin[2])
        assert found["rank_agreement"]["integrated_gradients"] < 0.95


def test_a_network_that_is_the_same_at_random_is_no_control(bench, few, monkeypatch):
    """Where what builds a model gives the trained weights again, nothing is said of random ones."""
    case, run = probed(bench, TASK)
    monkeypatch.setattr(attribution, "random_twin", lambda model: model)
    found = attribution_of(bench, case, run)

    assert SAME_WEIGHTS == found["rank_agreement"] == found["inside_random_network"]


def test_the_sheet_lies_beside_the_record(few, tmp_path):
    """A case that is asked for the column names its sheet among its pictures, with the sha256 of the file."""
    settings = check_settings(budget="smoke", device="cpu", measures_latency=False, columns=["attribution"])
    record = Session(settings, folder=tmp_path).run(find_case(MODEL, TASK, "linear_probe"))
    (sheet,) = record.quality.pictures

    assert f"attributions/{record.case.id}.png" == sheet.file
    assert hashlib.sha256((tmp_path / sheet.file).read_bytes()).hexdigest() == sheet.sha256
    assert {*METHODS} == record.attribution.rank_agreement.keys()


def test_reasons_say_why_there_is_nothing(bench, monkeypatch):
    """Controls without a network, tags of words, nearest neighbours, and networks that would take too long."""
    text = find_case("tfidf", "sentiment_50shot", "linear_probe")
    tags = find_case("bert_tiny.manuals", "ner_100", "linear_probe")

    assert REACH.no_gradient == attribution_of(bench, *probed(bench, TASK, method="knn"))
    assert NO_NETWORK == attribution_of(bench, *probed(bench, TASK, model="pixels"))
    assert NO_NETWORK == attribution_of(bench, text, None)
    assert NOT_LABELS == attribution_of(bench, tags, None)
    monkeypatch.setattr(answering, "FEWEST", 10**6)
    assert FEW_EXAMPLES == attribution_of(bench, *probed(bench, TASK))
    monkeypatch.undo()
    monkeypatch.setattr(answering, "WORK", 1e9)
    assert TOO_LARGE == attribution_of(bench, *probed(bench, TASK))
