"""The text sources that embedded language models are pre-trained on, by name."""

from ptmbench.engine.pretraining.sources.base import TextSource
from ptmbench.engine.pretraining.sources.invented import INVENTED
from ptmbench.engine.pretraining.sources.manuals import MANUALS

TEXT_SOURCES: dict[str, TextSource] = {source.name: source for source in (INVENTED, MANUALS)}


def fingerprints() -> dict[str, str]:
    """The sha256 of each source that is not generated: they go into the vocabulary that all checkpoints share."""
    return {name: source.fingerprint() for name, source in TEXT_SOURCES.items() if source.fingerprint}
