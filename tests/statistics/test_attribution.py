"""Tests of what is said of maps: those that know nothing gain nothing, and those that point are seen to."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from ptmbench.statistics.attribution import (
    centre_prior,
    edges,
    mass_inside,
    over_controls,
    places_in_order,
    rank_agreement,
)


@pytest.fixture
def rng():
    """A generator with a seed."""
    return np.random.default_rng(0)


def test_a_uniform_map_has_its_share_inside(rng):
    """What knows nothing gives 1, whatever the object's size; a map of zeros counts as uniform."""
    masks = rng.random((20, 8, 8)) < np.linspace(0.1, 0.9, 20)[:, None, None]
    masks[:, 0, 0] = True

    assert np.allclose(1, mass_inside(np.ones(masks.shape), masks))
    assert np.allclose(1, mass_inside(np.zeros(masks.shape), masks))


def test_a_map_on_the_object_has_all_its_mass_there(rng):
    """The object's own mask as map gives one over its area, the opposite nothing."""
    masks = rng.random((5, 8, 8)) < 0.25

    assert np.allclose(1 / masks.mean(axis=(1, 2)), mass_inside(masks.astype(float), masks))
    assert np.allclose(0, mass_inside(1.0 - masks, masks))
    assert np.allclose(1 / masks.mean(axis=(1, 2)), mass_inside(np.where(masks, 2.0, -5.0), masks))


def test_agreement_is_spearman_s(rng):
    """SciPy's correlation of ranks of each pair, ties included; 0 where a map is constant."""
    first, second = rng.random((6, 5, 5)), rng.integers(0, 4, (6, 5, 5)).astype(float)
    expected = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(first, second, strict=True)]

    assert expected == pytest.approx(rank_agreement(first, second))
    assert [0] == rank_agreement(first[:1], np.ones((1, 5, 5))).tolist()


def test_equal_places_fall_in_random_order(rng):
    """The greatest comes first; of equal ones each is first equally often."""
    maps = np.zeros((4000, 2, 2))
    maps[:, 1, 1] = 1
    places = places_in_order(maps, rng)

    assert (places[:, 1, 1] == 0).all()
    assert (np.sort(places.reshape(-1, 4)) == np.arange(4)).all()
    assert pytest.approx(1 / 3, abs=0.03) == (places[:, 0, 0] == 1).mean()


def test_controls_know_the_picture_alone():
    """The centre prior is highest in the middle and even, edges lie where brightness changes."""
    prior = centre_prior((2, 9, 9))
    pictures = np.zeros((1, 3, 6, 6))
    pictures[..., 3:] = 1

    assert (4, 4) == np.unravel_index(prior[0].argmax(), (9, 9))
    assert np.allclose(prior[0], prior[0, ::-1, ::-1])
    assert {2, 3} == set(np.nonzero(edges(pictures)[0])[1].tolist())


def test_nothing_lies_above_the_best_control(rng):
    """A map that is one of the controls gains nothing; one that is better by a little everywhere gains just that."""
    controls = {name: rng.random(100) for name in ("random", "edges")}
    best = max(controls, key=lambda name: controls[name].mean())
    same, more = (over_controls(controls[best] + extra, controls, rng) for extra in (0.0, 0.5))

    assert (0.0, best) == (same.value, same.control)
    assert same.interval95[0] <= 0
    assert pytest.approx(0.5) == more.value
    assert more.interval95[0] <= 0.5 <= more.interval95[1] + 1e-9


def test_intervals_hold_what_they_promise(rng):
    """Of 200 samples the interval of a gain over one control holds the true one in about 95 %."""
    held = 0
    for _ in range(200):
        control = rng.normal(size=60)
        found = over_controls(control + rng.normal(0.2, 1.0, size=60), {"random": control}, rng)
        held += found.interval95[0] <= 0.2 <= found.interval95[1]

    assert 180 <= held <= 198
