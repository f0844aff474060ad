"""Tests of `ptmbench.engine.inputs.spans`: fewer coordinates, and nothing lost that is learned from."""

import numpy as np
import torch
from scipy.sparse import csr_matrix, random_array
from sklearn.preprocessing import normalize

from ptmbench.engine.inputs import spans
from ptmbench.engine.inputs.spans import coordinates

KNOWN = (3, 0, 7, 5, 9, 12)


def rows(seed=0, count=40, columns=300):
    """Sparse rows of norm 1; two known ones are equal, one known and one other row are empty."""
    found = random_array((count, columns), density=0.05, rng=np.random.default_rng(seed)).toarray()
    found[5], found[9], found[20] = found[3], 0, 0
    return csr_matrix(normalize(found))


def test_inner_products_with_known_rows_and_all_lengths_are_kept(monkeypatch):
    """Every row has the length it had, and the inner products with known rows that it had, also in small parts."""
    vectors = rows()
    expected = torch.from_numpy(vectors.toarray()).float()
    for part in (spans.PART, 4):
        monkeypatch.setattr(spans, "PART", part)

        found = coordinates(vectors, KNOWN)

        assert (40, len(KNOWN) + 1) == tuple(found.shape)
        torch.testing.assert_close(found @ found[list(KNOWN)].T, expected @ expected[list(KNOWN)].T, atol=2e-6, rtol=0)
        torch.testing.assert_close(found.norm(dim=1), expected.norm(dim=1), atol=2e-6, rtol=0)


def test_an_empty_row_stays_at_the_origin():
    """A row without any value has no coordinate, be it known or not."""
    assert not coordinates(rows(), KNOWN)[[9, 20]].any()


def test_known_rows_are_told_by_known_rows_alone():
    """Other rows in place of the unknown ones leave the coordinates of known rows as they are."""
    first, other = rows().toarray(), rows(seed=1).toarray()
    other[list(KNOWN)] = first[list(KNOWN)]
    found, again = (coordinates(csr_matrix(vectors), KNOWN) for vectors in (first, other))

    assert torch.equal(found[list(KNOWN)], again[list(KNOWN)])
    assert not torch.equal(found[1], again[1])
