"""Answers for pictures, with where the objects lie that they are of, and maps that know the pictures alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from ptmbench.catalog.spec import Case
from ptmbench.engine.datasets.base import LabelledImages
from ptmbench.engine.inputs.pictures import PicturePreprocessing
from ptmbench.engine.transfer.answering import FromPixels, from_pixels
from ptmbench.engine.transfer.maps import maps_of
from ptmbench.engine.transfer.occlusion import Occlusion
from ptmbench.engine.workbench import Workbench
from ptmbench.records.attribution_sheets import Explained, sheet
from ptmbench.records.measured import Missing
from ptmbench.statistics.attribution import Maps, Masks, Values, centre_prior, edges, mass_inside, rank_agreement

SHOWN: Final = 6  # pictures on the sheet
CUT_OFF: Final = Missing("no picture shows its object once it is cut to what the network takes")
NO_MASKS: Final = Missing("the data set does not tell which pixels show the object")


@dataclass(frozen=True, eq=False, slots=True)
class ExplainedPictures:
    """Pictures [n, channels, h, w] with a network's answers [n], and where their objects are where that is known."""

    network: FromPixels
    pictures: Tensor
    answers: Tensor
    masks: Masks | None
    bgr: bool = False

    @classmethod
    def of(cls, bench: Workbench, case: Case, network: nn.Module, drawn: Any) -> "ExplainedPictures":
        """Of examples [n] of the case's data set."""
        data, seeing = bench.task_data(case), from_pixels(bench, case, network)
        inputs = bench.device.put(torch.cat([*bench.encoded(case).inputs.batches([drawn.tolist()])]))
        with torch.inference_mode():
            answers = seeing.answered(inputs).argmax(dim=1)
        objects = data.samples.objects if isinstance(data.samples, LabelledImages) else None
        masks = None if objects is None else _as_seen(bench, case, seeing, objects[torch.from_numpy(drawn)])
        bgr = getattr(bench.loaded(case, 0).preprocessing, "channels", "rgb") == "bgr"
        return cls(seeing, seeing.pictures(inputs), answers.clone(), masks, bgr)

    @property
    def outside(self) -> Missing:
        """Why nothing is known of the mass on objects, where it is not."""
        return NO_MASKS if self.masks is None else CUT_OFF

    def maps(self, network: nn.Module) -> dict[str, Maps]:
        """Maps [n, h, w] of what speaks for the answers in a network that takes the same inputs or pictures."""
        seen = network if network is self.network else self.network.like(network)
        return maps_of(seen, self.pictures, self.answers)

    def controls(self, rng: np.random.Generator) -> dict[str, Maps]:
        """Maps that know the pictures at most: random ones, edges, and a bump in the middle."""
        plain = self.pictures.cpu().numpy()
        shape = (len(plain), *plain.shape[2:])
        return {"random": rng.random(shape), "edges": edges(plain), "centre": centre_prior(shape)}

    def watched(self, rng: np.random.Generator) -> Occlusion:
        """The pictures while their cells come and go."""
        return Occlusion(self.network, self.pictures, self.answers, rng)

    def inside(self, maps: Maps) -> Values | None:
        """How much of maps lies on the objects, of those pictures that show theirs: a crop may leave it out."""
        if self.masks is None or not self.masks.any():
            return None
        seen = self.masks.reshape(len(self.masks), -1).any(axis=1)
        return mass_inside(maps[seen], self.masks[seen])

    def agreement(self, first: Maps, second: Maps) -> float:
        """The mean correlation of the maps' ranks."""
        return float(rank_agreement(first, second).mean())

    def sheet(self, maps: Mapping[str, Maps], controls: Mapping[str, Maps]) -> bytes:
        """A PNG of the first pictures with their maps and those of the controls."""
        shown = {**maps, **controls}
        pixels = np.rint(255 * self.pictures.cpu().numpy().transpose(0, 2, 3, 1)).astype(np.uint8)
        pixels = pixels[..., ::-1] if self.bgr else pixels
        return sheet([
            Explained(
                pixels[place],
                None if self.masks is None else self.masks[place],
                {name: each[place] for name, each in shown.items()},
            )
            for place in range(min(SHOWN, len(pixels)))
        ])  # fmt: skip


def _as_seen(bench: Workbench, case: Case, network: FromPixels, objects: Tensor) -> Masks:
    """Masks [n, h, w] as the network would see them: cut and scaled as the pictures are."""
    preprocessing = bench.loaded(case, 0).preprocessing
    assert isinstance(preprocessing, PicturePreprocessing)
    painted = objects[:, None].expand(-1, 3, -1, -1).to(torch.uint8) * 255
    seen = network.pictures(bench.device.put(preprocessing.apply(painted)))
    found: Masks = (seen.mean(dim=1) > 0.5).cpu().numpy()
    return found
