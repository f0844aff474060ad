"""Mutated data: every reader of a file that people bring gives examples or a message, and nothing else."""

import io
import json
import shutil
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pytest
from mutations import Trials, mutated, rng_of
from PIL import Image
from pyarrow import parquet as parquet_files

from ptmbench.catalog.data_references import task_spec
from ptmbench.engine.data import load
from ptmbench.errors import UsageError
from ptmbench.files.archives import unpack
from ptmbench.files.conll import read_conll
from ptmbench.files.tagged_text import read_labelled

pytestmark = pytest.mark.slow

TEXTS = [("good film", "yes"), ("bad film", "no"), ("fine day", "yes"), ("poor day", "no")] * 5
FORMS = {"png": {}, "jpeg": {}, "bmp": {}, "gif": {}, "tiff": {"compression": "tiff_lzw"}, "webp": {}}


def picture(value, form="png", mode="RGB"):
    """The bytes of a small picture."""
    stream = io.BytesIO()
    shape = (9, 8, 3) if mode == "RGB" else (9, 8)
    pixels = np.random.default_rng(value).integers(0, 3 if mode == "L" else 255, shape).astype(np.uint8)
    Image.fromarray(pixels).save(stream, form, **FORMS[form])
    return stream.getvalue()


def table(separator, quote=""):
    """A table of texts and labels."""
    rows = [f"{quote}{text}{quote}{separator}{label}" for text, label in TEXTS]
    return "\n".join([f"text{separator}label", *rows, ""]).encode()


def parquet():
    """The same as Parquet."""
    stream = io.BytesIO()
    columns = {"text": [text for text, _ in TEXTS], "label": [label for _, label in TEXTS]}
    parquet_files.write_table(pa.table(columns), stream)
    return stream.getvalue()


def coco(first):
    """An annotation file of four pictures."""
    images = [
        {"id": number, "file_name": f"{number}.png", "width": 8, "height": 9} for number in range(first, first + 4)
    ]
    boxes = [
        {
            "id": number,
            "image_id": first + number % 4,
            "category_id": number % 2 + 1,
            "bbox": [1, 1 + number // 4, 4, 5],
            "area": 20,
            "iscrowd": 0,
        }
        for number in range(8)
    ]
    kinds = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    return json.dumps({"images": images, "annotations": boxes, "categories": kinds}).encode()


def voc(name):
    """An annotation of one picture."""
    things = "".join(
        f"<object><name>{name}</name><difficult>0</difficult>"
        f"<bndbox><xmin>{left}</xmin><ymin>1</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></object>"
        for left in (1, 2)
    )
    return f"<annotation><size><width>8</width><height>9</height></size>{things}</annotation>".encode()


LINES = [json.dumps({"text": text, "label": label}) for text, label in TEXTS]
CONLL = "".join(f"{text.replace(' ', ' O' + chr(10))} B-{label}\n\n" for text, label in TEXTS).encode()
PHOTOS = {f"{part}/{kind}/{n}.png": picture(n) for part in ("train", "test") for kind in "ab" for n in range(3)}
ROADS = {
    f"{part}/{kind}/{n}.png": picture(n, mode="RGB" if kind == "images" else "L")
    for part in ("train", "test")
    for kind in ("images", "masks")
    for n in range(3)
}
SCENES = {f"images/{n}.png": picture(n) for n in range(8)}
BOXED = {
    **{f"JPEGImages/{n}.jpg": picture(n, "jpeg") for n in range(6)},
    **{f"Annotations/{n}.xml": voc("cat" if n % 2 else "dog") for n in range(6)},
    "ImageSets/Main/train.txt": b"0\n1\n2\n3\n",
    "ImageSets/Main/test.txt": b"4\n5\n",
}
COLUMNS = "?text=text&label=label"
DATA = {  # the files, those of them that are mutated, the reference to all, and how many inputs in the usual suite
    "csv": ({"a.csv": table(",", '"')}, ["a.csv"], "csv:{}/a.csv" + COLUMNS, 25),
    "tsv": ({"a.tsv": table("\t")}, ["a.tsv"], "csv:{}/a.tsv" + COLUMNS, 15),
    "json lines": ({"a.jsonl": "\n".join(LINES).encode()}, ["a.jsonl"], "csv:{}/a.jsonl" + COLUMNS, 15),
    "json": ({"a.json": f"[{','.join(LINES)}]".encode()}, ["a.json"], "csv:{}/a.json" + COLUMNS, 25),
    "parquet": ({"a.parquet": parquet()}, ["a.parquet"], "csv:{}/a.parquet" + COLUMNS, 25),
    "conll": ({"a.conll": CONLL}, ["a.conll"], "conll:{}/a.conll", 20),
    "hub csv": ({"train.csv": table(","), "test.csv": table(",")}, ["train.csv"], "hf:{}" + COLUMNS, 6),
    "hub parquet": ({"train.parquet": parquet(), "test.parquet": parquet()}, ["train.parquet"], "hf:{}" + COLUMNS, 6),
    "imagefolder": (PHOTOS, ["train/a/0.png", "test/b/1.png"], "imagefolder:{}", 20),
    **{
        f"imagefolder {form}": (
            PHOTOS | {f"train/a/x.{form}": picture(9, form)},
            [f"train/a/x.{form}"],
            "imagefolder:{}",
            6,
        )
        for form in [*FORMS][1:]
    },
    "masks": (ROADS, ["train/masks/0.png", "test/images/1.png"], "masks:{}", 20),
    "coco": (
        SCENES | {"train.json": coco(0), "test.json": coco(4)},
        ["train.json", "test.json"],
        "coco:{0}/train.json?images={0}/images&test={0}/test.json",
        25,
    ),
    "voc": (BOXED, ["Annotations/0.xml", "ImageSets/Main/train.txt", "JPEGImages/4.jpg"], "voc:{}", 20),
    "texts in folders": (
        {
            f"{part}/{label}/{n}.txt": text.encode()
            for part in ("train", "test")
            for n, (text, label) in enumerate(TEXTS)
        },
        ["train/yes/0.txt"],
        "textfolder:{}",
        6,
    ),
}


def put(place, files):
    """Writes the files below a folder."""
    shutil.rmtree(place, ignore_errors=True)
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)


@pytest.mark.parametrize("name", DATA)
def test_mutated_data_are_read_or_refused(tmp_path, name):
    """What `check` and `run` read: examples that can be trained on, or all that is wrong in sentences."""
    files, changed, reference, count = DATA[name]
    place = tmp_path / "inner" / "data"
    put(place, files)
    load(task_spec(reference.format(place), ()).dataset)
    trials = Trials(name, count)
    for seed in trials.seeds:
        rng = rng_of(name, seed)
        target = rng.choice(changed)
        (place / target).write_bytes(mutated(files[target], rng))
        trials.tried(seed, lambda: load(task_spec(reference.format(place), ()).dataset), place)
        (place / target).write_bytes(files[target])
    trials.held()


@pytest.mark.parametrize(
    ("read", "content"), [(read_labelled, table("\t")), (read_conll, CONLL)], ids=["labelled", "tagged"]
)
def test_mutated_files_of_check_are_read_or_refused(tmp_path, read, content):
    """`ptmbench check FILE`, on labelled texts and on tagged words."""
    place = tmp_path / "inner" / "data"
    place.mkdir(parents=True)
    trials = Trials(read.__name__, 10)
    for seed in trials.seeds:
        (place / "a.txt").write_bytes(mutated(content, rng_of(read.__name__, seed)))
        trials.tried(seed, lambda: read(place / "a.txt"), place)
    trials.held()


def archived(form):
    """The bytes of an archive with two members."""
    stream = io.BytesIO()
    if form == "zip":
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in ("a/b.txt", "a/c.txt"):
                archive.writestr(name, name * 40)
    else:
        with tarfile.open(fileobj=stream, mode=f"w:{form}") as archive:
            for name in ("a/b.txt", "a/c.txt"):
                entry = tarfile.TarInfo(name)
                entry.size = 280
                archive.addfile(entry, io.BytesIO(name.encode() * 40))
    return stream.getvalue()


@pytest.mark.parametrize("form", ["zip", "", "gz", "bz2", "xz"])
def test_mutated_archives_stay_in_their_folder(tmp_path, form):
    """They come out below the folder, or are refused."""
    place = tmp_path / "inner" / "data"
    place.mkdir(parents=True)
    content = archived(form)
    trials = Trials(f"archive {form or 'tar'}", 6)
    for seed in trials.seeds:
        (place / "x").write_bytes(mutated(content, rng_of(form, seed)))
        trials.tried(seed, lambda: unpack(place / "x", place / "out"), place)
        shutil.rmtree(place / "out", ignore_errors=True)
    trials.held()


def test_the_promise_can_be_broken(tmp_path):
    """The harness sees an exception of another kind, and a file beside the folder."""
    place = tmp_path / "inner" / "data"
    place.mkdir(parents=True)
    trials = Trials("none", 1)
    trials.tried(0, lambda: 1 / 0, place)
    trials.tried(1, (place.parent / "beside").touch, place)
    with pytest.raises(UsageError):
        load(task_spec(f"csv:{place}/none.csv?text=a&label=b", ()).dataset)

    assert ["seed 0: ZeroDivisionError: division by zero", "seed 1: wrote {('beside',)}"] == [
        line.partition(" (test_")[0] for line in trials.broken
    ]
