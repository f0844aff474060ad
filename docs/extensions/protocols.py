"""What the engine's protocols are, read from their source and never imported: importing them would need torch.

    ```{protocol} ../../ptmbench/engine/models/backbone.py
    Backbone
    LoadedModel
    ```

shows of each class or function its docstring, its outline, and what its methods say.
"""

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

Definition = ast.ClassDef | ast.FunctionDef
WIDTH = 100  # letters of an outline's line, beyond which its arguments stand one a line
SILENT = ast.Expr(ast.Constant(...))


def definitions(tree: ast.Module) -> dict[str, ast.stmt]:
    """What a module defines at its top, by name: classes, functions and constants."""
    found: dict[str, ast.stmt] = {}
    for node in tree.body:
        if isinstance(node, Definition):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = node
    return found


def public(node: Definition) -> list[ast.FunctionDef]:
    """The methods that a user calls or writes."""
    methods = (
        [part for part in node.body if isinstance(part, ast.FunctionDef)] if isinstance(node, ast.ClassDef) else []
    )
    return [method for method in methods if not method.name.startswith("_")]


def outline(node: ast.stmt) -> str:
    """The definition without what it does: fields, signatures, and a constant as it stands."""
    if not isinstance(node, Definition):
        return ast.unparse(node)
    head = [part for part in node.body if isinstance(part, ast.AnnAssign)] if isinstance(node, ast.ClassDef) else []
    shown = [_signature(method) for method in _methods(node)]
    node.body = [*head, *shown] or [SILENT]
    return "\n".join(line for whole in ast.unparse(node).splitlines() for line in _broken(whole))


def _methods(node: Definition) -> list[ast.FunctionDef]:
    """The public methods, and before them the constructor where it is written out."""
    parts = node.body if isinstance(node, ast.ClassDef) else []
    made = [part for part in parts if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
    return [*made, *public(node)]


def _signature(method: ast.FunctionDef) -> ast.FunctionDef:
    method.body = [SILENT]
    return method


def _broken(line: str) -> list[str]:
    """The line, or where it is too long its arguments one a line."""
    if len(line) <= WIDTH or "(" not in line or ")" not in line:
        return [line]
    head, _, rest = line.partition("(")
    arguments, _, tail = rest.rpartition(")")
    indent = " " * (len(line) - len(line.lstrip()))
    inner = ast.parse(f"def _({arguments}): ...").body[0]
    assert isinstance(inner, ast.FunctionDef)  # noqa: S101  what was just written
    return [f"{head}(", *(f"{indent}    {part}," for part in _arguments(inner.args)), f"{indent}){tail}"]


def _arguments(given: ast.arguments) -> Iterator[str]:
    """Each argument with its annotation and default."""
    defaults: list[ast.expr | None] = [None] * (len(given.args) - len(given.defaults))
    defaults += given.defaults
    for argument, default in zip(given.args, defaults, strict=True):
        yield ast.unparse(argument) + (f" = {ast.unparse(default)}" if default else "")
    if given.kwonlyargs:
        yield "*"
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield ast.unparse(argument) + (f" = {ast.unparse(default)}" if default else "")


def lines_of(name: str, node: ast.stmt) -> Iterator[str]:
    """One definition in Markdown."""
    told = [(method.name, ast.get_docstring(method)) for method in public(node)] if isinstance(node, Definition) else []
    text = (ast.get_docstring(node) or "") if isinstance(node, Definition) else ""
    yield from (f"### {name}", "", text, "", "```python", outline(node), "```", "")
    for method, said in told:
        if said:
            yield from (f"`{method}`", textwrap.indent(said, "  ").replace("  ", ": ", 1), "")


class Protocol(SphinxDirective):
    """The definitions of one file that are named, under the docstring of the file."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """A section for the file, with one for each name in it."""
        relative, file = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(file)
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
        known = definitions(tree)
        lines = [f"## {relative.lstrip('./')}", "", ast.get_docstring(tree) or "", ""]
        for name in self.content:
            if name not in known:
                raise self.error(f"{relative} defines no {name}")
            lines += lines_of(name, known[name])
        return self.parse_text_to_nodes("\n".join(lines), allow_section_headings=True)


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.add_directive("protocol", Protocol)
    return {"parallel_read_safe": True}
