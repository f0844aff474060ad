"""How large a number of an option may be, and what a message shows of what was given instead."""

import numbers
from typing import Final

MOST: Final = {  # far above what anybody runs, and below what crashes a library or never ends
    "seed": 1000,
    "thread": 1024,  # torch crashes at a huge number
    "job": 256,
    "launch": 1000,
    "picture": 1000,
    "input": 65_536,  # of a forward pass
}
PLURALS: Final = {"launch": "launches"}
LONGEST_TIMEOUT_S: Final = 10_000_000  # 115 days: a wait of 1e300 s overflows the clock
SHOWN: Final = 100  # letters of a text that is no number


def whole(text: str) -> int | str:
    """The whole number that a text says, or the text: `beyond` then refuses it together with all other faults."""
    try:
        return int(text)
    except ValueError:  # Python also refuses numbers of more than 4,300 digits
        return text


def real(text: str) -> float | str:
    """The number that a text says, or the text."""
    try:
        return float(text)
    except ValueError:
        return text


def beyond(thing: str, given: object, least: int = 1, where: str = "") -> list[str]:
    """A line where what was given is no whole number of such things that can be run; none for None.

    Args:
        thing: Of which it is a number: a key of `MOST`.
        given: What a user gave.
        least: The least that makes sense.
        where: What follows the name of the things in the message.
    """
    if given is None or (isinstance(given, numbers.Integral) and least <= int(given) <= MOST[thing]):
        return []
    things = PLURALS.get(thing, f"{thing}s")
    return [f"expected {least} to {MOST[thing]:,} {things}{where}, got {shown(given)}"]


def beyond_time(given: object) -> list[str]:
    """A line where what was given is no number of seconds to wait; none for None."""
    if given is None or (isinstance(given, numbers.Real) and 0 < float(given) <= LONGEST_TIMEOUT_S):  # NaN is neither
        return []
    return [f"expected a timeout above 0 seconds and at most {LONGEST_TIMEOUT_S:,}, got {shown(given)}"]


def shown(given: object) -> str:
    """What was given, short: rounded or cut. Python itself prints no number of more than 4,300 digits."""
    if isinstance(given, numbers.Integral):
        given = int(given)
        if abs(given) < 10**15:
            return str(given)
        return f"{given:.3g}" if abs(given) < 10**300 else "a number of more than 300 digits"
    if isinstance(given, float):
        return f"{given:g}"
    text = str(given)
    return repr(text) if len(text) <= SHOWN else f"{text[:40]!r}... ({len(text):,} letters)"
