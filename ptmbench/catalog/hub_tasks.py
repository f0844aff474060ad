"""The hub tier's data sets as first-class tasks, each with its licence and citation. Nothing of them is shipped."""

from dataclasses import dataclass
from typing import Final

from ptmbench.catalog.data_references import kind_of
from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import TaskSpec


@dataclass(frozen=True, slots=True)
class PublishedData:
    """A public data set: its reference, its number of labels, licence and publication.

    `place` is where its files lie below the data folder, for sets that torchvision fetches.
    """

    reference: str
    classes: int
    licence: str
    publication: str
    place: str = ""


NONE_STATED: Final = "none stated"
VOC: Final = "Everingham et al. 2010"

PUBLISHED_DATA: Final[dict[str, PublishedData]] = {
    "cifar10": PublishedData("torchvision:CIFAR10", 10, NONE_STATED, "Krizhevsky 2009", "cifar-10-batches-py"),
    "cifar100": PublishedData("torchvision:CIFAR100", 100, NONE_STATED, "Krizhevsky 2009", "cifar-100-python"),
    "flowers102": PublishedData(
        "torchvision:Flowers102", 102, NONE_STATED, "Nilsback & Zisserman 2008", "flowers-102/imagelabels.mat"
    ),
    "pets": PublishedData(
        "torchvision:OxfordIIITPet", 37, "CC BY-SA 4.0", "Parkhi et al. 2012", "oxford-iiit-pet/annotations"
    ),
    "dtd": PublishedData("torchvision:DTD", 47, "research use", "Cimpoi et al. 2014", "dtd/dtd/labels"),
    "eurosat": PublishedData("torchvision:EuroSAT", 10, "MIT", "Helber et al. 2019", "eurosat/2750"),
    "voc2007_boxes": PublishedData(
        "torchvision:VOCDetection?year=2007", 20, NONE_STATED, VOC, "VOCdevkit/VOC2007/ImageSets/Main"
    ),
    "voc2012_masks": PublishedData(
        "torchvision:VOCSegmentation?year=2012", 21, NONE_STATED, VOC, "VOCdevkit/VOC2012/ImageSets/Segmentation"
    ),
    "sst2": PublishedData(  # the labels of its test part are kept secret: its validation part is tested on, as usual
        "hf:stanfordnlp/sst2@8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb?text=sentence&label=label&test=validation",
        *(2, NONE_STATED, "Socher et al. 2013"),
    ),
    "ag_news": PublishedData(
        "hf:fancyzhx/ag_news@eb185aade064a813bc0b7f42de02595523103ca4?text=text&label=label",
        *(4, "non-commercial use", "Zhang et al. 2015"),
    ),
    "trec": PublishedData(
        "hf:CogComp/trec@65752bf53af25bc935a0dce92fb5b6c930728450?text=text&label=coarse_label",
        *(6, NONE_STATED, "Li & Roth 2002"),
    ),
    "wnut17": PublishedData(
        "hf:leondz/wnut_17@1ac0b6d18c8a1a1d1606b24bef78b8af2f92d2d9?tokens=tokens&tags=ner_tags",
        *(13, "CC BY 4.0", "Derczynski et al. 2017"),
    ),
}

HUB_TASKS: Final = tuple(
    TaskSpec(f"{name}_full", kind_of(parse(found.reference)), found.reference, shots=None, classes=found.classes)
    for name, found in PUBLISHED_DATA.items()
)
