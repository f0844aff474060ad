"""Tensors that a load would pass over or misread without a word: adapters beside the layers, quantised weights."""

import re
from collections.abc import Collection, Iterable, Mapping

from torch import Tensor

from ptmbench.errors import WeightsError, listed

ADAPTER = re.compile(  # what loralib, PEFT and AdapterHub call what they put beside a layer
    r"\.(?:base_layer|lora_\w+|ia3_l|hada_w\w+|lokr_w\w+|b?oft_\w+|vera_lambda_\w+|(?:\w+_)?adapters?(?:_\w+)?)(?=\.|$)"
)
PEFT = "base_model.model."  # what PEFT puts before all names
NARROWEST = 2  # bytes of a floating number that stands for itself: float8 comes with scales


def adapters(layers: Collection[str], unused: Iterable[str]) -> list[str]:
    """Of the tensors that a network has no place for, those that adapt one of its layers."""
    return sorted(key for key in unused if (found := ADAPTER.search(key)) and _is_layer(key[: found.start()], layers))


def _is_layer(path: str, layers: Collection[str]) -> bool:
    """Whether a path ends in that of a layer; trainers put names of their own before it.

    A number alone is such an end only as the whole path: every list of layers has a `0`.
    """
    path = path.removeprefix(PEFT)
    parts = path.split(".")
    ends = (".".join(parts[place:]) for place in range(len(parts)))
    return any(end in layers and (end == path or not end.isdecimal()) for end in ends)


def refuse_adapters(layers: Collection[str], unused: Iterable[str], name: str, otherwise: str) -> None:
    """Raises `WeightsError` for adapters beside the weights; `otherwise` says how to measure the model without them."""
    if found := adapters(layers, unused):
        raise WeightsError(
            f"{name}: the weights hold {len(found)} tensors of an adapter that is not merged into its layers "
            f"({listed(found)}), and the features would be those of the model without it; next: merge it and save the "
            f"model again (PEFT: model.merge_and_unload(); loralib: model.eval() before state_dict()), or {otherwise}"
        )


def refuse_quantised(kinds: Mapping[str, str], name: str) -> None:
    """Raises `WeightsError` for weights of floating numbers that are stored as others; `kinds` says as which."""
    if kinds:
        shown = [f"{key} ({kind})" for key, kind in sorted(kinds.items())]
        raise WeightsError(
            f"{name}: {len(kinds)} tensors of quantised numbers stand where the model has floating ones, and nothing "
            f"says how to scale them: {listed(shown)}; next: take the original weights, or dequantise them and save "
            "them as float32, float16 or bfloat16"
        )


def misread(wanted: Mapping[str, Tensor], kinds: Mapping[str, str]) -> dict[str, str]:
    """Of the tensors stored as narrow numbers, those that fill floating parameters or buffers of a network."""
    floating = {key for key, value in wanted.items() if value.is_floating_point()}
    return {key: kind for key, kind in kinds.items() if _is_layer(key, floating)}


def narrow(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """The tensors that hold no floating numbers of 16 bits or more, each with the type that they have."""
    return {
        key: str(value.dtype).removeprefix("torch.")
        for key, value in tensors.items()
        if not value.is_complex() and not (value.is_floating_point() and value.element_size() >= NARROWEST)
    }
