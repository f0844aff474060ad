"""Tests of Hugging Face checkpoints, on small ones that the tests save in its format."""

import io
import json
import re
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    CLIPVisionConfig,
    CLIPVisionModel,
    DistilBertConfig,
    DistilBertModel,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    RobertaConfig,
    RobertaModel,
    ViTConfig,
    ViTImageProcessor,
    ViTModel,
)

from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.cli import main
from ptmbench.engine.datasets.base import LabelledTexts
from ptmbench.engine.inputs.pictures import PADDING
from ptmbench.engine.models import huggingface
from ptmbench.engine.models.language_backbone import language_backbone
from ptmbench.errors import Unavailable, UsageError, WeightsError

WORDS = [*"abcdefghij", "[PAD]", "[UNK]"]
SMALL = {"vocab_size": 12, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "pad_token_id": 10}
VISION = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32, "patch_size": 8}


def bert():
    """A small masked language model."""
    return BertForMaskedLM(BertConfig(**SMALL, intermediate_size=32, max_position_embeddings=20))


def roberta():
    """A small RoBERTa, whose positions count from the padding id on."""
    return RobertaModel(RobertaConfig(**SMALL, intermediate_size=32, max_position_embeddings=40))


def distilbert():
    """A small DistilBERT."""
    return DistilBertModel(
        DistilBertConfig(vocab_size=12, dim=16, n_layers=2, n_heads=2, hidden_dim=32, pad_token_id=10)
    )


def gpt2():
    """A small GPT-2, without a padding token as the published one."""
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=12, n_embd=16, n_layer=2, n_head=2, n_positions=20, bos_token_id=1, eos_token_id=1)
    )


def llama():
    """A small Llama."""
    return LlamaForCausalLM(
        LlamaConfig(**SMALL, intermediate_size=32, max_position_embeddings=20, bos_token_id=1, eos_token_id=1)
    )


TEXT = {"bert": bert, "roberta": roberta, "distilbert": distilbert, "gpt2": gpt2, "llama": llama}
CAUSAL = {"gpt2", "llama"}


def saved(folder, name):
    """A checkpoint of that kind with a tokenizer of single letters."""
    torch.manual_seed(3)
    TEXT[name]().save_pretrained(folder)
    backend = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106  no password
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]")  # noqa: S106
    tokenizer.save_pretrained(folder)
    return folder


def built(folder, options=""):
    """The folder's model, and its specs."""
    spec, control = model_specs(f"hf:{folder}{options}", ())
    return huggingface.build(spec, 0), spec, control


@pytest.mark.parametrize("name", TEXT)
def test_padding_never_changes_a_feature(tmp_path, name):
    """Neither the length of the padding nor the rest of the batch moves the features of a text."""
    loaded, _, _ = built(saved(tmp_path, name))
    alone = torch.tensor([[1, 2, 3]])
    padded = torch.tensor([[1, 2, 3, *[PADDING] * 5], [4, 5, 6, 7, 8, 9, 1, 2]])
    for pooling in loaded.backbone.sizes:
        backbone = loaded.backbone.pooled_by(pooling)
        with torch.inference_mode():
            first, second = backbone(alone)[0], backbone(padded)[0]

        torch.testing.assert_close(first, second[: len(first)] if first.dim() == 2 else second, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", TEXT)
def test_the_usual_pooling_fits_the_kind(tmp_path, name):
    """A decoder is read at its last token, an encoder by the mean; all of the backbone's tensors come from the file."""
    loaded, _, _ = built(saved(tmp_path, name))

    assert ("last" if name in CAUSAL else "mean") == loaded.backbone.pooling
    assert 1.0 == loaded.loaded_fraction
    assert 64 == len(loaded.weights_sha256)


def test_one_file_has_one_meaning(tmp_path):
    """A BERT folder gives the same features as the backbone that this project's own BERTs run on."""
    loaded, _, _ = built(saved(tmp_path, "bert"))
    with torch.inference_mode():
        own = language_backbone(loaded.backbone.tail.model)
        ids = torch.tensor([[1, 2, 3, PADDING], [4, 5, 6, 7]])

        for pooling in ("mean", "cls", "mean_all_layers"):
            torch.testing.assert_close(own.pooled_by(pooling)(ids), loaded.backbone.pooled_by(pooling)(ids))


def test_the_control_has_the_same_shape_and_other_weights(tmp_path):
    """The random control is drawn anew each seed and takes tokenizer and configuration from the folder."""
    loaded, _, control = built(saved(tmp_path, "bert"))
    first, again, other = (huggingface.build(control, seed) for seed in (0, 0, 1))
    shapes = {key: value.shape for key, value in loaded.backbone.state_dict().items()}
    key = next(key for key in shapes if "query.weight" in key)

    assert shapes == {key: value.shape for key, value in first.backbone.state_dict().items()}
    assert (None, None) == (first.loaded_fraction, first.weights_sha256)
    assert torch.equal(first.backbone.state_dict()[key], again.backbone.state_dict()[key])
    assert not torch.equal(first.backbone.state_dict()[key], other.backbone.state_dict()[key])


def test_long_texts_are_cut_where_the_model_ends(tmp_path):
    """The limit is the model's positions (RoBERTa's begin behind the padding id), or less on request."""
    texts = LabelledTexts(("a", "b"), ("a " * 50, "a b"), torch.tensor([0, 1]), ("x", "y"))
    for name, options, length in (("bert", "", 20), ("roberta", "", 29), ("bert", "?max_length=7", 7)):
        loaded, _, _ = built(saved(tmp_path / f"{name}{length}", name), options)
        encoded = loaded.preprocessing.encode(texts, ())

        assert ((length,), 1) == (encoded.inputs.shape, encoded.truncated)
        assert 16 == next(iter(loaded.backbone.sizes.values()))
        with torch.inference_mode():
            assert torch.isfinite(loaded.backbone(next(encoded.inputs.batches([[0, 1]])))).all()


def test_image_models_bring_their_processor(tmp_path):
    """A ViT's size, means and resampling come from its folder; its features are the first token or the mean."""
    torch.manual_seed(3)
    ViTModel(ViTConfig(**VISION, image_size=32)).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}, image_mean=[0.5] * 3, image_std=[0.2] * 3).save_pretrained(
        tmp_path
    )
    loaded, spec, _ = built(tmp_path)

    assert ((3, 32, 32), {"image"}) == (loaded.preprocessing.shape, spec.modalities)
    assert ((0.5,) * 3, (0.2,) * 3, None) == (
        loaded.preprocessing.mean, pytest.approx(loaded.preprocessing.std), loaded.preprocessing.resize
    )  # fmt: skip
    assert {"cls": 16, "mean": 16} == loaded.backbone.sizes


def test_clip_gives_its_image_tower(tmp_path):
    """A CLIP vision checkpoint is an image model."""
    CLIPVisionModel(CLIPVisionConfig(**VISION, image_size=32)).save_pretrained(tmp_path)
    ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    loaded, _, _ = built(tmp_path)

    assert {"cls": 16, "mean": 16} == loaded.backbone.sizes


def evil(folder, part):
    """A checkpoint that names a class of its own for one part, in code that leaves a file `ran` when it is run."""
    torch.manual_seed(3)
    if part == "AutoTokenizer":  # beside a model that transformers has no tokenizer for
        ViTModel(ViTConfig(**VISION, image_size=32)).save_pretrained(folder)
        (folder / "tokenizer_config.json").write_text(
            json.dumps({"tokenizer_class": "Evil", "auto_map": {part: ["evil.E", "evil.E"]}})
        )
    elif part == "AutoImageProcessor":
        saved(folder, "bert")
        (folder / "preprocessor_config.json").write_text(json.dumps({"auto_map": {part: "evil.E"}}))
    else:
        saved(folder, "bert")
        config = json.loads((folder / "config.json").read_text())
        config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.C", "AutoModel": "evil.E"}}
        (folder / "config.json").write_text(json.dumps(config))
    (folder / "evil.py").write_text(EVIL.format(ran=str(folder / "ran")))
    return folder


EVIL = """
from pathlib import Path
from transformers import BertConfig, BertModel
Path({ran!r}).touch()
class C(BertConfig):
    model_type = "evil"
class E(BertModel):
    config_class = C
"""


@pytest.mark.parametrize(
    ("part", "options"),
    [("AutoConfig", ""), ("AutoTokenizer", "?modality=text"), ("AutoImageProcessor", "?modality=image")],
)
def test_code_that_comes_with_a_model_never_runs(tmp_path, monkeypatch, capsys, part, options):
    """It is refused in a sentence that says what to look for; nothing is asked, whatever waits on stdin."""
    folder = evil(tmp_path / "checkpoint", part)
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))

    with pytest.raises(WeightsError, match=r"never runs a model repository's own code: look for a version .* auto_map"):
        built(folder, options)
    assert ("", "y\n" * 9) == (capsys.readouterr().out, sys.stdin.read())
    assert not (folder / "ran").exists()


def test_a_run_refuses_code_that_comes_with_a_model(tmp_path, monkeypatch, capsys):
    """The model is a failed case with that sentence as its reason, its control is skipped, no traceback is shown."""
    folder = evil(tmp_path / "checkpoint", "AutoConfig")
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n" * 9))
    call = ["run", "--model", f"hf:{folder}?name=evil", "--task", "sentiment_full", "--method", "knn"]

    assert 1 == main([*call, "--budget", "smoke", "--results", str(tmp_path / "out")])
    shown = capsys.readouterr()
    assert "run the custom code" not in shown.out
    assert ["evil-sentiment_full-knn"] == re.findall(
        r"ptmbench: (\S+) is failed: \S+ needs code that comes with the model", shown.err
    )
    control = json.loads((tmp_path / "out" / "evil.random-sentiment_full-knn.json").read_text())
    assert "skipped" == control["status"]
    assert "evil" in control["reason"]
    assert "Traceback" not in shown.err
    assert not (folder / "ran").exists()


def test_a_kind_of_model_that_transformers_does_not_know_is_refused(tmp_path):
    """The message is transformers' first line, with the folder."""
    folder = saved(tmp_path, "bert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "none_such"}))

    with pytest.raises(WeightsError, match=f"cannot be loaded from {tmp_path}: .* model type `none_such`"):
        built(folder)


def test_what_is_not_on_disk_is_skipped_with_the_command(tmp_path, monkeypatch):
    """A repository that the cache does not hold cannot run here, and the message says how to fetch it."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    with pytest.raises(Unavailable, match="ptmbench fetch --model 'hf:google-bert/bert-base-uncased@86b5e09'"):
        huggingface.weights_sha256(model_spec("hf:google-bert/bert-base-uncased@86b5e09", ()))
    with pytest.raises(Unavailable, match="neither a folder nor the name of a repository"):
        huggingface.weights_sha256(model_spec("hf:./no/such/folder", ()))


def test_broken_folders_are_named(tmp_path):
    """A folder without configuration, without weights, with half the weights, or a tokenizer that does not fit."""
    with pytest.raises(UsageError, match="has no config.json"):
        built(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(Unavailable, match="holds no weights"):
        huggingface.weights_sha256(model_spec(f"hf:{tmp_path}", ()))
    folder = saved(tmp_path / "half", "bert")
    state = load_file(folder / "model.safetensors")
    kept = {key: value for key, value in state.items() if "layer.1.attention" not in key}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(WeightsError, match="does not fit its architecture, 10 of"):
        built(folder)
    folder = saved(tmp_path / "vocabulary", "bert")
    config = json.loads((folder / "tokenizer.json").read_text())
    config["model"]["vocab"]["far"] = 99
    (folder / "tokenizer.json").write_text(json.dumps(config))
    with pytest.raises(WeightsError, match="ids up to 99"):
        built(folder)


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ({"weight_map": {"a": "../secret.safetensors", "b": "model.safetensors"}}, "outside its folder: ../secret"),
        ({"weight_map": {"a": "/etc/passwd"}}, "outside its folder: /etc/passwd"),
        ({}, "is no index of weights"),
        ([], "is no index of weights"),
    ],
)
def test_an_index_names_files_beside_it(tmp_path, index, message):
    """The files of a model lie in its folder, whatever its index of weights says."""
    folder = saved(tmp_path, "bert")
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(WeightsError, match=message):
        huggingface.build(model_specs(f"hf:{folder}", ())[0], 0)


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        ("tokenizer.json", lambda text: text[:300], "tokenizer.json is no whole JSON: copy it again"),
        (
            "config.json",
            lambda text: text.replace('"gelu"', '"nosuch"'),
            r"'nosuch' \(KeyError\); look at its JSON files",
        ),
        ("config.json", lambda text: text.replace(": 20,", ": -1,"), "negative dimension -1.*; look at its JSON files"),
    ],
)
def test_what_a_library_says_of_settings_comes_with_what_to_do(tmp_path, file, change, told):
    """A cut file is named, and of a setting that makes no sense the place to look at."""
    folder = saved(tmp_path, "bert")
    (folder / file).write_text(change((folder / file).read_text()))

    with pytest.raises(WeightsError, match=told):
        built(folder)


def test_layers_that_the_configuration_leaves_out_are_told(tmp_path):
    """Weights of two layers under a configuration of one would load whole, and be half a model."""
    folder = saved(tmp_path, "bert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 1}))

    with pytest.raises(WeightsError, match=r"16 tensors of layers that config.json does not have .*layer.1.attention"):
        built(folder)


@pytest.mark.parametrize("before", ["module.", "_orig_mod.", "module._orig_mod."])
def test_what_wrapped_a_model_is_taken_off_its_names(tmp_path, before):
    """Weights saved from DataParallel or torch.compile are the same weights."""
    folder = saved(tmp_path, "bert")
    plain, _, _ = built(folder)
    state = load_file(folder / "model.safetensors")
    save_file({f"{before}{key}": value for key, value in state.items()}, folder / "model.safetensors", {"format": "pt"})
    loaded, _, _ = built(folder)

    assert 1.0 == loaded.loaded_fraction
    states = [
        {key: value for key, value in found.backbone.state_dict().items() if "pooler" not in key}  # a new draw
        for found in (plain, loaded)
    ]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(value, states[1][key]) for key, value in states[0].items())
