"""Walks the architectures that transformers, timm and torchvision register, and holds ptmbench against each of them.

    python benchmarks/validation/architectures.py [transformers|timm|torchvision] [NAME ...]

Of each the smallest random checkpoint that it allows is built: of transformers a folder with a small configuration and
a tokenizer or its image processor, of timm the smallest architecture of each module, of torchvision all below
`LARGEST`. Prints one line each: loaded, refused with the reason, skipped (no small checkpoint can be made), CRASHED
(an error that is no sentence), DIFFERENT (other inputs or features than the source's own pipeline gives). Ends with 1
where anything crashed or is different. Takes about half an hour and 4 GB of memory on one core.
"""

import collections
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
import transformers
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import nn
from torchvision import models as vision
from transformers import CONFIG_MAPPING, MODEL_MAPPING, AutoImageProcessor, AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.auto import image_processing_auto

from ptmbench.catalog.model_references import model_spec
from ptmbench.engine.foreign_code import built, first_line
from ptmbench.engine.inputs.own_pictures import trial_pictures
from ptmbench.engine.models import torchvision_models
from ptmbench.engine.models.backbone import LoadedModel
from ptmbench.engine.models.language_models import quiet
from ptmbench.engine.models.provider import provider_of
from ptmbench.engine.models.timm_models import library
from ptmbench.errors import PtmbenchError

LARGEST = 20_000_000  # parameters
CLOSE = 0.02  # of the standard deviation: two libraries that resample alike stay below
SAME = 1e-3  # of the largest value: one computation in two orders
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvwxyz"]
TEXTS = ("a b c", "d e f g h i j k l m n")
SMALL = {  # settings of configurations, by what their names contain or are, and the value that keeps a model small
    "vocab_size": 64,
    "num_hidden_layers": 2,
    "num_layers": 2,
    "n_layer": 2,
    "n_layers": 2,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "hidden_size": 64,
    "d_model": 64,
    "n_embd": 64,
    "dim": 64,
    "emb_dim": 64,
    "embedding_size": 64,
    "intermediate_size": 64,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "d_ff": 64,
    "ffn_dim": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "n_head": 4,
    "n_heads": 4,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "num_heads": 4,
    "pad_token_id": 0,
    "bos_token_id": 2,
    "eos_token_id": 3,
}


class Outcome(NamedTuple):
    """What became of an architecture, and why."""

    kind: str
    why: str = ""


def settings(config_class: Any) -> dict[str, Any]:
    """The settings that make a configuration of that class, and those of its parts, small."""
    default = config_class()
    own = {name: getattr(default, name, None) for name in config_class.__dataclass_fields__}
    found: dict[str, Any] = {
        name: SMALL[name]
        for name, value in own.items()
        if name in SMALL and isinstance(value, int) and not isinstance(value, bool)
    }
    for name, value in own.items():
        if isinstance(value, transformers.PreTrainedConfig):
            found[name] = {**settings(type(value)), "model_type": value.model_type}
    return found


def small_model(kind: str) -> nn.Module | None:
    """The smallest random model of a kind that its configuration allows and that can be saved; None: there is none."""
    config_class: Any = CONFIG_MAPPING[kind]
    if config_class not in MODEL_MAPPING:
        return None
    for small in (True, False):
        try:
            model_class: Any = MODEL_MAPPING[config_class]
            model_class = model_class[0] if isinstance(model_class, tuple) else model_class
            options = settings(config_class) if small else {}
            with torch.device("meta"):
                size = sum(parameter.numel() for parameter in model_class(config_class(**options)).parameters())
            if size <= LARGEST:
                torch.manual_seed(0)
                model: nn.Module = model_class(config_class(**options)).eval()
                model.config.validate()  # type: ignore[operator, union-attr]  # as saving does
                return model
        except Exception as error:  # noqa: BLE001  a configuration of its own accord may refuse anything
            print(f"  {kind}: {type(error).__name__}: {first_line(error)[:100]}", file=sys.stderr)
    return None


def save_tokenizer(folder: Path) -> None:
    """A tokenizer of single letters."""
    backend = Tokenizer(models.WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))  # noqa: S106  no password
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=backend, mask_token="[MASK]", **marks).save_pretrained(folder)  # noqa: S106  likewise


def save_processor(folder: Path, kind: str, model: nn.Module) -> bool:
    """The image processor that goes with a kind, at the model's side; whether there is one."""
    names = image_processing_auto.IMAGE_PROCESSOR_MAPPING_NAMES  # type: ignore[attr-defined]  # no other way to ask
    if kind not in names:
        return False
    found: Any = names[kind]
    name = found.get("torchvision") or next(iter(found.values())) if isinstance(found, dict) else found[0] or found[1]
    processor = getattr(transformers, name)()
    config: Any = model.config
    side = getattr(getattr(config, "vision_config", config), "image_size", None)
    if isinstance(side, int):  # published checkpoints agree with their processors; defaults need not
        lengths = dict(processor.size or {})
        processor.size = {key: side for key, value in lengths.items() if value}
        if getattr(processor, "crop_size", None):
            processor.crop_size = {"height": side, "width": side}
    processor.save_pretrained(folder)
    return True


def loaded(reference: str) -> LoadedModel:
    """What ptmbench makes of a reference."""
    spec = model_spec(reference, ())
    with built(spec.name):
        model = provider_of(spec).build(spec, 0)
    assert isinstance(model, LoadedModel)
    return model


def of_pictures(model: LoadedModel, process: Any) -> Outcome:
    """Whether inputs are those of the source."""
    for picture in trial_pictures():
        own = process(Image.fromarray(picture))
        ours = model.preprocessing.apply(torch.from_numpy(picture).permute(2, 0, 1)[None])[0]  # type: ignore[attr-defined]  # of pictures
        if own.shape != ours.shape or float((own - ours).abs().mean()) > CLOSE * max(float(own.std()), 1e-3):
            return Outcome("DIFFERENT", f"inputs {list(ours.shape)} for {list(own.shape)}")
    return Outcome("loaded", str(model.preprocessing.fields().get("processor", "")))


def of_texts(model: LoadedModel, folder: Path) -> Outcome:
    """Whether a text alone has the features that the model itself gives for it."""
    tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    network: Any = model.backbone.tail.model
    preprocessing: Any = model.preprocessing
    for text in TEXTS:
        ids = torch.tensor([tokenizer(text)["input_ids"]])
        if ids.shape[1] > preprocessing.max_length:
            return Outcome("DIFFERENT", f"takes {preprocessing.max_length} tokens")
        with torch.no_grad():
            own = network(input_ids=ids).last_hidden_state[0].mean(dim=0)
            ours = model.backbone.pooled_by("mean")(ids)[0]
        if float((own - ours).abs().max()) > SAME * float(own.abs().max()):
            return Outcome("DIFFERENT", "features of a text")
    return Outcome("loaded", f"{preprocessing.max_length} tokens, {'/'.join([*model.backbone.sizes][:2])}")


def of_transformers(kind: str) -> Outcome:
    """One kind of model of transformers, as pictures if it has a processor, else as texts."""
    model = small_model(kind)
    if model is None:
        return Outcome("skipped", "no small checkpoint")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        model.save_pretrained(folder)  # type: ignore[operator]  # transformers' own
        pictures = save_processor(folder, kind, model)
        if not pictures:
            save_tokenizer(folder)
        found = loaded(f"hf:{folder}?modality={'image' if pictures else 'text'}")
        if not pictures:
            return of_texts(found, folder)
        processor = AutoImageProcessor.from_pretrained(folder, trust_remote_code=False)
        return of_pictures(found, lambda picture: processor(images=picture, return_tensors="pt")["pixel_values"][0])


def of_timm(name: str) -> Outcome:
    """One architecture of timm at random, held against timm's own transform."""
    found = loaded(f"timm:{name}?weights=random")
    data = library().data.resolve_data_config({}, model=found.backbone.tail.network)
    return of_pictures(found, library().data.create_transform(**data, is_training=False))


def of_torchvision(name: str) -> Outcome:
    """One classifier of torchvision at random, held against the transforms of its weights."""
    return of_pictures(
        loaded(f"torchvision:{name}?weights=random"), vision.get_model_weights(name).DEFAULT.transforms()
    )


def smallest_of_timm() -> Iterator[str]:
    """The smallest architecture of each of timm's modules."""
    for module in library().list_modules():
        sizes = {}
        for name in library().list_models(module=module):
            with torch.device("meta"):
                try:
                    sizes[name] = sum(parameter.numel() for parameter in library().create_model(name).parameters())
                except Exception:  # noqa: BLE001, S112  some cannot be built without memory: another of the module can
                    continue
            if sizes[name] < LARGEST / 4:
                break
        if sizes:
            yield min(sizes, key=lambda name: sizes[name])


def smallest_of_torchvision() -> Iterator[str]:
    """The classifiers of torchvision that are not large."""
    for name in torchvision_models.names():
        if vision.get_model_weights(name).DEFAULT.meta["num_params"] <= LARGEST:
            yield name


SOURCES: dict[str, tuple[Callable[[str], Outcome], Callable[[], Iterator[str]]]] = {
    "transformers": (of_transformers, lambda: iter(CONFIG_MAPPING.keys())),
    "timm": (of_timm, smallest_of_timm),
    "torchvision": (of_torchvision, smallest_of_torchvision),
}


def outcome_of(source: str, name: str) -> Outcome:
    """What becomes of one architecture; an error that is no sentence of ptmbench is a crash."""
    try:
        return SOURCES[source][0](name)
    except PtmbenchError as error:
        return Outcome("refused", first_line(error))
    except Exception as error:  # noqa: BLE001  that is what is looked for
        return Outcome("CRASHED", f"{type(error).__name__}: {first_line(error)}")


def main(arguments: list[str]) -> int:
    """Walks the chosen source, or all, and the chosen architectures of it, or all."""
    warnings.simplefilter("ignore")
    with quiet():
        counts = walk(arguments)
    print(", ".join(f"{count} {kind}" for kind, count in counts.most_common()))
    return 1 if counts["CRASHED"] or counts["DIFFERENT"] else 0


def walk(arguments: list[str]) -> collections.Counter[str]:
    """Prints what became of each architecture, and counts."""
    counts: collections.Counter[str] = collections.Counter()
    for source in arguments[:1] or SOURCES:
        for name in arguments[1:] or SOURCES[source][1]():
            found = outcome_of(source, name)
            counts[found.kind] += 1
            print(f"{source:12} {name:36} {found.kind:9} {found.why[:200]}", flush=True)
    return counts


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
