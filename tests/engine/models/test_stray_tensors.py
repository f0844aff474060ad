"""Tests of tensors that a load would pass over or misread: adapters beside the layers, quantised weights."""

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import BertConfig, BertModel, BertTokenizer

from ptmbench.catalog.model_references import model_specs
from ptmbench.engine.models import huggingface
from ptmbench.engine.models.weight_files import fill
from ptmbench.errors import WeightsError

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij"]
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
QUERY = "encoder.layer.0.attention.self.query"


def folder_with(folder, change, *, pickle=False):
    """A small BERT whose tensors went through `change`."""
    torch.manual_seed(3)
    BertModel(BertConfig(vocab_size=len(WORDS), max_position_embeddings=20, **SIZES)).save_pretrained(folder)
    BertTokenizer(vocab={word: index for index, word in enumerate(WORDS)}).save_pretrained(folder)
    file = folder / "model.safetensors"
    state = change(load_file(file))
    if pickle:
        file.unlink()
        torch.save(state, folder / "pytorch_model.bin")
    else:
        save_file(state, file, metadata={"format": "pt"})
    return folder


def built(folder):
    """The folder's model."""
    return huggingface.build(model_specs(f"hf:{folder}", ())[0], 0)


def small():
    """A network with a head."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


@pytest.mark.parametrize(
    "name",
    [
        f"{QUERY}.lora_A",
        f"{QUERY}.lora_B.default.weight",
        f"bert.{QUERY}.ia3_l.default",
        "encoder.layer.1.output.adapters.task.adapter_down.0.weight",
        "encoder.layer.1.output.adapter.down.weight",
    ],
)
def test_a_folder_with_an_unmerged_adapter_is_refused(tmp_path, name):
    """Its features would be those of the model without the adapter; the tensors are named, and how to merge them."""
    folder = folder_with(tmp_path, lambda state: {**state, name: torch.ones(2, 16)})

    with pytest.raises(WeightsError, match=r"1 tensors of an adapter that is not merged .*next: merge it"):
        built(folder)


def test_a_model_that_peft_has_wrapped_is_told_to_be_merged(tmp_path):
    """PEFT renames the layer that it adapts: that is no architecture of another kind."""
    folder = folder_with(
        tmp_path, lambda state: {key.replace("query.", "query.base_layer."): value for key, value in state.items()}
    )

    with pytest.raises(WeightsError, match=r"query\.base_layer\.bias.*merge_and_unload"):
        built(folder)


@pytest.mark.parametrize("name", ["classifier.lora_A", "adapter.weight", "vision.adapter.weight", "loss.weight"])
def test_what_adapts_no_layer_of_the_backbone_is_left_out(tmp_path, name):
    """A head of its own, a loss or another tower belongs to no feature."""
    folder = folder_with(tmp_path, lambda state: {**state, name: torch.ones(2, 16)})

    assert 1.0 == built(folder).loaded_fraction


def test_a_file_with_an_unmerged_adapter_is_refused():
    """As with a folder; one in the head does not matter, and ?partial=allow measures the network without it."""
    state = small().state_dict()

    with pytest.raises(WeightsError, match=r"0\.lora_A.*or measure the model without it with \?partial=allow"):
        fill(small(), {**state, "0.lora_A": torch.ones(1)}, "net", leave=("4.",))
    with pytest.raises(WeightsError, match="2 tensors of an adapter"):
        wrapped = {f"base_model.model.0.lora_{part}.default.weight": torch.ones(1) for part in "AB"}
        fill(small(), {**state, **wrapped}, "net", leave=("4.",))
    assert 1.0 == fill(small(), {**state, "4.lora_A": torch.ones(1)}, "net", leave=("4.",))
    assert 1.0 == fill(small(), {**state, "0.lora_A": torch.ones(1)}, "net", leave=("4.",), partial=True)


@pytest.mark.parametrize("pickle", [False, True])
@pytest.mark.parametrize("kind", [torch.int8, torch.uint8, torch.bool, torch.float8_e4m3fn])
def test_quantised_weights_without_a_scale_are_refused(tmp_path, kind, pickle):
    """Whole numbers that are read as weights are a hundred times too large."""
    name = f"{QUERY}.weight"
    folder = folder_with(tmp_path, lambda state: {**state, name: torch.ones(16, 16).to(kind)}, pickle=pickle)

    with pytest.raises(WeightsError, match=rf"1 tensors of quantised numbers .*{name} .*dequantise them"):
        built(folder)


def test_quantised_tensors_of_a_file_are_refused():
    """Also where the checkpoint need not be whole."""
    state = {**small().state_dict(), "0.weight": torch.ones(4, 3, 3, 3, dtype=torch.int8)}

    with pytest.raises(WeightsError, match=r"0\.weight \(int8\)"):
        fill(small(), state, "net", leave=("4.",), partial=True)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_floating_numbers_of_any_usual_width_are_read(tmp_path, kind):
    """Half and double precision stand for themselves, and whole numbers may number positions and batches."""
    folder = folder_with(
        tmp_path,
        lambda state: {
            **{key: value.to(kind) for key, value in state.items()},
            "embeddings.position_ids": torch.arange(20)[None],
        },
    )
    state = {key: value.to(kind) if value.is_floating_point() else value for key, value in small().state_dict().items()}

    assert 1.0 == built(folder).loaded_fraction
    assert 1.0 == fill(small(), state, "net", leave=("4.",))
