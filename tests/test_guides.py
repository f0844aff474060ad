"""Tests that everything the guides of docs/ show works, in the order in which a reader meets it."""

import importlib.util
import os
import re
import runpy
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file, save_file

from guides import DOCS, blocks, commands, snippets
from ptmbench.catalog import spec
from ptmbench.catalog.cases import product
from ptmbench.catalog.settings import BUDGETS
from ptmbench.cli import main
from ptmbench.cli.parser import make_parser
from ptmbench.engine.datasets import builtin
from ptmbench.engine.identity import identify
from ptmbench.engine.methods.frozen_method import FrozenMethod
from ptmbench.engine.methods.table import FROZEN_METHODS
from ptmbench.engine.runner import prepare, run
from ptmbench.gate import launching
from ptmbench.gate.rules import Rules, load_rules
from ptmbench.records import environment

ROOT = DOCS.parent
CLASSES = {"dent": (200, 40, 40), "scratch": (40, 200, 40), "sound": (40, 40, 200)}
RESULTS_LINK = re.compile(r"\[`(\w+)`[^\]]*\]\((\.\./results/\S+?)\)")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A reader's folder: a checkout's benchmarks and results, pictures in three classes, and reviews with stars."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment, "cores", lambda: 1)  # threads that share a busy machine wait for each other
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # the same of processes
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])  # a model's module lies beside its data
    before = set(sys.modules)
    for folder in ("benchmarks", "results"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    generator = np.random.default_rng(0)
    for part, count in (("train", 15), ("test", 20)):
        for name, colour in CLASSES.items():
            folder = tmp_path / "photos" / part / name
            folder.mkdir(parents=True)
            for index in range(count):
                pixels = generator.normal(colour, 40, (24, 24, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(folder / f"{index}.png")
    rows = [f"{word} {index},{stars}" for index in range(30) for word, stars in (("fine", 5), ("broken", 1))]
    (tmp_path / "reviews.csv").write_text("review,stars\n" + "\n".join(rows) + "\n")
    yield tmp_path
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").parent == tmp_path:
            del sys.modules[name]


def write(block):
    """Makes the file of a block, as a reader would."""
    path = Path(block.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text)


@pytest.fixture
def follow(here, forge):
    """Does what a guide says, block by block; commands of ours and scripts in this process, where torch is loaded."""

    def typed(words):
        if words[0] == "ptmbench":
            return main(words[1:])
        if words[0] == "python":
            runpy.run_path(words[1], run_name="__main__")
            return 0
        finished = forge.run("-m", *words, cwd=here)
        sys.stdout.write(finished.stdout[-3000:] + finished.stderr[-3000:])
        return finished.returncode

    def run(guide):
        for block in blocks(guide):
            if block.file:
                write(block)
            elif not block.language:
                for command in commands(block):
                    code = typed(command.words)
                    said = " ".join(command.words)
                    assert code in command.exits, f"{said} exits {code}, {guide} says {command.exits}"

    return run


@pytest.mark.slow
def test_choosing_a_model(here, follow, monkeypatch):
    """Every command of the guide to choosing a model runs, and leaves the reports that it promises."""
    for name, steps in (("quick", 4), ("single", 8)):  # what is recommended, and how good it is, is not asked here
        monkeypatch.setitem(BUDGETS, name, replace(BUDGETS[name], steps=steps))
    follow("choose-a-model")

    assert all((here / name).exists() for name in ("table.md", "card.md", "site/index.html"))


@pytest.fixture
def launches(here, forge, monkeypatch):
    """Lets the gate's launches be forks, whose parent is the process that forks."""

    def run(command, **options):
        if command[:2] != [sys.executable, "-c"]:
            return subprocess.run(command, **options)  # noqa: PLW1510  the options say
        code, parent, *words = command[2:]
        assert str(os.getpid()) == parent
        return forge.run("-c", code, str(forge.server.pid), *words, cwd=here)

    monkeypatch.setattr(launching, "subprocess", SimpleNamespace(DEVNULL=subprocess.DEVNULL, run=run))


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="gate --against needs a git checkout")
def test_gating(here, follow, launches, capfd):
    """The gate's guide passes a release that is the same, fails one that is worse, and runs both revisions in turn."""
    write(blocks("gate-your-ci")[0])
    network = runpy.run_path("product.py")["network"]
    torch.manual_seed(0)
    save_file(network().state_dict(), "release.safetensors")
    forgot = {name: torch.zeros_like(value) for name, value in load_file("release.safetensors").items()}
    save_file(forgot, "candidate.safetensors")

    follow("gate-your-ci")
    assert "::error" in capfd.readouterr().out
    assert "worse" in (here / "comment.md").read_text()
    assert 2 == load_rules(here / "calibrated.toml").noise["vgg_tiny.glyphs-digits_5shot-knn"].launches


@pytest.mark.slow
def test_extending_without_touching_the_package(here, follow):
    """The network, the file of entries and the commands of the guide to extending work as they stand."""
    follow("extend")

    assert (here / "out" / "mine-photos_5shot-knn.json").exists()


@pytest.mark.slow
def test_calling_it_from_python(here, follow):
    """Every program of the guide to Python runs as it stands, and leaves the records that it says."""
    follow("python")

    assert (here / "out" / "pixels-digits_5shot-linear_probe.json").exists()


@pytest.mark.slow
def test_reading_the_figures(follow):
    """Every command of the guide to the figures runs on the committed records."""
    follow("read-the-figures")


def test_the_gates_file_sets_what_it_says(tmp_path):
    """The gate.toml of the guide is one, and its tolerances are the usual ones, as the guide's comments have them."""
    path = tmp_path / "gate.toml"
    path.write_text(snippets("gate-your-ci", "toml")["gate.toml"])
    rules = load_rules(path)

    assert (("weights",), Rules().tolerance) == (rules.compare, rules.tolerance)


def test_workflows_call_what_there_is():
    """Each workflow of the guides is YAML, and each of our commands in it parses."""
    found = []
    for guide in ("gate-your-ci",):
        for text in snippets(guide, "yaml").values():
            steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
            found += [shlex.split(step["run"].partition(">>")[0], comments=True) for step in steps if "run" in step]
    ours = [words for words in found if words[0] == "ptmbench"]
    for words in ours:
        make_parser().parse_args(words[1:])

    assert ["run", "gate", "gate"] == [words[1] for words in ours]


def module_of(name, text, folder):
    """A module made of a snippet."""
    path = folder / name
    path.write_text(text)
    found = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def line(guide, start):
    """The object of a catalog line that the guide shows."""
    (text,) = [text for text in snippets(guide, "python").values() if text.startswith(start)]
    return eval(text, vars(spec).copy())  # noqa: S307  a line of our own page


def test_the_task_and_the_method_of_the_guide_run(tmp_path, monkeypatch, bench):
    """The example task and method, entered as the guide says, give a figure above chance."""
    code = snippets("extend", "python")
    stripes = module_of("stripes.py", code["stripes.py"], tmp_path)
    bayes = module_of("naive_bayes.py", code["naive_bayes.py"], tmp_path)
    task, method = line("extend", "TaskSpec("), line("extend", "MethodSpec(")
    monkeypatch.setitem(builtin.DATASETS, "stripes", stripes.load)
    monkeypatch.setitem(FROZEN_METHODS, "naive_bayes", FrozenMethod(bayes.fit, bayes.trainable_parameters))
    (case,) = [case for case in product(tasks=[task], methods=[method]) if case.model.name == "resnet_tiny.glyphs"]

    result = run(bench, prepare(bench, case))
    assert 64 == len(identify(bench, case).split_sha256)
    assert min(result.answers.values) > 0.6


def test_the_model_of_the_guide_is_a_backbone(tmp_path):
    """The example backbone gives as many features as it says."""
    backbone = module_of("plain.py", snippets("extend", "python")["plain.py"], tmp_path).plain_tiny()

    assert (2, backbone.feature_size) == backbone(torch.zeros(2, 3, 32, 32)).shape


def cells(row):
    """The cells of a table's row, without emphasis."""
    return [cell.strip().strip("*") for cell in row.strip().strip("|").split("|")]


def quoted():
    """Each row of figures in the guides, with the task and the file that the line above its table links."""
    for path in DOCS.glob("*.md"):
        source = None
        for text in path.read_text().splitlines():
            source = RESULTS_LINK.search(text) or (source if text.startswith("|") or not text.strip() else None)
            if source and text.startswith("|") and not set(text) <= set("|- :"):
                yield path, source[1], (path.parent / source[2]).resolve(), cells(text)


def test_figures_are_those_of_the_records():
    """Every row of figures that a guide quotes stands so in the committed table that it links."""
    count = 0
    for path, task, file, row in quoted():
        _, _, section = f"\n{file.read_text()}".partition(f"\n## {task} (")
        known = [cells(text) for text in section.partition("\n## ")[0].splitlines() if text.startswith("|")]
        assert any(set(row) <= set(other) for other in known), (
            f"{path.name} quotes {row} of {task}, and {file.parent.name} has no such row: take the figures from there"
        )
        count += 1

    assert count > 10
