"""Hugging Face checkpoints, `hf:ORG/NAME@REVISION` or `hf:FOLDER`: text encoders and decoders, and image models."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoImageProcessor, AutoModel, AutoTokenizer, CLIPVisionModel, PreTrainedModel

from ptmbench.catalog.places import HF_WEIGHTS as WEIGHTS
from ptmbench.catalog.references import Reference, parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.catalog.traits import Modality
from ptmbench.engine.inputs.pictures import ImagePreprocessing, Interpolation
from ptmbench.engine.inputs.texts import TextPreprocessing, fitted_tokenizer, tokenizer_sha256
from ptmbench.engine.models import autoencoders
from ptmbench.engine.models.backbone import Backbone, LoadedModel, Pool
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.language_backbone import Pooling, pool_names
from ptmbench.engine.models.language_models import quiet
from ptmbench.engine.models.networks import first_of, last_stage
from ptmbench.engine.models.provider import ModelProvider, at_revision
from ptmbench.engine.models.weight_files import sha256_of_file
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import Unavailable, UsageError, WeightsError
from ptmbench.files.downloads import check_online

BESIDE = ("*.json", "*.txt", "*.model")  # configuration, tokenizer, processor
NOT_FEATURES = ("pooler.", "cls.", "lm_head.")  # tensors that features do not need and checkpoints may leave out
OFFSET_POSITIONS = frozenset(
    {"roberta", "xlm-roberta", "camembert", "roberta-prelayernorm"}
)  # they begin behind the padding id
CAUSAL = ("CausalLM", "LMHead")  # in the names of what a decoder was trained as
BICUBIC = 3  # Pillow's number
SIDE = 224
GROUPS = 8  # of texts of like length in a batch: MiniLM takes SST-2 2.3 times as fast as in one


def folder_of(spec: ModelSpec) -> Path:
    """The folder of a checkpoint: the user's own, or the snapshot in the hub's cache; raises `Unavailable`."""
    reference = parse(spec.reference)
    own = Path(reference.name).expanduser()
    if own.is_dir():
        if not (own / "config.json").exists():
            raise UsageError(f"{own} has no config.json: expected a folder in Hugging Face's format")
        return own
    repository, _, revision = reference.name.partition("@")
    try:
        return Path(snapshot_download(repository, revision=revision or None, local_files_only=True))
    except HFValidationError:
        raise Unavailable(f"{own} is neither a folder nor the name of a repository: expected hf:ORG/NAME") from None
    except LocalEntryNotFoundError:
        raise Unavailable(f"{spec.name} is not on disk: ptmbench fetch --model '{spec.reference}'") from None


def fetch(spec: ModelSpec) -> Path:
    """Downloads configuration, tokenizer or processor, and weights into the hub's cache; the hub's client resumes."""
    own, (repository, _, revision) = Path(parse(spec.reference).name), parse(spec.reference).name.partition("@")
    if own.expanduser().is_dir():
        return own
    check_online()
    try:
        folder = Path(snapshot_download(repository, revision=revision or None, allow_patterns=[WEIGHTS[0], *BESIDE]))
        if not any(folder.glob(WEIGHTS[0])):  # an older repository: its pickles load as tensors only
            snapshot_download(repository, revision=revision or None, allow_patterns=[WEIGHTS[1]])
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise WeightsError(f"{repository} cannot be fetched: {str(error).splitlines()[0]}") from None
    return folder


def weight_files(folder: Path) -> list[Path]:
    """The files that hold the weights: safetensors where there are some."""
    found = next((files for pattern in WEIGHTS if (files := sorted(folder.glob(pattern)))), [])
    if not found:
        raise Unavailable(f"{folder} holds no weights: expected {' or '.join(WEIGHTS)}; fetch it again")
    return found


def weights_sha256(spec: ModelSpec) -> str:
    """The sha256 of the weights' file; of several, that of their sha256 one after the other.

    For a random control it is that of the configuration, which is all it takes from the folder beside the tokenizer.
    """
    folder = folder_of(spec)
    files = [folder / "config.json"] if spec.random else weight_files(folder)
    digests = [sha256_of_file(file) for file in files]
    return digests[0] if len(digests) == 1 else tokenizer_sha256("".join(digests).encode())


class HiddenStates(nn.Module):
    """Token ids [n, length], `PADDING` at the end, to [n, length, 2 d + 1]: see `language_backbone`."""

    def __init__(self, model: nn.Module, padding_id: int) -> None:
        super().__init__()
        self.model = model
        self.padding_id = padding_id

    def forward(self, ids: Tensor) -> Tensor:
        """The mean over embeddings and layers, the last layer's states, and 1 for a token.

        In eval mode texts of like length are computed together: padding is never attended to, and costs as much.
        """
        lengths = (ids >= 0).sum(dim=1)
        groups = 1 if self.training or bool((lengths == lengths[:1]).all()) else GROUPS
        order = lengths.argsort()
        states = torch.cat([self._states(ids[group], ids.shape[1]) for group in order.chunk(groups)])
        return states[order.argsort()]

    def _states(self, ids: Tensor, length: int) -> Tensor:
        ids = ids[:, : int((ids >= 0).sum(dim=1).max())]
        there = ids >= 0
        outputs = self.model(
            input_ids=ids.masked_fill(~there, self.padding_id), attention_mask=there.long(), output_hidden_states=True
        )
        last = outputs.last_hidden_state
        average = torch.stack(outputs.hidden_states).mean(dim=0)
        states = torch.cat([average, last, there[:, :, None].to(last.dtype)], dim=-1)
        return functional.pad(states, (0, 0, 0, length - ids.shape[1]))


class _LastStates(nn.Module):
    """Images to the last layer's states: tokens [n, t, d] or maps [n, d, h, w]."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> Tensor:
        return first_of(self.model(pixel_values=images).last_hidden_state)


class _Tokens(nn.Module):
    """Takes the first of tokens [n, t, d], or the mean of the others; of maps [n, d, h, w] the mean over positions."""

    def __init__(self, way: str) -> None:
        super().__init__()
        self.way = way

    def forward(self, states: Tensor) -> Tensor:
        if states.dim() == 4:
            return states.mean(dim=(2, 3))
        return states[:, 0] if self.way == "cls" else states[:, 1:].mean(dim=1)


@contextlib.contextmanager
def _loading(folder: Path, spec: ModelSpec) -> Iterator[None]:
    """Turns what transformers raises over a folder into a `WeightsError` of one sentence.

    Every call inside passes `trust_remote_code=False`: left out, transformers asks on stdin whether to run the folder's
    own code, and a yes that was meant for something else runs it.
    """
    try:
        yield
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        if "trust_remote_code" in str(error):
            raise WeightsError(
                f"{spec.name} needs code that comes with the model ({folder} names it in an auto_map), and ptmbench "
                "never runs a model repository's own code: look for a version of the model without auto_map, one that "
                "a class of transformers loads"
            ) from None
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise WeightsError(f"{spec.name} cannot be loaded from {folder}: {reason}") from None


def _model(folder: Path, config: Any, spec: ModelSpec, seed: int) -> tuple[PreTrainedModel, float | None]:
    """The model with its weights and the share of its tensors that came, or at random initialisation and None."""
    kind: Any = CLIPVisionModel if config.model_type == "clip" else AutoModel
    model: PreTrainedModel
    if spec.random:
        with seeded_draws("random", spec.architecture, seed), _loading(folder, spec):
            if config.model_type == "clip":
                model = kind(config.vision_config)
            else:
                model = kind.from_config(config, trust_remote_code=False)
        model.eval()
        return model, None
    with quiet(), _loading(folder, spec):
        model, report = kind.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, output_loading_info=True, dtype=torch.float32
        )
    absent = [key for key in report["missing_keys"] if not key.startswith(NOT_FEATURES)]
    absent += [str(key) for key in report["mismatched_keys"]]
    total = len(model.state_dict())
    if absent:
        raise WeightsError(
            f"{spec.name} does not fit its architecture, {len(absent)} of {total} tensors: "
            f"{'; '.join(sorted(absent)[:5])}"
        )
    model.eval()
    return model, 1.0


def _text_length(config: Any, tokenizer: Any, reference: Reference) -> int:
    """The tokens that the model takes at most: what is asked for, but no more than model and tokenizer allow."""
    positions = int(getattr(config, "max_position_embeddings", 0) or getattr(config, "n_positions", 0) or 512)
    if config.model_type in OFFSET_POSITIONS:
        positions -= config.pad_token_id + 1
    limit = min(positions, int(tokenizer.model_max_length))
    return min(limit, reference.integer("max_length") or limit)


def _text(folder: Path, config: Any, model: PreTrainedModel, spec: ModelSpec) -> tuple[Backbone, TextPreprocessing]:
    with _loading(folder, spec):
        found = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    tokenizer = fitted_tokenizer(found, config.vocab_size, spec.name)
    preprocessing = TextPreprocessing(
        tokenizer=tokenizer,
        tokenizer_sha256=tokenizer_sha256(tokenizer.backend_tokenizer.to_str().encode()),
        max_length=_text_length(config, tokenizer, parse(spec.reference)),
        vocabulary=config.vocab_size,
    )
    network = model.get_encoder() if config.is_encoder_decoder else model
    network.config.use_cache = False
    causal = any(mark in name for name in config.architectures or () for mark in CAUSAL) or bool(
        getattr(config, "is_decoder", False)
    )
    pools = {
        way: Pool(Pooling(way.removesuffix("_all_layers"), all_layers=way.endswith("_all_layers")), config.hidden_size)
        for way in pool_names(causal=causal)
    }
    padding = config.pad_token_id
    tail = HiddenStates(network, 0 if padding is None or padding < 0 else padding)
    return Backbone(nn.Identity(), tail, pools=pools, last_stage=last_stage(tail)), preprocessing


def image_preprocessing(processor: Any, size: int | None) -> ImagePreprocessing:
    """What an image processor does: shorter side or square, crop from the middle, means, standard deviations."""
    lengths, crop = dict(processor.size), dict(getattr(processor, "crop_size", None) or {})
    square = lengths.get("height")
    shortest = lengths.get("shortest_edge")
    cropped = crop.get("height") if getattr(processor, "do_center_crop", False) else None
    native = int(cropped or square or shortest or SIDE)
    resized = None if square and not cropped else int(square or shortest or native)
    portion = getattr(processor, "crop_pct", None)
    if portion and not cropped and shortest:
        resized = int(shortest / portion)
    side = size or native
    interpolation: Interpolation = "bicubic" if int(processor.resample) == BICUBIC else "bilinear"
    return ImagePreprocessing(
        side=side,
        mean=tuple(processor.image_mean),
        std=tuple(processor.image_std),
        interpolation=interpolation,
        resize=None if resized is None else round(resized * side / native),
    )


def _image(folder: Path, model: PreTrainedModel, spec: ModelSpec) -> tuple[Backbone, ImagePreprocessing]:
    with _loading(folder, spec):
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    preprocessing = image_preprocessing(processor, parse(spec.reference).integer("size"))
    tail = _LastStates(model)
    with torch.inference_mode():
        states = tail(preprocessing.example(2, preprocessing.shape))
    if states.dim() == 4:
        pools = {"mean": Pool(_Tokens("mean"), states.shape[1])}
    else:
        pools = {way: Pool(_Tokens(way), states.shape[-1]) for way in ("cls", "mean")}
    return Backbone(nn.Identity(), tail, pools=pools, last_stage=last_stage(tail)), preprocessing


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """The checkpoint's backbone with its tokenizer or image processor, or the same at random initialisation."""
    folder = folder_of(spec)
    if autoencoders.is_autoencoder(folder):
        return autoencoders.build(spec, folder, weights_sha256(spec), seed)
    with _loading(folder, spec):
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    model, fraction = _model(folder, config, spec, seed)
    backbone: Backbone
    if Modality.TEXT in spec.modalities:
        backbone, preprocessing = _text(folder, config, model, spec)
        return _loaded(backbone.eval(), preprocessing, spec, fraction)
    backbone, pictures = _image(folder, model, spec)
    return _loaded(backbone.eval(), pictures, spec, fraction)


def _loaded(
    backbone: Backbone, preprocessing: TextPreprocessing | ImagePreprocessing, spec: ModelSpec, fraction: float | None
) -> LoadedModel:
    sha256 = None if spec.random else weights_sha256(spec)
    return LoadedModel(backbone, preprocessing, sha256, fraction, tensor_bytes(backbone), None)


PROVIDER = ModelProvider(build, weights_sha256, at_revision, lambda spec, _trusted: fetch(spec))
