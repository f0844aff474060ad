"""Tests that a case's quality does not depend on how it was run, to the last bit."""

import json
from dataclasses import replace

import pytest

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.workbench import Workbench
from ptmbench.running.session import Session

IDS = [
    "resnet_tiny.glyphs-digits_1shot-linear_probe",
    "resnet_tiny.glyphs-digits_1shot-knn",
    "resnet_tiny.glyphs-digits_1shot-fine_tune_last",
    "resnet_tiny.glyphs-digits_5shot-fine_tune",
    "resnet_tiny.random-digits_5shot-linear_probe",
    "resnet_tiny.random-digits_5shot-from_scratch",
    "vae_tiny.glyphs-digits_1shot-linear_probe",
    "bert_tiny.invented-ner_100-knn",
    "bert_tiny.random-sentiment_50shot-knn",
    "gpt_tiny.invented-sentiment_50shot-fine_tune_last",
    "tfidf-topic_20shot-linear_probe",
]
CASES = [find_case(*case_id.split("-")) for case_id in IDS]
QUICK = check_settings(budget="quick", seeds=2, device="cpu", measures_latency=False)
SETTINGS = replace(QUICK, budget=replace(QUICK.budget, steps=10))  # what moves, moves in the first steps already


def figures(record):
    """What must not move: every figure of quality, but for where the outcomes lie."""
    assert record.quality is not None, record.reason
    return record.quality.model_dump()


@pytest.fixture(scope="module")
def in_order(tmp_path_factory):
    """The figures of all cases, run one after another with shared caches."""
    session = Session(SETTINGS, folder=tmp_path_factory.mktemp("in_order"))
    return {case.id: figures(session.run(case)) for case in CASES}


@pytest.mark.slow
def test_reverse_order_and_a_cold_start_change_nothing(in_order, tmp_path):
    """Run in reverse with new caches, every figure is the same."""
    session = Session(SETTINGS, folder=tmp_path)

    assert in_order == {case.id: figures(session.run(case)) for case in reversed(CASES)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_case_alone_is_the_same(in_order, tmp_path, case):
    """Run alone with a cold cache, and again with a warm one, a case gives the same figures."""
    bench = Workbench(SETTINGS)
    first = Session(SETTINGS, folder=tmp_path / "cold", _bench=bench).run(case)
    second = Session(SETTINGS, folder=tmp_path / "warm", _bench=bench).run(case)

    assert in_order[case.id] == figures(first) == figures(second)


def test_a_resume_changes_nothing(in_order, tmp_path):
    """Half the cases run, then all resumed: the figures are those of one go."""
    first = Session(SETTINGS, folder=tmp_path)
    for case in CASES[::2]:
        first.run(case)
    resumed = Session(SETTINGS, folder=tmp_path, resume=True)

    assert in_order == {case.id: figures(resumed.run(case)) for case in CASES}
    assert {case.id for case in CASES[::2]} == resumed.reused


def test_pytest_and_the_command_line_agree(cli, benchmarks, pytester, tmp_path):
    """pytest and `ptmbench run` give the same figures, each in a process of its own."""
    chosen = "resnet_tiny.random and digits_5shot and not knn"
    options = ("--ptm-device=cpu", "--ptm-seeds=2", "--ptm-results=out", "--benchmark-disable")
    floors = '[quick]\n"resnet_tiny.random-digits_5shot-linear_probe" = { floor = 0.1, tells = false }\n'
    floors += '"resnet_tiny.random-digits_5shot-from_scratch" = { floor = 0.1, tells = false }\n'

    others = len(entries_of().cases()) - 2
    benchmarks(*options, "-k", chosen, floors=floors).assert_outcomes(passed=2, deselected=others)
    ran = cli("run", "-k", chosen, "--device", "cpu", "--seeds", "2", "--results", "out")

    assert ran.returncode == 0, ran.stderr
    records = sorted((tmp_path / "out").glob("*-*.json"))
    assert len(records) == 2
    for path in records:
        ours = json.loads(path.read_text())["quality"]
        theirs = json.loads((pytester.path / "out" / path.name).read_text())["quality"]
        assert (ours["seeds"], ours["train_value"], ours["others"]) == (
            theirs["seeds"],
            theirs["train_value"],
            theirs["others"],
        )
        assert ours["outcomes"] == theirs["outcomes"]
