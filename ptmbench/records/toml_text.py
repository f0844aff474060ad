"""Texts as TOML takes them: the standard library reads TOML and writes none."""

import json
import re

BARE = re.compile(r"[A-Za-z0-9_-]+")


def quoted(text: str) -> str:
    """A basic string. JSON escapes as TOML does, but for DEL; half a surrogate pair is a letter to neither."""
    letters = text.encode(errors="replace").decode()
    return json.dumps(letters, ensure_ascii=False).replace("\x7f", "\\u007f")


def key(text: str) -> str:
    """A key: bare where it may be."""
    return text if BARE.fullmatch(text) else quoted(text)
