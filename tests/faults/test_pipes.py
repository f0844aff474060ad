"""A pipe, or a device that never ends, in the place of each file that somebody else may have made."""

import importlib
import os
import shutil
import signal

import numpy as np
import pytest
from PIL import Image

from ptmbench.catalog.checkpoint_cards import ZOO
from ptmbench.cli import main
from sites import QUICK

LIMIT_S = 20
CASES = ("resnet_tiny.glyphs-digits_5shot-knn", "vgg_tiny.glyphs-digits_5shot-knn")
COCO = '{"images": [], "annotations": [], "categories": []}'


@pytest.fixture(params=["pipe", "zero"])
def odd(request):
    """What makes a pipe that nobody writes to, or a link to a device that never ends."""

    def make(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        if request.param == "pipe":
            os.mkfifo(file)
        else:
            file.symlink_to("/dev/zero")
        return file

    return make


@pytest.fixture
def said(capsys):
    """Runs a command line within 20 s; returns its exit code and all that it said."""
    importlib.import_module("ptmbench.engine.workbench")  # imports take longer than that on a busy machine

    def run(*arguments):
        def late(*_):
            raise AssertionError(f"no end after {LIMIT_S} s")

        before = signal.signal(signal.SIGALRM, late)
        signal.alarm(LIMIT_S)
        try:
            code = main(list(map(str, arguments)))
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
        caught = capsys.readouterr()
        return code, caught.out + caught.err

    return run


@pytest.fixture
def few(tmp_path):
    """A results folder with two committed records and their outcomes."""
    place = tmp_path / "results"
    (place / "outcomes").mkdir(parents=True)
    for name in ("_folder.json", *(f"{case}.json" for case in CASES), *(f"outcomes/{case}.npz" for case in CASES)):
        shutil.copy(QUICK / name, place / name)
    return place


def picture(file, mode="RGB"):
    """A small picture of one colour."""
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8) if mode == "L" else (8, 8, 3), np.uint8)).save(file)
    return file


def pictures_beside(place, odd):
    """A folder of pictures by class, one of them odd."""
    for part in ("train", "test"):
        for kind in ("a", "b"):
            picture(place / part / kind / "1.png")
    odd(place / "test" / "b" / "2.png")
    return f"imagefolder:{place}"


def coco(place, odd):
    """A COCO set whose annotation file is odd."""
    picture(place / "images" / "1.png")
    odd(place / "train.json")
    (place / "test.json").write_text(COCO)
    return f"coco:{place}/images?train={place}/train.json&test={place}/test.json"


def voc(name):
    """What makes a VOC folder with an odd file of that name."""

    def make(place, odd):
        picture(place / "JPEGImages" / "1.jpg")
        (place / "Annotations").mkdir()
        (place / "Annotations" / "1.xml").write_text("<annotation></annotation>")
        odd(place / name)
        return f"voc:{place}"

    return make


def masks(place, odd):
    """A folder of masks, one of them odd."""
    for part in ("train", "test"):
        for number in ("1", "2"):
            picture(place / part / "images" / f"{number}.png")
            picture(place / part / "masks" / f"{number}.png", "L")
    odd(place / "test" / "masks" / "2.png")
    return f"masks:{place}"


def table(reference, name):
    """What makes a table that is odd, and the reference to it."""
    return lambda place, odd: reference.format(odd(place / name))


def texts(place, odd):
    """Texts in folders, one of them odd."""
    for kind in ("a", "b"):
        (place / "train" / kind).mkdir(parents=True)
        (place / "train" / kind / "1.txt").write_text("x")
    odd(place / "train" / "b" / "2.txt")
    return f"textfolder:{place}"


def hub_table(place, odd):
    """A folder in the form that `datasets` reads, with an odd table in it."""
    odd(place / "train.csv")
    (place / "test.csv").write_text("text,label\nx,1\n")
    return f"hf:{place}?text=text&label=label"


DATA = {
    "imagefolder": pictures_beside,
    "coco": coco,
    "voc annotation": voc("Annotations/2.xml"),
    "voc list": voc("ImageSets/Main/train.txt"),
    "masks": masks,
    "csv": table("csv:{}?text=text&label=label", "a.csv"),
    "jsonl": table("csv:{}?text=text&label=label", "a.jsonl"),
    "parquet": table("csv:{}?text=text&label=label", "a.parquet"),
    "conll": table("conll:{}", "a.conll"),
    "labelled text": table("{}", "a.tsv"),
    "tagged text": table("{}", "a.bio"),
    "textfolder": texts,
    "hub table": hub_table,
}


@pytest.mark.parametrize("make", DATA.values(), ids=DATA)
def test_data_that_never_ends_is_named(tmp_path, odd, said, make):
    """`check` says which file it is, or passes it over, and ends."""
    code, text = said("check", make(tmp_path / "data", odd))

    assert 2 == code, text


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"])
def test_a_model_folder_that_never_ends_is_named(tmp_path, odd, said, name):
    """Any such file in a folder of transformers refuses it, read by us or by the library."""
    shutil.copytree(ZOO / "bert_tiny.invented", tmp_path / "model")
    odd(tmp_path / "model" / name)
    code, text = said("profile", f"hf:{tmp_path}/model", "--device", "cpu")

    assert 2 == code, text
    assert name in text


@pytest.mark.parametrize("name", ["a.pth", "a.safetensors"])
def test_a_checkpoint_that_never_ends_is_named(tmp_path, odd, said, name):
    """The file of a network is looked at before it is read."""
    code, text = said("profile", f"file:{odd(tmp_path / name)}#torchvision:squeezenet1_1", "--device", "cpu")

    assert 2 == code, text
    assert "no regular file" in text


@pytest.mark.parametrize(
    "name", ["CASE.json", "_folder.json", "outcomes/CASE.npz", "_running/CASE.json", "_runs/1.json", "new.json"]
)
def test_a_results_folder_with_such_a_file_is_still_read(few, odd, said, name):
    """A report ends; it shows the other records, or says why it cannot."""
    odd(few / name.replace("CASE", CASES[0]))
    code, text = said("report", few)

    assert (2 if name == "_folder.json" else 0) == code, text
    assert ("no regular file" if name == "_folder.json" else CASES[1].split("-")[0]) in text


def test_files_of_settings_that_never_end_are_named(tmp_path, few, odd, said, monkeypatch):
    """Rules of the gate, floors and the list of models and data."""
    odd(tmp_path / "gate.toml")
    for command in (
        ["gate", few, few, "--config", tmp_path / "gate.toml"],
        ["floors", "--from", few, "--file", tmp_path / "gate.toml"],
        ["calibrate", "-k", "none", "-o", tmp_path / "gate.toml"],
    ):
        code, text = said(*command)
        assert 2 == code, text
        assert "gate.toml" in text
    monkeypatch.chdir(tmp_path)
    odd(tmp_path / "ptmbench.toml")
    code, text = said("list", "models")
    assert 2 == code, text
