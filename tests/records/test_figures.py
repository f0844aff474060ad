"""Tests of the table of figures: it reads what the records say, and says why where they say nothing."""

import dataclasses
import re
from pathlib import Path

import pytest

from ptmbench.errors import UnknownName
from ptmbench.records.figures import FIGURES, by_name, figures_in, judged_as
from ptmbench.records.store import ResultsFolder
from ptmbench.statistics.transferability import SCORES

RESULTS = Path(__file__).parents[2] / "results"
COSTS = {
    "parameters": lambda cost: cost.parameters,
    "trainable_parameters": lambda cost: cost.trainable_parameters,
    "macs": lambda cost: cost.macs,
    "size_bytes": lambda cost: cost.size_bytes,
    "latency_p50_s": lambda cost: cost.latency_s.p50 if cost.latency_s else None,
    "latency_p95_s": lambda cost: cost.latency_s.p95 if cost.latency_s else None,
    "latency_s": lambda cost: min(cost.latency_s.samples) if cost.latency_s else None,
    "throughput_per_s": lambda cost: cost.throughput_per_s,
    "inference_bytes": lambda cost: cost.peak_memory_bytes.inference,
    "training_bytes": lambda cost: cost.peak_memory_bytes.training,
    "train_time_s": lambda cost: cost.train_time_s,
    "carry_over_time_s": lambda cost: cost.carry_over_time_s,
    "energy_j": lambda cost: cost.energy_j,
}
SURENESS = ("nll", "brier", "ece", "ece_after_temperature", "temperature")
TOLD = {
    "members": "members",
    "membership_auc": "auc",
    "tpr_at_fpr_1e_2": "tpr_at_fpr_1e_2",
    "tpr_at_fpr_1e_3": "tpr_at_fpr_1e_3",
    "null_auc": "null_auc",
}
EXPLAINED = "integrated_gradients"
ATTACKED = ("clean", "apgd_ce", "square", "robust")
FEATURES = ("dimensions", "effective_rank", "cka_random", "cka_fine_tuned")
OTHERS = {
    "macro_f1": "macro_f1",
    "entity_precision": "precision",
    "entity_recall": "recall",
    "token_accuracy": "token_accuracy",
    "tuned_on_validation": "tuned_on_validation",
    "map_50": "map_50",
    "pixel_accuracy": "pixel_accuracy",
}


@pytest.fixture(scope="module")
def committed():
    """All committed records."""
    return [record for folder in sorted(RESULTS.glob("*/*-*-*")) for record in ResultsFolder(folder).read_all()[0]]


def over(attribution, measure):
    """What integrated gradients have over the best control; None where it was not measured."""
    found = attribution and getattr(attribution, measure)
    return found and found.over_control[EXPLAINED]


def direct(record):
    """Every figure of a record, read field by field."""
    found = {name: record.cost and read(record.cost) for name, read in COSTS.items()}
    found |= {name: record.quality.others.get(key) if record.quality else None for name, key in OTHERS.items()}
    found |= {name: record.calibration and getattr(record.calibration, name) for name in SURENESS}
    found |= {name: record.privacy and getattr(record.privacy, key) for name, key in TOLD.items()}
    found |= {f"known_{when}": record.forgetting and getattr(record.forgetting, when) for when in ("before", "after")}
    found |= {name: record.adversarial and getattr(record.adversarial, name) for name in ATTACKED}
    found |= {f"explained_{name}": over(record.attribution, name) for name in ("deletion", "insertion", "inside")}
    found["explained_agreement"] = ((record.attribution and record.attribution.rank_agreement) or {}).get(EXPLAINED)
    found |= {name: record.representation and getattr(record.representation, name) for name in FEATURES}
    found |= {score.name: (record.scores or {}).get(score.name) for score in SCORES}
    return found | {
        "quality": record.quality and record.quality.value,
        "gain": record.gain and record.gain.value,
    }


def test_every_row_reads_what_the_record_says(committed):
    """On all committed records each figure, and each interval, is that of its field; no row is left out."""
    assert len(committed) > 1600
    for record in committed:
        assert direct(record) == {figure.name: figure.read(record) for figure in FIGURES}
        assert record.quality.interval95 == by_name("quality").interval(record)
        assert (record.gain and record.gain.interval95) == by_name("gain").interval(record)


def test_every_missing_figure_has_a_reason(committed):
    """Where a record has no figure the record's own reason is given, or that its metric comes without it."""
    told = {
        figure.why_missing(record) for record in committed for figure in FIGURES if figure.read(record) is None
    }  # fmt: skip

    assert "not there" not in told
    assert "entity_f1 comes without macro_f1" in told
    assert {record.missing["cost.energy_j"] for record in committed} <= told


def test_names_and_keys_are_unique():
    """No two rows share a name, nor the keys by which a place knows them."""
    places = {place for figure in FIGURES for place in figure.shown} | {"gate"}
    for place in places:
        keys = [key for figure in FIGURES for key in figure.keys(place)]
        assert sorted(set(keys)) == sorted(keys), place
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)


def test_names_that_programs_read_stay():
    """What history, gate and exports called a figure is what they call it now."""
    history = "quality gain macs parameters size_bytes latency_p50_s latency_p95_s inference_bytes training_bytes"
    gate = (
        "parameters trainable_parameters macs size_bytes peak_memory_bytes.inference peak_memory_bytes.training "
        "latency_s train_time_s"
    )
    csv = (
        "value low high gain gain_low gain_high parameters macs latency_p50_s latency_p95_s inference_bytes "
        "training_bytes carry_over_time_s"
    )

    assert {*history.split(), "carry_over_time_s"} <= {figure.name for figure in figures_in("history")}
    assert set(gate.split()) == {
        key for figure in judged_as("exact", "memory", "time", "train_time") for key in figure.keys("gate")
    }
    assert set(csv.split()) <= {key for figure in figures_in("csv") for key in figure.keys("csv")}


def test_the_record_says_which_way_is_up(committed):
    """More is better of shares and rates, less of costs; of quality and gain as the metric has it."""
    record = committed[0]
    turned = record.model_copy(update={"quality": record.quality.model_copy(update={"higher_is_better": False})})

    up = {figure.name for figure in FIGURES if figure.upwards(record)}

    told = {"known_before", "known_after", *ATTACKED, *FEATURES} - {"cka_random"}  # near random is no merit
    told |= {f"explained_{name}" for name in ("deletion", "insertion", "inside")}

    assert {"quality", "gain", "throughput_per_s", *OTHERS, *told, *(score.name for score in SCORES)} == up
    assert up - {"quality", "gain"} == {figure.name for figure in FIGURES if figure.upwards(turned)}


def test_memory_repeats_on_a_cpu_alone(committed):
    """Counts repeat everywhere, peak memory where it is counted and not sampled, times nowhere."""
    record = committed[0]
    on_gpu = record.model_copy(update={"provenance": record.provenance.model_copy(update={"device": "cuda"})})
    counts = {"parameters", "trainable_parameters", "macs", "size_bytes"}

    assert counts == {figure.name for figure in FIGURES if figure.repeats_in(on_gpu)}
    assert {"inference_bytes", "training_bytes"} | counts == {f.name for f in FIGURES if f.repeats_in(record)}


def test_a_key_of_a_mapping_may_hold_dots(committed):
    """Below a mapping the rest of the path is one key, as `ap.star` is."""
    record = committed[0]
    quality = record.quality.model_copy(update={"others": {"ap.star": 0.25}})
    figure = dataclasses.replace(by_name("map_50"), path="quality.others.ap.star")

    assert 0.25 == figure.read(record.model_copy(update={"quality": quality}))


def test_an_unknown_figure_is_told_with_near_names():
    """A typo is answered by the names that come near, of the place that was asked."""
    with pytest.raises(UnknownName, match=re.escape("no metric is called 'latency_p50': did you mean latency_p50_s")):
        by_name("latency_p50", "history")
    with pytest.raises(UnknownName, match="train_time_s"):
        by_name("train_time_s", "history")


def test_every_score_has_its_row():
    """The figures called scores are those of the statistics, under their headings."""
    rows = {figure.name: figure.heading for figure in FIGURES if figure.path.startswith("scores.")}

    assert rows == {score.name: score.heading for score in SCORES}
