"""Folders of boxes in the forms of Pascal VOC and COCO, for tests."""

import json

from PIL import Image

CORNERS = "<xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax>"
OBJECT = f"<object><name>{{}}</name><difficult>{{}}</difficult><bndbox>{CORNERS}</bndbox></object>"


def write_voc(folder, pictures, parts=None):
    """A VOC folder of pictures 100 wide and 50 high: objects by name, and the names of each part."""
    for sub in ("Annotations", "JPEGImages", "ImageSets/Main"):
        (folder / sub).mkdir(parents=True, exist_ok=True)
    for name, objects in pictures.items():
        Image.new("RGB", (100, 50)).save(folder / "JPEGImages" / f"{name}.jpg")
        size = "<size><width>100</width><height>50</height></size>"
        body = "".join(OBJECT.format(*entry) for entry in objects)
        text = f"<annotation><filename>{name}.jpg</filename>{size}{body}</annotation>"
        (folder / "Annotations" / f"{name}.xml").write_text(text)
    for part, names in (parts or {}).items():
        (folder / "ImageSets" / "Main" / f"{part}.txt").write_text("\n".join(names))
    return folder


def write_coco(folder, annotations, **changes):
    """A COCO file with one picture of 100x50 and two categories."""
    content = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 100, "height": 50}],
        "categories": [{"id": 1, "name": "cat"}, {"id": 9, "name": "dog"}],
        "annotations": annotations,
        **changes,
    }
    Image.new("RGB", (100, 50)).save(folder / "a.jpg")
    (folder / "coco.json").write_text(json.dumps(content))
    return folder / "coco.json"
