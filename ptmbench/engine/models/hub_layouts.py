"""What lies in a folder or file that was named as a model of Hugging Face's, and is laid out in some other way."""

from pathlib import Path
from typing import Any, Final

from ptmbench.catalog.places import HF_WEIGHTS
from ptmbench.errors import listed
from ptmbench.reading import json_of, text_of

ADAPTER: Final = "adapter_config.json"
CONFIG: Final = "config.json"
MODULES: Final = "modules.json"  # of sentence-transformers: what a text goes through, one after the other
APPLIED: Final = frozenset(  # Pooling is ours to choose, Normalize scales a text alone, Dropout is off in eval mode
    {"Transformer", "Pooling", "Normalize", "Dropout"}
)
OLD_TRANSFORMERS: Final = "load it once with transformers 4 ({call}) and save it with save_pretrained"
SAVED_BY_TORCH: Final = "load it into the model and save that with save_pretrained"
OTHER_FORMS: Final = (  # names of files, what writes them, what to do
    ("*.gguf", "GGUF for llama.cpp", "take the safetensors that it was made from"),
    ("*.onnx", "ONNX", "take the repository that it was exported from"),
    ("onnx/*.onnx", "ONNX", "take the repository that it was exported from"),
    ("openvino_model*.xml", "OpenVINO", "take the repository that it was exported from"),
    ("*.h5", "TensorFlow", OLD_TRANSFORMERS.format(call="from_tf=True")),
    ("*.msgpack", "Flax", OLD_TRANSFORMERS.format(call="from_flax=True")),
    ("*.bin", "torch, under a name that is not looked for", "call it pytorch_model.bin"),
    ("*.pt", "torch", SAVED_BY_TORCH),
    ("*.pth", "torch", SAVED_BY_TORCH),
    ("*.ckpt", "torch", SAVED_BY_TORCH),
)
MERGE: Final = (
    "merge it first: PeftModel.from_pretrained(AutoModel.from_pretrained({base!r}), {folder!r}).merge_and_unload()"
    ".save_pretrained(FOLDER), with the tokenizer beside it"
)


def other_form(folder: Path) -> str | None:
    """What weights of another form a folder holds and what to do; None where it holds none at all."""
    if (folder / ADAPTER).exists():
        return f"holds an adapter alone: {_merging(folder)}"
    for pattern, form, advice in OTHER_FORMS:
        if found := sorted(str(file.relative_to(folder)) for file in folder.glob(pattern)):
            wanted = " or ".join(HF_WEIGHTS)
            return f"holds weights of another form, {listed(found)} ({form}), expected {wanted}: {advice}"
    return None


def without_config(folder: Path) -> str:
    """What a folder without a configuration is, and what to type in its place."""
    if (folder / ADAPTER).exists():
        return f"holds an adapter alone and no {CONFIG}: {_merging(folder)}"
    inner = sorted((file.parent for file in folder.glob(f"*/{CONFIG}") if _is_model(file)), key=_age)
    if inner:
        beyond = f", without its {' and '.join(dropped)}" if (dropped := modules_beyond(folder)) else ""
        latest = "the latest checkpoint" if _steps(inner[-1]) else "the model"
        place = inner[-1] if _steps(inner[-1]) else inner[0]
        return (
            f"has no {CONFIG}, and there is one in {listed([path.name for path in inner])}: say hf:{place} for "
            f"{latest}{beyond}"
        )
    return f"has no {CONFIG}: expected a folder in Hugging Face's format"


def in_place_of_folder(file: Path) -> str:
    """What to type where a file was named in place of its folder."""
    if (file.parent / CONFIG).exists():
        return f"is a file, expected the folder that holds it: hf:{file.parent}"
    return (
        f"is a file, and no {CONFIG} lies beside it: expected a folder in Hugging Face's format; for weights alone: "
        "file:WEIGHTS#BUILDER"
    )


def misnamed(folder: Path) -> str:
    """What to do about weights that transformers does not find, since they have another name than it looks for."""
    pattern, name = next(
        ((pattern, name) for pattern, name in zip(HF_WEIGHTS, ("model.safetensors", "pytorch_model.bin"), strict=True)
         if any(folder.glob(pattern))),
        HF_WEIGHTS,
    )  # fmt: skip
    held = sorted(file.name for file in folder.glob(pattern))
    advice = f"call it {name}" if len(held) == 1 else f"they need {name}.index.json beside them, or one called {name}"
    return f"it holds {listed(held)}, and transformers looks for {name}: {advice}"


def modules_beyond(folder: Path) -> list[str]:
    """The modules that sentence-transformers would put behind the model, and that move features."""
    try:
        found: Any = json_of(text_of(folder / MODULES))
        names = [str(entry["type"]).rpartition(".")[2] for entry in found]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    return [name for name in names if name not in APPLIED]


def _merging(folder: Path) -> str:
    try:
        base = str(json_of(text_of(folder / ADAPTER))["base_model_name_or_path"])
    except (OSError, ValueError, TypeError, KeyError):
        base = "BASE"
    return MERGE.format(base=base, folder=str(folder))


def _is_model(file: Path) -> bool:
    """Whether a configuration is that of a model of transformers or diffusers, and not of a module behind one."""
    try:
        return bool({"model_type", "architectures", "_class_name"} & {*json_of(text_of(file))})
    except (OSError, ValueError, TypeError):
        return False


def _steps(folder: Path) -> int:
    """The step that transformers' Trainer saved a folder at; 0 for any other folder."""
    name, _, steps = folder.name.rpartition("-")
    return int(steps) if name == "checkpoint" and steps.isdecimal() else 0


def _age(folder: Path) -> tuple[int, str]:
    return _steps(folder), folder.name
