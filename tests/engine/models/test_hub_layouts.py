"""Tests of folders that are laid out in another way than transformers saves them: what lies there, what to type."""

import json

import pytest
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, BertTokenizer

from ptmbench.catalog.model_references import model_specs
from ptmbench.cli import main
from ptmbench.engine.models import hub_folders, huggingface
from ptmbench.errors import Unavailable, UsageError, WeightsError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]
SIZES = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}


def saved(folder):
    """A small BERT with its tokenizer."""
    BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=20, **SIZES)).save_pretrained(folder)
    BertTokenizer(vocab={word: index for index, word in enumerate(WORDS)}).save_pretrained(folder)
    return folder


def built(folder):
    """The folder's model."""
    return huggingface.build(model_specs(f"hf:{folder}", ())[0], 0)


def modules(folder, *names, before="sentence_transformers.models"):
    """The folder with sentence-transformers' list of modules."""
    (folder / "modules.json").write_text(
        json.dumps([{"idx": place, "path": "", "type": f"{before}.{name}"} for place, name in enumerate(names)])
    )
    return folder


@pytest.mark.parametrize("before", ["sentence_transformers.models", "sentence_transformers.base.modules.dense"])
def test_a_module_behind_the_transformer_is_refused_by_name(tmp_path, before):
    """Its projection would be left out of the features; the control takes no weights and is built."""
    folder = modules(saved(tmp_path), "Transformer", "Pooling", "Dense", "Normalize", before=before)

    with pytest.raises(WeightsError, match=r"its modules.json lists Dense, which ptmbench does not apply"):
        built(folder)
    assert huggingface.build(model_specs(f"hf:{folder}", ())[1], 0).backbone.sizes


@pytest.mark.parametrize("names", [(), ("Transformer", "Pooling", "Normalize"), ("Transformer", "Dropout")])
def test_modules_that_move_no_feature_are_no_obstacle(tmp_path, names):
    """Pooling is ptmbench's to choose, and a scale of each text is left out."""
    assert 1.0 == built(modules(saved(tmp_path), *names)).loaded_fraction


@pytest.mark.parametrize("content", ["[", "{}", "[1]", '[{"idx": 0}]'])
def test_a_list_of_modules_that_cannot_be_read_is_passed_over(tmp_path, content):
    """transformers does not read it either; broken JSON is for it to tell."""
    folder = saved(tmp_path)
    (folder / "modules.json").write_text(content)

    assert 1.0 == built(folder).loaded_fraction


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["0_Transformer"], "in 0_Transformer: say hf:{}/0_Transformer for the model"),
        (
            ["checkpoint-1000", "checkpoint-500"],
            "in checkpoint-500, checkpoint-1000: say hf:{}/checkpoint-1000 for the latest checkpoint",
        ),
    ],
)
def test_a_model_in_a_folder_below_is_named(tmp_path, names, told):
    """Older sentence-transformers and the Trainer save one level deeper; pooling's own settings are no model."""
    for name in names:
        saved(tmp_path / name)
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"word_embedding_dimension": 16}')

    with pytest.raises(UsageError, match=f"has no config.json, and there is one {told.format(tmp_path)}$"):
        built(tmp_path)


def test_what_the_folder_below_lacks_is_told(tmp_path):
    """The Dense behind an older sentence-transformers model is not in the folder that is to be named."""
    saved(tmp_path / "0_Transformer")

    with pytest.raises(UsageError, match="for the model, without its Dense$"):
        built(modules(tmp_path, "Transformer", "Dense"))


@pytest.mark.parametrize(("config", "error"), [(False, UsageError), (True, WeightsError)])
def test_an_adapter_alone_is_to_be_merged(tmp_path, config, error):
    """The call that does it names the model that it adapts."""
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "org/base"}')
    (tmp_path / "adapter_model.bin").write_bytes(b"x")
    if config:
        (tmp_path / "config.json").write_text('{"model_type": "bert"}')

    with pytest.raises(error, match=r"holds an adapter alone.*from_pretrained\('org/base'\).*merge_and_unload"):
        huggingface.weights_sha256(model_specs(f"hf:{tmp_path}?modality=text", ())[0])


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("model.gguf", "GGUF for llama.cpp.*take the safetensors"),
        ("onnx/model.onnx", "ONNX.*exported from"),
        ("tf_model.h5", "TensorFlow.*from_tf=True"),
        ("flax_model.msgpack", "Flax.*from_flax=True"),
        ("model.bin", "call it pytorch_model.bin"),
        ("last.ckpt", "save_pretrained"),
    ],
)
def test_weights_of_another_form_are_named(tmp_path, name, told):
    """They are there, so that fetching them again would change nothing; in the hub's cache it would."""
    for folder, error in ((tmp_path / "own", WeightsError), (tmp_path / "snapshots" / "abc", Unavailable)):
        file = folder / name
        file.parent.mkdir(parents=True)
        file.write_bytes(b"x")

        with pytest.raises(error, match=told if error is WeightsError else "fetch it again"):
            hub_folders.weight_files(folder)


@pytest.mark.parametrize("name", ["model.fp16.safetensors", "best.safetensors"])
def test_weights_of_another_name_are_to_be_renamed(tmp_path, name):
    """transformers looks for one name alone; settings have nothing to do with it."""
    saved(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / name)
    assert load_file(tmp_path / name)

    with pytest.raises(WeightsError, match=f"it holds {name}, and transformers looks for .*: call it model.safeten"):
        built(tmp_path)


def test_a_file_in_place_of_its_folder(tmp_path):
    """The folder is what to type; weights by themselves have another scheme."""
    saved(tmp_path / "model")
    (tmp_path / "alone.safetensors").write_bytes(b"x")

    with pytest.raises(WeightsError, match=rf"is a file, expected the folder that holds it: hf:{tmp_path}/model$"):
        built(tmp_path / "model" / "model.safetensors")
    with pytest.raises(WeightsError, match="for weights alone: file:WEIGHTS#BUILDER"):
        built(tmp_path / "alone.safetensors")


def test_a_run_over_weights_of_another_form_fails(tmp_path, capsys):
    """They are there and no use: a script that reads the exit code learns of it, and the control is not run."""
    folder = saved(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "model.gguf")
    call = ["run", "--model", f"hf:{folder}?name=other", "--task", "sentiment_full", "--method", "knn"]

    assert 1 == main([*call, "--budget", "smoke", "--results", str(tmp_path / "out")])
    assert "other-sentiment_full-knn is failed" in capsys.readouterr().err
    control = json.loads((tmp_path / "out" / "other.random-sentiment_full-knn.json").read_text())
    assert ("skipped", True) == (control["status"], "a control, not run" in control["reason"])
