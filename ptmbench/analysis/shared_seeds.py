"""What a gain is the difference of: two qualities over the seeds that both cases have.

Quality is a mean over all seeds of a case, and a gain over those that its partner from scratch has too: a frozen method
runs more seeds than a trained one. Where they differ, quality less the partner's quality is not the gain.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ptmbench.records.record import Quality, Record


@dataclass(frozen=True, slots=True)
class SharedSeeds:
    """The quality of a case and of its partner from scratch over the seeds that both have, and how many each has."""

    seeds: int
    quality: float
    partner: float
    own_seeds: int
    partner_seeds: int

    @property
    def subtracts(self) -> bool:
        """Whether the qualities that tables show rest on these seeds alone."""
        return self.seeds == self.own_seeds == self.partner_seeds


def shared_seeds(quality: Quality, partner: Quality) -> SharedSeeds | None:
    """Both qualities at the seeds that they have in common; None where there are none.

    Args:
        quality: Of a transferred model.
        partner: Of the same architecture from scratch.

    Returns:
        Means over the common seeds, whose difference is the gain.
    """
    mine, theirs = ({entry.seed: entry.value for entry in side.seeds} for side in (quality, partner))
    common = [seed for seed in mine if seed in theirs]
    if not common:
        return None
    own, other = (sum(side[seed] for seed in common) / len(common) for side in (mine, theirs))
    return SharedSeeds(len(common), own, other, len(mine), len(theirs))


def shared_seeds_of(members: Iterable[Record]) -> dict[str, SharedSeeds]:
    """By case what its gain is the difference of, where its partner is among the records of the table."""
    known = {record.case.id: record for record in members if record.quality}
    found = {}
    for name, record in known.items():
        partner = known.get(record.gain.partner_id) if record.gain else None
        if record.quality and partner and partner.quality and (shared := shared_seeds(record.quality, partner.quality)):
            found[name] = shared
    return found
