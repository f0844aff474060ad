"""The generated image sources that embedded models are pre-trained on."""

from ptmbench.engine.pretraining.sources.base import ImageSource, sample_images
from ptmbench.engine.pretraining.sources.fractals import FRACTALS
from ptmbench.engine.pretraining.sources.glyphs import GLYPHS
from ptmbench.engine.pretraining.sources.waves import WAVE_FIELDS

IMAGE_SOURCES: dict[str, ImageSource] = {source.name: source for source in (GLYPHS, FRACTALS, WAVE_FIELDS)}

__all__ = ["IMAGE_SOURCES", "ImageSource", "sample_images"]
