"""The source's own processor of pictures: asked once at load, and taken where ours differs from it.

Ours works on whole batches and costs a tenth of what most processors do, so it is kept wherever both make the same of
three test pictures. Where they differ, the source's own is right by definition: it is what the weights were trained or
published with.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptmbench.engine.inputs.pictures import Channels, Fields, ImagePreprocessing, PicturePreprocessing, Rounding
from ptmbench.engine.seeding import torch_generator
from ptmbench.errors import WeightsError

Processor = Callable[[Image.Image], Tensor]  # one RGB picture to its input [3, h, w]

# Mean difference over the standard deviation of the source's input. Two libraries that resample alike stay below 0.005;
# another filter is 0.04 off on these pictures, other channels, crops and values 0.3 and more.
TOLERANCE = 0.015
LANDSCAPE, PORTRAIT = (300, 420), (500, 330)  # height, width: both proportions, no side that a network takes
ORANGE = (230, 120, 40)  # three different channels, and nothing that a filter or a crop could change
SHAPE, VALUES, GEOMETRY = "the shape", "values or channels", "the crop or the filter"


@dataclass(frozen=True, slots=True)
class OwnPreprocessing(PicturePreprocessing):
    """Pictures as the source's own processor makes them, one by one; `identity` tells two such apart.

    `difference` is how far ours was from it, `cause` what in ours differs.
    """

    process: Processor = field(compare=False, repr=False)
    name: str
    identity: str
    made: tuple[int, ...]
    difference: float
    cause: str

    @property
    def shape(self) -> tuple[int, ...]:
        """Channels, height, width."""
        return self.made

    @property
    def geometry(self) -> str:
        """The processor with its settings."""
        return repr(self)

    def finish(self, rows: Tensor) -> Tensor:
        """The rows themselves: the processor's inputs."""
        return rows

    def rows(self, images: Tensor) -> Tensor:
        """Images [n, 3, h, w] (uint8) to inputs [n, *shape] (float32)."""
        pictures = images.cpu().permute(0, 2, 3, 1).numpy()
        return torch.stack([self.process(Image.fromarray(picture)) for picture in pictures]).to(images.device)

    def fields(self) -> Fields:
        """The processor, and why it was taken."""
        apart: Fields = {} if self.cause == SHAPE else {"own_difference": self.difference}
        return {"processor": self.name, "own_cause": self.cause, **apart}


def trial_pictures() -> tuple[NDArray[np.uint8], ...]:
    """Two pictures with detail at all sizes and four different corners, and one of a single colour."""
    return *(_detailed(size) for size in (LANDSCAPE, PORTRAIT)), np.full((*LANDSCAPE, 3), ORANGE, dtype=np.uint8)


def _detailed(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Slopes that differ by channel, and noise in blocks of 1, 3 and 16 pixels."""
    height, width = size
    generator = torch_generator("test pictures", height, width)
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    pixels = 64 + np.stack([127 * rows, 127 * columns, 127 * (1 - rows) * columns], axis=-1)
    for block, contrast in ((1, 60), (3, 90), (16, 40)):
        coarse = torch.rand(-(-height // block), -(-width // block), 3, generator=generator).numpy() - 0.5
        pixels += contrast * coarse.repeat(block, axis=0).repeat(block, axis=1)[:height, :width]
    return pixels.clip(0, 255).astype(np.uint8)


def _difference(ours: PicturePreprocessing, own: Sequence[Tensor], pictures: Sequence[NDArray[np.uint8]]) -> float:
    """The mean difference over all pictures, over the standard deviation of the source's inputs."""
    made = [ours.apply(torch.from_numpy(picture).permute(2, 0, 1)[None])[0] for picture in pictures]
    if any(mine.shape != theirs.shape for mine, theirs in zip(made, own, strict=True)):
        return float("inf")
    apart = [float((mine - theirs).abs().mean()) for mine, theirs in zip(made, own, strict=True)]
    return sum(apart) / len(apart) / max(float(torch.cat([tensor.flatten() for tensor in own]).std()), 1e-6)


def _likely(ours: ImagePreprocessing) -> Iterator[ImagePreprocessing]:
    """Ours, and what processors do without saying so: another margin, no crop, and each with channels turned."""
    turned: Channels = "bgr" if ours.channels == "rgb" else "rgb"
    other: Rounding = "down" if ours.margin == "nearest" else "nearest"
    for found in (ours, replace(ours, channels=turned)):
        yield found
        yield replace(found, margin=other)
        yield replace(found, resize=None)


def as_the_source(
    ours: ImagePreprocessing, process: Processor, *, name: str, identity: str
) -> ImagePreprocessing | OwnPreprocessing:
    """Ours, perhaps without its crop or with other channels, where it does as the source's own; else the source's own.

    `name` is what the processor is called, `identity` holds all that it does. Raises `WeightsError` where it gives no
    picture.
    """
    pictures = trial_pictures()
    own = [_pixels(process(Image.fromarray(picture)), name) for picture in pictures]
    likely = list(_likely(ours))
    found = [_difference(candidate, own, pictures) for candidate in likely]
    near = min(range(len(likely)), key=lambda place: found[place])
    if found[0] <= TOLERANCE:
        return ours
    if found[near] <= TOLERANCE:
        return likely[near]
    shape = tuple(own[0].shape)
    if any(tuple(pixels.shape) != shape for pixels in own):
        raise WeightsError(
            f"{name} makes inputs of other shapes of other pictures: expected one shape, which batches need"
        )
    values = _difference(ours, own[-1:], pictures[-1:]) > TOLERANCE
    cause = SHAPE if shape != ours.shape else VALUES if values else GEOMETRY
    return OwnPreprocessing(process, name, identity, shape, 0.0 if cause == SHAPE else round(found[0], 3), cause)


def _pixels(given: object, name: str) -> Tensor:
    if not isinstance(given, Tensor) or given.dim() != 3 or given.shape[0] != 3:
        what = list(given.shape) if isinstance(given, Tensor) else type(given).__name__
        raise WeightsError(f"{name} makes {what} of a picture: expected [3, height, width], which is all that is used")
    return given.float()
