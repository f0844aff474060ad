"""ptmbench in Python: `import ptmbench` gives what stands here, and no framework is loaded before a run needs it.

import ptmbench

results = ptmbench.run("resnet_tiny.glyphs", "digits_5shot", methods="linear_probe")
print(results.table())
"""

from ptmbench.api.comparing import GateResult, compare
from ptmbench.api.objects import data, model, pictures
from ptmbench.api.recommending import recommend
from ptmbench.api.results import Results, load
from ptmbench.api.running import run
from ptmbench.errors import UsageError
from ptmbench.records.decision import Decision
from ptmbench.records.record import Record

__all__ = [
    "Decision",
    "GateResult",
    "Record",
    "Results",
    "UsageError",
    "compare",
    "data",
    "load",
    "model",
    "pictures",
    "recommend",
    "run",
]
