"""The page of the record's fields, made from the committed JSON schema that other programs read.

```{record-fields} ../results/record.schema.json
```
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

Schema = dict[str, Any]
SHA256 = "^[0-9a-f]{64}$"
TAIL = "[]"  # behind the path of what stands in a list


def name_of(reference: str) -> str:
    """The name of a definition that a reference leads to."""
    return reference.rpartition("/")[2]


def parts(schema: Schema, definition: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every object in the record with its path from the root, depth first."""
    yield path, definition
    for name, field in definition["properties"].items():
        for reference, listed in references(field):
            target = schema["$defs"][name_of(reference)]
            if "properties" in target:
                whole = f"{path}.{name}" if path else name
                yield from parts(schema, target, whole + TAIL * listed)


def references(field: Schema) -> Iterator[tuple[str, bool]]:
    """The definitions that a field leads to, and whether it holds a list of them."""
    for choice in field.get("anyOf", [field]):
        if "$ref" in choice:
            yield choice["$ref"], False
        elif "$ref" in choice.get("items", {}) and isinstance(choice["items"], dict):
            yield choice["items"]["$ref"], True


def type_of(field: Schema) -> str:
    """What a field holds, in words."""
    if "anyOf" in field:
        return " or ".join(type_of(choice) for choice in field["anyOf"])
    if "const" in field or "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field.get("enum", [field.get("const")]))
    if field.get("type") == "array":
        several = f"{field['minItems']} of " if field.get("minItems") else "list of "
        return several + type_of(field.get("items") or field["prefixItems"][0])
    if "additionalProperties" in field:
        return f"names to {type_of(field['additionalProperties'])}"
    bounds = [f"{word} {field[key]}" for key, word in (("minimum", "from"), ("maximum", "to")) if key in field]
    word = "sha256, 64 hex digits" if field.get("pattern") == SHA256 else field.get("type", "object")
    return " ".join([word, *bounds])


def lines_of(schema: Schema) -> Iterator[str]:
    """The record in Markdown: a section for each object in it, a row for each field."""
    for path, definition in parts(schema, schema):
        title = f"`{path}`" if path else "The whole"
        yield from (f"## {title}", "", " ".join(definition.get("description", "").split()), "")
        yield from ("| field | holds |", "|---|---|")
        yield from (f"| `{name}` | {type_of(field)} |" for name, field in definition["properties"].items())
        yield ""


class RecordFields(SphinxDirective):
    """All objects of the schema in the file that is named."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The sections."""
        _, file = self.env.relfn2path(self.arguments[0])
        self.env.note_dependency(file)
        schema = json.loads(Path(file).read_text(encoding="utf-8"))
        return self.parse_text_to_nodes("\n".join(lines_of(schema)), allow_section_headings=True)


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.add_directive("record-fields", RecordFields)
    return {"parallel_read_safe": True}
