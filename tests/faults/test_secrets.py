"""What is published of a run tells no folder, person, host or environment: everything is written once, and searched."""

import io
import platform
import socket
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import models

from ptmbench.cli import main

MARK = "zq77xz"
TELLING = f"secret {MARK} of ada"
BY_FORMAT = {"markdown": "r.md", "csv": "r.csv", "json": "r.json", "latex": "r.tex", "html": "site", "text": "r.txt"}


@pytest.fixture
def own(tmp_path):
    """Weights and pictures in a folder whose name tells something."""
    place = tmp_path / TELLING
    place.mkdir()
    torch.manual_seed(0)
    torch.save(models.squeezenet1_1(weights=None).state_dict(), place / "mine.pth")
    generator = np.random.default_rng(0)
    for part in ("train", "test"):
        for name in ("plain", "red"):
            folder = place / "photos" / part / name
            folder.mkdir(parents=True)
            for index in range(8):
                Image.fromarray(generator.integers(0, 255, (32, 32, 3), np.uint8)).save(folder / f"{index}.png")
    return place


def contents(place):
    """The bytes of all files below a folder, those inside archives too, with their paths."""
    for file in sorted(path for path in place.rglob("*") if path.is_file()):
        content = file.read_bytes()
        yield file, content
        if zipfile.is_zipfile(io.BytesIO(content)):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((file / name, archive.read(name)) for name in archive.namelist())


def test_nothing_published_tells_where_the_data_lay(own, tmp_path, monkeypatch, capsys):
    """Records, outcomes, tables in each format, the site and the gate's reports hold names of files and no folder."""
    public = tmp_path / "public"
    public.mkdir()
    monkeypatch.chdir(public)
    for name in ("PTMBENCH_TEST_SECRET", "LOGNAME", "USER"):
        monkeypatch.setenv(name, f"{name}-{MARK}")
    for module, name in ((socket, "gethostname"), (platform, "node")):
        monkeypatch.setattr(module, name, lambda: f"host-{MARK}")
    run = ["run", "--method", "knn", "--budget", "smoke", "--results", "results", "--task", f"imagefolder:{own}/photos"]
    weights = f"file:{own}/mine.pth#torchvision:squeezenet1_1?size=32"
    absent = f"file:{own}/none.pth#torchvision:squeezenet1_1?size=32"
    (own / "broken.pth").write_bytes(b"x" * 100)
    broken = f"file:{own}/broken.pth#torchvision:squeezenet1_1?size=32"
    assert 0 != main([*run, "--model", weights, "--model", absent, "--model", broken])
    capsys.readouterr()  # the terminal of whoever ran it may say where his files are
    for form, name in BY_FORMAT.items():
        assert 0 == main(["report", "results", "--format", form, "-o", name]), capsys.readouterr().err
    for form in ("text", "markdown", "json", "junit", "github"):
        main(["gate", "results", "results", "--format", form, "-o", f"gate.{form}"])
    main(["report", "results", "--card", "mine"])
    main(["history", "results"])
    said = capsys.readouterr()

    written = dict(contents(public))
    assert len(written) > 20
    records = b"".join(content for file, content in written.items() if file.parent == public / "results")
    assert [] == [word for word in ("ok", "failed", "skipped") if f'"status": "{word}"'.encode() not in records]
    for word in (MARK, str(tmp_path)):
        assert [] == [str(file) for file, content in written.items() if word.encode() in content], word
        assert word not in said.out + said.err
    assert any(b"mine.pth" in content for content in written.values())
