"""How the documentation is built: `tox -e docs`, or sphinx-build -W docs build/docs.

Nothing of torch is needed: the cold modules, which autodoc imports, do without it, and the engine's protocols are read
from their source by an extension of our own (mocking its imports breaks on `Tensor | tuple[...]`).
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent / "extensions")]

import ptmbench  # noqa: E402  found through the line above

project = "ptmbench"
author = "the ptmbench contributors"
copyright = author  # noqa: A001  Sphinx's own name
version = release = ptmbench.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "docstrings",
    "command_line",
    "record_fields",
    "protocols",
    "elsewhere",
]
exclude_patterns = ["extensions"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
highlight_language = "none"  # a block without a language is commands, not Python
default_role = "code"  # docstrings write `name` as Markdown does

autodoc_default_options = {"members": True, "member-order": "bysource", "exclude-members": "model_config"}
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88

html_theme = "furo"
html_title = "ptmbench"
html_static_path = ["static"]
html_css_files = ["ptmbench.css"]
html_copy_source = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}

# Files outside this folder, results above all, are copied beside the pages; where a build knows its public repository,
# they are linked there instead, which shows them rendered.
repository_url = os.environ.get("PTMBENCH_DOCS_SOURCE", "")
