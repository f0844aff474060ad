"""What a file of weights holds, told without building anything of it: tensors, types, and what its pickle would call.

A pickle is a program: GLOBAL, STACK_GLOBAL and INST name a class or function, which REDUCE and others call. torch's own
reader takes a short list of names and refuses the rest; here they are listed before anything is read.
"""

import io
import math
import pickletools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from ptmbench.errors import UsageError
from ptmbench.files.pickle_names import NO_ARCHIVE, pickle_of
from ptmbench.files.weight_kinds import is_safetensors, is_torch_archive, not_weights
from ptmbench.reading import content_of, json_of, opened

SAFETENSORS: Final = "safetensors"
LARGEST_HEADER: Final = 100 * 2**20  # bytes, as safetensors' own reader has it
MOST_BYTES: Final = 2**28  # of a pickle that is looked through
TEXTS: Final = frozenset({"BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "UNICODE", "SHORT_BINSTRING", "BINSTRING"})
PUTS: Final = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
GETS: Final = frozenset({"GET", "BINGET", "LONG_BINGET"})
EXTENSIONS: Final = frozenset({"EXT1", "EXT2", "EXT4"})
BROKEN: Final = (*NO_ARCHIVE, LookupError, TypeError, AttributeError)
PERSISTENT: Final = frozenset({"PERSID", "BINPERSID"})  # what lies outside of the pickle: the values of a tensor
TENSOR: Final = ""
HIDDEN: Final = "an object whose name is made up while it is read"
TENSORS: Final = re.compile(  # what torch's reader of weights takes (`weights_only`), as far as checkpoints use it
    r"torch\._utils\._rebuild_(tensor(_v[23])?|parameter(_with_state)?|sparse_tensor|meta_tensor_no_storage|qtensor)"
    r"|torch\._tensor\._rebuild_from_type_v2|torch(\.storage)?\.\w*Storage|torch\.(Size|Tensor|device)"
    r"|torch\.nn\.parameter\.Parameter|torch\.(float|bfloat|int|uint|complex|bool|q)\w*|torch\.serialization\._get_layout"
    r"|collections\.(OrderedDict|Counter|defaultdict)|_codecs\.encode|(builtins|__builtin__)\.(set|bytearray|complex)"
)


@dataclass(frozen=True, slots=True)
class WeightContents:
    """What stands in a file of weights.

    `types` are the types of its `tensors`, of safetensors with how many there are of each. `numbers` is how many
    values safetensors hold, None for a pickle. `calls` are the classes and functions that a pickle names, `refused`
    those among them that are neither tensors nor plain mappings.
    """

    format: str
    tensors: int
    types: tuple[str, ...]
    numbers: int | None = None
    calls: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()

    def told(self) -> list[str]:
        """The contents in lines."""
        held = f"{self.tensors:,} tensors" + (f" ({', '.join(self.types)})" if self.types else "")
        lines = [f"{self.format}, {held}" + (f", {self.numbers:,} values" if self.numbers is not None else "")]
        if self.calls:
            lines.append(f"its pickle names {', '.join(self.calls)}")
        return lines


def contents_of(file: Path) -> WeightContents:
    """Looks through a file of weights; raises `UsageError` for what is none."""
    if fault := not_weights(file):
        raise UsageError(f"{file} {fault}")
    try:
        if is_safetensors(file):
            return _of_safetensors(file)
        if is_torch_archive(file):
            return _of_pickle("torch archive", pickle_of(file, MOST_BYTES))
        return _of_pickle("torch pickle of before version 1.6", content_of(file)[:MOST_BYTES])
    except BROKEN as error:
        raise UsageError(f"{file} is no whole file of weights ({error}): download it again") from None


def _of_safetensors(file: Path) -> WeightContents:
    with opened(file) as stream:
        length = int.from_bytes(stream.read(8), "little")
        if length > LARGEST_HEADER:
            raise ValueError(f"a header of {length:,} bytes")
        header: dict[str, dict[str, Any]] = json_of(stream.read(length))
    tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
    types = tuple(f"{count:,} {name}" for name, count in sorted(Counter(str(t["dtype"]) for t in tensors).items()))
    return WeightContents(SAFETENSORS, len(tensors), types, sum(math.prod(tensor["shape"]) for tensor in tensors))


def _of_pickle(form: str, content: bytes) -> WeightContents:
    found = [*_named(content)]
    calls = tuple(sorted(set(found) - {TENSOR}))
    types = tuple(name.rpartition(".")[2].removesuffix("Storage") for name in calls if name.endswith("Storage"))
    refused = tuple(name for name in calls if not TENSORS.fullmatch(name))
    return WeightContents(form, found.count(TENSOR), types, None, calls, refused)


def _named(content: bytes) -> Iterator[str]:
    """The classes and functions that a row of pickles names, in turn, and `TENSOR` for each tensor.

    It ends where no pickle begins any more; raises `ValueError` where none does.
    """
    stream, whole = io.BytesIO(content), 0
    while stream.tell() < len(content):
        pickle = _Pickle()
        try:
            for operation, value, _ in pickletools.genops(stream):
                whole += operation.name == "STOP"
                if (name := pickle.name_of(operation.name, value)) is not None:
                    yield name
        except ValueError:
            if not whole:
                raise
            return  # the values follow in files of before 1.6


@dataclass(slots=True)
class _Pickle:
    """The texts that a pickle has made so far, and those that it remembers."""

    texts: list[str] = field(default_factory=list)
    memo: dict[int, str] = field(default_factory=dict)

    def name_of(self, kind: str, value: Any) -> str | None:
        """What an operation names; None where it names nothing."""
        if kind in PERSISTENT:
            return TENSOR
        if kind in {"GLOBAL", "INST"}:
            return str(value).replace(" ", ".", 1)
        if kind in EXTENSIONS:
            return HIDDEN
        if kind == "STACK_GLOBAL":
            return ".".join(self.texts[-2:]) if len(self.texts) > 1 and all(self.texts[-2:]) else HIDDEN
        self._noted(kind, value)
        return None

    def _noted(self, kind: str, value: Any) -> None:
        if kind in TEXTS:
            self.texts.append(str(value))
        elif kind in GETS:
            self.texts.append(self.memo.get(int(value), ""))
        elif kind in PUTS or kind == "MEMOIZE":
            self.memo[len(self.memo) if value is None else int(value)] = self.texts[-1] if self.texts else ""
