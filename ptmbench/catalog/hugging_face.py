"""What a reference to Hugging Face's hub, or to a folder in its format, says by itself."""

from pathlib import Path
from typing import Final

from ptmbench.catalog.references import Reference
from ptmbench.catalog.traits import Modality, TaskKind
from ptmbench.errors import UnknownName, UsageError
from ptmbench.reading import json_of, text_of

IMAGE_TYPES: Final = frozenset(  # model types of transformers that take pictures
    {
        *("beit", "bit", "clip", "clip_vision_model", "convnext", "convnextv2", "deit", "dinov2", "dinov3_vit"),
        *("dinov2_with_registers", "efficientnet", "focalnet", "hiera", "levit", "mobilenet_v1", "mobilenet_v2"),
        *("mobilevit", "poolformer", "pvt", "regnet", "resnet", "siglip", "siglip_vision_model", "swin", "swinv2"),
        *("van", "vit", "vit_mae", "vit_msn"),
    }
)


def modality_of(reference: Reference) -> Modality:
    """What is said, else what a local folder's configuration says, else text."""
    given = reference.get("modality")
    if given:
        if given not in list(Modality):
            raise UnknownName("modality", given, list(Modality))
        return Modality(given)
    folder = Path(reference.name).expanduser()
    return Modality.IMAGE if model_type(folder) in IMAGE_TYPES or _takes_pictures(folder) else Modality.TEXT


def model_type(folder: Path) -> str:
    """What the configuration in a folder says the model is; empty where there is none to be read."""
    return str(_settings(folder / "config.json").get("model_type", ""))


def _takes_pictures(folder: Path) -> bool:
    """Whether a folder has a processor of pictures, and neither words nor a part of its own for texts."""
    config, processor = _settings(folder / "config.json"), _settings(folder / "preprocessor_config.json")
    reads = {"vocab_size", "text_config"} & {*config}
    return bool({"image_processor_type", "image_mean"} & {*processor}) and not reads


def _settings(file: Path) -> dict[str, object]:
    """The settings in a file; none where there is none to be read."""
    try:
        found = json_of(text_of(file))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def kind_of(reference: Reference) -> TaskKind:
    """What the columns make: labels of texts, or tags of words; raises `UsageError` where they make neither."""
    given = {option for option in ("text", "image", "label", "tokens", "tags") if reference.get(option)}
    if given == {"text", "label"}:
        return TaskKind.TEXT_CLASSIFICATION
    if given == {"tokens", "tags"}:
        return TaskKind.TOKEN_CLASSIFICATION
    if given == {"image", "label"}:
        return TaskKind.IMAGE_CLASSIFICATION
    raise UsageError(
        "expected hf:ORG/NAME?text=COLUMN&label=COLUMN (or image=COLUMN with paths in place of text), or "
        f"?tokens=COLUMN&tags=COLUMN, got {reference}"
    )
