"""diffusers' AutoencoderKL (Rombach et al. 2022) as a backbone: the encoder half of a published VAE."""

from pathlib import Path
from typing import Any, Final

from torch import Tensor, nn

from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.foreign_code import imported
from ptmbench.engine.foreign_loads import configured, pretrained
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel, Pool
from ptmbench.engine.models.controls import tensor_bytes
from ptmbench.engine.models.language_models import quiet
from ptmbench.engine.models.networks import last_stage
from ptmbench.engine.seeding import seeded_draws
from ptmbench.errors import WeightsError
from ptmbench.reading import json_of, text_of

CLASS = "AutoencoderKL"
SIDE = 256
PLACES = 8  # the latent map is averaged to 8 x 8 places: of 32 x 32 a probe would fit 4,096 features
GREY: Final = (0.5, 0.5, 0.5)  # -1 to 1


def is_autoencoder(folder: Path) -> bool:
    """Whether diffusers wrote the folder's configuration, for this class."""
    try:
        return bool(json_of(text_of(folder / "config.json")).get("_class_name") == CLASS)
    except (OSError, ValueError, AttributeError):
        return False


class _Posterior(nn.Module):
    """The mean of the latents' distribution, averaged to 8 x 8 places: maps [n, c, h, w] to [n, 64 d]."""

    def __init__(self, last: nn.Module, quantise: nn.Module | None) -> None:
        super().__init__()
        self.last = last
        self.quantise = quantise or nn.Identity()

    def forward(self, maps: Tensor) -> Tensor:
        """The first half of the channels are means, the other log variances."""
        means = self.quantise(self.last(maps)).chunk(2, dim=1)[0]
        return nn.functional.adaptive_avg_pool2d(means, PLACES).flatten(1)


def _filled(kind: Any, folder: Path, spec: ModelSpec) -> Any:
    """The autoencoder with its weights; raises `WeightsError` where tensors are missing, which diffusers lets pass."""
    with quiet():
        try:
            autoencoder, report = pretrained(
                kind, folder, use_safetensors=True, output_loading_info=True, low_cpu_mem_usage=False
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise WeightsError(f"{spec.name} cannot be loaded: {str(error).splitlines()[0]}") from None
    absent = [*report["missing_keys"], *(str(key) for key in report["mismatched_keys"])]
    if absent:
        raise WeightsError(
            f"{spec.name} does not fit its architecture, {len(absent)} of {len(autoencoder.state_dict())} tensors: "
            f"{'; '.join(sorted(absent)[:5])}"
        )
    return autoencoder.float()


def build(spec: ModelSpec, folder: Path, sha256: str, seed: int) -> LoadedModel:
    """The encoder with its weights, or at random initialisation, a new draw each seed."""
    kind: Any = imported("diffusers", "diffusers").AutoencoderKL
    if spec.random:
        with seeded_draws("random", spec.architecture, seed):
            autoencoder = configured(kind, json_of(text_of(folder / "config.json")))
    else:
        autoencoder = _filled(kind, folder, spec)
    encoder, channels = autoencoder.encoder, autoencoder.encoder.conv_out.in_channels
    posterior = _Posterior(encoder.conv_out, autoencoder.quant_conv)
    encoder.conv_out = nn.Identity()
    pools = {
        "posterior": Pool(posterior, PLACES**2 * autoencoder.config.latent_channels),
        "convolutions": Pool(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), channels),
    }
    preprocessing = ImagePreprocessing(parse(spec.reference).integer("size") or SIDE, GREY, GREY)
    backbone = Backbone(nn.Identity(), encoder, pools=pools, last_stage=last_stage(encoder)).eval()
    fraction = None if spec.random else 1.0
    return LoadedModel(backbone, preprocessing, None if spec.random else sha256, fraction, tensor_bytes(backbone), None)
