"""Tests of rows that are kept: whose they are, and what another process knows of them."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.inputs import pictures
from ptmbench.engine.inputs.kept_rows import KeptRows
from ptmbench.files.cache_folder import CacheFolder
from ptmbench.running.session import Session

ROW = torch.arange(12, dtype=torch.uint8).reshape(3, 4)


def kept_in(path, **identity):
    """Rows of three examples."""
    return KeptRows(CacheFolder(path, 2**30), identity, 3)


def test_rows_belong_to_what_they_depend_on(tmp_path):
    """Another identity, shape or type is another file; the same one is found again."""
    kept = kept_in(tmp_path, files="a")
    kept.keep(1, ROW)

    assert ([0, 2], None) == (kept.missing([0, 1, 2, 0]), kept.read([0, 1]))
    assert torch.equal(torch.stack([ROW, ROW]), kept.read([1, 1]))
    again, other, floats = kept_in(tmp_path, files="a"), kept_in(tmp_path, files="b"), kept_in(tmp_path, files="a")
    for found, row in ((again, ROW), (other, ROW), (floats, ROW.float())):
        assert [1] == found.missing([1])  # nothing is known before the file is open
        found.begin(row)
    assert [[], [1], [1]] == [found.missing([1]) for found in (again, other, floats)]
    assert 3 == len(list(tmp_path.iterdir()))


def test_a_process_of_its_own_opens_the_file_itself(tmp_path):
    """A worker that was not forked gets no descriptor, and what it keeps is there for all."""
    kept = kept_in(tmp_path, files="a")
    kept.begin(ROW)
    worker = pickle.loads(pickle.dumps(kept))  # noqa: S301  what is sent to a worker

    assert not worker.begun
    worker.keep(2, ROW)
    assert torch.equal(ROW, kept.read([2])[0])


@pytest.fixture
def photos(tmp_path):
    """A folder of pictures in two classes, of two sizes."""
    generator = np.random.default_rng(0)
    for part, count in (("train", 12), ("val", 4), ("test", 8)):
        for label, name in enumerate(("dark", "light")):
            place = tmp_path / "photos" / part / name
            place.mkdir(parents=True)
            for index in range(count):
                pixels = generator.integers(90 * label, 160 + 90 * label, (30 + index % 2, 40, 3)).astype(np.uint8)
                Image.fromarray(pixels).save(place / f"{index}.png")
    return task_spec(f"imagefolder:{tmp_path / 'photos'}", ())


def test_a_run_decodes_each_picture_once(photos, tmp_path, monkeypatch):
    """Two models, one that is trained too, decode what one does; every figure is that of a run which keeps nothing."""
    honest, read = pictures.rgb, []
    monkeypatch.setattr(pictures, "rgb", lambda file, *rest, **more: read.append(file) or honest(file, *rest, **more))
    ways = [("resnet_tiny.glyphs", "knn"), ("vgg_tiny.glyphs", "knn"), ("resnet_tiny.glyphs", "fine_tune")]
    cases = [replace(find_case(model, "digits_full", way), task=photos) for model, way in ways]
    seen = {}
    for place in ("off", str(tmp_path / "cache")):
        monkeypatch.setenv("PTMBENCH_CACHE", place)
        settings = check_settings(budget="smoke", device="cpu", measures_latency=False, threads=1)
        session = Session(settings, folder=tmp_path / f"results{len(seen)}")
        records = [session.run(case) for case in cases]
        assert ["ok"] * 3 == [record.status for record in records], [record.reason for record in records]
        seen[place] = [json.loads(record.quality.model_dump_json()) for record in records]
        assert 48 == len(set(read))
        assert (place == "off") == (len(read) > 48 + len(cases))  # each workbench reads one: how large rows are
        read.clear()

    assert seen["off"] == seen[str(tmp_path / "cache")]
