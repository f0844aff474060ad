"""Tests of pre-training: its sources, its repeatability, and that no task's image is in any source."""

import hashlib
from dataclasses import replace

import pytest
import torch
from torch import nn

from ptmbench.catalog.builtin import PRETRAINING, TASKS
from ptmbench.catalog.settings import check_settings
from ptmbench.catalog.traits import Modality
from ptmbench.engine.datasets.builtin import DATASETS
from ptmbench.engine.device import resolve
from ptmbench.engine.pretraining import learner, supervised
from ptmbench.engine.pretraining.checkpoints import write_checkpoint
from ptmbench.engine.pretraining.objectives import pretrain
from ptmbench.engine.pretraining.sources import IMAGE_SOURCES, sample_images
from ptmbench.engine.transfer import training

SAMPLE = 3_000
IMAGE_TASKS = [task for task in TASKS if task.kind.modality is Modality.IMAGE]
IMAGE_SETS = sorted({task.dataset for task in IMAGE_TASKS if not task.kind.dense})
SCENES = sorted({task.dataset for task in IMAGE_TASKS if task.kind.dense})
TINY = replace(PRETRAINING[0], examples=320, recipe=replace(PRETRAINING[0].recipe, steps=10, batch_size=32))


def coarse(image):
    """A hash of an image that small changes leave alone: 8x8 pooled grey, 16 levels."""
    grey = nn.functional.adaptive_avg_pool2d(image.float().mean(0, keepdim=True)[None], 8)
    return hashlib.sha256(grey.div(16).to(torch.uint8).numpy().tobytes()).hexdigest()


def hashes(images):
    """Exact and coarse hashes of images [n, 3, h, w]."""
    return {hashlib.sha256(image.numpy().tobytes()).hexdigest() for image in images}, {coarse(i) for i in images}


@pytest.fixture(scope="module")
def source_hashes():
    """Hashes of the first images that each source's training stream gives."""
    return {name: hashes(sample_images(source, SAMPLE, "train")[0]) for name, source in IMAGE_SOURCES.items()}


@pytest.mark.parametrize("task", [*IMAGE_SETS, *SCENES])
def test_no_image_of_a_task_is_in_a_source(task, source_hashes):
    """Neither exactly nor coarsely does an image of a task stand among the images of a source."""
    dataset = DATASETS[task]()
    exact, rough = hashes(dataset.pictures.stored if task in SCENES else dataset.images)

    for name, (source_exact, source_rough) in source_hashes.items():
        assert not exact & source_exact, name
        assert not rough & source_rough, name


def test_no_class_of_a_task_is_a_class_of_a_source():
    """Sources have numbered classes of their own; the named classes of tasks are none of them."""
    assert set(DATASETS).isdisjoint(IMAGE_SOURCES)
    for name in IMAGE_SETS:
        assert len(set(DATASETS[name]().classes)) == 10
    for name in SCENES:
        assert {"crescent", "cross", "heart", "star", "triangle"} <= set(DATASETS[name]().classes)


@pytest.mark.parametrize("source", IMAGE_SOURCES.values(), ids=lambda source: source.name)
def test_a_source_is_balanced_and_repeats(source):
    """A source gives as many images of each class, the same ones again, and others for another purpose."""
    images, labels = sample_images(source, 320, "train")
    again, _ = sample_images(source, 320, "train")
    other, _ = sample_images(source, 320, "held_out")

    assert (320, 3, 32, 32) == tuple(images.shape)
    assert torch.bincount(labels).tolist() == [2] * source.classes
    assert torch.equal(images, again)
    assert not hashes(images)[0] & hashes(other)[0]


def test_augmentation_keeps_the_shape_and_shifts_at_most_three_pixels():
    """A bright pixel moves by at most three pixels, and the images stay of their size."""
    images = torch.zeros(64, 3, 32, 32, dtype=torch.uint8)
    images[:, :, 16, 16] = 255

    moved = supervised.augment(images, torch.Generator().manual_seed(0))

    assert images.shape == moved.shape
    brightest = moved[:, 0].flatten(1).argmax(1)
    assert ((brightest // 32 - 16).abs().max(), (brightest % 32 - 16).abs().max()) == (3, 3)


@pytest.fixture(autouse=True)
def few_held_out(monkeypatch):
    """A checkpoint is judged on a few images: drawing the usual number takes longer than the short pre-trainings."""
    monkeypatch.setattr(supervised, "HELD_OUT", 100)


@pytest.fixture
def repeated(tmp_path):
    """The cards of two short pre-trainings of one recipe."""
    resolve(check_settings(device="cpu", threads=TINY.threads))
    return [write_checkpoint(TINY, pretrain(TINY), tmp_path / str(run)) for run in (0, 1)]


def test_pretraining_repeats_bit_for_bit(repeated, tmp_path):
    """The same recipe on the same machine gives the same sha256, and the file has it."""
    first, second = repeated

    assert first.sha256 == second.sha256
    content = (tmp_path / "0" / f"{TINY.name}.safetensors").read_bytes()
    assert first.sha256 == hashlib.sha256(content).hexdigest()
    assert first.pretrain_time_s > 0


def test_pretraining_reports_its_steps():
    """Progress is reported with step and loss, up to the last step."""
    seen = []

    pretrain(TINY, lambda step, loss: seen.append((step, loss)))

    assert seen[-1][0] == TINY.recipe.steps
    assert all(loss > 0 for _, loss in seen)


def test_cross_entropy_is_its_formula():
    """The objective is the mean of -log softmax at the label, smoothed towards uniform."""
    logits, labels, smoothing = torch.randn(5, 7), torch.arange(5), 0.05
    logs = logits - logits.exp().sum(1, keepdim=True).log()

    expected = -((1 - smoothing) * logs[torch.arange(5), labels] + smoothing * logs.mean(1)).mean()

    torch.testing.assert_close(expected, nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, labels))


def test_a_stopped_pretraining_goes_on_to_the_same_bits(tmp_path, monkeypatch):
    """Stopped in the middle and called again, it takes up what it put aside and ends as if it had never stopped."""
    monkeypatch.setattr(learner, "KEEP_EVERY", 4)
    monkeypatch.setattr(training, "CHECK_EVERY", 1)
    resolve(check_settings(device="cpu", threads=TINY.threads))
    partial, steps = tmp_path / "partial", []

    def stop(step, _loss):
        if step == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pretrain(TINY, stop, partial)
    went_on = pretrain(TINY, lambda step, _loss: steps.append(step), partial)

    assert [5, 6, 7, 8, 9, 10] == steps
    assert went_on.outcome.files == pretrain(TINY).outcome.files


def test_what_another_recipe_put_aside_is_not_taken_up(tmp_path, monkeypatch):
    """The file of a recipe that has changed since is left alone: training begins anew."""
    monkeypatch.setattr(learner, "KEEP_EVERY", 4)
    monkeypatch.setattr(training, "CHECK_EVERY", 1)
    pretrain(TINY, partial=tmp_path / "partial")
    changed, steps = replace(TINY, seed=1), []

    pretrain(changed, lambda step, _loss: steps.append(step), tmp_path / "partial")

    assert list(range(1, 11)) == steps
