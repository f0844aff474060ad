"""Tests of texts in TOML."""

import tomllib

from hypothesis import example, given
from hypothesis import strategies as st

from ptmbench.records.toml_text import key, quoted


@given(st.text())
@example('"\\\x00\x1b\x7f\x85\u2028\n\r\t')
def test_every_text_is_read_back(text):
    """tomllib gives the same text back, as a key and as a value."""
    read = tomllib.loads(f"{key(text)} = {quoted(text)}\n")

    assert {text: text} == read


def test_a_plain_key_stands_bare():
    """The names of budgets stay as people write them."""
    assert ["quick", '"a.b"', '""'] == [key("quick"), key("a.b"), key("")]


def test_half_a_surrogate_pair_is_written():
    """A name that UTF-8 cannot hold is written with a question mark for the letter."""
    assert '"a?"' == quoted("a\udc80")
