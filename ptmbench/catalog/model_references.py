"""Model references: text that names weights anywhere, turned into a spec and the spec of its random control.

Options say how the weights are loaded (`size`, `features`, ...) or what the record shall say of them (`name`, `family`,
`source`, `licence`); `weights=random` asks for the architecture without its weights.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Final, cast

from ptmbench.catalog.references import Reference, check, parse, short_name, slug
from ptmbench.catalog.spec import COMPOSED, IMAGES, RANDOM_SUFFIX, Composed, Family, Hub, Modality, ModelSpec, Serves
from ptmbench.errors import UnknownName, UsageError

FACTS = ("name", "family", "objective", "source", "licence")
COMMON = ("weights", "size", *FACTS)
OPTIONS: Final[dict[Hub, tuple[str, ...]]] = {
    "torchvision": ("features",),
    "timm": (),
    "hf": ("modality", "max_length"),
    "torch_hub": ("part", "head", "args", "mean", "std"),
    "keras": (),
    "smp": (),
    "file": ("mean", "std", "features", "partial"),
}
SERVES: Final[dict[Composed, Serves]] = {
    "fasterrcnn": Serves.BOXES,
    "yolox": Serves.BOXES,
    "fcn": Serves.MASKS,
    "unet": Serves.MASKS,
    "deeplabv3": Serves.MASKS,
}
WHOLE: Final = {  # how torchvision's builders of these begin
    Serves.BOXES: ("fasterrcnn_", "fcos_", "keypointrcnn_", "maskrcnn_", "retinanet_", "ssd300_", "ssdlite320_"),
    Serves.MASKS: ("deeplabv3_", "fcn_", "lraspp_"),
}
SUPERVISED = ("torchvision", "keras")  # whose published weights are classifiers, trained as such
IMAGE_TYPES: Final = frozenset(  # model types of transformers that take pictures
    {
        *("beit", "bit", "clip", "clip_vision_model", "convnext", "convnextv2", "deit", "dinov2", "dinov3_vit"),
        *("dinov2_with_registers", "efficientnet", "focalnet", "hiera", "levit", "mobilenet_v1", "mobilenet_v2"),
        *("mobilevit", "poolformer", "pvt", "regnet", "resnet", "siglip", "siglip_vision_model", "swin", "swinv2"),
        *("van", "vit", "vit_mae", "vit_msn"),
    }
)


def model_specs(text: str, catalog: Iterable[ModelSpec]) -> tuple[ModelSpec, ...]:
    """The model of a reference and its random control, or the catalog's model of that name alone."""
    model = model_spec(text, catalog)
    return (model,) if not parse(text).scheme or model.random else (model, control_of(model))


def model_spec(text: str, catalog: Iterable[ModelSpec]) -> ModelSpec:
    """The model of a catalog name or a reference; raises `UnknownName` or `UsageError`."""
    reference = parse(text)
    catalog = tuple(catalog)
    own: dict[str, Collection[str]] = {scheme: (*COMMON, *options) for scheme, options in OPTIONS.items()}
    every = sorted({option for options in own.values() for option in options})
    known: dict[str, Collection[str]] = {"": (), **own, **dict.fromkeys(COMPOSED, every)}
    check(reference, "model", known)
    if not reference.scheme:
        names = {model.name: model for model in catalog}
        if reference.name not in names:
            raise UnknownName("model", reference.name, names)
        return names[reference.name]
    return _composed(reference, catalog) if reference.scheme in COMPOSED else _referenced(reference)


def control_of(model: ModelSpec) -> ModelSpec:
    """The same architecture at random initialisation: what the model's gain is measured against."""
    random = str(parse(model.reference).having("weights", "random")).partition(":")[2]
    if model.provider in COMPOSED and model.embedded:
        random = f"{model.entry.partition('.')[0]}{RANDOM_SUFFIX}"
    return replace(
        model,
        name=f"{model.architecture}{RANDOM_SUFFIX}",
        entry=random,
        family=Family.CONTROL,
        objective="none",
        source="none",
    )


def _referenced(reference: Reference) -> ModelSpec:
    scheme = cast("Hub", reference.scheme)
    if reference.get("weights") not in {"", "random"}:
        raise UsageError(f"expected weights=random or no such option, got weights={reference.get('weights')}")
    for option in ("size", "max_length"):
        reference.integer(option)
    bare = reference.without(*FACTS)
    given = reference.get("name")
    identity = str(bare.without("weights"))
    name = slug(given) if given else short_name(_short(scheme, reference.name), identity)
    model = ModelSpec(
        name=name,
        provider=scheme,
        entry=str(bare).partition(":")[2],
        architecture=name,
        family=_family(reference),
        objective=reference.get("objective", "not stated"),
        source=reference.get("source", "not stated"),
        licence=reference.get("licence", "not stated"),
        modalities=frozenset({_modality(reference)}),
        serves=_serves(scheme, reference.name),
    )
    return control_of(model) if model.random else model


def _composed(reference: Reference, catalog: tuple[ModelSpec, ...]) -> ModelSpec:
    """A detector or segmenter over another model, which its name is: `fasterrcnn:resnet18`, `unet:timm:ID?size=256`.

    What ships with the package is named; everything else is known by its whole reference.
    """
    provider = cast("Composed", reference.scheme)
    inner_text = str(Reference("", reference.name, reference.without("name").options))
    bare = reference.name if ":" not in reference.name else inner_text
    inner = model_spec(bare, catalog)
    if inner.modalities != IMAGES or inner.serves is not Serves.FEATURES:
        raise UsageError(
            f"{reference.scheme} is built over an image model that gives features, and {inner.name} is none"
        )
    if inner.embedded and reference.without("name").options:
        raise UsageError(f"{inner.name} ships with the package and takes no options, got {reference}")
    whole = parse(inner.reference).without(*FACTS)
    for option in ("weights", "size"):
        if reference.get(option):
            whole = whole.having(option, reference.get(option))
    given = reference.get("name")
    model = replace(
        inner,
        name=slug(given) if given else f"{provider}.{inner.name}",
        provider=provider,
        entry=inner.name if inner.embedded else str(whole),
        architecture=slug(given) if given else f"{provider}.{inner.architecture}",
        serves=SERVES[provider],
    )
    return control_of(model) if model.random else model


def _serves(scheme: str, name: str) -> Serves:
    """What a builder gives: torchvision calls its detectors and segmenters by their kind."""
    if scheme == "smp":
        return Serves.MASKS
    found = [serves for serves, prefixes in WHOLE.items() if scheme == "torchvision" and name.startswith(prefixes)]
    return found[0] if found else Serves.FEATURES


def _short(scheme: Hub, name: str) -> str:
    """What people call it: the last word of a path or an id, less its weights or revision."""
    if scheme == "file":
        return PurePath(name.partition("#")[0]).stem
    bare = name.partition("@")[0]
    return bare.replace("/", "_") if scheme == "smp" else PurePath(bare).name


def _family(reference: Reference) -> Family:
    given = reference.get("family")
    if given:
        known = [family.value for family in Family if family is not Family.CONTROL]
        if given not in known:
            raise UnknownName("family", given, known)
        return Family(given)
    return Family.SUPERVISED if reference.scheme in SUPERVISED else Family.UNSTATED


def _modality(reference: Reference) -> Modality:
    """Images, except for Hugging Face's: what is said, else what a local folder's configuration says, else text."""
    if reference.scheme != "hf":
        return Modality.IMAGE
    given = reference.get("modality")
    if given:
        if given not in list(Modality):
            raise UnknownName("modality", given, list(Modality))
        return Modality(given)
    return Modality.IMAGE if model_type(Path(reference.name).expanduser()) in IMAGE_TYPES else Modality.TEXT


def model_type(folder: Path) -> str:
    """What the configuration in a folder says the model is; empty where there is none to be read."""
    try:
        return str(json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type", ""))
    except (OSError, ValueError, AttributeError):
        return ""
