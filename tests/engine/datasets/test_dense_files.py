"""Tests of boxes and masks from files, read by their references into samples."""

import json

import numpy as np
import pytest
from PIL import Image

from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.traits import TaskKind
from ptmbench.engine.data import load
from ptmbench.errors import Unavailable, UsageError

OBJECT = (
    "<object><name>{}</name><difficult>{}</difficult><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax>"
    "<ymax>{}</ymax></bndbox></object>"
)
SIZES = {"a": (40, 30), "b": (20, 50), "c": (64, 64), "d": (33, 21)}
MODES = {"a": "RGB", "b": "L", "c": "RGBA", "d": "P"}
PARTS = {"train": "ab", "val": "c", "test": "d"}


def write_voc(folder, parts=PARTS, sub="Main"):
    """A VOC folder of pictures of different sizes and modes; `b` shows nothing, a dog of `c` is difficult."""
    for name in ("Annotations", "JPEGImages", f"ImageSets/{sub}", "SegmentationClass"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, (width, height) in SIZES.items():
        Image.new("RGB", (width, height), (90, 90, 90)).convert(MODES[name]).save(folder / "JPEGImages" / f"{name}.png")
        objects = [("cat", 0, 1, 1, 10, 10), ("dog", int(name == "c"), 5, 6, 20, 20)] if name != "b" else []
        size = f"<size><width>{width}</width><height>{height}</height></size>"
        body = "".join(OBJECT.format(*entry) for entry in objects)
        (folder / "Annotations" / f"{name}.xml").write_text(
            f"<annotation><filename>{name}.png</filename>{size}{body}</annotation>"
        )
    for part, names in parts.items():
        (folder / "ImageSets" / sub / f"{part}.txt").write_text("\n".join(names))
    return folder


def write_coco(folder, name, pictures):
    """A COCO file over pictures of 30x20: of each its boxes."""
    images, annotations = [], []
    (folder / name).mkdir(parents=True)
    for place, (file, boxes) in enumerate(pictures.items()):
        Image.new("RGB", (30, 20)).save(folder / name / file)
        images.append({"id": place, "file_name": file, "width": 30, "height": 20})
        annotations += [
            {"id": len(annotations) + n, "image_id": place, "category_id": label, "bbox": box, "iscrowd": crowd}
            for n, (label, box, crowd) in enumerate(boxes)
        ]
    content = {"images": images, "annotations": annotations, "categories": [{"id": 3, "name": "owl"}]}
    (folder / f"{name}.json").write_text(json.dumps(content))
    return folder / f"{name}.json"


def test_voc_is_read_with_its_parts(tmp_path):
    """Pictures of any size and mode, one without objects, a difficult object, and the lists' own split."""
    task = task_spec(f"voc:{write_voc(tmp_path)}", ())
    data = load(task.dataset)
    samples = data.samples

    assert TaskKind.OBJECT_DETECTION is task.kind
    assert ("cat", "dog") == samples.classes
    assert {(30, 40), (50, 20), (64, 64), (21, 33)} == set(samples.pictures.sizes)
    assert [2, 1, 1] == [len(part) for part in (data.split.train, data.split.validation, data.split.test)]
    by_id = dict(zip(samples.ids, zip(samples.boxes, samples.ignored, strict=True), strict=True))
    assert [[0, 0, 10, 10], [4, 5, 20, 20]] == by_id["train/a"][0].tolist()
    assert (0, 4) == by_id["train/b"][0].shape
    assert [False, True] == by_id["validation/c"][1].tolist()
    assert all((*size, 3) == samples.pictures.pixels(n).shape for n, size in enumerate(samples.pictures.sizes))


def test_coco_takes_a_test_file_of_its_own(tmp_path):
    """One file is split by hashes; a second one is the test part."""
    train = write_coco(tmp_path, "first", {f"{n}.png": [(3, [1, 2, 10, 5], 0)] for n in range(12)})
    test = write_coco(tmp_path, "second", {"x.png": [(3, [0, 0, 4, 4], 1), (3, [5, 5, 4, 4], 0)]})
    alone = load(f"coco:{train}?images={tmp_path / 'first'}")
    both = load(f"coco:{train}?images={tmp_path / 'first'}&test={test}&test_images={tmp_path / 'second'}")

    assert 12 == len(alone.split.train) + len(alone.split.validation) + len(alone.split.test)
    assert ["test/0"] == [both.samples.ids[index] for index in both.split.test]
    assert [True, False] == both.samples.ignored[both.split.test[0]].tolist()
    assert [[1, 2, 11, 7]] == both.samples.boxes[0].tolist()


def test_masks_are_read_with_names(tmp_path):
    """Classes are called as the reference says; of pictures and masks the digests count for the split's."""
    for part in ("train", "test"):
        for sub in ("images", "masks"):
            (tmp_path / part / sub).mkdir(parents=True)
        for name in "abcdef":
            Image.new("RGB", (8, 6)).save(tmp_path / part / "images" / f"{name}.png")
            mask = np.full((6, 8), 1, dtype=np.uint8)
            mask[0] = 0
            Image.fromarray(mask).save(tmp_path / part / "masks" / f"{name}.png")
    task = task_spec(f"masks:{tmp_path}?names=ground,cell", ())
    data = load(task.dataset)
    before = data.sha256
    Image.fromarray(np.zeros((6, 8), dtype=np.uint8)).save(tmp_path / "test" / "masks" / "a.png")

    assert (TaskKind.SEMANTIC_SEGMENTATION, ("ground", "cell")) == (task.kind, data.samples.classes)
    assert (6, 8) == data.samples.mask(0).shape
    assert before != load(task.dataset).sha256
    with pytest.raises(UsageError, match="classes=3, and names has 2"):
        load(f"masks:{tmp_path}?names=ground,cell&classes=3")
    with pytest.raises(UsageError, match="calls several classes alike: 'cell' and 'Cell'; expected a name for each"):
        load(f"masks:{tmp_path}?names=cell,Cell")


def with_masks(folder, *values):
    """Ten pictures whose masks hold a row of 0 and one of each of these values."""
    for sub in ("images", "masks"):
        (folder / sub).mkdir(parents=True)
    for name in "abcdefghij":
        Image.new("RGB", (8, 6)).save(folder / "images" / f"{name}.png")
        mask = np.zeros((6, 8), dtype=np.uint8)
        mask[1 : len(values) + 1] = np.array(values)[:, None]
        Image.fromarray(mask).save(folder / "masks" / f"{name}.png")
    return folder


def test_one_grey_value_is_read_as_the_foreground(tmp_path):
    """It is class 1 in every pixel, and 255 is left out unless it is the foreground."""
    black = load(f"masks:{with_masks(tmp_path / 'black', 255)}?foreground=255")
    grey = load(f"masks:{with_masks(tmp_path / 'grey', 255, 128)}?foreground=128&names=ground,cell")

    assert (("background", "foreground"), [0, 1, 0]) == (black.samples.classes, black.samples.mask(0)[:3, 0].tolist())
    assert (("ground", "cell"), [0, 255, 1, 0]) == (grey.samples.classes, grey.samples.mask(0)[:4, 0].tolist())
    with pytest.raises(UsageError, match="foreground=255 makes two classes, 0 and 255, got 3"):
        load(f"masks:{tmp_path / 'black'}?foreground=255&classes=3")
    with pytest.raises(UsageError, match="expected foreground=N with a whole number of at least 1"):
        load(f"masks:{tmp_path / 'black'}?foreground=white")


def test_the_foreground_is_part_of_the_split(tmp_path):
    """One set of files read with a foreground and without has two digests."""
    folder = with_masks(tmp_path / "own", 255, 1)
    plain, named = (load(f"masks:{folder}{options}") for options in ("", "?foreground=1"))

    assert np.array_equal(plain.samples.mask(0), named.samples.mask(0))
    assert plain.sha256 != named.sha256


def test_torchvisions_voc_is_read_where_it_lies(tmp_path):
    """Both VOC sets from a VOCdevkit; a year that is not there names what fetches it."""
    folder = write_voc(tmp_path / "VOCdevkit" / "VOC2012", {"train": "ac", "val": "bd"})
    write_voc(folder, {"train": "ac", "val": "bd"}, sub="Segmentation")
    for name, size in SIZES.items():
        Image.new("RGB", size).save(folder / "JPEGImages" / f"{name}.jpg")
        mask = Image.fromarray(np.full(size[::-1], 15, dtype=np.uint8), mode="P")
        mask.putpalette([0, 0, 0] * 15 + [192, 128, 128])
        mask.save(folder / "SegmentationClass" / f"{name}.png")
    boxes = load(f"torchvision:VOCDetection?root={tmp_path}&year=2012")
    masks = load(f"torchvision:VOCSegmentation?root={tmp_path}")

    assert 2 == len(boxes.split.test) == len(masks.split.test)
    assert (21, "person") == (len(masks.samples.classes), masks.samples.classes[15])
    assert {15} == set(np.unique(masks.samples.mask(0)).tolist())
    with pytest.raises(Unavailable, match=r"ptmbench fetch --task 'torchvision:VOCDetection\?root=.*year=2007'"):
        load(f"torchvision:VOCDetection?root={tmp_path}&year=2007")


def test_torchvisions_coco_is_read_as_it_is_published(tmp_path):
    """The folder of the archives; without it the message says what lacks and that nothing fetches it."""
    with pytest.raises(Unavailable, match=r"instances_train2017.json.*torchvision does not fetch COCO"):
        load(f"torchvision:CocoDetection?root={tmp_path}")
    (tmp_path / "annotations").mkdir()
    for name in ("train2017", "val2017"):
        file = write_coco(tmp_path, name, {f"{n}.png": [(3, [1, 2, 10, 5], 0)] for n in range(9)})
        file.rename(tmp_path / "annotations" / f"instances_{name}.json")
    data = load(f"torchvision:CocoDetection?root={tmp_path}")

    assert 9 == len(data.split.test)
    assert TaskKind.OBJECT_DETECTION is task_spec(f"torchvision:CocoDetection?root={tmp_path}", ()).kind


@pytest.mark.parametrize("part", ["train", "test"])
def test_boxes_that_do_not_count_are_no_truth(tmp_path, part):
    """A part whose boxes are all crowds is refused: mAP over nothing would read 0."""
    parts = {
        name: write_coco(tmp_path, name, {f"{name}{n}.png": [(3, [2, 2, 9, 9], int(name == part))] for n in range(4)})
        for name in ("train", "test")
    }

    with pytest.raises(UsageError, match="at least one box that is neither difficult nor a crowd in each part"):
        load(f"coco:{parts['train']}?images={tmp_path}/train&test={parts['test']}&test_images={tmp_path}/test")


def write_masks(folder, part, indices):
    """Pictures with masks of two halves: these two indices."""
    for name in ("images", "masks"):
        (folder / part / name).mkdir(parents=True)
    for number in range(4):
        mask = np.repeat(np.array(indices, dtype=np.uint8), 128).reshape(16, 16)
        Image.new("RGB", (16, 16), (number, 0, 0)).save(folder / part / "images" / f"{number}.png")
        Image.fromarray(mask).save(folder / part / "masks" / f"{number}.png")


def test_masks_that_leave_everything_out_are_no_truth(tmp_path):
    """A test part of void pixels alone is refused, and a class that only the test part shows is told."""
    write_masks(tmp_path / "void", "train", (0, 1))
    write_masks(tmp_path / "void", "test", (255, 255))
    write_masks(tmp_path / "new", "train", (0, 1))
    write_masks(tmp_path / "new", "test", (0, 2))

    with pytest.raises(UsageError, match="one pixel whose class is not left out in each part, got none in the 4 test"):
        load(f"masks:{tmp_path}/void")
    assert ("class_2",) == load(f"masks:{tmp_path}/new").balance.untrained


def test_the_first_pixel_may_be_0(tmp_path):
    """`voc:DIR?first=0` is taken as it is written in the handbook; 2 is no number of a first pixel."""
    folder = write_voc(tmp_path)

    assert 6 == load(f"voc:{folder}?first=0").samples.boxes[0][1][1]
    with pytest.raises(UsageError, match="expected 0 or 1"):
        load(f"voc:{folder}?first=2")


def test_grey_masks_of_three_channels_are_grey_in_training_too(tmp_path):
    """What a check reads as grey is what a model learns from."""
    folder = with_masks(tmp_path / "own", 1)
    for file in (folder / "masks").iterdir():
        with Image.open(file) as mask:
            mask.convert("RGB").save(file)

    assert [0, 1] == load(f"masks:{folder}").samples.mask(0)[:2, 0].tolist()
