"""The hub tier: public checkpoints as first-class models, pinned, with what was published about them.

None of it ships with the package; a case runs where its weights and data are on disk (`ptmbench.catalog.presence`).
Published parameters and operations are those of the library that publishes the weights, classifier included; top-1
accuracies are its own, on ImageNet-1k's validation images.
"""

from dataclasses import dataclass, replace
from typing import Final

from ptmbench.catalog.model_references import control_of
from ptmbench.catalog.spec import ModelSpec
from ptmbench.catalog.traits import TEXTS, Family, Serves


@dataclass(frozen=True, slots=True)
class Published:
    """What the publishers say of a checkpoint: parameters, 10^9 MACs of one input, ImageNet top-1 in %.

    `coco_map` is a detector's box mAP on COCO's val2017, `coco_voc_miou` a segmenter's mIoU on those of its pictures
    that have VOC's classes, both in %.

    `file` is its name in torch's cache, where that is how it is kept.
    """

    publication: str
    parameters: int | None = None
    gmacs: float | None = None
    imagenet_top1: float | None = None
    file: str = ""
    coco_map: float | None = None
    coco_voc_miou: float | None = None


_GAN_ZOO: Final = (
    "torch_hub:facebookresearch/pytorch_GAN_zoo:b75dee40918caabb4fe7ec561522717bf096a8cb/PGAN"
    "?part=netD&head=decisionLayer&size=128&mean=0.5,0.5,0.5&std=0.5,0.5,0.5&args=model_name:celeba,useGPU:false"
)


_CLASSIFIED: Final = ("cross_entropy", "imagenet1k")


def _torchvision(name: str, weights: str, suffix: str = "", options: str = "") -> ModelSpec:
    reference = f"torchvision:{name}@{weights}{options}"
    return _model(f"{name}{suffix}", reference, Family.SUPERVISED, _CLASSIFIED, "BSD-3-Clause")


def _dense(name: str, weights: str, serves: Serves) -> ModelSpec:
    """A detector or segmenter as torchvision publishes it."""
    found = _model(name, f"torchvision:{name}@{weights}", Family.SUPERVISED, (serves, "coco"), "BSD-3-Clause")
    return replace(found, serves=serves)


def _text(name: str, reference: str, how: tuple[str, str], licence: str) -> ModelSpec:
    found = _model(name, f"hf:{reference}", Family.SELF_SUPERVISED, how, licence)
    return replace(found, modalities=TEXTS)


def _model(name: str, reference: str, family: Family, how: tuple[str, str], licence: str) -> ModelSpec:
    """A model with its objective and its source, `how` it was trained."""
    scheme, _, entry = reference.partition(":")
    return ModelSpec(name, scheme, entry, name, family, *how, licence)


_PRETRAINED: Final = (
    _torchvision("vgg16", "IMAGENET1K_V1"),
    _torchvision("vgg16", "IMAGENET1K_V1", ".convolutions", "?features=convolutions"),
    _torchvision("resnet18", "IMAGENET1K_V1"),
    _torchvision("resnet50", "IMAGENET1K_V2"),
    _torchvision("inception_v3", "IMAGENET1K_V1"),
    _torchvision("googlenet", "IMAGENET1K_V1"),
    _torchvision("mobilenet_v2", "IMAGENET1K_V1"),
    _torchvision("squeezenet1_1", "IMAGENET1K_V1"),
    _torchvision("vit_b_16", "IMAGENET1K_V1"),
    _torchvision("convnext_tiny", "IMAGENET1K_V1"),
    _dense("fasterrcnn_resnet50_fpn", "COCO_V1", Serves.BOXES),
    _dense("ssdlite320_mobilenet_v3_large", "COCO_V1", Serves.BOXES),
    _dense("fcn_resnet50", "COCO_WITH_VOC_LABELS_V1", Serves.MASKS),
    _dense("deeplabv3_resnet50", "COCO_WITH_VOC_LABELS_V1", Serves.MASKS),
    replace(
        _model("unet_resnet34", "smp:unet/resnet34@imagenet", Family.SUPERVISED, _CLASSIFIED, "MIT"),
        serves=Serves.MASKS,
    ),
    _model(
        "dinov2_small",
        "hf:facebook/dinov2-small@ed25f3a31f01632728cabb09d1542f84ab7b0056?modality=image",
        Family.SELF_SUPERVISED,
        ("self_distillation", "lvd142m"),
        "Apache-2.0",
    ),
    _model(
        "clip_vit_b_32",
        "hf:openai/clip-vit-base-patch32@3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268?modality=image",
        Family.SELF_SUPERVISED,
        ("image_text_contrast", "web_image_text"),
        "MIT",
    ),
    _model(
        "sd_vae",
        "hf:stabilityai/sd-vae-ft-mse@31f26fdeee1355a5c34592e401dd41e45d25a493?modality=image&size=256",
        Family.UNSUPERVISED,
        ("vae", "laion"),
        "MIT",
    ),
    _model("pgan", _GAN_ZOO, Family.UNSUPERVISED, ("wgan_gp", "celeba"), "BSD-3-Clause"),
    _text(
        "bert_base",
        "google-bert/bert-base-uncased@86b5e0934494bd15c9632b12f734a8a67f723594",
        ("masked_lm", "books_and_wikipedia"),
        "Apache-2.0",
    ),
    _text(
        "distilbert",
        "distilbert/distilbert-base-uncased@12040accade4e8a0f71eabdb258fecc2e7e948be",
        ("distilled_masked_lm", "books_and_wikipedia"),
        "Apache-2.0",
    ),
    _text(
        "roberta_base",
        "FacebookAI/roberta-base@e2da8e2f811d1448a5b465c236feacd80ffbac7b",
        ("masked_lm", "web_news_books_and_wikipedia"),
        "MIT",
    ),
    _text(
        "gpt2",
        "openai-community/gpt2@607a30d783dfa663caf39e06633721c8d4cfcd7e",
        ("causal_lm", "webtext"),
        "MIT",
    ),
)

HUB_MODELS: Final = tuple(spec for model in _PRETRAINED for spec in (model, control_of(model)))

PUBLISHED: Final[dict[str, Published]] = {
    "vgg16": Published("Simonyan & Zisserman 2015", 138_357_544, 15.470, 71.592, "vgg16-397923af.pth"),
    "vgg16.convolutions": Published("Simonyan & Zisserman 2015", 138_357_544, 15.470, 71.592, "vgg16-397923af.pth"),
    "resnet18": Published("He et al. 2016", 11_689_512, 1.814, 69.758, "resnet18-f37072fd.pth"),
    "resnet50": Published("He et al. 2016", 25_557_032, 4.089, 80.858, "resnet50-11ad3fa6.pth"),
    "inception_v3": Published("Szegedy et al. 2016", 27_161_264, 5.713, 77.294, "inception_v3_google-0cc3c7bd.pth"),
    "googlenet": Published("Szegedy et al. 2015", 6_624_904, 1.498, 69.778, "googlenet-1378be20.pth"),
    "mobilenet_v2": Published("Sandler et al. 2018", 3_504_872, 0.301, 71.878, "mobilenet_v2-b0353104.pth"),
    "squeezenet1_1": Published("Iandola et al. 2016", 1_235_496, 0.349, 58.178, "squeezenet1_1-b8a52dc0.pth"),
    "vit_b_16": Published("Dosovitskiy et al. 2021", 86_567_656, 17.564, 81.072, "vit_b_16-c867db91.pth"),
    "convnext_tiny": Published("Liu et al. 2022", 28_589_128, 4.456, 82.520, "convnext_tiny-983f1562.pth"),
    "fasterrcnn_resnet50_fpn": Published(
        "Ren et al. 2015", 41_755_286, file="fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", coco_map=37.0
    ),
    "ssdlite320_mobilenet_v3_large": Published(
        "Howard et al. 2019", 3_440_060, file="ssdlite320_mobilenet_v3_large_coco-a79551df.pth", coco_map=21.3
    ),
    "fcn_resnet50": Published(
        "Long et al. 2015", 35_322_218, file="fcn_resnet50_coco-1167a1af.pth", coco_voc_miou=60.5
    ),
    "deeplabv3_resnet50": Published(
        "Chen et al. 2017", 42_004_074, file="deeplabv3_resnet50_coco-cd0a2569.pth", coco_voc_miou=66.4
    ),
    "unet_resnet34": Published("Ronneberger et al. 2015"),
    "dinov2_small": Published("Oquab et al. 2024", 22_056_576),
    "clip_vit_b_32": Published("Radford et al. 2021"),
    "sd_vae": Published("Rombach et al. 2022"),
    "pgan": Published("Karras et al. 2018"),
    "bert_base": Published("Devlin et al. 2019", 109_482_240),
    "distilbert": Published("Sanh et al. 2019", 66_362_880),
    "roberta_base": Published("Liu et al. 2019", 124_645_632),
    "gpt2": Published("Radford et al. 2019", 124_439_808),
}
