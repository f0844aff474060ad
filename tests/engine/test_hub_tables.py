"""Tests of which classes and tags the hub's tables hold, on JSON lines and parquet files that the tests write."""

import json
from pathlib import Path

import pytest
import torch
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, List, Value
from PIL import Image as PictureFile

from ptmbench.catalog.references import parse
from ptmbench.cli import main
from ptmbench.engine.data import load
from ptmbench.engine.datasets import hub_tables
from ptmbench.engine.datasets.hub_grids import grid_of
from ptmbench.errors import UsageError
from ptmbench.files.pictures import rgb

NAMES = """---
dataset_info:
  features:
  - name: tokens
    sequence: string
  - name: tags
    sequence:
      class_label:
        names:
          '0': O
          '1': B-PER
          '2': I-PER
---
"""


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    """Each test caches the tables that it reads in a folder of its own."""
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")


def written(folder, **parts):
    """A folder with a file of JSON lines a part, of texts with these labels."""
    folder.mkdir(exist_ok=True)
    for part, labels in parts.items():
        rows = [{"text": f"{part} text {index}", "label": label} for index, label in enumerate(labels)]
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def texts(folder, *, skip_bad=False):
    """The samples of that folder."""
    return hub_tables.load(parse(f"hf:{folder}?text=text&label=label"), skip_bad=skip_bad)


def grids(tables):
    """Tables of the library as the grids that schemes read."""
    wanted = frozenset({"text", "label", "tokens", "tags"})
    return {part: grid_of(table, Path(part), wanted) for part, table in tables.items()}


def of_tables(tables):
    """The samples of these tables of texts."""
    return hub_tables.examples_of(parse("hf:set?text=text&label=label"), grids(tables), Path(), skip_bad=False)


def tagged(folder, tags):
    """A folder with two parts of one sentence with these tags."""
    folder.mkdir(exist_ok=True)
    for part in ("train", "test"):
        row = {"tokens": [f"word{index}" for index in range(len(tags))], "tags": tags}
        (folder / f"{part}.jsonl").write_text(json.dumps(row) + "\n")
    return f"hf:{folder}?tokens=tokens&tags=tags"


def test_several_sets_in_a_folder_are_told_apart(tmp_path):
    """Rows of two sets are never read as one; shards of one set in several folders are."""
    home = tmp_path / "sets"
    home.mkdir()
    for name in ("de", "latest"):  # whose name holds that of a split
        written(home / name, train=["a", "b"], test=["a", "b"])
    with pytest.raises(UsageError, match=r"holds 2 sets: de, latest, each with train and test; .*\?folder=NAME"):
        texts(home)
    one = hub_tables.load(parse(f"hf:{home}?text=text&label=label&folder=de"), skip_bad=False)

    assert 4 == len(one.texts)
    (home / "latest" / "train.jsonl").rename(home / "latest" / "train-2.jsonl")
    (home / "latest" / "test.jsonl").unlink()
    assert 6 == len(texts(home).texts)


@pytest.mark.parametrize(
    ("labels", "classes", "places"),
    [
        ([1, 2, 1, 2], ("1", "2"), [0, 1, 0, 1]),
        ([5, 4, 3, 2, 1], ("1", "2", "3", "4", "5"), [4, 3, 2, 1, 0]),
        ([0, 4, 2], ("0", "2", "4"), [0, 2, 1]),
        ([10, 9, 100], ("9", "10", "100"), [1, 0, 2]),
        ([-1, 1, 0], ("-1", "0", "1"), [0, 2, 1]),
        ([True, False], ("False", "True"), [1, 0]),
        ([1.0, 0.0, 0.5], ("0", "0.5", "1"), [2, 0, 1]),
        (["b", "a", "10", "9"], ("10", "9", "a", "b"), [3, 2, 0, 1]),
    ],
    ids=["from_1", "stars", "gaps", "by_size", "minus_one", "booleans", "floats", "words"],
)
def test_every_distinct_label_is_a_class(tmp_path, labels, classes, places):
    """Whatever numbers stand for the labels, each is a class of its own, in the order of the numbers."""
    samples = texts(written(tmp_path / "set", train=labels, test=labels))

    assert classes == samples.classes
    assert places * 2 == samples.labels.tolist()
    assert torch.int64 == samples.labels.dtype


def test_integers_are_indices_where_the_set_names_its_labels(tmp_path):
    """A named class that no example has stays a class, and one name is one class whatever its place in a part."""
    places = {"train": ["c", "a", "b"], "test": ["b", "c", "a"]}
    tables = {
        part: Dataset.from_dict(
            {"text": ["x", "y"], "label": [0, 2] if part == "train" else [1, 0]},
            features=Features({"text": Value("string"), "label": ClassLabel(names=names)}),
        )
        for part, names in places.items()
    }
    samples = of_tables(tables)

    assert ("c", "a", "b") == samples.classes
    assert [0, 2, 0, 2] == samples.labels.tolist()


@pytest.mark.parametrize(
    ("train", "test"),
    [([0, 1], ["0", "1"]), (["0", "1"], [1, 0]), ([0.0, 1.0], [1, 0])],
    ids=["words", "integers", "floats"],
)
def test_one_label_is_one_class_however_a_part_writes_it(train, test):
    """Numbers in one part and the same numbers as words in the other are the same classes."""
    tables = {
        part: Dataset.from_dict({"text": ["x", "y"], "label": labels})
        for part, labels in (("train", train), ("test", test))
    }
    samples = of_tables(tables)

    assert ("0", "1") == samples.classes
    assert [int(label) for label in [*train, *test]] == samples.labels.tolist()


def test_labels_that_training_never_shows_are_refused():
    """Booleans to learn from and integers to test on share no label, which is said with both."""
    tables = {
        part: Dataset.from_dict({"text": ["x", "y"], "label": labels})
        for part, labels in (("train", [False, True]), ("test", [0, 1]))
    }
    with pytest.raises(UsageError, match="that no training example has: 0, 1; in training there are False, True"):
        of_tables(tables)


def test_one_label_is_none(tmp_path):
    """A set with a single label is refused: every model would be right about all of it."""
    with pytest.raises(UsageError, match="expected two labels or more, got 3"):
        texts(written(tmp_path / "set", train=[3, 3], test=[3]))


def test_secret_labels_are_told_from_a_class_called_minus_one(tmp_path):
    """-1 in the test part alone is no label; where training examples have it, it is a class."""
    folder = written(tmp_path / "secret", train=[0, 1], test=[-1, -1, 1])
    with pytest.raises(UsageError, match=r"(?s)2 faults:.*test row 1: no label.*test row 2: no label"):
        texts(folder)
    samples = texts(folder, skip_bad=True)

    assert (("0", "1"), 2) == (samples.classes, len(samples.left_out))
    assert [0, 1, 1] == samples.labels.tolist()


def test_what_is_no_label_is_told_with_its_row(tmp_path):
    """An empty cell, a list and an index without a name are faults of their rows."""
    with pytest.raises(UsageError, match=r"(?s)2 faults:.*train row 2: no label.*test row 1: no label"):
        texts(written(tmp_path / "set", train=["a", " ", "b"], test=[None, "a"]))
    with pytest.raises(UsageError, match=r"train row 1: expected one label, got \[1, 2\]"):
        texts(written(tmp_path / "lists", train=[[1, 2], [1]], test=[[1], [2]]))
    table = Dataset.from_dict({"text": ["x"], "label": [0]}).cast_column("label", ClassLabel(names=["a", "b"]))
    far = Dataset(table.data.set_column(1, "label", [[7]]).cast(table.data.schema), info=table.info)
    with pytest.raises(UsageError, match="test row 1: 7 is none of the set's 2 labels"):
        of_tables({"train": table, "test": far})


def test_labels_from_1_are_those_of_the_same_table_as_csv(tmp_path):
    """JSON lines and CSV of the same rows have the same classes and labels."""
    hub, table = written(tmp_path / "hub", train=[1, 2] * 5, test=[2, 1]), tmp_path / "table"
    table.mkdir()
    for part in ("train", "test"):
        rows = [json.loads(line) for line in (hub / f"{part}.jsonl").read_text().splitlines()]
        lines = ["text,label", *(f"{row['text']},{row['label']}" for row in rows)]
        (table / f"{part}.csv").write_text("\n".join(lines))
    one, other = (load(f"{place}?text=text&label=label") for place in (f"hf:{hub}", f"csv:{table}"))

    assert ("1", "2") == other.samples.classes == one.samples.classes
    assert {*zip(other.samples.texts, other.labels, strict=True)} == {*zip(one.samples.texts, one.labels, strict=True)}


def test_booleans_are_trained_on(tmp_path, monkeypatch):
    """Fine-tuning takes labels that are true and false, as a probe does."""
    monkeypatch.chdir(tmp_path)
    folder = written(tmp_path / "set", train=[True, False] * 20, test=[True, False] * 5)
    call = ["run", "--model", "bert_tiny.invented", "--task", f"hf:{folder}?text=text&label=label"]

    assert 0 == main([*call, "--method", "fine_tune", "--budget", "smoke", "--results", "out"])


def test_numbers_without_names_are_no_tags(tmp_path):
    """Entity F1 would find no entity in them, so they are refused, until the README beside them has the names."""
    reference = tagged(tmp_path / "set", [1, 2, 0])
    with pytest.raises(UsageError, match=r"numbers without names: 0, 1, 2; .* write these names .* README\.md"):
        hub_tables.load(parse(reference), skip_bad=False)
    (tmp_path / "set" / "README.md").write_text(NAMES)
    samples = hub_tables.load(parse(reference), skip_bad=False)

    assert (("O", "B-PER", "I-PER"), ("B-PER", "I-PER", "O")) == (samples.classes, samples.tags[0])


@pytest.mark.parametrize(
    ("tags", "told"),
    [
        (["1", "2", "0"], "numbers without names: 0, 1, 2"),
        (["PER", "PER", "O"], "tags that say no entity: PER; .* write B- before"),
        (["U-PER", "L-PER", "O"], "tags that say no entity: L-PER, U-PER"),
        (["O", "O"], "has no entity"),
        (["B-PER", None], "train row 1: no label, test row 1: no label; give every word a tag"),
    ],
    ids=["digits", "no_prefix", "bilou", "nothing", "gap"],
)
def test_tags_that_say_no_entity_are_refused(tmp_path, tags, told):
    """What seqeval would misread is never scored."""
    with pytest.raises(UsageError, match=told):
        hub_tables.load(parse(tagged(tmp_path / "set", tags)), skip_bad=False)


def test_a_tag_without_a_name_is_a_fault():
    """-100 and an index past the names are faults, and never the last name or a traceback."""
    features = Features({"tokens": List(Value("string")), "tags": List(ClassLabel(names=["O", "B-PER"]))})
    table = Dataset.from_dict({"tokens": [["a", "b", "c"]], "tags": [[0, 1, 1]]}, features=features)
    far = Dataset.from_dict({"tokens": [["a", "b", "c"]], "tags": [[-100, 1, -1]]})
    far = Dataset(far.data, info=table.info)
    with pytest.raises(UsageError, match="2 faults: test row 1: -100 is none of the set's 2 labels, .*: no label"):
        hub_tables.sentences_of(parse("hf:set?tokens=tokens&tags=tags"), grids({"train": table, "test": far}))


@pytest.mark.parametrize(
    ("tags", "read"),
    [
        (["B-PER", "E-PER", "S-LOC"], ["B-PER", "E-PER", "S-LOC"]),
        (["I-PER", "O", "I-LOC"], ["B-PER", "O", "B-LOC"]),
    ],
    ids=["bioes", "iob1"],
)
def test_other_schemes_of_entities_are_read(tmp_path, tags, read):
    """IOBES is taken as it stands, and IOB1 becomes BIO."""
    samples = hub_tables.load(parse(tagged(tmp_path / "set", tags)), skip_bad=False)

    assert tuple(read) == samples.tags[0]


def test_broken_bio_is_refused_unless_its_repair_is_asked_for(tmp_path):
    """Tables follow the rules of files: what goes on with nothing is a fault, or read as B-TYPE on request."""
    reference = tagged(tmp_path / "set", ["I-PER", "O", "B-LOC"])
    with pytest.raises(UsageError, match=r"train row 1: word 1: I-PER opens the sentence.*\?repair=true"):
        hub_tables.load(parse(reference), skip_bad=False)

    repaired = parse(reference).having("repair", "true")
    assert ("B-PER", "O", "B-LOC") == hub_tables.load(repaired, skip_bad=False).tags[0]
    with pytest.raises(UsageError, match="expected repair=true or repair=false, got repair=maybe"):
        hub_tables.load(repaired.having("repair", "maybe"), skip_bad=False)


def test_pictures_of_a_hub_set_are_read(tmp_path, monkeypatch):
    """Image columns, with the names of their labels, give the pictures, whatever form the set was saved in."""
    monkeypatch.setenv("PTMBENCH_DATA", str(tmp_path / "data"))
    pictures = [PictureFile.new("RGB", (6, 5), (40 * row, 0, 9)) for row in range(6)]
    features = Features({"image": Image(), "kind": ClassLabel(names=["cat", "dog"])})
    whole = Dataset.from_dict({"image": pictures, "kind": [0, 1] * 3}, features=features)
    DatasetDict({"train": whole.select(range(4)), "test": whole.select(range(4, 6))}).save_to_disk(tmp_path / "disk")
    (tmp_path / "parquet").mkdir()
    whole.to_parquet(tmp_path / "parquet" / "train.parquet")
    disk, single = (
        hub_tables.load(parse(f"hf:{tmp_path / name}?image=image&label=kind"), skip_bad=False)
        for name in ("disk", "parquet")
    )

    assert (("cat", "dog"), 6, ["train"] * 4 + ["test"] * 2) == (disk.classes, len(disk.files), list(disk.parts))
    assert [0, 1, 0, 1, 0, 1] == disk.labels.tolist() == single.labels.tolist()
    assert disk.digests == single.digests
    assert (80, 0, 9) == tuple(rgb(disk.files[2])[0, 0])


def test_the_only_split_of_a_set_is_divided(tmp_path):
    """A set with one split has its test part drawn from it, and no split is learned from and tested on at once."""
    for file in ("one/train.csv", "both/train.csv", "both/test.csv"):
        rows = [f"{file} {row},{'xy'[row % 2]}" for row in range(4)]
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text("\n".join(["text,label", *rows]))
    one, both = (parse(f"hf:{tmp_path / name}?text=text&label=label") for name in ("one", "both"))
    for option in ("validation", "test"):
        with pytest.raises(UsageError, match=f"{option}=train would be the rows that are learned from"):
            hub_tables.load(both.having(option, "train"), skip_bad=False)
    assert {"train", "test"} == {*hub_tables.load(both, skip_bad=False).parts}
    found = hub_tables.load(one, skip_bad=False)

    assert (4, None) == (len(found.texts), found.parts)
