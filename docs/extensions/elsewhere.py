"""Links that lead out of the documentation: to results, workflows and the files that it is about.

They are written as they work in a checkout. `repository_url` of conf.py turns them into addresses of a public
repository; without it Sphinx copies each file beside the pages.
"""

import re
from typing import Any

OUT = re.compile(r"\]\(\.\./([^)]+)\)")


def lead(app: Any, docname: str, source: list[str]) -> None:
    """Rewrites the links of a page before it is parsed, as `source-read` asks."""
    if "/" in docname:
        return  # pages below this folder lead to each other only
    base = app.config.repository_url.rstrip("/")
    source[0] = OUT.sub(rf"]({base}/\1)" if base else r"](path:../\1)", source[0])


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.add_config_value("repository_url", "", "env")
    app.connect("source-read", lead)
    return {"parallel_read_safe": True}
