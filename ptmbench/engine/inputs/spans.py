"""Sparse vectors as short dense ones, without a loss for what is learned from them.

A linear classifier with an L2 penalty never leaves the space that its training examples span (the representer theorem,
Kimeldorf & Wahba 1971), and neighbours by cosine are told by inner products and lengths: hundreds of thousands of
columns can be told by as many coordinates as there are examples to learn from. With the inner products K of these and
K = L L^T (Cholesky), row i of L holds the coordinates of example i, and those of any other x are L^-1 times its inner
products with them. One more coordinate holds the length of what x has outside of that space.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from scipy.sparse import csr_matrix
from torch import Tensor

PART: Final = 512  # rows whose inner products are computed at a time
REPEATED: Final = 1e-8  # added to squared lengths of 1, which float32 cannot tell: equal examples leave K singular


def coordinates(vectors: csr_matrix, known: Sequence[int]) -> Tensor:
    """Coordinates of all rows in the space that some of them span.

    Inner products with known rows are kept, and so are the lengths of all rows; what two others have in common outside
    of that space is not. The coordinates of known rows depend on known rows alone.

    Args:
        vectors: [n, d], rows of norm 1 or 0.
        known: Places of the rows that span the space, each once.

    Returns:
        [n, known rows + 1], float32.
    """
    places, size = np.asarray(known, dtype=np.int64), len(known)
    lengths = torch.from_numpy(np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel())
    found = torch.zeros(vectors.shape[0], size + 1)
    basis = vectors[places]
    lower = _lower(basis)
    found[places, :size] = lower.float()
    others = np.setdiff1d(np.arange(vectors.shape[0]), places)
    for start in range(0, len(others), PART):
        part = others[start : start + PART]
        inside = torch.linalg.solve_triangular(lower, _products(vectors[part], basis).T, upper=False).T
        outside = (lengths[part] - inside.square().sum(1)).clamp_min(0).sqrt()
        found[part] = torch.cat([inside, outside[:, None]], dim=1).float()
    found[lengths == 0] = 0
    return found


def _lower(basis: csr_matrix) -> Tensor:
    """L [m, m] of the inner products of m rows, double precision."""
    products = torch.empty(basis.shape[0], basis.shape[0], dtype=torch.float64)
    for start in range(0, basis.shape[0], PART):
        products[start : start + PART] = _products(basis[start : start + PART], basis)
    products.diagonal().add_(REPEATED)
    lower: Tensor = torch.linalg.cholesky(products)
    return lower


def _products(rows: csr_matrix, basis: csr_matrix) -> Tensor:
    return torch.from_numpy((rows @ basis.T).toarray())
