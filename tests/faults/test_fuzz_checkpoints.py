"""Mutated models: folders of transformers and files of weights load, or are refused in a sentence; none runs code."""

import io
import itertools
import json
import pickle
import time
import zipfile
from functools import partial

import pytest
import torch
from mutations import LIMIT_S, Trials, mutated, mutated_bytes, rng_of
from safetensors.torch import save
from torchvision import models
from transformers import BertConfig, BertModel, BertTokenizer, ViTConfig, ViTImageProcessor, ViTModel

from ptmbench.catalog.model_references import model_specs
from ptmbench.engine.foreign_code import built, carried_out
from ptmbench.engine.models.provider import provider_of
from ptmbench.engine.models.weight_files import read_state
from ptmbench.errors import WeightsError

pytestmark = pytest.mark.slow

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


def texts(place):
    """A small BERT with its tokenizer."""
    torch.manual_seed(0)
    BertModel(BertConfig(**SMALL, vocab_size=len(WORDS), max_position_embeddings=30)).save_pretrained(place)
    BertTokenizer(vocab={word: index for index, word in enumerate(WORDS)}).save_pretrained(place)


def pictures(place):
    """A small vision transformer with its image processor."""
    torch.manual_seed(0)
    ViTModel(ViTConfig(**SMALL, image_size=32, patch_size=16)).save_pretrained(place)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(place)


def used(reference):
    """Loads a model as a case does, with the digest of its weights, and runs one forward pass."""
    for spec in model_specs(reference, ()):
        provider = provider_of(spec)
        provider.sha256(spec)
        with built(spec.name):
            loaded = provider.build(spec, 0)
        with carried_out(spec.name), torch.no_grad():
            loaded.backbone(loaded.preprocessing.example(2, loaded.preprocessing.shape))


FOLDERS = {
    "text": (texts, ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"], "text"),
    "pictures": (pictures, ["config.json", "preprocessor_config.json", "model.safetensors"], "image"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_mutated_folders_of_transformers_load_or_are_refused(tmp_path, name):
    """Any file of a folder may be changed: what is refused names the model, what loads gives features."""
    make, changed, modality = FOLDERS[name]
    place = tmp_path / "inner" / "model"
    make(place)
    contents = {file: (place / file).read_bytes() for file in changed}
    used(f"hf:{place}?modality={modality}")
    trials = Trials(f"folder, {name}", 30)
    for seed in trials.seeds:
        rng = rng_of(name, seed)
        target = rng.choice(changed)
        (place / target).write_bytes(mutated(contents[target], rng))
        trials.tried(seed, partial(used, f"hf:{place}?modality={modality}"), place)
        (place / target).write_bytes(contents[target])
    trials.held()


class Payload:
    """What would make a file when it is unpickled."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return self.file.touch, ()


def stored(form, state, ran):
    """The bytes of a checkpoint in one of the forms that people bring, some of which hold code."""
    stream = io.BytesIO()
    if form == "safetensors":
        return save(state)
    if form == "pickle":
        return pickle.dumps({**{key: value.tolist() for key, value in state.items()}, "x": Payload(ran)})
    content = {
        "torch": state,
        "legacy": state,
        "wrapped": {"model": state, "epoch": 3},
        "code": {**state, "x": Payload(ran)},
    }
    torch.save(content[form], stream, _use_new_zipfile_serialization=form != "legacy")
    return stream.getvalue()


@pytest.mark.parametrize("form", ["safetensors", "torch", "legacy", "wrapped", "code", "pickle"])
def test_mutated_weights_load_or_are_refused_and_run_nothing(tmp_path, form):
    """Of files, archives and pickles: tensors, or a sentence; a payload never runs."""
    torch.manual_seed(0)
    state = dict(models.squeezenet1_1(weights=None, num_classes=2).state_dict())
    place, ran = tmp_path / "inner" / "weights", tmp_path / "ran"
    place.mkdir(parents=True)
    content = stored(form, state, ran)
    trials = Trials(f"weights, {form}", 12)
    for seed in trials.seeds:
        (place / "a.bin").write_bytes(mutated_bytes(content, rng_of(form, seed)))
        trials.tried(seed, partial(read_state, place / "a.bin"), place)
        assert not ran.exists(), seed
    trials.held()


def header(entries):
    """A safetensors file with that header, and eight bytes of data."""
    text = json.dumps(entries).encode() if not isinstance(entries, bytes) else entries
    return len(text).to_bytes(8, "little") + text + bytes(8)


def tensor(**changed):
    """The entry of one tensor of two numbers."""
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changed}}


def zipped(**members):
    """A zip archive with those members below archive/."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"archive/{name}", content)
    return stream.getvalue()


HOSTILE = {
    "a width of 10^15": header(tensor(shape=[10**15])),
    "a width below 0": header(tensor(shape=[-1])),
    "offsets beyond the file": header(tensor(data_offsets=[0, 10**12])),
    "an unknown type": header(tensor(dtype="F7")),
    "a header as long as 2^63": (2**63 - 1).to_bytes(8, "little") + b"{}",
    "a header that is a list": header([]),
    "a header of brackets": header(b"[" * 100_000),
    "no tensors": header({}),
    "an archive without its pickle": zipped(version="3"),
    "an archive whose pickle is text": zipped(**{"data.pkl": "hello", "version": "3"}),
    "an archive whose pickle is empty": zipped(**{"data.pkl": "", "version": "3"}),
    "a pickle that pops from nothing": b"\x80\x020.",
    "a pickle of a huge list": b"\x80\x02" + b"]" * 100_000 + b".",
    "a pickle with a jump far out": b"\x80\x04\x95" + (2**62).to_bytes(8, "little") + b".",
    "a pickle that recalls what it never kept": b"\x80\x02h\x07.",
    "text": b"these are no weights\n" * 20,
    "nothing": b"",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_hostile_weights_are_refused_at_once(tmp_path, content, suffix):
    """Widths, offsets, pickles and archives that no library writes are one sentence under either name."""
    file = tmp_path / f"a.{suffix}"
    file.write_bytes(content)
    started = time.perf_counter()
    with pytest.raises(WeightsError, match=r"a\."):
        read_state(file)
    assert time.perf_counter() - started < LIMIT_S


WIDE = {
    "text": ("vocab_size", "hidden_size", "num_hidden_layers", "max_position_embeddings", "intermediate_size"),
    "pictures": ("hidden_size", "num_hidden_layers", "image_size", "patch_size", "num_channels"),
}


VALUES = (10**15, 0, -1, 1.5, "x", None, [2], True)


@pytest.mark.parametrize("name", WIDE)
def test_sizes_that_no_machine_holds_are_refused(tmp_path, name):
    """A configuration with a size of 10^15, of nothing or of text is one sentence, at once."""
    make, _, modality = FOLDERS[name]
    place = tmp_path / "inner" / "model"
    make(place)
    config = json.loads((place / "config.json").read_text())
    trials = Trials(f"sizes, {name}", 0)
    for number, (field, value) in enumerate(itertools.product(WIDE[name], VALUES)):
        (place / "config.json").write_text(json.dumps(config | {field: value}))
        trials.tried(number, partial(used, f"hf:{place}?modality={modality}"), place)
    trials.held()

    assert trials.refused > 20
