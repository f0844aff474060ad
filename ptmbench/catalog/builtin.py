"""What is built in: models, tasks, methods and pre-training recipes, as literal tuples."""

from dataclasses import replace
from typing import Final

from ptmbench.catalog.checkpoint_cards import LICENCE
from ptmbench.catalog.spec import FULL, MethodSpec, ModelSpec, Objective, PretrainingSpec, Recipe, TaskSpec, VariantSpec
from ptmbench.catalog.traits import TEXTS, Answer, Family, Serves, StartsFrom, Suits, TaskKind, Trains

_FAMILIES: Final[dict[Objective, Family]] = {
    "cross_entropy": Family.SUPERVISED,
    "vae": Family.UNSUPERVISED,
    "wgan_gp": Family.UNSUPERVISED,
    "simclr": Family.SELF_SUPERVISED,
    "masked_lm": Family.SELF_SUPERVISED,
    "causal_lm": Family.SELF_SUPERVISED,
}


def _adamw(rate: float, weight_decay: float, *, batch_size: int, steps: int, label_smoothing: float = 0.0) -> Recipe:
    return Recipe("adamw", rate, weight_decay, batch_size, steps, "cosine", 0.9, label_smoothing)


def _pretrained(architecture: str, objective: Objective, source: str, suffix: str = "") -> ModelSpec:
    name = f"{architecture}.{source}{suffix}"
    return ModelSpec(name, "embedded", name, architecture, _FAMILIES[objective], objective, source, LICENCE)


def _language(architecture: str, objective: Objective, source: str) -> ModelSpec:
    return replace(_pretrained(architecture, objective, source), provider="embedded_text", modalities=TEXTS)


def _control(name: str, provider: str, architecture: str) -> ModelSpec:
    return ModelSpec(name, provider, architecture, architecture, Family.CONTROL, "none", "none", LICENCE)


def _text_control(name: str, provider: str, architecture: str) -> ModelSpec:
    return replace(_control(name, provider, architecture), modalities=TEXTS)


_OVER: Final[dict[str, tuple[str, Serves]]] = {
    "fasterrcnn_tiny": ("fasterrcnn", Serves.BOXES),
    "yolo_tiny": ("yolox", Serves.BOXES),
    "fcn_tiny": ("fcn", Serves.MASKS),
    "unet_tiny": ("unet", Serves.MASKS),
}


def _over(architecture: str, backbone: ModelSpec) -> ModelSpec:
    """A small detector or segmenter over one of the embedded backbones."""
    provider, serves = _OVER[architecture]
    name = f"{architecture}.{backbone.name.partition('.')[2]}"
    return replace(
        backbone, name=name, provider=provider, entry=backbone.name, architecture=architecture, serves=serves
    )


_RESNET: Final = _pretrained("resnet_tiny", "cross_entropy", "glyphs")
_SIMCLR: Final = _pretrained("resnet_tiny", "simclr", "glyphs", "_simclr")
_RANDOM_RESNET: Final = _control("resnet_tiny.random", "random", "resnet_tiny")

MODELS: Final = (
    _RESNET,
    _pretrained("resnet_tiny", "cross_entropy", "fractals"),
    _pretrained("resnet_tiny", "cross_entropy", "waves"),
    _pretrained("vgg_tiny", "cross_entropy", "glyphs"),
    _pretrained("inception_tiny", "cross_entropy", "glyphs"),
    _pretrained("vae_tiny", "vae", "glyphs"),
    _pretrained("wgan_tiny", "wgan_gp", "glyphs"),
    _SIMCLR,
    _RANDOM_RESNET,
    _control("vgg_tiny.random", "random", "vgg_tiny"),
    _control("inception_tiny.random", "random", "inception_tiny"),
    _control("vae_tiny.random", "random", "vae_tiny"),
    _control("wgan_tiny.random", "random", "wgan_tiny"),
    _control("pixels", "pixels", "pixels"),
    _control("hog_colour", "hog_colour", "hog_colour"),
    _language("bert_tiny", "masked_lm", "invented"),
    _language("bert_tiny", "masked_lm", "manuals"),
    _language("gpt_tiny", "causal_lm", "invented"),
    _text_control("bert_tiny.random", "random_text", "bert_tiny"),
    _text_control("gpt_tiny.random", "random_text", "gpt_tiny"),
    _text_control("tfidf", "tfidf", "tfidf"),
    replace(_text_control("word_shape", "word_shape", "word_shape"), only=TaskKind.TOKEN_CLASSIFICATION),
    *(_over(architecture, backbone) for architecture in _OVER for backbone in (_RESNET, _SIMCLR, _RANDOM_RESNET)),
)


def _images(dataset: str, shots: int | None) -> TaskSpec:
    suffix = "full" if shots is None else f"{shots}shot"
    return TaskSpec(f"{dataset}_{suffix}", TaskKind.IMAGE_CLASSIFICATION, dataset, shots, classes=10)


def _texts(dataset: str, shots: int | None, classes: int) -> TaskSpec:
    return replace(_images(dataset, shots), kind=TaskKind.TEXT_CLASSIFICATION, classes=classes)


def _entities(sentences: int | None) -> TaskSpec:
    suffix = "full" if sentences is None else str(sentences)
    return TaskSpec(f"ner_{suffix}", TaskKind.TOKEN_CLASSIFICATION, "ner", sentences, classes=7)


def _scenes(kind: TaskKind, dataset: str, classes: int) -> TaskSpec:
    return TaskSpec(f"{dataset}_full", kind, dataset, shots=None, classes=classes)


TASKS: Final = (
    *(_images("digits", shots) for shots in (1, 5, 10, 20, None)),
    *(_images("photo_numerals", shots) for shots in (5, 20, None)),
    *(_images("textures", shots) for shots in (5, None)),
    *(_images("shapes", shots) for shots in (5, None)),
    _scenes(TaskKind.OBJECT_DETECTION, "scene_boxes", classes=5),
    _scenes(TaskKind.SEMANTIC_SEGMENTATION, "scene_masks", classes=6),
    *(_texts("sentiment", shots, classes=4) for shots in (50, None)),
    *(_texts("topic", shots, classes=8) for shots in (20, None)),
    *(_entities(sentences) for sentences in (100, None)),
)

_TRAINED: Final = _adamw(1e-3, 0.01, batch_size=32, steps=200)
_STRENGTHS: Final = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1e3, 1e4, 1e5)
_RATES: Final = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
_SGD: Final = Recipe(
    *("sgd", 1e-3, 1e-4),
    batch_size=32,
    steps=0,
    schedule="constant",
    momentum=0.9,
    label_smoothing=0.0,
    epochs=10,
)

_LABELS: Final = frozenset({Answer.LABELS})
_EVERY_ANSWER: Final = frozenset(Answer)


def _trained(name: str, trains: Trains, starts_from: StartsFrom, gives: frozenset[Answer]) -> MethodSpec:
    return MethodSpec(name, trains, "learning_rate", _RATES, _TRAINED, starts_from, gives)


VARIANTS: Final = (
    FULL,
    VariantSpec("half", "weights and activations in bfloat16"),
)

METHODS: Final = (
    MethodSpec("linear_probe", Trains.NOTHING, "C", _STRENGTHS, recipe=None, usual=1e-2),
    MethodSpec("knn", Trains.NOTHING, "neighbours", (1, 3, 5, 10, 20, 50, 100, 200, 500), recipe=None, usual=1),
    _trained("fine_tune", Trains.ALL, StartsFrom.PRETRAINED, _EVERY_ANSWER),
    _trained("fine_tune_last", Trains.LAST_STAGE, StartsFrom.PRETRAINED, _LABELS),
    replace(
        _trained("fine_tune_sgd", Trains.ALL, StartsFrom.PRETRAINED, _LABELS),
        grid=(1e-3,),
        recipe=_SGD,
        suits=Suits.PUBLISHED_IMAGE_NETWORKS,
    ),
    _trained("frozen_backbone", Trains.HEAD, StartsFrom.ANY, _EVERY_ANSWER - _LABELS),
    _trained("from_scratch", Trains.ALL, StartsFrom.RANDOM, _EVERY_ANSWER),
)

_FEW_PARAMETERS: Final = _adamw(1e-2, 0.0, batch_size=32, steps=200)  # so few move further, and have no need to decay


def _of_few(name: str, trains: Trains) -> MethodSpec:
    found = _trained(name, trains, StartsFrom.PRETRAINED, _LABELS)
    return replace(found, grid=tuple(10 * rate for rate in _RATES), recipe=_FEW_PARAMETERS)


_DP_RATES: Final = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_PRIVATE: Final = MethodSpec(
    "dp_probe", Trains.NOTHING, "learning_rate", _DP_RATES, recipe=None, usual=3.0, private=True
)

MORE_METHODS: Final = (  # beside the matrix, which they would double: they run where they are asked for by name
    _PRIVATE,
    _of_few("norm_only", Trains.NORMS),
    _of_few("bitfit", Trains.BIASES),
    _of_few("lora", Trains.ADAPTER),
    replace(
        _trained("fine_tune_augmented", Trains.ALL, StartsFrom.PRETRAINED, _LABELS),
        recipe=replace(_TRAINED, augmentation="crop_and_flip"),
        suits=Suits.IMAGES,
    ),
    _trained("fine_tune_last_2", Trains.LAST_TWO_STAGES, StartsFrom.PRETRAINED, _LABELS),
    replace(_trained("lp_ft", Trains.ALL, StartsFrom.PRETRAINED, _LABELS), probed=True),
)
ALL_METHODS: Final = METHODS + MORE_METHODS


def _supervised(architecture: str, source: str, steps: int) -> PretrainingSpec:
    recipe = _adamw(3e-3, 0.05, batch_size=128, steps=steps, label_smoothing=0.05)
    return PretrainingSpec(f"{architecture}.{source}", architecture, "cross_entropy", source, 100_000, recipe)


def _unlabelled(name: str, objective: Objective, recipe: Recipe) -> PretrainingSpec:
    architecture = name.partition(".")[0]
    return PretrainingSpec(name, architecture, objective, "glyphs", 100_000, recipe)


def _language_model(architecture: str, objective: Objective, source: str, examples: int, steps: int) -> PretrainingSpec:
    recipe = _adamw(2e-3, 0.01, batch_size=64, steps=steps)
    return PretrainingSpec(f"{architecture}.{source}", architecture, objective, source, examples, recipe)


PRETRAINING: Final = (
    _supervised("resnet_tiny", "glyphs", 5_000),
    _supervised("resnet_tiny", "fractals", 5_000),
    _supervised("resnet_tiny", "waves", 5_000),
    _supervised("vgg_tiny", "glyphs", 3_000),
    _supervised("inception_tiny", "glyphs", 3_500),
    _unlabelled("vae_tiny.glyphs", "vae", _adamw(2e-3, 0.0, batch_size=128, steps=6_000)),
    _unlabelled("wgan_tiny.glyphs", "wgan_gp", _adamw(1e-3, 0.0, batch_size=64, steps=7_000)),
    _unlabelled("resnet_tiny.glyphs_simclr", "simclr", _adamw(3e-3, 0.05, batch_size=256, steps=5_000)),
    _language_model("bert_tiny", "masked_lm", "invented", examples=60_000, steps=14_000),
    _language_model("bert_tiny", "masked_lm", "manuals", examples=16_000, steps=6_000),
    _language_model("gpt_tiny", "causal_lm", "invented", examples=60_000, steps=5_000),
)
