"""A network told by content: its tensors, and the classes it is made of with their settings.

Equal settings are told in equal words in every process. A setting of a kind that is not known is told by its class:
what tells apart two networks of equal tensors and modules must stand beside it, in the reference or the code's version.
"""

import enum
import functools
import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn

OF_EVERY_MODULE: Final = frozenset(vars(nn.Module()))  # parameters, buffers, hooks: told otherwise, or not at all
PLACES: Final = frozenset({"name_or_path", "_name_or_path", "_commit_hash"})  # where a configuration came from
DEEPEST: Final = 6  # settings within settings: one that holds itself would have no end

Teller = Callable[[Any, Callable[[Any], str]], str]


def tensor_sha256(tensor: Tensor) -> str:
    """Over type, shape and bytes."""
    digest = hashlib.sha256(f"{tensor.dtype} {list(tensor.shape)}\n".encode())
    content = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    digest.update(content.numpy().data)
    return digest.hexdigest()


def tensors_sha256(module: nn.Module) -> str:
    """Over names, types, shapes and bytes of all parameters and buffers, those that are never saved too."""
    named = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    lines = [f"{name} {tensor_sha256(tensor)}" for name, tensor in sorted(named.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def structure_sha256(module: nn.Module) -> str:
    """Over the names and classes of all modules and their settings: what tensors do not say."""
    configurations: dict[int, str] = {}  # each part of a model of transformers holds the same one
    digest = hashlib.sha256()
    for name, part in module.named_modules():
        digest.update(f"{name} {_called(type(part))}\n".encode())
        for key, value in sorted(vars(part).items()):
            if key in OF_EVERY_MODULE | PLACES:
                continue
            if hasattr(value, "to_dict") and not isinstance(value, type):
                told = configurations.get(id(value)) or configurations.setdefault(id(value), _of_configuration(value))
            else:
                told = _told(value)
            digest.update(f"{key}={told}\n".encode(errors="surrogatepass"))
    return digest.hexdigest()


def _of_configuration(found: Any) -> str:
    """A configuration of transformers, with the way of attention that was chosen on this machine."""
    return _told({**found.to_dict(), "attention": getattr(found, "_attn_implementation", None)})


def _called(found: Any) -> str:
    return f"{getattr(found, '__module__', '')}.{getattr(found, '__qualname__', getattr(found, '__name__', ''))}"


def _of_pairs(value: Mapping[Any, Any], told: Callable[[Any], str]) -> str:
    pairs = sorted(f"{told(key)}: {told(held)}" for key, held in value.items() if key not in PLACES)
    return f"{{{', '.join(pairs)}}}"


PLAIN: Final = (type(None), bool, int, float, str, bytes, enum.Enum, torch.dtype, torch.device)
TELLERS: Final[tuple[tuple[Any, Teller], ...]] = (
    (PLAIN, lambda value, _: repr(value)),
    (Tensor, lambda value, _: tensor_sha256(value)),
    (Mapping, _of_pairs),
    ((set, frozenset), lambda value, told: f"{{{', '.join(sorted(map(told, value)))}}}"),
    ((list, tuple), lambda value, told: f"[{', '.join(map(told, value))}]"),
    (functools.partial, lambda value, told: told([value.func, value.args, value.keywords])),
)


def _told(value: Any, depth: int = 0) -> str:
    """A setting in words."""
    if depth > DEEPEST:
        return "..."
    for kinds, tell in TELLERS:
        if isinstance(value, kinds):
            return tell(value, functools.partial(_told, depth=depth + 1))
    return _called(value if inspect.isroutine(value) or inspect.isclass(value) else type(value))
