"""The hot side: everything that imports a framework. Nothing outside it does."""

import os

# torch's profiler writes its start and stop to stderr unless it is told not to before torch is imported.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")
