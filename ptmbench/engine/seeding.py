"""Randomness that depends on names, never on the order of events.

Every draw takes a seed derived from what it is for (`derive("batches", task, 3)`), so a case gives the same figures
alone, in reverse order, after a resume and with a cold or a warm cache. Nothing here reads or leaves a trace in the
global generators.
"""

import contextlib
import hashlib
from collections.abc import Iterator

import numpy as np
import torch

SEED_BITS = 63


def derive(*parts: str | int) -> int:
    """A seed in [0, 2**63) from the names of what it is for: the head of SHA-256 over the parts."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> (64 - SEED_BITS)


def torch_generator(*parts: str | int) -> torch.Generator:
    """A CPU generator seeded by `derive(*parts)`; draws are made on the CPU so that every device sees the same."""
    return torch.Generator().manual_seed(derive(*parts))


def numpy_generator(*parts: str | int) -> np.random.Generator:
    """A NumPy generator seeded by `derive(*parts)`."""
    return np.random.Generator(np.random.PCG64(derive(*parts)))


@contextlib.contextmanager
def seeded_draws(*parts: str | int) -> Iterator[None]:
    """What draws from the global generators inside (new weights, dropout) draws from `derive(*parts)`.

    The CPU generator is put back after.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(*parts))
        yield
