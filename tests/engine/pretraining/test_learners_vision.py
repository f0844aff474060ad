"""Tests of the learners on images: they repeat, go on after a stop, and ship what fills a backbone."""

import math

import pytest
import torch
from safetensors.torch import load

from ptmbench.catalog.spec import PretrainingSpec, Recipe
from ptmbench.engine.models.embedded import fill
from ptmbench.engine.models.generative import (
    LATENT,
    as_pictures,
    light_on_dark,
    vae_decoder,
    vae_tiny,
    wgan_generator,
    wgan_tiny,
)
from ptmbench.engine.models.tiny import INPUT, resnet_tiny
from ptmbench.engine.pretraining import adversarial, contrastive, learner, reconstruction
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images

ARCHITECTURES = {"vae": vae_tiny, "wgan_gp": wgan_tiny, "simclr": resnet_tiny}
LEARNERS = {"vae": reconstruction.learner, "wgan_gp": adversarial.learner, "simclr": contrastive.learner}
MODULES = (reconstruction, adversarial, contrastive)
OBJECTIVES = tuple(LEARNERS)
ZOO_LIMIT = 2_000_000  # bytes


def generator(seed=0):
    """A generator of the test's own."""
    return torch.Generator().manual_seed(seed)


def tiny(objective, steps=4):
    """A recipe of a few steps on a few images, with a learning rate that changes weights visibly."""
    recipe = Recipe("adamw", 1e-3, 0.01, 16, steps, "cosine", momentum=0.9, label_smoothing=0.0)
    architecture = ARCHITECTURES[objective].__name__
    return PretrainingSpec(f"{architecture}.{objective}", architecture, objective, "glyphs", 80, recipe)


@pytest.fixture
def few_held_out(monkeypatch):
    """Forty held-out images instead of thousands."""
    for module in MODULES:
        monkeypatch.setattr(module, "HELD_OUT", 40)


def tensors_after(made):
    """Copies of everything with weights that a learner holds."""
    return {name: tensor.clone() for name, tensor in made.modules.state_dict().items()}


@pytest.mark.parametrize(
    ("build", "sizes"),
    [
        (vae_tiny, {"posterior_mean": 64, "last_convolution": 80}),
        (wgan_tiny, {"flattened": 2048, "last_convolution": 128}),
    ],
)
def test_backbones_offer_their_poolings(build, sizes):
    """Each pooling gives features of the size it promises, the first of them by default."""
    backbone = build().eval()
    inputs = torch.randn(2, 3, 32, 32, generator=generator())

    assert sizes == backbone.sizes
    assert next(iter(sizes.values())) == backbone.feature_size
    assert sizes == {name: backbone.pooled_by(name)(inputs).shape[1] for name in sizes}


def test_the_critic_scores_each_image_by_itself():
    """A critic in training mode gives an image the same features alone and in a batch."""
    backbone = wgan_tiny().train()
    inputs = torch.randn(5, 3, 32, 32, generator=generator())

    torch.testing.assert_close(backbone(inputs)[:1], backbone(inputs[:1]))


@pytest.mark.parametrize("build", [vae_decoder, wgan_generator])
def test_decoders_make_images_in_the_scale_of_the_input(build):
    """From codes come images of 32x32 pixels within the range of normalised pixel values."""
    made = build().eval()(100 * torch.randn(4, LATENT, generator=generator()))

    assert (4, 3, 32, 32) == tuple(made.shape)
    assert (0, 255) == tuple(int(limit) for limit in as_pictures(made).aminmax())
    assert made.abs().max() <= 2


def test_pictures_are_the_inverse_of_the_preprocessing():
    """What the preprocessing made of pixels becomes the same pixels again."""
    images = torch.randint(0, 256, (2, 3, 32, 32), generator=generator(), dtype=torch.uint8)

    assert torch.equal(images, as_pictures(INPUT.apply(images)))


@pytest.mark.usefixtures("few_held_out")
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_pretraining_repeats_bit_for_bit(objective):
    """The same recipe gives the same weights, and its steps change every network."""
    outcomes = []
    for _ in range(2):
        made = LEARNERS[objective](tiny(objective))
        before = tensors_after(made)
        learner.run(made)
        outcomes.append(made.outcome())

    after = tensors_after(made)
    assert outcomes[0].files == outcomes[1].files
    assert outcomes[0].held_out == outcomes[1].held_out
    assert [] == [
        name for name, tensor in after.items() if name.endswith("weight") and torch.equal(tensor, before[name])
    ]


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_an_interrupted_pretraining_goes_on_to_the_same_bits(objective, monkeypatch, tmp_path):
    """Stopped after three of five steps, a pre-training taken up from its last copy ends where a whole one does."""
    monkeypatch.setattr(learner, "KEEP_EVERY", 2)
    spec, partial = tiny(objective, steps=5), tmp_path / "partial"
    whole = LEARNERS[objective](spec)
    learner.run(whole)

    stopped = LEARNERS[objective](spec)
    take_step = stopped.take_step

    def interrupted(step):
        if step == 4:
            raise KeyboardInterrupt
        return take_step(step)

    monkeypatch.setattr(stopped, "take_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        learner.run(stopped, partial)
    resumed = LEARNERS[objective](spec)
    learner.run(resumed, partial)

    expected, actual = tensors_after(whole), tensors_after(resumed)
    assert expected.keys() == actual.keys()
    assert [] == [name for name, tensor in expected.items() if not torch.equal(tensor, actual[name])]


@pytest.mark.usefixtures("few_held_out")
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_shipped_file_fills_the_backbone(objective):
    """The one file is below 2 MB, its tensors make up the whole backbone, and its figures repeat and are finite."""
    made = LEARNERS[objective](tiny(objective, steps=1))
    learner.run(made)
    outcome = made.outcome()
    (content,) = outcome.files.values()
    backbone = ARCHITECTURES[objective]().eval()

    assert 1.0 == fill(backbone, load(content), "a model")
    assert [f"{made.spec.name}.safetensors"] == list(outcome.files)
    assert len(content) < ZOO_LIMIT
    assert sum(parameter.numel() for parameter in backbone.parameters()) == outcome.parameters
    assert all(math.isfinite(value) for value in outcome.held_out.values())
    assert (40, outcome.held_out) == (outcome.held_out_examples, made.outcome().held_out)


@pytest.mark.usefixtures("few_held_out")
def test_samples_are_pictures():
    """Generative models show 64 pictures, a VAE's beginning with sixteen held-out images; SimCLR has none."""
    held, _ = sample_images(IMAGE_SOURCES["glyphs"], 40, "held_out")
    samples = {name: make(tiny(name)).outcome().samples for name, make in LEARNERS.items()}

    assert samples["simclr"] is None
    for name in ("vae", "wgan_gp"):
        assert ((64, 3, 32, 32), torch.uint8) == (tuple(samples[name].shape), samples[name].dtype)
    assert torch.equal(light_on_dark(held)[:16], samples["vae"][:16])


def test_images_are_shown_light_on_dark():
    """Dark ink on a light ground is turned into its negative, light ink stays; all three channels are their mean."""
    ink = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    ink[:, :, 10:20, 10:20] = torch.tensor([100, 150, 200], dtype=torch.uint8)[:, None, None]
    images = torch.stack([ink[0], 255 - ink[1]])
    expected = torch.zeros(2, 3, 32, 32, dtype=torch.uint8)
    expected[:, :, 10:20, 10:20] = 150

    assert torch.equal(expected, light_on_dark(images))
