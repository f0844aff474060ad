"""Modules, arrays and data sets of a Python program as models and tasks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from ptmbench.catalog.data_references import suffix_of
from ptmbench.catalog.model_references import control_of, family_of
from ptmbench.catalog.objects import IMAGENET_MEAN, IMAGENET_STD, SCHEME, DataObject, ModelObject, PictureForm, Triple
from ptmbench.catalog.references import Reference, slug
from ptmbench.catalog.spec import ModelSpec, TaskSpec
from ptmbench.catalog.traits import Family, TaskKind
from ptmbench.errors import UsageError
from ptmbench.files.arrays import read_arrays

INTERPOLATIONS: Final = ("nearest", "bilinear", "bicubic", "lanczos")
NOT_STATED: Final = "not stated"


def pictures(
    size: int,
    *,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    interpolation: str = "bilinear",
    resize: int | None = None,
) -> PictureForm:
    """What a network wants done to pictures before it sees them.

    Args:
        size: The side in pixels of the square that the network takes.
        mean: What is taken off each channel (red, green, blue) of pixels in [0, 1]; ImageNet's where nothing is said.
        std: What each channel is divided by then.
        interpolation: How pictures are brought to size: "nearest", "bilinear", "bicubic" or "lanczos".
        resize: The length in pixels that the shorter side is brought to before the square is cut from the middle;
            None: the whole picture is brought to the square.

    Returns:
        The preprocessing, for `ptmbench.model`.

    Raises:
        UsageError: With everything that is wrong with the values.
    """
    faults = [
        f"expected {name} of at least 1 pixel, got {value}"
        for name, value in (("size", size), ("resize", resize))
        if value is not None and value < 1
    ]
    if resize is not None and resize < size:
        faults.append(f"expected resize of at least the size, {size}, got {resize}")
    for name, values in (("mean", mean), ("std", std)):
        if len(values) != 3:
            faults.append(f"expected {name} of three channels, got {len(values)} values")
    if any(value <= 0 for value in std):
        faults.append(f"expected std above 0, got {list(std)}")
    if interpolation not in INTERPOLATIONS:
        faults.append(f"expected an interpolation of {', '.join(INTERPOLATIONS)}, got {interpolation!r}")
    if faults:
        raise UsageError("; ".join(faults))
    return PictureForm(size, _triple(mean), _triple(std), interpolation, resize)


def _triple(values: Sequence[float]) -> Triple:
    first, second, third = (float(value) for value in values)
    return first, second, third


def model(
    module: Any,
    *,
    preprocessing: PictureForm,
    name: str | None = None,
    pretrained: bool = True,
    classifier: bool = False,
    architecture: Callable[[], Any] | None = None,
    family: str | None = None,
    objective: str | None = None,
    source: str | None = None,
    licence: str | None = None,
) -> ModelObject:
    """A `torch.nn.Module` as a model.

    It is copied when a run begins, in eval mode and float32; the module itself stays as it is.

    Args:
        module: Takes pictures [n, 3, side, side] (float32) and gives features [n, d], or maps [n, d, h, w] or tokens
            [n, t, d], which are averaged.
        preprocessing: What it wants done to pictures: `ptmbench.pictures(side, ...)`.
        name: In tables and case ids; the name of its class where nothing is said.
        pretrained: Whether its weights were trained; False makes it a control.
        classifier: Whether it gives logits of classes: its head, the linear layer registered last, is taken off then.
        architecture: Builds the same network with fresh weights; with it the gain over training from scratch is known.
        family: "supervised", "unsupervised" or "self_supervised": how it was pre-trained.
        objective: What it was pre-trained by, for the record.
        source: What it was pre-trained on, for the record.
        licence: The licence of its weights, for the record.

    Returns:
        A model for `ptmbench.run`.

    Raises:
        UsageError: For what is no module, or no preprocessing.
    """
    if not hasattr(module, "state_dict") or not hasattr(module, "named_modules"):
        raise UsageError(f"expected a torch.nn.Module, got a {type(module).__name__}")
    if not isinstance(preprocessing, PictureForm):
        raise UsageError(f"expected preprocessing=ptmbench.pictures(SIDE), got a {type(preprocessing).__name__}")
    if family is not None and not pretrained:
        raise UsageError(
            f"family={family!r} says how it was pre-trained, and pretrained=False that it was not: take one"
        )
    called = slug(name or type(module).__name__)
    options = (*preprocessing.options(), *([("head", "off")] if classifier else []))
    spec = ModelSpec(
        name=called,
        provider=SCHEME,
        entry=str(Reference(SCHEME, called, options)).partition(":")[2],
        architecture=called,
        family=Family.UNSTATED if family is None else family_of(family),
        objective=objective or NOT_STATED,
        source=source or NOT_STATED,
        licence=licence or NOT_STATED,
    )
    if not pretrained:
        spec = replace(control_of(spec), name=called)
    return ModelObject(spec, module, preprocessing, architecture, classifier)


def data(
    images: Any = None,
    labels: Any = None,
    *,
    texts: Any = None,
    name: str | None = None,
    test: Any = None,
    shots: int | None = None,
    train: int | None = None,
    val: int | None = None,
) -> DataObject:
    """Labelled pictures or texts in memory as a task of classification.

    Args:
        images: An array or tensor [n, h, w], [n, h, w, 3] or [n, 3, h, w] of uint8 or of floats in [0, 1]; a list of
            pictures of one size; or, without labels, a data set of (picture, label) pairs, read once from end to end.
        labels: One value an example [n], text or number; the classes are its values in order.
        texts: Texts [n], instead of images.
        name: In tables and case ids; made of the content where nothing is said.
        test: The test part: (images, labels), (texts, labels) or a data set of pairs. Without one the examples are
            divided by hashes of their content, half of them for test.
        shots: How many examples a class a method may see; None: all.
        train: How many in all, instead of shots.
        val: How many examples are for validation.

    Returns:
        A task for `ptmbench.run`.

    Raises:
        UsageError: With everything that is wrong with the data.
    """
    faults = [
        f"expected {option} of at least 1, got {value}"
        for option, value in (("shots", shots), ("train", train), ("val", val))
        if value is not None and value < 1
    ]
    if shots and train:
        faults.append("expected shots a class or train in all, got both")
    content = read_arrays(images, labels, texts, test, faults)
    usual = f"{'texts' if content.pixels is None else 'images'}.{content.sha256[:6]}"
    amounts = tuple((option, str(value)) for option, value in (("train", train), ("val", val)) if value is not None)
    reference = Reference(SCHEME, slug(name or usual), amounts)
    kind = TaskKind.TEXT_CLASSIFICATION if content.pixels is None else TaskKind.IMAGE_CLASSIFICATION
    called = f"{reference.name}_{suffix_of(reference, shots)}"
    return DataObject(
        TaskSpec(called, kind, str(reference), shots, classes=None, drawn_as=f"object_{content.sha256[:12]}"), content
    )
