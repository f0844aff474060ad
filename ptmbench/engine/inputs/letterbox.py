"""The input of detectors and segmenters: the whole picture, scaled into a square, with the way back."""

import functools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ptmbench.engine.datasets.annotated import BoxedImages, MaskedImages, Size
from ptmbench.engine.datasets.base import Samples
from ptmbench.engine.inputs.batches import FileInputs, TensorInputs
from ptmbench.engine.inputs.pictures import Channels, Encoded, Fields, Interpolation, depends_on, scaled, stated
from ptmbench.engine.seeding import torch_generator
from ptmbench.files.masks import IGNORED
from ptmbench.files.pictures import PLAIN, Tones, rgb

FILLED = 4  # bytes at the end of a row: how much of the square the picture fills


@dataclass(frozen=True, slots=True)
class Letterbox:
    """A square side in pixels, channel means and standard deviations, interpolation, and the order of channels.

    The longer side of a picture is brought to `side`, whatever its size; what is left of the square, on the right or
    below, holds the mean colour. Boxes therefore scale by one factor and nothing is cut off.
    """

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: Interpolation = "bilinear"
    channels: Channels = "rgb"

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height, width."""
        return 3, self.side, self.side

    def scale(self, size: Size) -> float:
        """The factor from a picture's own pixels to those of the input."""
        return self.side / max(size)

    def inner(self, size: Size) -> Size:
        """Height and width of the part of the square that the picture fills."""
        height, width = (max(round(length * self.scale(size)), 1) for length in size)
        return height, width

    def apply(self, images: Tensor) -> Tensor:
        """Images [n, 3, h, w] (uint8) of one size to normalised input [n, 3, side, side] (float32)."""
        return self.finish(self.rows(images))

    @property
    def geometry(self) -> str:
        """All but the values by which pixels are normalised."""
        return repr(replace(self, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)))

    def rows(self, images: Tensor) -> Tensor:
        """Images [n, 3, h, w] (uint8) of one size to bytes [n, 3 * side * side + 4].

        Those are the square, and the height and width that the picture fills of it, in two bytes each.
        """
        if self.channels == "bgr":
            images = images.flip(1)
        height, width = self.inner((images.shape[-2], images.shape[-1]))
        if images.shape[-2:] != (height, width):
            images = scaled(images, [height, width], self.interpolation)
        square = functional.pad(images, (0, self.side - width, 0, self.side - height)).flatten(1)
        filled = torch.tensor([height // 256, height % 256, width // 256, width % 256], dtype=torch.uint8)
        return torch.cat([square, filled.expand(len(images), -1)], dim=1)

    def finish(self, rows: Tensor) -> Tensor:
        """Rows, as above, to normalised input [n, 3, side, side] (float32)."""
        squares = rows[:, :-FILLED].reshape(-1, *self.shape)
        mean, std = (torch.tensor(values)[:, None, None] for values in (self.mean, self.std))
        pixels = (squares.float().div(255) - mean) / std
        filled = rows[:, -FILLED:].int()
        heights, widths = filled[:, 0] * 256 + filled[:, 1], filled[:, 2] * 256 + filled[:, 3]
        for picture, height, width in zip(pixels, heights.tolist(), widths.tolist(), strict=True):
            picture[:, height:] = 0
            picture[:, :, width:] = 0
        return pixels

    def read(self, file: Path, tones: Tones = PLAIN) -> Tensor:
        """The row that a picture file gives."""
        return self.rows(torch.from_numpy(rgb(file, tones)).permute(2, 0, 1)[None])[0]

    def encode(  # pictures teach it nothing
        self,
        samples: Samples,
        train: Sequence[int],  # noqa: ARG002
        validation: Sequence[int] = (),  # noqa: ARG002
    ) -> Encoded:
        """Inputs [n, 3, side, side], those of files when they are asked for."""
        assert isinstance(samples, BoxedImages | MaskedImages)
        stored = samples.pictures.stored
        if isinstance(stored, Tensor):
            return Encoded(TensorInputs(self.apply(stored)))
        tones = samples.pictures.tones
        depends = depends_on(self.geometry, samples.pictures.digests, tones)
        return Encoded(FileInputs(stored, functools.partial(self.read, tones=tones), self.shape, self.finish, depends))

    def boxes(self, boxes: NDArray[np.float32], size: Size) -> Tensor:
        """Boxes [k, 4] of a picture in the pixels of the input."""
        return torch.from_numpy(boxes.reshape(-1, 4) * np.float32(self.scale(size)))

    def boxes_back(self, boxes: Tensor, size: Size) -> NDArray[np.float64]:
        """Boxes [k, 4] of the input in the pixels of the picture, cut at its edges."""
        back = boxes.cpu().numpy().astype(np.float64).reshape(-1, 4) / self.scale(size)
        height, width = size
        return back.clip(0, [width, height, width, height])

    def mask(self, mask: NDArray[np.uint8]) -> Tensor:
        """A mask [h, w] in the pixels of the input [side, side] (int64), `IGNORED` where there is no picture."""
        height, width = self.inner((mask.shape[0], mask.shape[1]))
        scaled = np.asarray(Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST))
        square = np.full((self.side, self.side), IGNORED, dtype=np.int64)
        square[:height, :width] = scaled
        return torch.from_numpy(square)

    def mask_back(self, scores: Tensor, size: Size) -> NDArray[np.uint8]:
        """The best class of every pixel of the picture [h, w], of scores [classes, side, side] for the input."""
        inner = self.inner_scores(scores, size)[None]
        if tuple(inner.shape[2:]) != size:
            inner = functional.interpolate(inner, size=size, mode="bilinear", align_corners=False)
        return inner[0].argmax(dim=0).to(torch.uint8).cpu().numpy()

    def inner_scores(self, scores: Tensor, size: Size) -> Tensor:
        """The part of scores [classes, side, side] for an input that is of its picture, and not of the border."""
        height, width = self.inner(size)
        return scores[:, :height, :width].float()

    def example(self, batch_size: int, shape: Sequence[int]) -> Tensor:
        """Gaussian noise."""
        return torch.randn(batch_size, *shape, generator=torch_generator("example batch"))

    def fields(self) -> Fields:
        """Side, means, standard deviations, interpolation, and that the whole picture is fitted in."""
        return {**stated(asdict(self)), "fit": "letterbox"}
