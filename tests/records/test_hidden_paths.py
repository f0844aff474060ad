"""Tests of paths in records: names stay, folders go, and data of one name in two folders stay apart."""

from pathlib import Path

import pytest

from ptmbench.records.hidden_paths import folders_of, may_tell_folders, shown_reference, shown_text, without_folders

START = Path("/data/ada/project")


@pytest.mark.parametrize(
    ("reference", "shown"),
    [
        ("csv:/data/ada/secret/a.csv?text=x&label=y", "csv:...4bd841/a.csv?text=x&label=y"),
        ("file:/data/ada/my secret/w.pth#torchvision:vgg16", "file:...*/w.pth#torchvision:vgg16"),
        ("file:~/secret/w.pth#package.module:function", "file:...*/w.pth#package.module:function"),
        ("csv:~ada/secret/a.csv", "csv:...*/a.csv"),
        (
            "coco:/secret/a/b?train=/secret/a/t.json&test=r/t.json",
            "coco:...*/b?train=...*/t.json&test=r/t.json",
        ),
        ("unet:file:/secret/a/w.pth#torchvision:vgg16", "unet:file:...*/w.pth#torchvision:vgg16"),
        ("keras:ResNet50@/secret/a/w.h5", "keras:ResNet50@...*/w.h5"),
        (r"masks:C:\secret\a", "masks:...*/a"),
        ("imagefolder:/secret/a/", "imagefolder:...*/a"),
        ("imagefolder:/data/ada/project/data/a", "imagefolder:data/a"),
        ("imagefolder:data/a", "imagefolder:data/a"),
        ("imagefolder:/a", "imagefolder:/a"),
        ("hf:org/name@revision", "hf:org/name@revision"),
        ("torchvision:resnet18/IMAGENET1K_V1", "torchvision:resnet18/IMAGENET1K_V1"),
        ("bert_tiny.invented", "bert_tiny.invented"),
    ],
)
def test_a_reference_keeps_names_and_no_folder(reference, shown):
    """What stands for a folder is six hex digits; below where the run was started the path stays."""
    found = shown_reference(reference, START)
    parts = shown.split("*")

    assert found.startswith(parts[0])
    assert found.endswith(parts[-1])
    assert len(shown) + 5 * (len(parts) - 1) == len(found)
    assert "secret" not in found
    assert found == shown_reference(found, START)


def test_data_of_one_name_in_two_folders_stay_apart():
    """The digits are those of the folder: the same for all files in it, others elsewhere."""
    first, second, third = (shown_reference(f"csv:/data/{name}", None) for name in ("x/a.csv", "x/b.csv", "y/a.csv"))

    assert first.replace("a.csv", "b.csv") == second
    assert first != third


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/data/ada/my secret/w.pth is no whole checkpoint", "...215a6f/w.pth is no whole checkpoint"),
        ("no such file: '/data/caches/hub/w.pth'", "no such file: '.../w.pth'"),
        ('File "/usr/lib/python3/x.py", line 3', 'File ".../x.py", line 3'),
        (r"cannot open C:\data\ada\w.pth", "cannot open .../w.pth"),
        ("/data/ada/project/data/a.png: empty", "data/a.png: empty"),
        ("a rate of 3 images/s, 1/2/3, and/or, https://example.org/a/b", None),
        ("/dev/video/x is a device; see data/train/a.png or .../w.pth", None),
    ],
)
def test_a_text_keeps_names_and_no_folder(text, shown):
    """Folders of the references are known, blanks and all; any other absolute path is told by its form."""
    known = folders_of(["file:/data/ada/my secret/w.pth#torchvision:vgg16", "imagefolder:data"], START)
    found = shown_text(text, known).replace(known["/data/ada/my secret/"][:-1], "...215a6f")

    assert (text if shown is None else shown) == found


def test_lists_and_dictionaries_are_gone_through():
    """Texts wherever they stand; numbers and nulls stay as they are."""
    content = {"a": [{"reference": "csv:/x/y/z.csv", "b": "at /x/y/z"}], "c": (1, None, True, 0.5)}

    assert {"a": [{"reference": shown_reference("csv:/x/y/z.csv"), "b": "at .../z"}], "c": [1, None, True, 0.5]} == (
        without_folders(content)
    )


def test_what_may_tell_is_found_in_the_json():
    """A record without absolute paths needs no second look."""
    assert may_tell_folders('{"reference": "csv:/a/b"}')
    assert may_tell_folders('{"dataset":"/b"}')
    assert may_tell_folders('{"reason": "in /a/b/c"}')
    assert not may_tell_folders('{"reference": "hf:a/b", "machine": "AMD EPYC 9654 96-Core", "a": "x/y/z 3/s"}')
