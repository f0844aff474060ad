"""Tests of `ptmbench.engine.models.embedded`: what is loaded is what the card says."""

import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig

from ptmbench.catalog import checkpoint_cards
from ptmbench.catalog.builtin import MODELS, PRETRAINING
from ptmbench.catalog.cases import find_case
from ptmbench.catalog.traits import Modality
from ptmbench.engine import identity
from ptmbench.engine.models import embedded, language_models
from ptmbench.engine.models.provider import provider_of
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.engine.pretraining.supervised import accuracy, classifier
from ptmbench.errors import WeightsError
from ptmbench.running.session import Session

NAMES = [spec.name for spec in PRETRAINING]
SPECS = {model.name: model for model in MODELS}
LIMIT_BYTES = 2_000_000
PROBE = torch.randn(4, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A copy of one checkpoint's folder that a test may spoil."""
    name = NAMES[0]
    for path in (checkpoint_cards.weights_path(name), checkpoint_cards.card_path(name)):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(checkpoint_cards, "ZOO", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_a_checkpoint_is_what_its_card_says(name):
    """Size, sha256 and parameters are the card's; every tensor of the backbone is filled."""
    found, loaded = checkpoint_cards.load_card(name), provider_of(SPECS[name]).build(SPECS[name], 0)

    assert (found.sha256, found.size_bytes) == (loaded.weights_sha256, loaded.size_bytes)
    assert found.parameters == sum(parameter.numel() for parameter in loaded.backbone.parameters())
    assert loaded.loaded_fraction == 1.0
    assert found.pretrain_time_s == loaded.pretrain_time_s <= 15 * 60
    assert found.size_bytes <= LIMIT_BYTES


@pytest.mark.parametrize("name", [spec.name for spec in PRETRAINING if spec.objective == "cross_entropy"])
def test_a_checkpoint_knows_its_own_source(name):
    """On images of its source that it never saw it reaches 70 % (Inception 50 %), and what its card says."""
    found = checkpoint_cards.load_card(name)
    tensors, _, _ = embedded.read_tensors(name)
    source = IMAGE_SOURCES[found.source]
    network = classifier(embedded.initialised(found.architecture, 0), source.classes)
    network.load_state_dict(tensors)

    reached = accuracy(network.eval(), *sample_images(source, 2_000, "held_out_again"))

    assert reached >= (0.5 if "inception" in name else 0.7)
    assert reached == pytest.approx(found.held_out["top1_accuracy"], abs=0.03)


def another_card(name):
    """The card of a checkpoint as if its weights were others."""
    return checkpoint_cards.load_card(name).model_copy(update={"sha256": "0" * 64})


@pytest.mark.parametrize("name", NAMES)
def test_a_case_is_bound_to_its_weights(bench, name, monkeypatch):
    """The record names the weights' sha256, and other weights give the case another digest, its control's too."""
    model = SPECS[name]
    task = "digits_1shot" if Modality.IMAGE in model.modalities else "sentiment_50shot"
    case = find_case(name, task, "knn")
    before = identity.identify(bench, case)
    for module in (embedded, language_models):
        monkeypatch.setattr(module, "load_card", another_card)

    assert checkpoint_cards.load_card(name).sha256 == before.weights_sha256
    assert before.digest != identity.identify(bench, case).digest


def test_a_random_language_model_is_bound_to_the_tokenizer_it_borrows(bench, monkeypatch):
    """The control reads with a checkpoint's tokenizer: another checkpoint gives its case another digest."""
    case = find_case("bert_tiny.random", "sentiment_50shot", "knn")
    before = identity.identify(bench, case).digest
    for module in (embedded, language_models):
        monkeypatch.setattr(module, "load_card", another_card)

    assert before != identity.identify(bench, case).digest


@pytest.mark.parametrize(
    "spoil", [lambda content: content[:-100], lambda content: content[:-1] + b"\x00", lambda _: b""]
)
def test_a_corrupt_or_truncated_checkpoint_is_named(zoo, spoil):
    """A checkpoint that is not what it was is refused, with both sha256 and the command that makes it anew."""
    path = zoo / f"{NAMES[0]}.safetensors"
    path.write_bytes(spoil(path.read_bytes()))

    with pytest.raises(WeightsError, match=r"expected sha256 [0-9a-f]{64} .*got [0-9a-f]{64}.*ptmbench pretrain"):
        embedded.build(SPECS[NAMES[0]], 0)


def test_a_missing_checkpoint_is_named(zoo):
    """Without the file, or without the card, the message says how to make it."""
    (zoo / f"{NAMES[0]}.safetensors").unlink()
    with pytest.raises(WeightsError, match="cannot be read .*ptmbench pretrain"):
        embedded.build(SPECS[NAMES[0]], 0)
    (zoo / f"{NAMES[0]}.json").unlink()
    with pytest.raises(WeightsError, match="has no card"):
        embedded.build(SPECS[NAMES[0]], 0)


def test_a_case_with_a_corrupt_checkpoint_fails_and_the_run_goes_on(zoo, bench, tmp_path):
    """A corrupt checkpoint is a failed case with the sha256 in its reason."""
    path = zoo / f"{NAMES[0]}.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    fresh = type(bench)(bench.settings)
    session = Session(bench.settings, folder=tmp_path / "out", _bench=fresh)

    record = session.run(find_case(NAMES[0], "digits_1shot", "knn"))

    assert record.status == "failed"
    assert "expected sha256" in record.reason
    assert session.run(find_case("pixels", "digits_1shot", "knn")).status == "ok"


def test_weights_of_another_shape_are_refused():
    """All tensors that are missing or of another shape are counted, the first ones named."""
    backbone = embedded.initialised("resnet_tiny", 0)
    tensors, _, _ = embedded.read_tensors("vgg_tiny.glyphs")

    with pytest.raises(WeightsError, match=r"does not fit its architecture, \d+ of \d+ tensors: trunk"):
        embedded.fill(backbone, tensors, "x")


def test_random_weights_are_not_called_pretrained():
    """The self-check refuses the features of a network that nobody trained."""
    with pytest.raises(WeightsError, match="gives the features of random initialisation"):
        embedded.check_differs(
            embedded.initialised("resnet_tiny", 0), embedded.initialised("resnet_tiny", 0), PROBE, "x"
        )
    embedded.check_differs(embedded.initialised("resnet_tiny", 0), embedded.initialised("resnet_tiny", 1), PROBE, "x")


def test_a_random_control_is_another_network_at_each_seed():
    """Random controls draw new weights for each seed, the same ones for the same seed."""
    first, again, other = (embedded.initialised("resnet_tiny", seed).state_dict() for seed in (0, 0, 1))

    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["trunk.0.conv.weight"], other["trunk.0.conv.weight"])


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
def test_a_changed_file_of_a_language_model_is_named(tmp_path, monkeypatch, file):
    """The sha256 of a folder in Hugging Face's format covers weights and tokenizer alike."""
    name = "bert_tiny.invented"
    shutil.copytree(checkpoint_cards.weights_path(name), tmp_path / name)
    shutil.copy(checkpoint_cards.card_path(name), tmp_path)
    monkeypatch.setattr(checkpoint_cards, "ZOO", tmp_path)
    (tmp_path / name / file).write_bytes((tmp_path / name / file).read_bytes()[:-1] + b"?")

    with pytest.raises(WeightsError, match=r"bert_tiny\.invented is corrupt or truncated: expected sha256"):
        language_models.build(SPECS[name], 0)


def test_a_language_model_with_missing_tensors_is_refused(tmp_path):
    """What transformers would fill with random numbers is an error here."""
    folder = tmp_path / "bert"
    shutil.copytree(checkpoint_cards.weights_path("bert_tiny.invented"), folder)
    tensors = load_file(folder / "model.safetensors")
    lost = [name for name in tensors if "layer.1.output.dense" in name]
    save_file({name: tensor for name, tensor in tensors.items() if name not in lost}, folder / "model.safetensors")

    with pytest.raises(WeightsError, match=rf"does not fit its architecture, {len(lost)} of \d+ tensors: .*layer\.1"):
        language_models.pretrained_model(folder, AutoConfig.from_pretrained(folder), "bert")


def test_untrained_language_weights_are_no_checkpoint(tmp_path, monkeypatch):
    """Random weights under the name of a checkpoint, its card made to fit, are refused by the self-check."""
    name = "bert_tiny.invented"
    shutil.copytree(checkpoint_cards.weights_path(name), tmp_path / name)
    config = AutoConfig.from_pretrained(tmp_path / name)
    language_models.random_model(config, "random", "bert_tiny", 0).save_pretrained(tmp_path / name)
    contents = [content for _, content in checkpoint_cards.weights_files(name, tmp_path)]
    faked = checkpoint_cards.load_card(name).model_copy(update={"sha256": checkpoint_cards.sha256_of(contents)})
    checkpoint_cards.card_path(name, tmp_path).write_text(faked.model_dump_json())
    monkeypatch.setattr(checkpoint_cards, "ZOO", tmp_path)

    with pytest.raises(WeightsError, match="gives the features of random initialisation"):
        language_models.build(SPECS[name], 0)
