"""Cases of frozen features that have run, for tests of what is measured behind a run."""

from ptmbench.catalog.cases import find_case
from ptmbench.engine.frozen_cases import frozen_run


def probed(bench, task, method="linear_probe", model="resnet_tiny.glyphs"):
    """A case, and its run at the first seed."""
    case = find_case(model, task, method)
    run = frozen_run(bench, case)
    run.seed(0)
    return case, run
