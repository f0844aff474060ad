"""The controls for text that are no network: tf-idf, and words with their shapes."""

from torch import nn

from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.word_counts import TfidfPreprocessing
from ptmbench.engine.inputs.word_shapes import WordShapePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.provider import ModelProvider


def _passing_on(preprocessing: TfidfPreprocessing | WordShapePreprocessing) -> LoadedModel:
    """A model whose features are its inputs, which have a common scale."""
    backbone = Backbone(nn.Identity(), nn.Identity(), feature_size=preprocessing.features).eval()
    return LoadedModel(backbone, preprocessing, None, None, 0, None, standardise=False, passes_on=True)


def build_tfidf(spec: ModelSpec, seed: int) -> LoadedModel:
    """No network at all: tf-idf of words and pairs of words."""
    return _passing_on(TfidfPreprocessing())


def build_word_shape(spec: ModelSpec, seed: int) -> LoadedModel:
    """No network at all: words, their shapes and their neighbours, for labels a word."""
    return _passing_on(WordShapePreprocessing())


TFIDF = ModelProvider(build_tfidf, lambda _spec: None)
WORD_SHAPE = ModelProvider(build_word_shape, lambda _spec: None)
