"""Model references: text that names weights anywhere, turned into a spec and the spec of its random control.

Options say how the weights are loaded (`size`, `features`, ...) or what the record shall say of them (`name`, `family`,
`source`, `licence`); `weights=random` asks for the architecture without its weights.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from ptmbench.catalog.model_options import check_values
from ptmbench.catalog.references import Reference, check, parse, short_name, slug
from ptmbench.catalog.schemes import model_scheme, model_schemes
from ptmbench.catalog.spec import RANDOM_SUFFIX, ModelSpec
from ptmbench.catalog.traits import IMAGES, Family, Serves
from ptmbench.errors import UnknownName, UsageError

FACTS = ("name", "family", "objective", "source", "licence")
COMMON = ("weights", "size", *FACTS)


def model_specs(text: str, catalog: Iterable[ModelSpec]) -> tuple[ModelSpec, ...]:
    """The model of a reference and its random control, or the catalog's model of that name alone."""
    model = model_spec(text, catalog)
    return (model,) if not parse(text).scheme or model.random else (model, control_of(model))


def model_spec(text: str, catalog: Iterable[ModelSpec]) -> ModelSpec:
    """The model of a catalog name or a reference; raises `UnknownName` or `UsageError`."""
    reference = parse(text)
    catalog = tuple(catalog)
    check(reference, "model", known_options())
    if not reference.scheme:
        names = {model.name: model for model in catalog}
        if reference.name not in names:
            raise UnknownName("model", reference.name, names)
        return names[reference.name]
    composed = model_scheme(reference.scheme).composed
    return _composed(reference, catalog) if composed else _referenced(reference)


def known_options() -> dict[str, Collection[str]]:
    """The options of each scheme that a user may type; those of a catalog name, which takes none, under ""."""
    typed = [row for row in model_schemes().values() if row.typed]
    own: dict[str, Collection[str]] = {row.name: (*COMMON, *row.options) for row in typed if not row.composed}
    every = sorted({option for options in own.values() for option in options})  # those of the model built over
    return {"": (), **own, **{row.name: every for row in typed if row.composed}}


def control_of(model: ModelSpec) -> ModelSpec:
    """The same architecture at random initialisation: what the model's gain is measured against."""
    random = str(parse(model.reference).having("weights", "random")).partition(":")[2]
    if model_scheme(model.provider).composed and model.embedded:
        random = f"{model.entry.partition('.')[0]}{RANDOM_SUFFIX}"
    named = not f"{model.name}.".startswith(f"{model.architecture}.")  # by a user
    return replace(
        model,
        name=f"{model.name if named else model.architecture}{RANDOM_SUFFIX}",
        entry=random,
        family=Family.CONTROL,
        objective="none",
        source="none",
    )


def _referenced(reference: Reference) -> ModelSpec:
    scheme = model_scheme(reference.scheme)
    modality = scheme.modality(reference)
    check_values(reference, modality)
    bare = reference.without(*FACTS)
    given = reference.get("name")
    identity = str(bare.without("weights"))
    architecture = short_name(
        scheme.short(reference.name), identity
    )  # no name of a user's: new weights are drawn by it
    model = ModelSpec(
        name=slug(given) if given else architecture,
        provider=scheme.name,
        entry=str(bare).partition(":")[2],
        architecture=architecture,
        family=_family(reference),
        objective=reference.get("objective", "not stated"),
        source=reference.get("source", "not stated"),
        licence=reference.get("licence", "not stated"),
        modalities=frozenset({modality}),
        serves=scheme.serves(reference.name),
    )
    return control_of(model) if model.random else model


def _composed(reference: Reference, catalog: tuple[ModelSpec, ...]) -> ModelSpec:
    """A detector or segmenter over another model, which its name is: `fasterrcnn:resnet18`, `unet:timm:ID?size=256`.

    What ships with the package is named; everything else is known by its whole reference.
    """
    provider = reference.scheme
    inner_text = str(Reference("", reference.name, reference.without("name").options))
    bare = reference.name if ":" not in reference.name else inner_text
    inner = model_spec(bare, catalog)
    if inner.modalities != IMAGES or inner.serves is not Serves.FEATURES:
        raise UsageError(
            f"{reference.scheme} is built over an image model that gives features, and {inner.name} is none"
        )
    if inner.embedded and reference.without("name").options:
        raise UsageError(f"{inner.name} ships with the package and takes no options, got {reference}")
    whole = parse(inner.reference).without(*FACTS)
    for option in ("weights", "size"):
        if reference.get(option):
            whole = whole.having(option, reference.get(option))
    given = reference.get("name")
    model = replace(
        inner,
        name=slug(given) if given else f"{provider}.{inner.name}",
        provider=provider,
        entry=inner.name if inner.embedded else str(whole),
        architecture=f"{provider}.{inner.architecture}",
        serves=model_scheme(provider).serves(""),
    )
    return control_of(model) if model.random else model


def _family(reference: Reference) -> Family:
    given = reference.get("family")
    return family_of(given) if given else model_scheme(reference.scheme).family


def family_of(given: str) -> Family:
    """The family of that name, other than a control's; raises `UnknownName` with near names."""
    known = [family.value for family in Family if family is not Family.CONTROL]
    if given not in known:
        raise UnknownName("family", given, known)
    return Family(given)
