"""Tests of torchvision's and the hub's data sets, on small ones that the tests write in their formats."""

import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Sequence, Value
from PIL import Image
from torchvision.datasets import utils

from ptmbench.catalog.references import parse
from ptmbench.cli import main
from ptmbench.engine.data import load
from ptmbench.engine.datasets import hub_tables, torchvision_sets
from ptmbench.engine.datasets.base import LabelledImageFiles
from ptmbench.errors import Unavailable, UnknownName, UsageError

TOPICS = Features({"text": Value("string"), "label": ClassLabel(names=["world", "sport"])})
TAGGED = Features({"tokens": Sequence(Value("string")), "tags": Sequence(ClassLabel(names=["O", "B-loc", "I-loc"]))})


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    """CIFAR-10's files with four pictures a batch, their checksums left out."""
    monkeypatch.setattr("torchvision.datasets.CIFAR10._check_integrity", there)
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    generator = np.random.default_rng(0)
    for name in [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]:
        content = {"data": generator.integers(0, 255, (4, 3072), dtype=np.uint8), "labels": [0, 1, 2, 9]}
        (folder / name).write_bytes(pickle.dumps(content))
    names = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": names}))
    monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)
    return tmp_path


def there(dataset):
    """Whether the files are there, whatever they hold."""
    return (Path(dataset.root) / dataset.base_folder / "batches.meta").exists()


def test_cifar_is_read(cifar):
    """Arrays become pictures [n, 3, 32, 32] with the parts and class names of the set."""
    samples = torchvision_sets.load(parse(f"torchvision:CIFAR10?root={cifar}"), skip_bad=False)

    assert (24, 3, 32, 32) == tuple(samples.images.shape)
    assert (20, 4) == (samples.parts.count("train"), samples.parts.count("test"))
    assert (10, "airplane") == (len(samples.classes), samples.classes[0])
    assert [0, 1, 2, 9] == samples.labels[:4].tolist()
    data = load(f"torchvision:CIFAR10?root={cifar}")
    assert (4, 20) == (len(data.split.test), len(data.split.train) + len(data.split.validation))


def test_files_are_not_decoded(tmp_path):
    """EuroSAT's folders become files with labels; without parts of its own it is split by hashes."""
    for name in ("Forest", "River"):
        folder = tmp_path / "eurosat" / "2750" / name
        folder.mkdir(parents=True)
        for index in range(6):
            Image.new("RGB", (8, 8), (30 * index, 0, len(name) * 20)).save(folder / f"{name}_{index}.jpg")
    samples = torchvision_sets.load(parse(f"torchvision:EuroSAT?root={tmp_path}"), skip_bad=False)

    assert isinstance(samples, LabelledImageFiles)
    assert (("Forest", "River"), None) == (samples.classes, samples.parts)
    assert samples.ids[0].startswith("eurosat/2750/Forest/")
    assert (12, 12) == (len(set(samples.ids)), len(set(samples.digests)))


def test_what_is_not_on_disk_names_the_command(tmp_path, monkeypatch, capsys):
    """A set that is not there becomes one sentence, from Python, `check` and `fetch --offline`."""
    monkeypatch.setenv("PTMBENCH_DATA", str(tmp_path))
    with pytest.raises(Unavailable, match="ptmbench fetch --task 'torchvision:DTD'"):
        torchvision_sets.load(parse("torchvision:DTD"), skip_bad=False)
    with pytest.raises(UnknownName, match="did you mean CIFAR10"):
        torchvision_sets.load(parse("torchvision:CIFAR11"), skip_bad=False)
    assert 2 == main(["check", "torchvision:CIFAR10"])
    assert "ptmbench fetch --task 'torchvision:CIFAR10'" in capsys.readouterr().err
    assert 1 == main(["fetch", "--task", "torchvision:CIFAR10", "--offline"])


def test_archives_that_lead_out_are_refused(tmp_path):
    """An archive with a member outside its folder is refused by torchvision's own unpacking, and nothing is written."""
    (tmp_path / "payload").write_text("x")
    archive = tmp_path / "set.tar.gz"
    with tarfile.open(archive, "w:gz") as written:
        written.add(tmp_path / "payload", arcname="../outside")
    with torchvision_sets.careful_archives(), pytest.raises(UsageError, match="was refused and nothing was unpacked"):
        utils.extract_archive(str(archive), str(tmp_path / "in"))

    assert not (tmp_path / "outside").exists()
    assert not (tmp_path / "in").exists()


def tables(folder, features, **splits):
    """Parquet files of these splits, as the hub keeps them."""
    (folder / "data").mkdir(parents=True)
    for name, rows in splits.items():
        Dataset.from_dict(rows, features=features).to_parquet(folder / "data" / f"{name}-00000-of-00001.parquet")
    return folder


@pytest.fixture
def topics(tmp_path, monkeypatch):
    """A set of texts with the labels of its test part kept secret."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    train = {"text": [f"story {index}" for index in range(20)], "label": [0, 1] * 10}
    held = {"text": ["one", "two", "three", "four"], "label": [0, 1, 1, 0]}
    secret = {"text": ["five", "six"], "label": [-1, -1]}
    return tables(tmp_path / "topics", TOPICS, train=train, validation=held, test=secret)


def test_texts_are_read_with_their_names(topics):
    """Splits become parts and labels get the names of the set; `test=` says which split is tested on."""
    data = load(f"hf:{topics}?text=text&label=label&test=validation")

    assert ("world", "sport") == data.samples.classes
    assert (4, 20) == (len(data.split.test), len(data.split.train) + len(data.split.validation))
    assert [0, 1, 1, 0] == data.labels[list(data.split.test)].tolist()


def test_secret_labels_are_told(topics):
    """A test part without labels is refused, its rows are counted, and the message says what to type."""
    with pytest.raises(UsageError, match=r"(?s)2 faults:\n  test row 1: no label.*\?test=validation"):
        hub_tables.load(parse(f"hf:{topics}?text=text&label=label"), skip_bad=False)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("text=txt&label=label", "did you mean text"),
        ("text=text&label=lable&test=validation", "did you mean label"),
        ("text=text&label=label&test=validatoin", "did you mean validation"),
    ],
)
def test_typos_get_near_names(topics, options, told):
    """A column or split that is not there is answered with near ones."""
    with pytest.raises(UnknownName, match=told):
        hub_tables.load(parse(f"hf:{topics}?{options}"), skip_bad=False)


def test_labels_a_word_are_read(tmp_path, monkeypatch):
    """Tokens and tags become sentences with BIO tags by name."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    rows = {"tokens": [["in", "New", "York"], ["no"]], "tags": [[0, 1, 2], [0]]}
    folder = tables(tmp_path / "ner", TAGGED, train=rows, test=rows)
    samples = hub_tables.load(parse(f"hf:{folder}?tokens=tokens&tags=tags"), skip_bad=False)

    assert (("in", "New", "York"), ("O", "B-loc", "I-loc")) == (samples.sentences[0], samples.tags[0])
    assert (("O", "B-loc", "I-loc"), ("train", "train", "test", "test")) == (samples.classes, samples.parts)


def test_a_folder_without_tables_is_named(tmp_path):
    """A folder that holds nothing to read ends in one sentence, and so does a set that is not on disk."""
    with pytest.raises(Unavailable, match="holds no tables"):
        hub_tables.load(parse(f"hf:{tmp_path}?text=a&label=b"), skip_bad=False)
    with pytest.raises(Unavailable, match=r"ptmbench fetch --task 'hf:nobody/nothing"):
        hub_tables.load(parse("hf:nobody/nothing?text=a&label=b"), skip_bad=False)


def test_the_hub_reference_says_its_kind():
    """Text and label are text classification, tokens and tags named entities, and less than that is refused."""
    from ptmbench.catalog.data_references import task_spec

    assert "text_classification" == task_spec("hf:a/b?text=x&label=y", ()).kind
    assert "token_classification" == task_spec("hf:a/b?tokens=x&tags=y", ()).kind
    with pytest.raises(UsageError, match=r"expected hf:ORG/NAME\?text=COLUMN&label=COLUMN"):
        task_spec("hf:a/b?text=x", ())
