"""The names of budgets in records: a budget whose few-shot tasks saw more than their own labels says so in its name.

Figures of the two never share a folder or a table, since both are kept by the name of the budget.
"""

from typing import Final

ON_VALIDATION: Final = "_tuned_on_validation"


def tuned_on_validation(budget: str) -> str:
    """The name of a budget whose few-shot tasks choose their hyper-parameters by the whole validation split."""
    return budget + ON_VALIDATION


def options_of(name: str) -> list[str]:
    """The options of `ptmbench run` that make records of this name, as words."""
    budget = name.removesuffix(ON_VALIDATION)
    return ["--budget", budget, *([] if budget == name else ["--tune-on", "validation"])]
