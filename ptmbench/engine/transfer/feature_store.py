"""Features kept on disk: computed once for all runs and processes that would compute the same.

The name of a file is the digest of all that its features depend on, and the file holds that in full, so that neither a
collision nor a file of another name's is taken for them. Nothing of a file is believed that was not checked; whatever
cannot be read is computed, and whatever cannot be written leaves a note.
"""

import hashlib
import json
import math
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ptmbench.engine.transfer.feature_identity import Identity
from ptmbench.files.cache_folder import CacheFolder, touch
from ptmbench.files.tensor_files import UnusableFile, read_array, write_array

KEY: Final = "ptmbench_features"
SECONDS: Final = "feature_time_s"
LEAST_S: Final = 0.02  # what takes no longer is not worth a file
LEAST_S_A_BYTE: Final = 2 / 2**30  # a GiB is read and checked in 0.4 s here, and written, once, in 4


class Stored(NamedTuple):
    """Features [n, ...] as they were computed, and the seconds that took."""

    array: NDArray[np.float32]
    feature_time_s: float


@dataclass(slots=True)
class FeatureStore:
    """Features on disk; `note` says why they are not kept, once they could not be."""

    folder: CacheFolder
    note: str | None = None

    def read(self, identity: Identity) -> Stored | None:
        """The features of that identity; None where there are none, or none that can be trusted."""
        key = _key(identity)
        file = self.folder.file(_digest(key))
        try:
            array, words = read_array(file, {KEY: key})
            seconds = float(words[SECONDS])
        except (OSError, UnusableFile, LookupError, ValueError, TypeError):
            return None
        if not math.isfinite(seconds) or seconds < 0:
            return None
        touch(file)
        return Stored(array, seconds)

    def write(self, identity: Identity, array: NDArray[np.float32], feature_time_s: float) -> None:
        """Keeps features, if there is room for them; what was not used for the longest time makes it."""
        if self.note is not None or not array.size:
            return
        key = _key(identity)
        words = {KEY: key, SECONDS: repr(float(feature_time_s))}
        try:
            if self.folder.make_room(array.nbytes):
                write_array(self.folder.file(_digest(key)), array, words)
        except OSError as error:
            self.note = (
                f"features are not kept on disk, so that the next run computes them again: {self.folder.path} cannot "
                f"be written ({error.strerror}); set PTMBENCH_CACHE to another folder, or to off"
            )


def pays(array_bytes: int, feature_time_s: float) -> bool:
    """Whether features of that size are read sooner than computed."""
    return feature_time_s >= LEAST_S + LEAST_S_A_BYTE * array_bytes


def _key(identity: Identity) -> str:
    return json.dumps(identity, sort_keys=True)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
