"""What libraries that fetch by themselves are wrapped in: no network while a model is built, and digests of tensors."""

import contextlib
import hashlib
import socket
from collections.abc import Iterator
from types import ModuleType
from typing import Any, NoReturn
from unittest import mock

from torch import nn

from ptmbench.errors import UsageError


def _refused(*_arguments: Any, **_options: Any) -> NoReturn:
    raise OSError("the network is not touched by a run")


@contextlib.contextmanager
def no_network() -> Iterator[None]:
    """No name is resolved and nothing connected to inside the block: what would download fails instead."""
    with (
        mock.patch.object(socket, "getaddrinfo", _refused),
        mock.patch.object(socket, "create_connection", _refused),
    ):
        yield


def missing_extra(library: str, extra: str) -> UsageError:
    """What to say where a library of an extra is not installed."""
    return UsageError(f"{library} is not installed: pip install 'ptmbench[{extra}]'")


def imported(library: str, extra: str) -> ModuleType:
    """The library of an extra; raises `UsageError` with the line that installs it."""
    import importlib

    try:
        return importlib.import_module(library)
    except ImportError as error:
        if error.name and error.name.partition(".")[0] != library.partition(".")[0]:
            raise UsageError(f"{library} cannot be imported: {error}; pip install 'ptmbench[{extra}]'") from None
        raise missing_extra(library, extra) from None


def state_sha256(network: nn.Module) -> str:
    """sha256 over the names and bytes of all tensors, for weights whose file only their library knows."""
    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
