"""The schemes of references: one cold row each for a provider of models and for a form of data.

A row says what a user may type and what follows from it without loading anything; its `hot` names the object in the
engine that loads.
"""

import functools
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Final

from ptmbench.catalog import hugging_face
from ptmbench.catalog.extensions import DataScheme, MetricScheme, ModelScheme, last_word, rows
from ptmbench.catalog.places import HF_WEIGHTS, TRUSTED, hub_cache, snapshot, torch_hub_folder
from ptmbench.catalog.references import Reference
from ptmbench.catalog.traits import Family, Serves, TaskKind
from ptmbench.errors import UnknownName, UsageError

MODELS: Final = "ptmbench.engine.models"
DATASETS: Final = "ptmbench.engine.datasets"

_WHOLE: Final = {  # how torchvision's builders of these begin
    Serves.BOXES: ("fasterrcnn_", "fcos_", "keypointrcnn_", "maskrcnn_", "retinanet_", "ssd300_", "ssdlite320_"),
    Serves.MASKS: ("deeplabv3_", "fcn_", "lraspp_"),
}


def _of_torchvision(name: str) -> Serves:
    """What a builder gives: torchvision calls its detectors and segmenters by their kind."""
    return next((serves for serves, prefixes in _WHOLE.items() if name.startswith(prefixes)), Serves.FEATURES)


def _hub_weights(reference: Reference, _file: str) -> bool:
    return any(any(snapshot("models", reference.name).glob(pattern)) for pattern in HF_WEIGHTS)


def _smp_weights(reference: Reference, _file: str) -> bool:
    encoder = reference.name.partition("/")[2].replace("@", ".")  # the library pins the revision, and is not asked
    return any(hub_cache().glob(f"models--smp-hub--{encoder}/snapshots/*/*.safetensors"))


def _trusted(reference: Reference, _file: str) -> bool:
    return (torch_hub_folder(reference.name.rpartition("/")[0]) / TRUSTED).exists()


def _named(reference: Reference) -> str:
    """The code that a reference chooses by its name and options."""
    return str(reference)


def _configured(reference: Reference) -> str:
    """The code that a folder's configuration and the options choose; the folder may lie anywhere."""
    return str(Reference("", "", reference.options))


def _built(reference: Reference) -> str | None:
    """The code of torchvision's builders; that of a builder of one's own may change from run to run."""
    builder = reference.name.partition("#")[2]
    return str(Reference("", builder, reference.options)) if builder.startswith("torchvision:") else None


def _shipped(
    name: str, module: str, attribute: str = "PROVIDER", *, random: bool = False, network: bool = True
) -> ModelScheme:
    """What ships with the package; features without a `network` are inputs, made again as soon as read."""
    return ModelScheme(
        name,
        f"{MODELS}.{module}:{attribute}",
        ships=True,
        random=random,
        tokens="text" in name,
        code=_named if network else lambda _reference: None,
    )


def _composed(name: str, gives: Serves) -> ModelScheme:
    return ModelScheme(name, f"{MODELS}.composition:COMPOSED", composed=True, serves=lambda _name: gives)


_MODEL_SCHEMES: Final = (
    _shipped("embedded", "embedded"),
    _shipped("embedded_text", "language_models"),
    _shipped("random", "controls", "RANDOM", random=True),
    _shipped("random_text", "language_models", "RANDOM", random=True),
    _shipped("pixels", "controls", "PIXELS", network=False),
    _shipped("hog_colour", "hog_colour", network=False),
    _shipped("tfidf", "word_counts", "TFIDF", network=False),
    _shipped("word_shape", "word_counts", "WORD_SHAPE", network=False),
    ModelScheme(
        "torchvision",
        f"{MODELS}.torchvision_provider:PROVIDER",
        ("features",),
        family=Family.SUPERVISED,
        serves=_of_torchvision,
        code=_named,
    ),
    ModelScheme("timm", f"{MODELS}.timm_models:PROVIDER", extra="timm", code=_named),
    ModelScheme(
        "hf",
        f"{MODELS}.huggingface:PROVIDER",
        ("modality", "max_length"),
        tokens=True,
        modality=hugging_face.modality_of,
        on_disk=_hub_weights,
        code=_configured,
    ),
    ModelScheme(
        "torch_hub",
        f"{MODELS}.torch_hub_models:PROVIDER",
        ("part", "head", "args", "mean", "std"),
        on_disk=_trusted,
    ),
    ModelScheme("keras", f"{MODELS}.keras_models:PROVIDER", extra="keras", family=Family.SUPERVISED),
    ModelScheme(
        "smp",
        f"{MODELS}.smp_models:PROVIDER",
        extra="smp",
        serves=lambda _name: Serves.MASKS,
        short=lambda name: name.partition("@")[0].replace("/", "_"),
        on_disk=_smp_weights,
    ),
    ModelScheme(
        "file",
        f"{MODELS}.local:PROVIDER",
        ("mean", "std", "features", "partial", "state", "resize", "crop", "interpolation", "channels"),
        short=lambda name: PurePath(name.partition("#")[0]).stem,
        code=_built,
    ),
    ModelScheme("object", f"{MODELS}.objects:PROVIDER", in_python=True),
    _composed("fasterrcnn", Serves.BOXES),
    _composed("yolox", Serves.BOXES),
    _composed("fcn", Serves.MASKS),
    _composed("unet", Serves.MASKS),
    _composed("deeplabv3", Serves.MASKS),
)

_COLUMNS: Final = ("text", "pair", "image", "images", "label")
_TAGGED: Final = ("repair", "scheme", "word", "tag")
_READ: Final = ("delimiter", "encoding", "quote", "label_until", "validation_file", "test_file")
_OF_TORCHVISION: Final = {
    "VOCDetection": TaskKind.OBJECT_DETECTION,
    "CocoDetection": TaskKind.OBJECT_DETECTION,
    "VOCSegmentation": TaskKind.SEMANTIC_SEGMENTATION,
}  # its other sets are for image classification


def _torchvision_kind(reference: Reference) -> TaskKind:
    return _OF_TORCHVISION.get(reference.name, TaskKind.IMAGE_CLASSIFICATION)


def _hub_data(reference: Reference, _place: str) -> bool:
    return any(snapshot("datasets", reference.name).rglob("*.parquet"))


def _table_kind(reference: Reference) -> TaskKind:
    """Pictures where a column holds their paths, else texts."""
    if not reference.get("image"):
        if reference.get("images"):
            raise UsageError(f"{reference}: images=FOLDER says where the pictures of image=COLUMN lie: name the column")
        return TaskKind.TEXT_CLASSIFICATION
    if reference.get("text") or reference.get("pair"):
        raise UsageError(f"{reference}: expected image=COLUMN or text=COLUMN, got both")
    return TaskKind.IMAGE_CLASSIFICATION


def _kind_of_object(reference: Reference) -> TaskKind:
    from ptmbench.catalog.objects import kind_of  # here: objects are described by specs, which look up schemes

    return kind_of(reference)


def _always(kind: TaskKind) -> Callable[[Reference], TaskKind]:
    """What gives data of one kind, whatever the reference."""
    return lambda _reference: kind


_DATA_SCHEMES: Final = (
    DataScheme("sklearn", f"{DATASETS}.referenced:of_sklearn", _always(TaskKind.IMAGE_CLASSIFICATION)),
    DataScheme("imagefolder", f"{DATASETS}.referenced:image_folder", _always(TaskKind.IMAGE_CLASSIFICATION)),
    DataScheme("csv", f"{DATASETS}.labelled_tables:table", _table_kind, (*_COLUMNS, *_READ)),
    DataScheme(
        "textfolder",
        f"{DATASETS}.labelled_tables:text_folder",
        _always(TaskKind.TEXT_CLASSIFICATION),
        ("encoding",),
    ),
    DataScheme("conll", f"{DATASETS}.referenced:conll", _always(TaskKind.TOKEN_CLASSIFICATION), _TAGGED),
    DataScheme(
        "torchvision",
        f"{DATASETS}.referenced:of_torchvision",
        _torchvision_kind,
        ("root", "year"),
        fetch=f"{DATASETS}.torchvision_sets:fetch",
    ),
    DataScheme(
        "hf",
        f"{DATASETS}.hub_tables:load",
        hugging_face.kind_of,
        (*_COLUMNS, *_READ[:4], "tokens", "tags", "scheme", "repair", "folder", "validation", "test"),
        extra="datasets",
        short=last_word,
        fetch=f"{DATASETS}.hub_tables:fetch",
        on_disk=_hub_data,
    ),
    DataScheme("voc", f"{DATASETS}.dense_files:voc", _always(TaskKind.OBJECT_DETECTION), ("first",)),
    DataScheme(
        "coco",
        f"{DATASETS}.dense_files:coco",
        _always(TaskKind.OBJECT_DETECTION),
        ("images", "test", "test_images"),
    ),
    DataScheme("object", f"{DATASETS}.objects:load", _kind_of_object, in_python=True),
    DataScheme(
        "masks",
        f"{DATASETS}.dense_files:masks",
        _always(TaskKind.SEMANTIC_SEGMENTATION),
        ("classes", "names", "foreground", "ignore", "mask_suffix"),
    ),
)


_OWN_MODELS: Final = {row.name: row for row in _MODEL_SCHEMES}
_OWN_DATA: Final = {row.name: row for row in _DATA_SCHEMES}


@functools.cache
def model_schemes() -> Mapping[str, ModelScheme]:
    """Every provider of models by its scheme."""
    return {row.name: row for row in rows(ModelScheme, _MODEL_SCHEMES) if isinstance(row, ModelScheme)}


@functools.cache
def data_schemes() -> Mapping[str, DataScheme]:
    """Every form of data by its scheme."""
    return {row.name: row for row in rows(DataScheme, _DATA_SCHEMES) if isinstance(row, DataScheme)}


@functools.cache
def metric_schemes() -> Mapping[str, MetricScheme]:
    """The metrics that extensions bring, by name."""
    return {row.name: row for row in rows(MetricScheme, ()) if isinstance(row, MetricScheme)}


def own_model_scheme(name: str) -> ModelScheme | None:
    """The package's own provider of that scheme; None where there is none, whatever extensions bring."""
    return _OWN_MODELS.get(name)


def model_scheme(name: str) -> ModelScheme:
    """The provider of that scheme; raises `UnknownName` with near names.

    The package's own are found without a look at extensions: the catalog is made of them when it is imported.
    """
    if name in _OWN_MODELS:
        return _OWN_MODELS[name]
    known = model_schemes()
    if name not in known:
        raise UnknownName("model scheme", name, [row.name for row in known.values() if row.typed])
    return known[name]


def data_scheme(name: str) -> DataScheme:
    """The form of data of that scheme; raises `UnknownName` with near names."""
    if name in _OWN_DATA:
        return _OWN_DATA[name]
    known = data_schemes()
    if name not in known:
        raise UnknownName("data scheme", name, [row.name for row in known.values() if row.typed])
    return known[name]
