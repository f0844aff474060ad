"""Tests of `ptmbench.recommend`."""

import pytest

import ptmbench


def test_it_answers_as_the_command_does(tmp_path):
    """A decision comes back, and lies in the folder that was named."""
    found = ptmbench.recommend(
        "digits_1shot",
        ["resnet_tiny.glyphs", "vae_tiny.glyphs"],
        methods="linear_probe",
        results=tmp_path,
        device="cpu",
        threads=1,
    )

    assert isinstance(found, ptmbench.Decision)
    assert "resnet_tiny.glyphs" == found.pick.model
    assert (tmp_path / "decision.json").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"within": 200.0}, "points of the metric"),
        ({"max_size_mib": 0.0}, "expected a size above 0 MiB"),
        ({"licences": ["nope"]}, "no model has the licence 'nope'"),
        ({"time_s": 1.0, "budget_share": 0.1}, "give one of them"),
        ({"methods": ["probe"]}, "no method is called 'probe'"),
    ],
)
def test_what_makes_no_sense_is_told(tmp_path, options, said):
    """Each in one message, before anything is built."""
    with pytest.raises(ptmbench.UsageError, match=said):
        ptmbench.recommend("digits_1shot", results=tmp_path, **options)
