"""Tests of `ptmbench.stages`: what a process is at."""

from ptmbench.stages import Stages


def test_a_stage_is_told_with_its_detail():
    """A line names the stage and how far it has come, and nothing where nothing was said."""
    stages = Stages()
    assert "" == str(stages)

    stages.at("training", "step 4 of 40")
    assert "training, step 4 of 40" == str(stages)

    stages.at("fitting")
    assert "fitting" == str(stages)


def test_only_another_stage_is_a_change():
    """Whoever waits for a change is called when a stage begins, not at each of its steps."""
    stages, calls = Stages(), []
    stages.changed.append(lambda: calls.append(stages.name))

    for name, detail in (("training", "1"), ("training", "2"), ("fitting", ""), ("training", "1")):
        stages.at(name, detail)

    assert ["training", "fitting", "training"] == calls
