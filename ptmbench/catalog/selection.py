"""Selection of cases by the expression that pytest calls `-k`.

The expression is compiled by pytest itself (a private name, held to `pytest --collect-only -k` by a test), and matched
against the names that pytest would match: the benchmark file, the test with the case id in brackets, its markers.
"""

from collections.abc import Callable, Iterable

from ptmbench.catalog.presence import of_hub
from ptmbench.catalog.spec import HUB_MARKER, Case
from ptmbench.catalog.traits import TaskKind
from ptmbench.errors import UsageError

KIND_MARKER = "ptm_kind"


def benchmark_function(kind: TaskKind) -> str:
    """The name of the test function, and with `.py` of the file, that runs the cases of a kind."""
    return f"test_{kind.value}"


def keywords(case: Case) -> tuple[str, ...]:
    """The names of a case that an expression is matched against, in lower case."""
    function = benchmark_function(case.task.kind)
    marker = (HUB_MARKER,) if of_hub(case) else ()
    return f"{function}.py", f"{function}[{case.id}]".lower(), KIND_MARKER, *marker


def select(cases: Iterable[Case], expression: str) -> tuple[Case, ...]:
    """The cases that `-k EXPRESSION` selects; raises `UsageError` for an expression that cannot be read."""
    if not expression.strip():
        return tuple(cases)
    chosen = matcher(expression)
    return tuple(case for case in cases if chosen(*keywords(case)))


def matcher(expression: str) -> Callable[..., bool]:
    """Whether names, all in lower case, are what an expression selects; raises `UsageError` if it cannot be read."""
    from _pytest.mark.expression import Expression  # here: pytest takes 0.2 s to import, and few runs need it

    try:
        compiled = Expression.compile(expression.lstrip())
    except SyntaxError as error:
        raise UsageError(
            f"-k {expression!r} cannot be read: {error}. Expected names joined by and, or, not, for example "
            "-k 'resnet and not random'"
        ) from None

    def matches(*names: str) -> bool:
        return compiled.evaluate(lambda name, /, **_: any(name.lower() in known for known in names))

    return matches
