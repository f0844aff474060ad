"""Tests of loading: what a library is told about code, whatever its own default is."""

import pickle

import pytest
import torch
from safetensors.torch import save_file

from ptmbench.engine.foreign_loads import configured, pickled, pretrained, safe_tensors


class Telling:
    """A class of a library that tells what it was called with."""

    @staticmethod
    def from_pretrained(folder, **options):
        return folder, options

    @staticmethod
    def from_config(config, **options):
        return config, options


def of(module):
    """The class as if it came from that module."""
    return type("Kind", (Telling,), {"__module__": module})


def test_transformers_is_told_to_run_no_code(tmp_path):
    """Every load says so, and that the network is not to be touched."""
    kind = of("transformers.models.auto")

    assert (tmp_path, {"local_files_only": True, "trust_remote_code": False, "a": 1}) == pretrained(kind, tmp_path, a=1)
    assert ("config", {"trust_remote_code": False}) == configured(kind, "config")


def test_diffusers_knows_no_such_option(tmp_path):
    """Its own classes run no code, and would take the option for a setting of the model."""
    kind = of("diffusers.models")

    assert (tmp_path, {"local_files_only": True}) == pretrained(kind, tmp_path)
    assert ("config", {}) == configured(kind, "config")


def test_tensors_come_out_of_both_kinds_of_files(tmp_path):
    """What torch and safetensors saved is what is loaded."""
    torch.save({"a": torch.ones(2)}, tmp_path / "a.pth")
    save_file({"a": torch.ones(2)}, tmp_path / "a.safetensors")

    for found in (pickled(tmp_path / "a.pth"), safe_tensors(tmp_path / "a.safetensors")):
        assert [1, 1] == found["a"].tolist()


def test_a_pickle_with_more_than_tensors_does_not_run(tmp_path):
    """A global that is no tensor stops the load before it is called."""

    class Payload:
        def __reduce__(self):
            return (tmp_path / "ran").touch, ()

    torch.save(Payload(), tmp_path / "a.pth")
    with pytest.raises(pickle.UnpicklingError):
        pickled(tmp_path / "a.pth")
    assert not (tmp_path / "ran").exists()
