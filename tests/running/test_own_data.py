"""Tests of a user's own model on a user's own data, from the command line and from pytest, end to end."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models

from ptmbench.cli import main
from ptmbench.records.store import ResultsFolder

MODEL = "file:mine.pth#torchvision:squeezenet1_1?name=mine&size=32"
FAST = ["--budget", "smoke", "--results", "out"]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a checkpoint and a data set of two classes of noise, one of them red."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    torch.save(models.squeezenet1_1(weights=None).state_dict(), "mine.pth")
    generator = np.random.default_rng(0)
    for part, count in (("train", 12), ("test", 6)):
        for name, red in (("plain", 0), ("red", 120)):
            folder = tmp_path / "photos" / part / name
            folder.mkdir(parents=True)
            for index in range(count):
                pixels = generator.integers(0, 100, (20, 24, 3))
                pixels[..., 0] += red
                Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{index}.png")
    return tmp_path


def records(folder="out"):
    """The records of a results folder by method."""
    return {record.case.id: record for record in ResultsFolder(Path(folder)).read_all()[0]}


def test_every_method_runs_on_own_images(here, capsys):
    """A reference to weights and one to a folder give every method, the control beside it, and a table with gains."""
    assert 0 == main(["run", "--model", MODEL, "--task", "imagefolder:photos?name=photos", *FAST])
    found = records()

    assert 8 == len(found)
    assert {"ok"} == {record.status for record in found.values()}
    assert "mine.random" in capsys.readouterr().out
    probe = next(found[case_id] for case_id in found if case_id.endswith("linear_probe") and "random" not in case_id)
    assert probe.quality.value > 0.6
    assert (1.0, 2, 12) == (probe.case.model.loaded_fraction, probe.case.task.classes, probe.case.task.test_size)
    assert "file:mine.pth#torchvision:squeezenet1_1?size=32" == probe.case.model.reference
    assert probe.gain.partner_id.startswith("mine.random-photos")


def test_own_data_resume_and_change(here):
    """A resume keeps what stands, and a changed picture makes the records stale."""
    call = ["run", "--model", MODEL, "--task", "imagefolder:photos", "--method", "knn", *FAST]
    main(call)
    before = {case_id: record.provenance.started_at for case_id, record in records().items()}
    first = {case_id: record.case.digest for case_id, record in records().items()}
    main([*call, "--resume"])
    assert before == {case_id: record.provenance.started_at for case_id, record in records().items()}
    Image.new("RGB", (9, 9)).save("photos/train/plain/0.png")
    main([*call, "--resume"])

    assert all(first[case_id] != record.case.digest for case_id, record in records().items())


def test_bad_examples_are_left_out_on_request(here, capsys):
    """A faulty file stops the run with one message; --skip-bad goes on and the record says what was left out."""
    shutil.copy("mine.pth", "photos/train/red/broken.png")
    call = ["run", "--model", MODEL, "--task", "imagefolder:photos", "--method", "knn", *FAST]

    assert 2 == main(call)
    assert "broken.png (no picture" in capsys.readouterr().err
    assert 0 == main([*call, "--skip-bad"])
    task = next(iter(records().values())).case.task
    assert (1, ["train/red/broken.png (no picture that Pillow can read)"]) == (task.left_out, task.left_out_names)


def test_too_few_examples_for_the_shots(here, capsys):
    """Every class with too few training examples is named."""
    assert 2 == main(["run", "--model", MODEL, "--task", "imagefolder:photos?shots=50", *FAST])
    assert "expected 50 training examples in each class; 2 have fewer: plain has" in capsys.readouterr().err


def test_own_text_runs_with_the_embedded_models(here):
    """A table of texts is a task for every text model, and for tf-idf."""
    rows = [f"{word} {index},{label}" for index in range(30) for word, label in (("good", "yes"), ("bad", "no"))]
    (here / "reviews.csv").write_text("text,label\n" + "\n".join(rows) + "\n")

    own = ["--task", "csv:reviews.csv", "--method", "linear_probe"]
    assert 0 == main(["run", "--model", "tfidf", "--model", "bert_tiny.invented", *own, *FAST])
    found = records()
    assert {"ok"} == {record.status for record in found.values()}
    assert all(record.quality.value > 0.6 for record in found.values())


def test_own_entities_run(here):
    """A folder of tagged words is a task of named entities, its tags the classes."""
    sentence = "Ann B-PER\nlives O\nin O\nRome B-LOC\n\n"
    for part, count in (("train", 20), ("test", 5)):
        (here / "tagged").mkdir(exist_ok=True)
        (here / "tagged" / f"{part}.conll").write_text(sentence * count)

    assert 0 == main(["run", "--model", "tfidf", "--task", "conll:tagged", "--method", "linear_probe", *FAST])
    record = next(iter(records().values()))
    assert (3, 1.0, "entity_f1") == (record.case.task.classes, record.quality.value, record.quality.metric)


def test_entities_that_the_test_part_lacks_have_no_f1(here, capsys):
    """Where no entity is true F1 is null with a reason, in `check`, record and table, and the other cases run."""
    (here / "tagged").mkdir()
    for part, tag, count in (("train", "B-LOC", 20), ("test", "O", 5)):
        (here / "tagged" / f"{part}.conll").write_text(f"lives O\nin O\nRome {tag}\n\n" * count)

    assert 0 == main(["check", "conll:tagged"])
    assert "entity F1 is not defined: no sentence of the test part holds an entity" in capsys.readouterr().out
    tasks = ["--task", "conll:tagged", "--task", "imagefolder:photos"]
    assert 0 == main(["run", "--model", "tfidf", "--model", "pixels", *tasks, "--method", "linear_probe", *FAST])
    shown = capsys.readouterr().out
    lacking, other = sorted(records().values(), key=lambda record: record.case.task.kind, reverse=True)
    assert ("skipped", None, "ok") == (lacking.status, lacking.quality, other.status)
    assert (lacking.reason or "").startswith("entity F1 is not defined")
    assert ("the case is skipped", 5) == (lacking.missing["quality"], lacking.case.task.test_size)
    assert 2 <= " ".join(shown.split()).count("entity F1 is not defined")


def test_pytest_takes_references_and_the_file(here, pytester, run_pytest):
    """--ptm-model and --ptm-task restrict a benchmark file to own entries, and ptmbench.toml adds to the catalog."""
    shutil.copytree(here / "photos", pytester.path / "photos")
    shutil.copy(here / "mine.pth", pytester.path)
    pytester.copy_example("test_image_classification.py")
    own = [f"--ptm-model={MODEL}", "--ptm-task=imagefolder:photos?name=photos", "--ptm-budget=smoke", "-k", "knn"]
    result = run_pytest("--benchmark-enable", "-p", "no:hypothesispytest", *own)

    result.assert_outcomes(passed=2)
    (pytester.path / "ptmbench.toml").write_text(json.dumps([MODEL]).join(("models = ", "\n")))
    listed = run_pytest("--collect-only", "-q", "-k", "mine")
    assert any("mine.random-digits_full-from_scratch" in line for line in listed.outlines)
    (pytester.path / "ptmbench.toml").write_text("modles = []\n")
    assert any("did you mean models" in line for line in run_pytest("--collect-only").errlines)
