"""Tests of foreign networks as backbones: heads come off, weights go in, and nothing in a file runs."""

import argparse
import pickle
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models
from torchvision.transforms.functional import to_pil_image

from ptmbench.catalog.model_references import model_spec, model_specs
from ptmbench.catalog.references import parse
from ptmbench.engine.methods.fine_tune import last_stage as train_last
from ptmbench.engine.models import local, torchvision_models
from ptmbench.engine.models.networks import CONVOLUTIONS, PENULTIMATE, beside_features, classifier_backbone, last_stage
from ptmbench.engine.models.provider import provider_of
from ptmbench.engine.models.weight_files import fill, read_state
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError

IMAGES = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
FAMILIES = {
    "resnet18": 512,
    "mobilenet_v2": 1280,
    "mobilenet_v3_small": 1024,
    "squeezenet1_1": 512,
    "densenet121": 1024,
    "shufflenet_v2_x0_5": 1024,
    "regnet_y_400mf": 440,
    "efficientnet_b0": 1280,
    "convnext_tiny": 768,
    "swin_t": 768,
    "mnasnet0_5": 1280,
    "googlenet": 1024,
    "alexnet": 4096,
}


def network(name):
    """A torchvision classifier with random weights."""
    return torchvision_models.build_network(parse(f"torchvision:{name}"), "test", name)


@pytest.mark.parametrize(("name", "size"), FAMILIES.items())
def test_features_feed_the_published_head(name, size):
    """The backbone gives exactly what the classifier's own last layer is given."""
    whole = network(name)
    seen = []
    last = [module for module in whole.modules() if isinstance(module, nn.Linear)]
    if last:
        last[-1].register_forward_hook(lambda _module, inputs, _outputs: seen.append(inputs[0]))
    with torch.inference_mode():
        found = classifier_backbone(whole, IMAGES)(IMAGES)
        whole(IMAGES)

    assert (2, size) == tuple(found.shape)
    if last:
        torch.testing.assert_close(found, seen[-1])


def test_squeezenet_averages_its_last_map():
    """A head that is a convolution goes as a whole: features are the last map's mean."""
    whole = network("squeezenet1_1")
    with torch.inference_mode():
        expected = whole.features(IMAGES).mean(dim=(2, 3))

        torch.testing.assert_close(expected, classifier_backbone(whole, IMAGES)(IMAGES))


def test_vgg_offers_its_convolutions():
    """Networks with hidden layers before the head give these or their convolutions, and one can be asked for."""
    whole = network("alexnet")
    both, one = (classifier_backbone(whole, IMAGES, features) for features in ("", CONVOLUTIONS))

    assert {PENULTIMATE: 4096, CONVOLUTIONS: 256} == both.sizes
    assert ({CONVOLUTIONS: 256}, CONVOLUTIONS) == (one.sizes, one.pooling)
    with pytest.raises(UnknownName, match="did you mean convolutions"):
        classifier_backbone(whole, IMAGES, "convolution")


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("resnet18", ("layer4.1",)),
        ("mobilenet_v2", ("features.18",)),
        ("squeezenet1_1", ("features.12",)),
        ("vit_b_16", ("encoder.ln", "encoder.layers.encoder_layer_11")),
    ],
)
def test_the_last_stage_is_the_last_large_block(name, stage):
    """What `fine_tune_last` trains is the last block with a twentieth of the parameters, and what follows it."""
    whole = network(name)
    head = next(prefix.rstrip(".") for prefix in beside_features(whole))
    whole.set_submodule(head, nn.Identity())

    assert stage == last_stage(whole)


def test_only_the_last_stage_learns():
    """A training step of the last stage leaves all other weights and BatchNorm statistics as they were."""
    backbone = classifier_backbone(network("resnet18"), IMAGES)
    trained = train_last(backbone, nn.Linear(512, 3)).trained.train()
    before = {key: value.clone() for key, value in trained.state_dict().items()}
    optimizer = torch.optim.SGD([p for p in trained.parameters() if p.requires_grad], lr=0.1)
    trained(IMAGES).sum().backward()
    optimizer.step()
    changed = {key for key, value in trained.state_dict().items() if not torch.equal(value, before[key])}

    assert changed
    assert all(key.startswith(("backbone.tail.network.layer4.1.", "head.")) for key in changed)
    assert any("running_mean" in key for key in changed)


@pytest.mark.parametrize("form", ["plain.pth", "wrapped.pth", "parallel.pth", "safe.safetensors"])
def test_weights_are_understood_in_every_usual_form(tmp_path, form):
    """A state dict, one under a key, one of DataParallel and safetensors fill the same network."""
    source, target, file = network("resnet18"), models.resnet18(weights=None), tmp_path / form
    state = source.state_dict()
    if form == "safe.safetensors":
        save_file(state, file)
    else:
        renamed = {f"module.{key}": value for key, value in state.items()} if form == "parallel.pth" else state
        torch.save(renamed if form == "plain.pth" else {"state_dict": renamed, "epoch": 3}, file)

    assert 1.0 == fill(target, read_state(file), form)
    torch.testing.assert_close(source(IMAGES), target.eval()(IMAGES))


def test_a_deeper_sibling_is_not_cut_to_size(tmp_path):
    """ResNet-34's file holds every tensor of ResNet-18: taken for its weights, it would be half a network."""
    state = models.resnet34(weights=None).state_dict()

    with pytest.raises(WeightsError, match=r"tensors of layers that the network does not have \(layer1.2.bn1.bias"):
        fill(models.resnet18(weights=None), state, "net", leave=("fc.",))
    assert 1.0 == fill(models.resnet18(weights=None), state, "net", leave=("fc.",), partial=True)


class _Harm:
    def __reduce__(self):
        return exec, ("open('ran', 'w').close()",)


def test_a_pickle_that_runs_code_is_refused_and_does_not_run(tmp_path, monkeypatch):
    """Loading a checkpoint with code in it is one message, and the code has not run."""
    monkeypatch.chdir(tmp_path)
    for index, write in enumerate((torch.save, lambda content, file: file.write_bytes(pickle.dumps(content)))):
        write({"state_dict": _Harm()}, tmp_path / f"{index}.pth")
        with pytest.raises(WeightsError, match="was refused and nothing in it ran"):
            read_state(tmp_path / f"{index}.pth")

    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            lambda: {"model": {"a": torch.ones(2)}, "args": argparse.Namespace(lr=1)},
            r'more than tensors \(argparse.Namespace\)\. .*torch.save\(checkpoint\["model"\], FILE\)$',
        ),
        (lambda: {"a": np.ones(2)}, r"more than tensors \(numpy\S+\)\. .*torch.from_numpy\(value\)"),
        (lambda: {"a": argparse.Namespace()}, r"torch.save\(model.state_dict\(\), FILE\)$"),
        (lambda: nn.Linear(2, 2), r"a whole model \(torch.nn.modules.linear.Linear\).*torch.save\(model.state_dict"),
    ],
    ids=["arguments", "arrays", "no_key", "model"],
)
def test_what_a_pickle_holds_more_than_tensors_is_named(tmp_path, content, told):
    """The message ends in the call that saves the tensors alone, and never says how to switch the check off."""
    torch.save(content(), tmp_path / "w.pth")

    with pytest.raises(WeightsError, match=told) as caught:
        read_state(tmp_path / "w.pth")
    assert "safe_globals" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "error", "message"),
    [
        ("cut.pth", b"PK\x03\x04" + b"x" * 40, WeightsError, "no whole checkpoint|was refused"),
        ("cut.safetensors", b"\x08", WeightsError, "no whole safetensors file"),
        ("empty.pth", b"", WeightsError, "no whole checkpoint"),
        (None, b"", Unavailable, "no such file"),
    ],
)
def test_broken_files_are_named(tmp_path, name, content, error, message):
    """A file that is cut off, empty or not there is one message."""
    if name:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(error, match=message):
        read_state(tmp_path / (name or "nowhere.pth"))


def test_weights_that_do_not_fit_are_refused_unless_told_otherwise(tmp_path):
    """Missing and misshapen tensors are listed with the fraction loaded; partial=allow loads what fits."""
    state = network("resnet18").state_dict()
    del state["conv1.weight"]
    state["bn1.weight"] = torch.ones(7)
    torch.save(state, tmp_path / "part.pth")
    spec = model_spec(f"file:{tmp_path}/part.pth#torchvision:resnet18?size=64", ())
    allowed = model_spec(f"{spec.reference}&partial=allow", ())
    told = (
        r"(?s)98 % of the backbone's 100 tensors.*conv1.weight is missing.*bn1.weight has shape \[7\], expected \[64\]"
    )

    with pytest.raises(WeightsError, match=told):
        local.build(spec, 0)
    assert 0.98 == pytest.approx(local.build(allowed, 0).loaded_fraction)
    with pytest.raises(UnknownName, match="allowed.*did you mean allow"):
        local.build(model_spec(f"{spec.reference}&partial=allowed", ()), 0)


def test_tensors_of_another_shape_are_told_in_the_first_line():
    """Both shapes stand in it, which is all that a table shows; positions may be those of another size of pictures."""
    shaped = {**small().state_dict(), "0.weight": torch.ones(4, 1, 3, 3)}
    with pytest.raises(
        WeightsError,
        match=r"^net: 1 of the backbone's 6 tensors have another shape: 0.weight has shape \[4, 1, 3, 3\], expected "
        r"\[4, 3, 3, 3\]\nnext: name the architecture that they were saved from, or",
    ):
        fill(small(), shaped, "net", leave=("4.",))

    placed = nn.Module()
    placed.pos_embedding = nn.Parameter(torch.ones(1, 5))
    with pytest.raises(WeightsError, match=r"(?s)pos_embedding has shape \[1, 9\].* at the size .*\?size=N"):
        fill(placed, {"pos_embedding": torch.ones(1, 9)}, "net")


def test_a_head_of_other_classes_does_not_matter(tmp_path):
    """A checkpoint with its own number of classes fills the whole backbone."""
    torch.save(models.resnet18(weights=None, num_classes=7).state_dict(), tmp_path / "seven.pth")
    loaded = local.build(model_spec(f"file:{tmp_path}/seven.pth#torchvision:resnet18?size=64", ()), 0)

    assert (1.0, 512) == (loaded.loaded_fraction, loaded.backbone.feature_size)
    assert 64 == len(loaded.weights_sha256)


def test_a_builder_of_ones_own(tmp_path, monkeypatch):
    """Any importable function that returns a module will do; faults in it are named."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "my_own_nets.py").write_text(
        "from torch import nn\n"
        "pooled = nn.AdaptiveAvgPool2d(1), nn.Flatten()\n"
        "def tiny():\n    return nn.Sequential(nn.Conv2d(3, 8, 3), *pooled, nn.Linear(8, 2))\n"
        "def none():\n    return 3\n"
    )
    sys.path.append(str(tmp_path))
    import my_own_nets  # what the test has just written

    save_file(my_own_nets.tiny().state_dict(), tmp_path / "w.safetensors")
    loaded = local.build(model_spec("file:w.safetensors#my_own_nets:tiny?size=32&mean=0,0,0&std=1,1,1", ()), 0)

    assert (8, (0.0, 0.0, 0.0)) == (loaded.backbone.feature_size, loaded.preprocessing.mean)
    for text, message in [
        ("file:w.safetensors#my_own_nets:tiny", "add .size=N"),
        ("file:w.safetensors#my_own_nets:tini?size=32", "cannot be imported"),
        ("file:w.safetensors#no_such_module:x?size=32", "cannot be imported"),
        ("file:w.safetensors#my_own_nets:none?size=32", "returned a int, expected a torch.nn.Module"),
        ("file:w.safetensors?size=32", "expected file:WEIGHTS#torchvision:NAME"),
        ("file:w.safetensors#my_own_nets:tiny?size=32&mean=0,0", "expected mean=R,G,B"),
    ]:
        with pytest.raises(UsageError, match=message):
            local.build(model_spec(text, ()), 0)


def test_torchvision_weights_come_from_torch_home(tmp_path, monkeypatch):
    """Weights that lie in TORCH_HOME are loaded with their own transforms; without them the case cannot run here."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    spec, control = model_specs("torchvision:resnet18@IMAGENET1K_V1", ())
    provider = provider_of(spec)
    with pytest.raises(Unavailable, match="ptmbench fetch --model 'torchvision:resnet18@IMAGENET1K_V1'"):
        provider.sha256(spec)
    file = tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"
    file.parent.mkdir(parents=True)
    source = network("resnet18")
    torch.save(source.state_dict(), file)
    loaded, random = provider.build(spec, 0), provider.build(control, 0)

    assert (1.0, None) == (loaded.loaded_fraction, random.loaded_fraction)
    assert provider.sha256(spec) == loaded.weights_sha256
    torch.testing.assert_close(source.conv1.weight, loaded.backbone.tail.network.conv1.weight)
    assert not torch.equal(source.conv1.weight, random.backbone.tail.network.conv1.weight)
    assert not torch.equal(provider.build(control, 1).backbone.tail.network.conv1.weight,
                           random.backbone.tail.network.conv1.weight)  # fmt: skip


@pytest.mark.parametrize("name", ["resnet18", "inception_v3", "vit_b_16", "efficientnet_b0", "convnext_tiny", "swin_t"])
def test_preprocessing_is_that_of_the_weights(name):
    """Our input of a picture is what the weights' own transforms make of it, but for a grey value here and there."""
    weights = torchvision_models.weights_of(parse(f"torchvision:{name}"))
    picture = torch.randint(256, (3, 300, 400), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    ours = torchvision_models.preprocessing_of(weights).apply(picture[None])[0]
    apart = (weights.transforms()(to_pil_image(picture)) - ours).abs() * 255 * torch.tensor([[[0.229]]])

    assert apart.max() < 2.1
    assert (apart > 0.1).float().mean() < 0.02


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("torchvision:resnet19", "did you mean resnet"),
        ("torchvision:resnet18@IMAGENET1K_V3", "did you mean IMAGENET1K_V1"),
    ],
)
def test_unknown_torchvision_names_list_near_ones(text, message):
    """A typo in a builder or its weights is answered with near names."""
    with pytest.raises(UnknownName, match=message):
        provider_of(model_spec(text, ())).sha256(model_spec(text, ()))


@pytest.mark.parametrize(
    "name",
    [
        *("resnet18", "inception_v3", "googlenet", "vgg16", "vit_b_16", "fcn_resnet50", "ssd300_vgg16"),
        *("fasterrcnn_mobilenet_v3_large_320_fpn", "lraspp_mobilenet_v3_large"),
    ],
)
def test_parameters_are_the_published_number(name):
    """A model built without weights has as many parameters as torchvision publishes."""
    weights = torchvision_models.weights_of(parse(f"torchvision:{name}"))

    assert weights.meta["num_params"] == sum(parameter.numel() for parameter in network(name).parameters())


def small():
    """A network whose tensors have names without a prefix."""
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))


def prefixed(*prefixes):
    """The state of a small network under these prefixes, the outermost first."""
    return {f"{''.join(prefixes)}{key}": value for key, value in small().state_dict().items()}


@pytest.mark.parametrize(
    "content",
    [
        prefixed("module.", "_orig_mod."),
        prefixed("_orig_mod.", "module.", "module."),
        {**prefixed("module."), "n_averaged": torch.tensor(7)},
        {"state_dict": {**prefixed("model."), "loss.weight": torch.ones(3)}, "epoch": 3},
        {"state_dict": prefixed("model.", "_orig_mod.")},
        {"state_dict": {"module": prefixed("_orig_mod.", "model.", "net.")}},
        {"epoch": 1, "weights_of_mine": prefixed(), "acc": 0.9},
        {"state_dict": {**prefixed("module.encoder_q."), **prefixed("module.encoder_k."), "queue": torch.ones(2)}},
        {"ema_model.initted": torch.ones(1), **prefixed("ema_model.")},
    ],
)
def test_what_a_trainer_puts_before_names_is_taken_off(tmp_path, content):
    """Whatever wrapped the model, however often and in which order; tensors of its loss may lie beside."""
    torch.save(content, tmp_path / "w.pth")

    assert 1.0 == fill(small(), read_state(tmp_path / "w.pth"), "net")


def test_a_prefix_that_the_network_has_itself_stays(tmp_path):
    """A network that keeps its layers in `model` is filled as it stands."""
    torch.save(prefixed("model."), tmp_path / "w.pth")
    holder = nn.Module()
    holder.model = small()

    assert 1.0 == fill(holder, read_state(tmp_path / "w.pth"), "net")


def test_two_sets_of_weights_are_not_chosen_between(tmp_path):
    """Which of them is meant is for the user to say: under two keys, or two prefixes."""
    torch.save({"student": prefixed(), "teacher": prefixed()}, tmp_path / "keys.pth")
    torch.save({**prefixed("model."), **prefixed("ema.")}, tmp_path / "prefixes.pth")

    with pytest.raises(WeightsError, match=r"several sets of tensors \(student, teacher\)"):
        read_state(tmp_path / "keys.pth")
    with pytest.raises(WeightsError, match=r"several sets of tensors that fit \(model\., ema\.\)"):
        fill(small(), read_state(tmp_path / "prefixes.pth"), "net")


@pytest.mark.parametrize("beside", ["model_ema", "ema", "average"])
def test_an_average_beside_the_weights_is_not_passed_over(tmp_path, beside):
    """Weights and their moving average differ, and so do their figures: the message asks, and `?state=` answers."""
    state = prefixed()
    other = {f"module.{key}": value + 1 for key, value in state.items()}
    torch.save({"model": state, beside: other, "optimizer": {"state": {}}}, tmp_path / "w.pth")

    with pytest.raises(WeightsError, match=rf"same names \(model, {beside}\).* \?state=model or \?state={beside}"):
        read_state(tmp_path / "w.pth")
    weights, average = (read_state(tmp_path / "w.pth", which) for which in ("model", beside))
    assert weights.keys() == average.keys()
    assert all(torch.equal(weights[key] + 1, average[key]) for key in weights)


def test_a_set_is_named_by_key_or_by_prefix(tmp_path):
    """Names of tensors may begin with that of their set; near names answer a typo."""
    torch.save({**prefixed("model."), **prefixed("ema.")}, tmp_path / "w.pth")
    save_file({**prefixed("model."), **prefixed("ema.")}, tmp_path / "w.safetensors")

    for name in ("w.pth", "w.safetensors"):
        assert 1.0 == fill(small(), read_state(tmp_path / name, "ema"), "net")
        with pytest.raises(WeightsError, match="did you mean model"):
            read_state(tmp_path / name, "modl")


def test_a_checkpoint_that_contains_itself_is_refused(tmp_path):
    """It would be unwrapped for ever."""
    content = {}
    content["state_dict"] = content
    torch.save(content, tmp_path / "w.pth")

    with pytest.raises(WeightsError, match="mappings inside each other without end"):
        read_state(tmp_path / "w.pth")


def test_safetensors_are_known_by_their_content(tmp_path):
    """Under another name they are read all the same, and a pickle under theirs is named."""
    save_file(small().state_dict(), tmp_path / "w.bin")
    torch.save(small().state_dict(), tmp_path / "w.safetensors")

    assert 1.0 == fill(small(), read_state(tmp_path / "w.bin"), "net")
    with pytest.raises(WeightsError, match=r"a checkpoint of torch.save under another name: call it w.pth"):
        read_state(tmp_path / "w.safetensors")


def test_the_head_is_what_is_called_last():
    """It may be written above the body, whose last layer is linear too."""

    class HeadFirst(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(6, 6)
            self.body = nn.Sequential(nn.Flatten(), nn.Linear(192, 6), nn.ReLU(), nn.Linear(6, 6))

        def forward(self, images):
            return self.head(self.body(images))

    network, pictures = HeadFirst().eval(), torch.randn(2, 3, 8, 8)

    assert ("head.",) == beside_features(network, pictures)
    assert torch.equal(network.body(pictures), classifier_backbone(network, pictures)(pictures))
