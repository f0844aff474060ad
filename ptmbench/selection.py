"""Selection of cases by the expression that pytest calls `-k`.

The expression is compiled by pytest itself (a private name, held to `pytest --collect-only -k` by a test), and matched
against the names that pytest would match: the benchmark file, the test with the case id in brackets, its markers.
"""

from collections.abc import Iterable

from ptmbench.errors import UsageError
from ptmbench.spec import Case, TaskKind

KIND_MARKER = "ptm_kind"


def benchmark_function(kind: TaskKind) -> str:
    """The name of the test function, and with `.py` of the file, that runs the cases of a kind."""
    return f"test_{kind.value}"


def keywords(case: Case) -> tuple[str, ...]:
    """The names of a case that an expression is matched against, in lower case."""
    function = benchmark_function(case.task.kind)
    return f"{function}.py", f"{function}[{case.id}]".lower(), KIND_MARKER


def select(cases: Iterable[Case], expression: str) -> tuple[Case, ...]:
    """The cases that `-k EXPRESSION` selects; raises `UsageError` for an expression that cannot be read."""
    from _pytest.mark.expression import Expression  # here: pytest takes 0.2 s to import, and few runs need it

    if not expression.strip():
        return tuple(cases)
    try:
        compiled = Expression.compile(expression.lstrip())
    except SyntaxError as error:
        raise UsageError(
            f"-k {expression!r} cannot be read: {error}. Expected names joined by and, or, not, for example "
            "-k 'resnet and not random'"
        ) from None

    def matches(case: Case) -> bool:
        names = keywords(case)
        return compiled.evaluate(lambda name, /, **_: any(name.lower() in known for known in names))

    return tuple(case for case in cases if matches(case))
