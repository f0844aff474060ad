"""The image models of transformers: their processors, held against ours, and the ways to pool what they give."""

import functools
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn
from transformers import AutoImageProcessor, PreTrainedModel

from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_loads import pretrained
from ptmbench.engine.inputs.own_pictures import LANDSCAPE, OwnPreprocessing, as_the_source
from ptmbench.engine.inputs.pictures import ImagePreprocessing, Interpolation
from ptmbench.engine.models.backbone import Backbone, Pool
from ptmbench.engine.models.checks import checked
from ptmbench.engine.models.hub_folders import loading
from ptmbench.engine.models.networks import first_of, last_stage
from ptmbench.engine.models.timm_models import transform_of
from ptmbench.errors import WeightsError

FILTERS: Mapping[int, Interpolation] = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic"}  # Pillow's numbers
MOST_FILTER = 5  # of Pillow: Hamming is 5, box 4
FIRST_TOKENS = frozenset({"cls_token", "class_embedding", "class_token"})  # parameters of models that begin with one
SIZES = ("size", "crop_size")
Triple = tuple[float, float, float]


class LastStates(nn.Module):
    """Images to the last layer's states: tokens [n, t, d] or maps [n, d, h, w].

    A masked autoencoder hides and shuffles patches at inference too: here it hides none, and keeps their order.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        config: Any = model.config
        self.patch = config.patch_size if hasattr(config, "mask_ratio") and isinstance(config.patch_size, int) else 0
        if self.patch:
            config.mask_ratio = 0.0

    def forward(self, images: Tensor) -> Tensor:
        """Tokens [n, t, d] or maps [n, d, h, w] of pictures [n, 3, h, w]."""
        options = {"noise": self._order(images)} if self.patch else {}
        return first_of(self.model(pixel_values=images, **options).last_hidden_state)

    def _order(self, images: Tensor) -> Tensor:
        """What patches are sorted by: their places."""
        patches = math.prod(length // self.patch for length in images.shape[-2:])
        return torch.arange(patches, dtype=torch.float32, device=images.device).expand(len(images), -1)


class Tokens(nn.Module):
    """Takes the first of tokens [n, t, d], or the mean of the others; of maps [n, d, h, w] the mean over places.

    Where no token is first (`way` is "all") the mean is over all of them.
    """

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way

    def forward(self, states: Tensor) -> Tensor:
        """Features [n, d]."""
        if states.dim() == 4:
            return states.mean(dim=(2, 3))
        if self.way == "cls":
            return states[:, 0]
        return states.mean(dim=1) if self.way == "all" else states[:, 1:].mean(dim=1)


def _lengths(processor: Any, option: str) -> dict[str, int]:
    """The lengths in pixels that an option of a processor holds."""
    given = getattr(processor, option, None) or {}
    pairs = {"height": given, "width": given}.items() if isinstance(given, int) else dict(given).items()
    return {name: int(value) for name, value in pairs if isinstance(value, int | float)}


def _process(processor: Any, options: Mapping[str, Any], picture: Image.Image) -> Tensor:
    """What the processor makes of one picture."""
    pixels: Tensor = processor(images=picture, return_tensors="pt", **options)["pixel_values"]
    return pixels[0]


def _channels(values: Any) -> list[float]:
    """A value for each of red, green and blue; one value, by itself or as a list, stands for all three."""
    given = list(values) if isinstance(values, list | tuple) else [values]
    return given * 3 if len(given) == 1 else given


def _triple(values: float | list[float], unit: float) -> Triple:
    red, green, blue = (value / unit for value in _channels(values))
    return red, green, blue


def odd_settings(processor: Any) -> list[str]:
    """What a processor says that no picture can be prepared by: transformers would divide by it, or crash."""
    faults = []
    for name in ("image_mean", "image_std") if getattr(processor, "do_normalize", True) else ():
        given = getattr(processor, name, None)
        values = _channels(given)
        numbers = all(isinstance(value, int | float) and math.isfinite(value) for value in values)
        if len(values) != 3 or not numbers:
            faults.append(f"{name} is {given}, expected three numbers")
        elif name == "image_std" and min(values) <= 0:
            faults.append(f"{name} is {given}, expected numbers above 0: values are divided by them")
    factor = getattr(processor, "rescale_factor", 1)
    if getattr(processor, "do_rescale", True) and not (isinstance(factor, int | float) and factor > 0):
        faults.append(f"rescale_factor is {factor}, expected a number above 0, such as 1/255")
    for option in SIZES:
        short = {name: length for name, length in _lengths(processor, option).items() if length < 1}
        faults += [f"{option} has {name} {length}, expected pixels" for name, length in short.items()]
    resample = getattr(processor, "resample", None)
    if resample is not None and not (isinstance(resample, int) and 0 <= resample <= MOST_FILTER):
        faults.append(f"resample is {resample}, expected one of Pillow's filters, 0 to {MOST_FILTER}")
    return faults


def _translated(processor: Any, side: int) -> ImagePreprocessing:
    """What the processor's settings say: shorter side or square, crop from the middle, filter, values, channels."""
    lengths = _lengths(processor, "size")
    crop = _lengths(processor, "crop_size") if getattr(processor, "do_center_crop", False) else {}
    square, shortest, cropped = lengths.get("height"), lengths.get("shortest_edge"), crop.get("height")
    native = cropped or square or shortest or side
    resized = None if square and not cropped else square or shortest or native
    portion = getattr(processor, "crop_pct", None)
    if portion and not cropped and shortest:
        resized = int(shortest / portion)
    unit = 255 * float(processor.rescale_factor) if getattr(processor, "do_rescale", True) else 255.0
    unit = 1.0 if math.isclose(unit, 1.0) else unit
    normalised = getattr(processor, "do_normalize", True)
    return ImagePreprocessing(
        side=side,
        mean=_triple(processor.image_mean if normalised else 0.0, unit),
        std=_triple(processor.image_std if normalised else 1.0, unit),
        interpolation=FILTERS.get(int(getattr(processor, "resample", 2) or 0), "bilinear"),
        resize=None if resized is None else round(resized * side / native),
        margin="nearest" if resized is None else "down",
        channels="bgr" if getattr(processor, "do_flip_channel_order", False) else "rgb",
    )


def image_preprocessing(processor: Any, size: int | None) -> ImagePreprocessing | OwnPreprocessing:
    """What an image processor does, by ours where that does the same; `size` scales all its lengths."""
    name = type(processor).__name__
    if isinstance(of_timm := getattr(processor, "data_config", None), dict):  # its config.json is what timm wrote
        return transform_of(of_timm, size)
    faults = odd_settings(processor)
    if faults:
        raise WeightsError(f"{name}: {'; '.join(faults)}; mend preprocessor_config.json beside the weights")
    native = _process(processor, {}, Image.new("RGB", LANDSCAPE[::-1]))
    if native.dim() != 3:
        raise WeightsError(
            f"{name} makes {list(native.shape)} of a picture, expected [3, height, width]: its model takes no pictures "
            "of one size, and ptmbench feeds nothing else"
        )
    options: dict[str, Any] = {}
    if size:
        factor = size / min(native.shape[1:])
        given = {option: _lengths(processor, option) for option in SIZES}
        options = {
            option: {key: round(value * factor) for key, value in lengths.items()}
            for option, lengths in given.items()
            if lengths
        }
    side = size or int(native.shape[-1])
    process = functools.partial(_process, processor, options)
    identity = f"{processor.to_json_string()} {options}"
    return as_the_source(_translated(processor, side), process, name=name, identity=identity)


def image_backbone(
    folder: Path, model: PreTrainedModel, spec: ModelSpec
) -> tuple[Backbone, ImagePreprocessing | OwnPreprocessing]:
    """The model as a backbone of pictures, with its processor; raises `WeightsError` where one of them is no use."""
    with loading(folder, spec):
        processor = pretrained(AutoImageProcessor, folder)
        preprocessing = image_preprocessing(processor, parse(spec.reference).integer("size"))
    tail = LastStates(model)
    states = checked(tail, preprocessing.example(2, preprocessing.shape), spec.name)
    if states.dim() == 4:
        pools = {"mean": Pool(Tokens("mean"), states.shape[1])}
    elif any(name.rpartition(".")[2] in FIRST_TOKENS for name, _ in model.named_parameters()):
        pools = {way: Pool(Tokens(way), states.shape[-1]) for way in ("cls", "mean")}
    else:
        pools = {"mean": Pool(Tokens("all"), states.shape[-1])}
    return Backbone(nn.Identity(), tail, pools=pools, last_stage=last_stage(tail)), preprocessing
