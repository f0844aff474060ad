"""Tests of what files of weights hold, told without loading them."""

import collections
import io
import os
import pickle
import pickletools

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from ptmbench.cli import main
from ptmbench.errors import UsageError
from ptmbench.files.weight_contents import HIDDEN, contents_of


class Shell:
    """What calls a shell when it is read."""

    def __reduce__(self):
        """The call."""
        return os.system, ("touch owned",)


def safe():
    """Checkpoints that torch reads as weights alone."""
    network = models.squeezenet1_1()
    return {
        "state": network.state_dict(),
        "training": {"epoch": 3, "model": network.state_dict(), "best": 0.5, "names": ["a", "b"]},
        "parameters": nn.Linear(2, 2).weight,
        "types": {"half": torch.zeros(2).half(), "bfloat": torch.zeros(2).bfloat16(), "long": torch.zeros(2).long()},
        "counter": collections.Counter("abc"),
    }


@pytest.mark.parametrize("name", safe())
@pytest.mark.parametrize("old", [False, True])
def test_what_torch_reads_is_not_refused(tmp_path, name, old):
    """Archives and pickles of before 1.6 that hold tensors and plain values name nothing else."""
    file = tmp_path / "a.pth"
    torch.save(safe()[name], file, _use_new_zipfile_serialization=not old)
    torch.load(file, weights_only=True)

    assert () == contents_of(file).refused
    assert contents_of(file).format.startswith("torch pickle" if old else "torch archive")


@pytest.mark.parametrize("content", [Shell(), {"a": Shell()}, nn.Linear(2, 2), np.float64(1.0), print])
@pytest.mark.parametrize("old", [False, True])
def test_what_torch_refuses_is_told(tmp_path, content, old):
    """Whatever weights alone do not need is named, and nothing of it is called."""
    file = tmp_path / "a.pth"
    torch.save(content, file, _use_new_zipfile_serialization=not old)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(file, weights_only=True)

    assert contents_of(file).refused
    assert not (tmp_path / "owned").exists()


def test_a_name_that_is_put_together_is_told(tmp_path):
    """Names from the memo, made by steps or registered as extensions do not pass by."""
    remembered = b"\x80\x04\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93\x8c\x04true\x85R."
    made = b"\x80\x04cbuiltins\nstr\n\x8c\x02os\x85R\x8c\x06system\x93."
    extension = b"\x80\x02\x82\x01."
    for content, name in ((remembered, "os.system"), (made, "builtins.str"), (extension, HIDDEN)):
        pickletools.genops(io.BytesIO(content))
        file = tmp_path / "a.bin"
        file.write_bytes(content)
        assert name in contents_of(file).refused


def test_safetensors_are_counted(tmp_path):
    """Types and values are read off the header."""
    file = tmp_path / "a.safetensors"
    save_file({"a": torch.zeros(2, 3), "b": torch.zeros(4).half()}, file)
    found = contents_of(file)

    assert (("1 F16", "1 F32"), 2, 10) == (found.types, found.tensors, found.numbers)
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(UsageError, match="no whole file of weights"):
        contents_of(file)


def test_the_command_prints_and_refuses(tmp_path, capsys, monkeypatch):
    """`check --model` takes paths, references and folders; what would be refused ends with 2, after all files."""
    monkeypatch.chdir(tmp_path)
    torch.save(nn.Linear(2, 2).state_dict(), "good.pth")
    torch.save({"a": Shell()}, "bad.pth")

    assert 0 == main(["check", "--model", "file:good.pth#torchvision:resnet18"])
    assert "torch archive, 2 tensors (Float)" in capsys.readouterr().out
    assert 2 == main(["check", "--model", "."])
    said = capsys.readouterr()
    assert "good.pth: torch archive" in said.out
    assert "bad.pth: refused, since its pickle names " in said.err
    assert "system" in said.err
    assert not (tmp_path / "owned").exists()
    for typed in (["check"], ["check", "a", "--model", "b"], ["check", "--model", "nowhere.pth"]):
        assert 2 == main(typed)
