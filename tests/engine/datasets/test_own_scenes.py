"""Tests of a user's own pictures with boxes or masks, as a whole run sees them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from ptmbench.cli import main
from ptmbench.records.store import ResultsFolder

MODES = ("RGB", "L", "RGBA", "P")
OBJECT = "<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox></object>"


def smoke(model, task, method, *more):
    """Runs one case at the smallest budget into the folder `out`; its exit code."""
    chosen = ["--model", model, "--task", task, "--method", method]
    return main(["run", *chosen, "--budget", "smoke", "--results", "out", *more])


@pytest.fixture
def voc(tmp_path):
    """Thirty pictures of different sizes and modes with a bright square or a disc; every fifth shows nothing."""
    folder = tmp_path / "voc"
    rng = np.random.default_rng(0)
    for name in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / name).mkdir(parents=True)
    parts = {"train": range(16), "val": range(16, 20), "test": range(20, 30)}
    for number in range(30):
        width, height = (int(side) for side in rng.integers(40, 90, 2))
        picture = Image.new("RGB", (width, height), (40, 40, 60))
        objects = ""
        if number % 5:
            left, top = (int(edge) for edge in rng.integers(1, 15, 2))
            kind = "square" if number % 2 else "disc"
            box = (left, top, left + 20, top + 20)
            pen = ImageDraw.Draw(picture)
            (pen.rectangle if kind == "square" else pen.ellipse)(box, fill=(240, 220, 200))
            objects = OBJECT.format(kind, *(edge + 1 for edge in box))
        picture.convert(MODES[number % len(MODES)]).save(folder / "JPEGImages" / f"{number}.png")
        size = f"<size><width>{width}</width><height>{height}</height></size>"
        text = f"<annotation><filename>{number}.png</filename>{size}{objects}</annotation>"
        (folder / "Annotations" / f"{number}.xml").write_text(text)
    for part, numbers in parts.items():
        (folder / "ImageSets" / "Main" / f"{part}.txt").write_text("\n".join(map(str, numbers)))
    return folder


def test_boxes_on_pictures_of_any_size_and_mode(voc, tmp_path, monkeypatch):
    """Grey, RGBA and palettes, different sizes, and pictures without an object: a detector learns from all of them."""
    monkeypatch.chdir(tmp_path)

    assert 0 == smoke("fasterrcnn_tiny.glyphs", f"voc:{voc}?name=mine", "fine_tune")
    record = ResultsFolder(tmp_path / "out").read("fasterrcnn_tiny.glyphs-mine_full-fine_tune")

    task = record.case.task
    assert (16, 4, 10, 2) == (task.train_size, task.validation_size, task.test_size, task.classes)
    assert {"map_50", "ap.disc", "ap.square"} == set(record.quality.others)
    assert [3, 64, 64] == record.case.input.shape
    assert "letterbox" == record.case.input.preprocessing["fit"]


def test_masks_on_pictures_of_any_size_and_mode(tmp_path, monkeypatch):
    """Likewise masks, with pixels that do not count."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for part, count in (("train", 12), ("test", 6)):
        for name in ("images", "masks"):
            (tmp_path / "own" / part / name).mkdir(parents=True)
        for number in range(count):
            width, height = (int(side) for side in rng.integers(40, 90, 2))
            mask = np.zeros((height, width), dtype=np.uint8)
            mask[10:30, 5:25], mask[0] = 1, 255
            pixels = np.where(mask[:, :, None] == 1, 230, 60).astype(np.uint8).repeat(3, axis=2)
            picture = Image.fromarray(pixels).convert(MODES[number % len(MODES)])
            picture.save(tmp_path / "own" / part / "images" / f"{number}.png")
            Image.fromarray(mask).save(tmp_path / "own" / part / "masks" / f"{number}.png")

    assert 0 == smoke("unet_tiny.random", "masks:own?names=ground,thing&name=mine", "from_scratch")
    record = ResultsFolder(tmp_path / "out").read("unet_tiny.random-mine_full-from_scratch")

    assert {"pixel_accuracy", "iou.ground", "iou.thing"} == set(record.quality.others)
    assert 6 == record.case.task.test_size


def test_black_and_white_masks_are_refused_and_then_run(tmp_path, monkeypatch, capsys):
    """A run of masks of 0 and 255 ends with the question; answered, it scores two classes."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    for part, count in (("train", 8), ("test", 4)):
        for name in ("images", "masks"):
            (tmp_path / "own" / part / name).mkdir(parents=True)
        for number in range(count):
            mask = np.zeros((48, 48), dtype=np.uint8)
            mask[10:30, 5:25] = 255
            pixels = np.minimum(mask[:, :, None] // 2 + rng.integers(0, 90, (48, 48, 3)), 255)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "own" / part / "images" / f"{number}.png")
            Image.fromarray(mask).save(tmp_path / "own" / part / "masks" / f"{number}.png")

    assert 2 == smoke("unet_tiny.random", "masks:own?names=ground,cell&name=mine", "from_scratch")
    assert "is 255 the foreground? add ?foreground=255" in capsys.readouterr().err
    case = "unet_tiny.random", "masks:own?foreground=255&names=ground,cell&name=mine", "from_scratch"
    assert 0 == smoke(*case)
    record = ResultsFolder(tmp_path / "out").read("unet_tiny.random-mine_full-from_scratch")

    assert {"pixel_accuracy", "iou.ground", "iou.cell"} == set(record.quality.others)


def test_faults_are_told_before_anything_runs(voc, tmp_path, capsys, monkeypatch):
    """Two faulty boxes and a picture that is gone: one message with all three, and --skip-bad records what it left."""
    monkeypatch.chdir(tmp_path)
    for number, box in ((1, (5, 5, 5, 9)), (2, (1, 1, 500, 9))):
        file = voc / "Annotations" / f"{number}.xml"
        file.write_text(file.read_text().replace("</annotation>", OBJECT.format("disc", *box) + "</annotation>"))
    (voc / "JPEGImages" / "3.png").unlink()
    case = "yolo_tiny.random", f"voc:{voc}?name=mine", "from_scratch"

    assert 2 == smoke(*case)
    said = capsys.readouterr().err
    assert 0 == smoke(*case, "--skip-bad")
    record = ResultsFolder(tmp_path / "out").read("yolo_tiny.random-mine_full-from_scratch")

    assert "3 faults" in said
    assert all(
        part in said for part in ("1.xml: a box of disc", "has no area", "2.xml: a box of disc", "3.png: not there")
    )
    assert (3, 13) == (record.case.task.left_out, record.case.task.train_size)
    assert 3 == len(record.case.task.left_out_names)
