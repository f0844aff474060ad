"""What files decode to, kept on disk at the size that networks take: each is decoded once, by whoever needs it first.

A row is the input of one example before it is normalised, in bytes where the picture was resized in bytes, so that
networks which take the same geometry share it. Whatever cannot be kept is decoded at every pass.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ptmbench.files.cache_folder import CacheFolder, touch
from ptmbench.files.row_files import SUPPORTED, RowFile, open_rows, size_of


@dataclass(slots=True)
class KeptRows:
    """The rows of a data set in a cache folder; `identity` is all that they depend on, `examples` how many there are.

    Neither shape nor type is known before the first row was made. `broken` says that nothing more is kept.
    """

    folder: CacheFolder
    identity: Mapping[str, object]
    examples: int
    broken: bool = not SUPPORTED
    _file: RowFile | None = field(default=None, repr=False)
    _form: Tensor | None = field(default=None, repr=False)

    def __reduce__(self) -> tuple[type["KeptRows"], tuple[CacheFolder, Mapping[str, object], int, bool]]:
        """A process that is not forked opens the file for itself."""
        return KeptRows, (self.folder, self.identity, self.examples, self.broken)

    @property
    def begun(self) -> bool:
        """Whether the file is open."""
        return self._file is not None

    def begin(self, row: Tensor) -> None:
        """Opens the file of rows like this one, or makes it, if there is room."""
        if self.broken or self._file is not None:
            return
        form = torch.empty_like(row)
        key = json.dumps({**self.identity, "shape": list(form.shape), "dtype": str(form.dtype)}, sort_keys=True)
        path = self.folder.file(hashlib.sha256(key.encode()).hexdigest(), "pictures")
        try:
            there = path.is_file()
            if there or self.folder.make_room(size_of(key, self.examples, form.nbytes)):
                self._file = open_rows(path, key, self.examples, form.nbytes)
                touch(path)
        except OSError:
            pass
        self._form, self.broken = form, self._file is None

    def missing(self, examples: Iterable[int]) -> list[int]:
        """Which of these have no row yet, in their order, each once."""
        wanted = list(dict.fromkeys(examples))
        if self._file is None:
            return wanted
        held = self._file.held()
        return [example for example in wanted if not held[example]]

    def keep(self, example: int, row: Tensor) -> None:
        """Keeps a row, or nothing more where that fails."""
        self.begin(row)
        if self._file is None or self.broken:
            return
        try:
            self._file.write(example, _bytes_of(row.contiguous()))
        except OSError:  # the disk is full
            self.broken = True

    def read(self, examples: Sequence[int]) -> Tensor | None:
        """The rows [n, ...] of these; None where one of them is not there, or not as it was written."""
        if self._file is None or self._form is None:
            return None
        rows = torch.empty(len(examples), *self._form.shape, dtype=self._form.dtype)
        content, size = _bytes_of(rows), self._file.size
        for place, example in enumerate(examples):
            if not self._file.read(example, content[place * size : (place + 1) * size]):
                return None
        return rows


def _bytes_of(tensor: Tensor) -> memoryview:
    return tensor.numpy().data.cast("B")
