"""A usability card as Markdown, as a page, and as metadata of a model card (`model-index`)."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from ptmbench.analysis.usability import UsabilityCard
from ptmbench.errors import UsageError
from ptmbench.records.figures import by_name, figures_in
from ptmbench.report.escaping import markdown
from ptmbench.report.figures import MARKS, mark_of, mark_of_row, metric_name, percent, place_range, scaled, written
from ptmbench.report.generality import shown_mean
from ptmbench.report.trust import ASKED

KINDS = {
    "image_classification": "image-classification",
    "object_detection": "object-detection",
    "semantic_segmentation": "image-segmentation",
    "text_classification": "text-classification",
    "token_classification": "token-classification",
}
METRIC_TYPES = {
    "top1_accuracy": "accuracy",
    "entity_f1": "f1",
    "word_accuracy": "accuracy",
    "map": "map",
    "miou": "mean_iou",
}


def code(text: str) -> str:
    """Text that may stand between backticks, on one line."""
    return " ".join(str(text).split()).replace("`", "'").replace("|", "¦")


def span(values: tuple[float, float] | None, scale: float, digits: int) -> str:
    """A range of figures in another unit; one figure where both ends are shown alike."""
    if values is None:
        return scaled(None, scale, digits)
    low, high = (scaled(value, scale, digits) for value in values)
    return low if low == high else f"{low} to {high}"


def marks_on(card: UsabilityCard) -> list[str]:
    """What the marks behind intervals say, of those that the card shows."""
    shown = "".join(mark_of_row("quality", standing.row) for standing in card.standings)
    shown += "".join(mark_of_row("gain", effect.row) for effect in card.effects)
    shown += "".join(mark_of(row.interval_kind) for _, row in card.robust)
    return [told for mark, told in MARKS.items() if mark in shown]


def render_card(card: UsabilityCard) -> str:
    """The card as Markdown."""
    made = Environment(  # noqa: S701  Markdown has escapes of its own: `markdown` and `code`
        loader=PackageLoader("ptmbench.report"), trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    made.globals |= {"percent": percent, "place_range": place_range, "mean": shown_mean, "span": span}
    made.globals |= {"written": written, "figure": by_name, "marks_on": marks_on, "figures_in": figures_in}
    made.globals |= {"kinds": {kind.place: kind for kind in ASKED}}
    made.globals |= {"share": lambda value: f"{100 * value:.1f}"}
    made.filters |= {"plain": markdown, "code": code, "words": lambda text: str(text).replace("_", " ")}
    return made.get_template("card.md").render(card=card).rstrip() + "\n"


def model_index(card: UsabilityCard) -> str:
    """The best result of each task as the YAML block that model cards of Hugging Face begin with."""
    from huggingface_hub import EvalResult, ModelCardData

    results = [
        EvalResult(
            task_type=KINDS[standing.task.kind],
            dataset_type=standing.task.dataset,
            dataset_name=standing.task.name,
            dataset_split="test",
            metric_type=METRIC_TYPES[standing.table.metric],
            metric_name=f"{metric_name(standing.table.metric)}, {standing.row.method}, {standing.table.budget}",
            metric_value=round(standing.row.value or 0.0, 4),
        )
        for standing in card.standings
    ]
    if not results:
        raise UsageError(f"{card.model.name} has no finished case: there is nothing to put into a model card")
    data = ModelCardData(model_name=card.model.name, eval_results=results)
    return f"---\n{data.to_yaml().rstrip()}\n---\n"
