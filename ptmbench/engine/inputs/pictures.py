"""From samples to network inputs: what a checkpoint wants done to pictures or text before it sees them."""

import functools
import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.functional import InterpolationMode, center_crop
from torchvision.transforms.v2.functional import resize

from ptmbench.engine.datasets.base import LabelledImageFiles, LabelledImages, Samples
from ptmbench.engine.inputs.batches import AppliedInputs, FileInputs, Inputs, TensorInputs
from ptmbench.engine.seeding import torch_generator
from ptmbench.files.pictures import PLAIN, Tones, rgb

PADDING = -1  # an id that no tokenizer gives: a real one may use its padding id in a text

FLOAT_BYTES = 4
KEPT_BYTES = 2**28  # of normalised pictures that are kept; more are made batch by batch

Interpolation = Literal["nearest", "bilinear", "bicubic", "lanczos"]
Channels = Literal["rgb", "bgr"]
Rounding = Literal["nearest", "down"]
FILTERS: Mapping[str, Interpolation] = {"bicubic": "bicubic", "lanczos": "lanczos", "nearest": "nearest"}
USUAL = {("channels", "rgb"), ("margin", "nearest")}
Fields = dict[str, bool | int | float | str | list[float]]


@dataclass(frozen=True, eq=False, slots=True)
class Encoded:
    """Inputs of n examples, on the CPU.

    For labels a word, `positions` [n, words] says at which position of the input each word stands: -1 where there is no
    such word, or where it was cut off. `truncated` counts the examples that were cut. `fields` are what the record says
    of these samples beside the fields of their preprocessing. `width` is how many features a served model would read
    where `inputs` hold examples by their coordinates among each other.
    """

    inputs: Inputs
    positions: NDArray[np.int64] | None = None
    truncated: int = 0
    fields: Fields = field(default_factory=dict)
    width: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input as a served model reads it."""
        return self.inputs.shape if self.width is None else (*self.inputs.shape[:-1], self.width)


class Preprocessing(Protocol):
    """What every checkpoint brings for its inputs; equal ones give equal inputs."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one input as large as the checkpoint is made for."""

    def encode(self, samples: Samples, train: Sequence[int], validation: Sequence[int] = ()) -> Encoded:
        """The inputs of all samples; what has to be learned for it is learned from the samples `train` alone.

        Labels are learned from those of `validation` too: whatever tells these and `train` apart is kept.
        """

    def example(self, batch_size: int, shape: Sequence[int]) -> Tensor:
        """Random inputs [batch_size, *shape]: cost does not depend on what they show."""

    def fields(self) -> Fields:
        """What the record says of it."""


class PicturePreprocessing(ABC):
    """What preprocessings of pictures share: they read files, and keep or make the inputs of a data set."""

    __slots__ = ()

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """Channels, height, width."""

    @property
    @abstractmethod
    def geometry(self) -> str:
        """All that rows depend on: two preprocessings of one geometry make the same."""

    @abstractmethod
    def rows(self, images: Tensor) -> Tensor:
        """Images [n, 3, h, w] (uint8) to what is kept of them [n, ...], of one type."""

    @abstractmethod
    def finish(self, rows: Tensor) -> Tensor:
        """Rows [n, ...] to inputs [n, *shape] (float32) on their device."""

    def apply(self, images: Tensor) -> Tensor:
        """Images [n, 3, h, w] (uint8) to inputs [n, *shape] (float32) on their device."""
        return self.finish(self.rows(images))

    def read(
        self,
        file: Path,
        change: Callable[[NDArray[np.uint8], str], NDArray[np.uint8]] | None = None,
        tones: Tones = PLAIN,
    ) -> Tensor:
        """The row that a picture file gives: turned upright, made RGB, changed."""
        pixels = rgb(file, tones, upright=True)
        if change:
            pixels = change(pixels, file.name)
        return self.rows(torch.from_numpy(pixels).permute(2, 0, 1)[None])[0]

    def encode(  # pictures teach it nothing
        self,
        samples: Samples,
        train: Sequence[int],  # noqa: ARG002
        validation: Sequence[int] = (),  # noqa: ARG002
    ) -> Encoded:
        """Normalised pictures [n, 3, side, side], those of files and large ones when they are asked for."""
        if isinstance(samples, LabelledImageFiles):
            read = functools.partial(self.read, change=samples.change, tones=samples.tones)
            depends = None if samples.change else depends_on(self.geometry, samples.digests, samples.tones)
            return Encoded(FileInputs(samples.files, read, self.shape, self.finish, depends))
        assert isinstance(samples, LabelledImages)
        if len(samples.images) * math.prod(self.shape) * FLOAT_BYTES > KEPT_BYTES:
            return Encoded(AppliedInputs(samples.images, self.apply, self.shape))
        return Encoded(TensorInputs(self.apply(samples.images)))

    def example(self, batch_size: int, shape: Sequence[int]) -> Tensor:
        """Gaussian noise."""
        return torch.randn(batch_size, *shape, generator=torch_generator("example batch"))


@dataclass(frozen=True, slots=True)
class ImagePreprocessing(PicturePreprocessing):
    """The checkpoint's own input: square side in pixels, channel means and standard deviations, interpolation.

    `resize` is the length in pixels that the shorter side of a picture is brought to before the square is cut from its
    middle; None: the whole picture is brought to the square, whatever its proportions. Means and standard deviations
    are those of the channels in the order that the network takes them, which `channels` says. `preset` is what all of
    it was taken from where nobody but ptmbench chose that. `margin` is how half a pixel before the square is rounded:
    torchvision takes the nearest, transformers goes down.
    """

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Interpolation = "bilinear"
    resize: int | None = None
    channels: Channels = "rgb"
    preset: str | None = None
    margin: Rounding = "nearest"

    @property
    def geometry(self) -> str:
        """All but the values by which pixels are normalised."""
        return repr(replace(self, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), preset=None))

    def finish(self, rows: Tensor) -> Tensor:
        """Squares [n, 3, side, side], bytes or from 0 to 1, normalised."""
        mean = torch.tensor(self.mean, device=rows.device)[:, None, None]
        std = torch.tensor(self.std, device=rows.device)[:, None, None]
        pixels = rows - mean if rows.is_floating_point() else rows.float().div_(255).sub_(mean)
        return pixels.div_(std)

    def rows(self, images: Tensor) -> Tensor:
        """The square [3, side, side] of each picture: bytes where it is resized in bytes, else from 0 to 1."""
        if self.channels == "bgr":
            images = images.flip(1)
        if self.resize is None and self.interpolation == "bilinear":
            pixels = images.float().div_(255)
            if pixels.shape[-2:] == (self.side, self.side):
                return pixels
            return functional.interpolate(
                pixels, size=(self.side, self.side), mode="bilinear", align_corners=False, antialias=True
            )
        # As bytes: wider filters overshoot, and every checkpoint's own processor cuts that off at black and white.
        wanted = [self.side, self.side] if self.resize is None else [self.resize]
        return self._middle(scaled(images, wanted, self.interpolation))

    def _middle(self, images: Tensor) -> Tensor:
        """The square in the middle of each picture; what is missing at its edges is black."""
        margins = [length - self.side for length in images.shape[-2:]]
        if self.margin == "nearest" or min(margins) < 0:
            cut: Tensor = center_crop(images, [self.side, self.side])
            return cut
        top, left = (margin // 2 for margin in margins)
        return images[..., top : top + self.side, left : left + self.side]

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height, width."""
        return 3, self.side, self.side

    def fields(self) -> Fields:
        """Side, means, standard deviations, interpolation, and the length resized to where there is one."""
        return stated(asdict(self))


def depends_on(geometry: str, digests: Sequence[bytes], tones: Tones) -> dict[str, object]:
    """What the rows of files depend on: the files' bytes, and what is done to them."""
    files = hashlib.sha256(tones.content() + b"".join(digests)).hexdigest()
    return {"files": files, "geometry": geometry}


def scaled(images: Tensor, size: list[int], interpolation: Interpolation) -> Tensor:
    """Images [n, 3, h, w] (uint8) with their shorter side, or height and width, brought to that size.

    As Pillow does, which nearly all weights were trained or published with. The first interface of torchvision goes by
    way of fractions: bilinear and bicubic it is 0.09 and 0.10 of a grey value off in the mean where this one is 0.001
    and 0.002, it takes over six times as long, and its `nearest` takes other pixels (`benchmarks/speed/resizing.py`).
    """
    mode = "nearest-exact" if interpolation == "nearest" else interpolation
    found: Tensor = resize(images, size, InterpolationMode(mode), antialias=True)
    return found


def stated(settings: Mapping[str, Any]) -> Fields:
    """What a record says of settings: neither what is None nor what is usual for channels and margins."""
    found = {name: list(value) if isinstance(value, tuple) else value for name, value in settings.items()}
    unsaid = {name for name, value in settings.items() if value is None or (name, value) in USUAL}
    return {name: value for name, value in found.items() if name not in unsaid}
