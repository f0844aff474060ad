"""Maps of how much each place of a picture matters for an answer, by Captum."""

from typing import Any, Final

import torch
from torch import Tensor, nn

from ptmbench.engine.foreign_code import imported
from ptmbench.engine.models.depths import last_map
from ptmbench.statistics.attribution import Maps

POINTS: Final = 32  # along the path of integrated gradients
AT_ONCE: Final = 200  # pictures of that path in one pass
SALIENCY: Final = "saliency"
INTEGRATED: Final = "integrated_gradients"
GRAD_CAM: Final = "grad_cam"


def maps_of(network: nn.Module, pictures: Tensor, answers: Tensor) -> dict[str, Maps]:
    """Maps [n, h, w] of what speaks for an answer, below zero for what speaks against it, by method.

    Saliency (Simonyan et al. 2014, https://arxiv.org/abs/1312.6034) is the greatest slope of the three channels, and
    knows no sign; integrated gradients (Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365) run from each
    picture's mean colour, and are summed over channels; Grad-CAM (Selvaraju et al. 2017,
    https://arxiv.org/abs/1610.02391) is that of the last map with several places, and left out where there is none.

    Args:
        network: Pictures [n, channels, h, w] to logits, in eval mode.
        pictures: What it answers for.
        answers: The classes [n] that are explained.

    Raises:
        Unavailable: Without Captum.
    """
    captum: Any = imported("captum.attr", "captum")
    mean = pictures.mean(dim=(2, 3), keepdim=True).expand_as(pictures)
    path = captum.IntegratedGradients(network)
    found = {
        SALIENCY: captum.Saliency(network).attribute(pictures.clone().requires_grad_(), target=answers).amax(dim=1),
        INTEGRATED: path.attribute(
            pictures, baselines=mean, target=answers, n_steps=POINTS, internal_batch_size=max(AT_ONCE, len(pictures))
        ).sum(dim=1),
    }
    layer = last_map(network, pictures[:1])
    if layer is not None:
        cam = captum.LayerGradCam(network, network.get_submodule(layer))
        coarse = cam.attribute(pictures, target=answers, relu_attributions=True)
        found[GRAD_CAM] = nn.functional.interpolate(coarse, pictures.shape[2:], mode="bilinear")[:, 0]
    return {name: _plain(values) for name, values in found.items()}


def _plain(values: Tensor) -> Maps:
    found: Maps = torch.nan_to_num(values.detach()).cpu().double().numpy()
    return found
