"""Picture files: whether one decodes whole, and its pixels as 8-bit RGB, whatever it stores.

Models take 8 bits a channel. Pillow clips what is deeper to white or shifts it to black, so deeper values are scaled
here, by the range of the whole set: 12 bits in a 16-bit file reach as far as 16 bits do. What is transparent shows
white, never the colour that happens to be stored beneath.
"""

import hashlib
import io
import math
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from ptmbench.reading import content_of, opened

MOST_PIXELS: Final = 89_478_485  # as many as Pillow takes without a warning: 256 MiB in RGB
DEPTHS: Final = (8, 10, 12, 14, 16)  # bits of whole numbers that cameras and scanners give
WHITES: Final = (1.0, 255.0, 65535.0)  # what is white where values are fractions
READERS, AT_ONCE = 8, 1_000  # threads that read files, and files that wait for them
Size = tuple[int, int]  # width and height in pixels
Given = TypeVar("Given")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Tones:
    """How the values of a set's pictures become 8 bits.

    `bits` is how deep its whole numbers reach, `white` how far its fractions do; `transparent` tells whether any of its
    pictures lets white through.
    """

    bits: int = 8
    white: float = 255.0
    transparent: bool = False

    def content(self) -> bytes:
        """What a digest takes beside the files' bytes: nothing for plain 8-bit pictures."""
        if self == PLAIN:
            return b""
        return f"bits {self.bits}, white {self.white:g}, transparent {self.transparent}|".encode()

    def told(self) -> tuple[str, ...]:
        """What was done to the pictures, in words; empty for plain ones."""
        return tuple(
            words
            for words, holds in (
                (f"deep pictures are scaled from {self.bits} bits to 8", self.bits > 8),
                (f"pictures of fractions are scaled from 0 to {self.white:g}", self.white != PLAIN.white),
                ("transparent pictures are shown on white", self.transparent),
            )
            if holds
        )


PLAIN: Final = Tones()
COLOURS: Final = ("RGB", "RGBA")
LEAST_OF_16: Final = 64  # of 16 bits a colour Pillow keeps the upper 8: 14 bits leave values below this


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture file holds: its size and sha256, the largest of its deep values, or what is wrong with it."""

    fault: str = ""
    size: Size = (0, 0)
    digest: bytes = b""
    format: str = ""
    whole: float = 0.0
    fraction: float = 0.0
    transparent: bool = False


def look_at(file: Path) -> Look:
    """Reads and decodes a picture whole; whatever is wrong with it is told, not raised."""
    try:
        content = content_of(file)
    except OSError as error:
        return Look(f"cannot be read: {error.strerror or error}")
    if not content:
        return Look("empty", digest=hashlib.sha256(content).digest())
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if too_large := size_fault(picture.size):
                return Look(too_large)
            size, form = picture.size, picture.format or ""
            halved = picture.mode in COLOURS and any("16" in str(tile[3]) for tile in picture.tile)
            if form == "JPEG":  # an eighth of each side: every byte is read all the same, in half the time
                picture.draft(picture.mode, (max(size[0] // 8, 1), max(size[1] // 8, 1)))
            picture.load()
            reach = _reach(picture)
            if fault := _fault_of_values(picture, reach, halved=halved):
                return Look(fault)
            eight_bits(picture, PLAIN)
            whole, fraction = (0.0, reach[1]) if picture.mode == "F" else (reach[1], 0.0)
            digest = hashlib.sha256(content).digest()
            return Look("", size, digest, form, whole, fraction, _is_transparent(picture))
    except Exception as error:  # noqa: BLE001  Pillow's decoders raise what they like: struct.error, IndexError, ...
        return Look(_why(error))


def _fault_of_values(picture: Image.Image, reach: tuple[float, float], *, halved: bool) -> str:
    """What is wrong with the values of a picture; `halved`: Pillow kept the upper 8 of its 16 bits."""
    if not all(0 <= value <= WHITES[-1] for value in reach):
        return f"holds values from {reach[0]:g} to {reach[1]:g}: expected 0 to 65535 at most"
    most = int(np.asarray(picture.convert("RGB")).max()) if halved else LEAST_OF_16
    if most >= LEAST_OF_16:
        return ""
    return f"16 bits a colour, of which the lower {8 + most.bit_length()} are used: convert it to 8 bits"


def tones_of(looks: Iterable[Look]) -> Tones:
    """The tones of a set of pictures, from the largest values that any of them holds."""
    whole, fraction, transparent = 0.0, 0.0, False
    for look in looks:
        whole, fraction = max(whole, look.whole), max(fraction, look.fraction)
        transparent = transparent or look.transparent
    bits = next(depth for depth in DEPTHS if whole < 2**depth)
    white = next(white for white in WHITES if fraction <= white) if fraction else PLAIN.white
    return Tones(bits, white, transparent)


def rgb(file: Path, tones: Tones = PLAIN, *, upright: bool = False) -> NDArray[np.uint8]:
    """A picture file as RGB [h, w, 3], turned as its metadata says where it is to stand `upright`."""
    with opened(file) as stream, Image.open(stream) as picture:
        return np.array(eight_bits(ImageOps.exif_transpose(picture) if upright else picture, tones))


def eight_bits(picture: Image.Image, tones: Tones) -> Image.Image:
    """A picture in mode RGB."""
    if picture.mode == "F":
        values = np.rint(np.asarray(picture) * (255 / tones.white))
        return _grey(values)
    if picture.mode.startswith("I"):
        return _grey(np.asarray(picture).astype(np.int64) >> (tones.bits - 8))
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    solid = picture.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", solid.size, "white"), solid).convert("RGB")


def size_fault(size: Size) -> str:
    """What is wrong with a picture of that size; empty if nothing is."""
    if math.prod(size) <= MOST_PIXELS:
        return ""
    return f"too large ({size[0]}x{size[1]}): more than {MOST_PIXELS:,} pixels are not decoded; scale it down"


def in_threads(look: Callable[[Given], Found], entries: Sequence[Given]) -> list[Found]:
    """What `look` finds in each entry, some at a time: a future for each of 100,000 files would take 200 MB."""
    found: list[Found] = []
    with ThreadPoolExecutor(READERS) as readers, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's remarks on sizes and metadata: what matters becomes a fault
        for start in range(0, len(entries), AT_ONCE):
            found += readers.map(look, entries[start : start + AT_ONCE])
    return found


def _grey(values: NDArray[Any]) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).convert("RGB")


def _reach(picture: Image.Image) -> tuple[float, float]:
    """The least and the largest value of a picture deeper than 8 bits; 0 and 0 for others."""
    if picture.mode != "F" and not picture.mode.startswith("I"):
        return 0.0, 0.0
    values = np.asarray(picture)
    return float(values.min()), float(values.max())


def _is_transparent(picture: Image.Image) -> bool:
    if not picture.has_transparency_data:
        return False
    return bool((np.asarray(picture.convert("RGBA"))[..., 3] < 255).any())


def _why(error: Exception) -> str:
    """What is wrong with a file that Pillow cannot decode."""
    if isinstance(error, UnidentifiedImageError):
        return "no picture that Pillow can read"
    if isinstance(error, Image.DecompressionBombError):
        pixels = re.search(r"\d+", str(error))
        return f"too large ({int(pixels[0]) if pixels else 0:,} pixels): more than {MOST_PIXELS:,} are not decoded"
    if "truncated" in str(error).lower():
        return "truncated"
    return f"does not decode: {error or type(error).__name__}"
