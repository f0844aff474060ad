"""Tests of inputs: wherever they come from, a batch is the same."""

import errno
import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from ptmbench.engine.inputs import batches
from ptmbench.engine.inputs.batches import AppliedInputs, FileInputs, TensorInputs, kept_in, largest, prepare
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.errors import UsageError
from ptmbench.files.cache_folder import CacheFolder

PREPROCESSING = ImagePreprocessing(16, (0.5, 0.5, 0.5), (0.2, 0.2, 0.2), resize=20)
ORDER = [[3, 1], [0], [5, 4, 2]]


@pytest.fixture
def pictures(tmp_path):
    """Six picture files and their pixels."""
    pixels = np.random.default_rng(0).integers(0, 256, (6, 24, 24, 3)).astype(np.uint8)
    files = [tmp_path / f"{index}.png" for index in range(6)]
    for file, picture in zip(files, pixels, strict=True):
        Image.fromarray(picture).save(file)
    return files, torch.from_numpy(pixels).permute(0, 3, 1, 2)


@pytest.mark.parametrize("few", [0, 99], ids=["workers", "this process"])
def test_files_and_tensors_give_the_same_batches(pictures, monkeypatch, few):
    """Decoded in workers or here, applied batch by batch or kept: the same inputs in the same order."""
    monkeypatch.setattr(batches, "FEW", few)
    files, pixels = pictures
    kept = TensorInputs(PREPROCESSING.apply(pixels))
    expected = list(kept.batches(ORDER))

    for other in (
        AppliedInputs(pixels, PREPROCESSING.apply, PREPROCESSING.shape),
        FileInputs(files, PREPROCESSING.read, PREPROCESSING.shape, PREPROCESSING.finish),
    ):
        assert (6, (3, 16, 16)) == (len(other), other.shape) == (len(kept), kept.shape)
        for mine, theirs in zip(expected, other.batches(ORDER), strict=True):
            torch.testing.assert_close(mine, theirs)


@pytest.mark.parametrize("few", [0, 99], ids=["workers", "this process"])
def test_files_that_cannot_be_decoded_are_named_together(pictures, monkeypatch, few):
    """Every broken file of the order stands in one message, and the global generator is left as it was."""
    monkeypatch.setattr(batches, "FEW", few)
    files, _ = pictures
    for broken in (files[1], files[4]):
        broken.write_bytes(broken.read_bytes()[:60])
    state = torch.random.get_rng_state()

    with pytest.raises(UsageError, match=r"(?s)2 images cannot be decoded: .*1.png .*4.png .*take them out"):
        list(FileInputs(files, PREPROCESSING.read, PREPROCESSING.shape).batches(ORDER))
    assert torch.equal(state, torch.random.get_rng_state())


def test_a_signal_to_the_whole_group_is_not_the_workers_to_heed(pictures, monkeypatch):
    """A worker that gets SIGTERM decodes on: it is ended by the process that reads, which says so itself."""
    monkeypatch.setattr(batches, "FEW", 0)
    files, _ = pictures

    def told(_path):
        os.kill(os.getpid(), signal.SIGTERM)
        return torch.zeros(3, 16, 16)

    assert [2, 1, 3] == [len(found) for found in FileInputs(files, told, (3, 16, 16)).batches(ORDER)]


@pytest.fixture
def kept(pictures, tmp_path):
    """Inputs of the files whose rows are kept in a folder, and the calls of their reader."""
    files, _ = pictures
    calls = []

    def read(file):
        calls.append(file)
        return PREPROCESSING.read(file)

    inputs = FileInputs(files, read, PREPROCESSING.shape, PREPROCESSING.finish, {"files": "sha"})
    folder = CacheFolder(tmp_path / "cache", 2**40)
    return kept_in(inputs, folder, {"code": "sha"}), calls, folder


@pytest.mark.parametrize("few", [0, 99], ids=["workers", "this process"])
def test_each_file_is_decoded_once_where_rows_are_kept(pictures, kept, monkeypatch, few):
    """The first pass and every later one, of this process or of the next, give the same to the last bit."""
    monkeypatch.setattr(batches, "FEW", few)
    inputs, calls, folder = kept
    plain = replace(inputs, kept=None)
    expected = list(plain.batches(ORDER))
    first = list(inputs.batches(ORDER))
    calls.clear()

    for other in (inputs, kept_in(plain, folder, {"code": "sha"})):
        for mine, again, theirs in zip(expected, first, other.batches(ORDER), strict=True):
            assert torch.equal(mine, theirs)
            assert torch.equal(mine, again)
    assert len(calls) <= 1  # the next process reads one, to know how large rows are
    assert kept_in(plain, None, {}) is plain
    assert kept_in(plain, folder, None) is plain
    assert kept_in(replace(plain, depends=None), folder, {}).kept is None


def test_only_what_is_asked_for_is_decoded(kept):
    """A draw of few examples costs as many files, and the others come when they are needed."""
    inputs, calls, _ = kept
    prepare(inputs, [4, 2, 4])
    assert {inputs.files[4], inputs.files[2]} == set(calls)
    calls.clear()
    prepare(inputs)
    assert {inputs.files[place] for place in (0, 1, 3, 5)} == set(calls)


def test_spoiled_rows_are_decoded_again(kept):
    """A row that is not as it was written is never an input."""
    inputs, _, folder = kept
    expected = list(inputs.batches(ORDER))
    (entry,) = folder.entries()
    content = entry.path.read_bytes()
    entry.path.write_bytes(content[:-700] + bytes(700))
    again = replace(inputs, kept=replace(inputs.kept, _file=None))

    for mine, theirs in zip(expected, again.batches(ORDER), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("why", ["room", "disk", "folder"])
def test_what_cannot_be_kept_is_decoded_at_every_pass(kept, monkeypatch, why):
    """Too little room, a full disk and a folder that cannot be made cost time and no figure."""
    inputs, _, folder = kept
    expected = list(replace(inputs, kept=None).batches(ORDER))
    if why == "room":
        inputs = kept_in(inputs, replace(folder, limit=100), {"code": "sha"})
    elif why == "folder":
        folder.path.write_text("a file")
    else:
        monkeypatch.setattr(os, "pwrite", full_disk)

    for mine, theirs in zip(expected, inputs.batches(ORDER), strict=True):
        assert torch.equal(mine, theirs)
    assert inputs.kept.broken


def full_disk(*_arguments):
    """What writing to a full disk does."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_files_that_cannot_be_decoded_are_named_together_where_rows_are_kept(kept):
    """As at any other pass: all of them at once, and the others stay kept."""
    inputs, _, _ = kept
    for broken in (inputs.files[0], inputs.files[4]):
        broken.write_bytes(broken.read_bytes()[:60])

    with pytest.raises(UsageError, match=r"(?s)2 images cannot be decoded: .*0.png .*4.png .*take them out"):
        list(inputs.batches(ORDER))
    assert [0, 4] == inputs.kept.missing(range(6))


def test_texts_are_cut_to_the_longest_of_their_group():
    """A group of short texts is no wider than they are, and a text without a token has room for one."""
    ids = torch.full((4, 6), -1)
    for row, length in enumerate((2, 5, 1, 0)):
        ids[row, :length] = 7

    shapes = [tuple(batch.shape) for batch in TensorInputs(ids).batches([[0, 2], [1, 0], [3]])]

    assert [(2, 2), (2, 5), (1, 1)] == shapes


def test_the_largest_examples_are_the_longest_texts():
    """What a training needs at most is told by the longest texts; of inputs that are all alike any will do."""
    ids = torch.full((4, 6), -1)
    for row, length in enumerate((2, 5, 1, 5)):
        ids[row, :length] = 7

    assert [1, 3, 0] == largest(TensorInputs(ids), 3)
    assert [0, 1] == largest(TensorInputs(torch.zeros(2, 3)), 3)
