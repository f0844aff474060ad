"""Tests of the hub tier: what the catalog names, what of it is on disk, and how it is fetched."""

import json
from pathlib import Path

import pytest

from ptmbench.catalog.builtin import MODELS, TASKS
from ptmbench.catalog.data_references import known_options, task_spec
from ptmbench.catalog.entries import entries_of
from ptmbench.catalog.hub_models import HUB_MODELS, PUBLISHED
from ptmbench.catalog.hub_tasks import HUB_TASKS, PUBLISHED_DATA
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.places import snapshot, torch_hub_folder
from ptmbench.catalog.presence import how_to_fetch, hub_parts, hub_summary, lacking, of_hub
from ptmbench.catalog.references import check, parse
from ptmbench.catalog.schemes import model_schemes
from ptmbench.catalog.traits import TEXTS, Family
from ptmbench.cli import main

PRETRAINED = [model for model in HUB_MODELS if not model.random]


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """Empty caches of one's own."""
    for variable in ("TORCH_HOME", "HF_HOME", "PTMBENCH_DATA"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    for variable in ("HF_HUB_CACHE", "HF_HUB_OFFLINE"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


def lacked(model, task):
    """What the probe of a model on a task has not."""
    return lacking(*hub_parts(entries_of().find(model, task, "linear_probe")))


def put(path):
    """An empty file where a library would keep it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.parametrize("model", PRETRAINED, ids=lambda model: model.name)
def test_every_model_is_a_sound_reference(model):
    """Each entry is what a user could have typed: known scheme and options, a pinned revision, and published facts."""
    reference = parse(model.reference)
    check(reference, "model", {row.name: ("size", *row.options) for row in model_schemes().values()})

    assert model.modalities == model_spec(model.reference, MODELS).modalities
    assert PUBLISHED[model.name].publication
    if model.provider == "hf":
        assert 40 == len(reference.name.partition("@")[2])
    if model.provider == "torchvision":
        assert PUBLISHED[model.name].file.endswith(".pth")


@pytest.mark.parametrize("task", HUB_TASKS, ids=lambda task: task.name)
def test_every_task_is_a_sound_reference(task):
    """Each data set is what a user could have typed, with its licence and citation."""
    check(parse(task.dataset), "data", known_options())
    found = PUBLISHED_DATA[task.name.removesuffix("_full")]

    assert task.kind is task_spec(task.dataset, TASKS).kind
    assert found.licence
    assert found.publication
    if parse(task.dataset).scheme == "torchvision":
        assert found.place


def test_amounts_go_with_every_task():
    """VTAB's 800 and 200 examples, or shots, can be asked of any full task, and keep the rest of its reference."""
    vtab = task_spec("sst2_full?train=800&val=200", HUB_TASKS)
    few = task_spec("cifar10_full?shots=5", HUB_TASKS)

    assert PUBLISHED_DATA["sst2"].reference + "&train=800&val=200" == vtab.dataset
    assert ("sst2_800train_200val", 2) == (vtab.name, vtab.classes)
    assert ("cifar10_5shot", 5, "torchvision:CIFAR10") == (few.name, few.shots, few.dataset)


def test_the_seed_families_are_there():
    """Supervised, generative, self-supervised, encoders and decoders, each with its random control."""
    names = {model.name for model in HUB_MODELS}
    seeds = {"vgg16", "resnet18", "resnet50", "inception_v3", "googlenet", "mobilenet_v2", "squeezenet1_1", "vit_b_16"}
    seeds |= {"convnext_tiny", "dinov2_small", "bert_base", "distilbert", "roberta_base", "gpt2", "clip_vit_b_32"}

    assert seeds | {"sd_vae", "pgan"} <= names
    assert {f"{model.name}.random" for model in PRETRAINED} == names - {model.name for model in PRETRAINED}
    assert {TEXTS} == {model.modalities for model in HUB_MODELS if "bert" in model.name or "gpt" in model.name}
    assert set(PUBLISHED) == {model.name for model in PRETRAINED}
    assert Family.CONTROL not in {model.family for model in PRETRAINED}


def test_names_are_told_apart():
    """No name of the hub tier is one of the shipped catalog."""
    assert not {model.name for model in HUB_MODELS} & {model.name for model in MODELS}
    assert not {task.name for task in HUB_TASKS} & {task.name for task in TASKS}


def test_presence_follows_the_homes(homes):
    """What lies in TORCH_HOME, HF_HOME or the data folder is there, and a control asks for its model's weights."""
    assert ("resnet18", "cifar10") == lacked("resnet18", "cifar10_full")
    assert ("resnet18",) == lacked("resnet18.random", "digits_full")
    assert () == lacked("resnet_tiny.glyphs", "digits_full")

    put(homes / "TORCH_HOME" / "hub" / "checkpoints" / PUBLISHED["resnet18"].file)
    put(homes / "PTMBENCH_DATA" / "cifar10-else")
    put(snapshot("models", parse(next(m for m in PRETRAINED if m.name == "gpt2").reference).name) / "model.safetensors")
    put(snapshot("datasets", parse(PUBLISHED_DATA["sst2"].reference).name) / "data" / "train.parquet")
    put(torch_hub_folder("facebookresearch/pytorch_GAN_zoo:b75dee40918caabb4fe7ec561522717bf096a8cb") / "hubconf.py")
    from ptmbench.catalog import presence

    presence._model_there.cache_clear()
    presence._task_there.cache_clear()
    assert ("cifar10",) == lacked("resnet18", "cifar10_full")
    assert () == lacked("resnet18.random", "digits_full")
    assert () == lacked("gpt2", "sst2_full")
    assert ("pgan",) == lacked("pgan", "digits_full")  # the code is there, and nobody agreed to run it


def test_the_summary_names_one_command():
    """What is left out is told in a line, with a command that can be typed."""
    told = hub_summary([("resnet18", "cifar10"), ("cifar10",)])

    assert told.startswith("2 cases of the hub tier left out: not on disk are cifar10, resnet18")
    assert told.endswith("ptmbench fetch -k cifar10")
    assert 'ptmbench fetch -k "resnet18 or cifar10"' == how_to_fetch(("resnet18", "cifar10"))


def test_hub_cases_are_listed(homes, capsys):
    """`list` shows the hub tier's models and cases beside the shipped ones."""
    assert 0 == main(["list", "cases", "-k", "resnet18 and cifar10_full and probe", "--json"])
    found = [case["id"] for case in json.loads(capsys.readouterr().out)]

    assert ["resnet18-cifar10_full-linear_probe", "resnet18.random-cifar10_full-linear_probe"] == found
    assert {"resnet_tiny.glyphs", "resnet18", "resnet50"} <= {
        case.model.name for case in entries_of().cases() if "resnet" in case.id
    }
    assert of_hub(entries_of().find("resnet_tiny.glyphs", "cifar10_full", "knn"))


def test_a_users_name_is_not_the_hubs(homes, monkeypatch):
    """A user's own model or data may be called as the hub's, takes its place, and is not looked for in its caches."""
    monkeypatch.chdir(homes)
    (homes / "ptmbench.toml").write_text(
        'models = ["file:best.pth#torchvision:resnet18?name=resnet18"]\ntasks = ["imagefolder:photos?name=cifar10"]\n'
    )
    case = entries_of().find("resnet18", "cifar10_full", "knn")

    assert ("file", "imagefolder:photos") == (case.model.provider, case.task.dataset)
    assert not of_hub(case)


def test_a_run_without_weights_says_what_to_type(homes, capsys):
    """A run of hub cases alone, none of them on disk, ends with the command that fetches them and leaves no records."""
    out = homes / "out"
    assert 2 == main(["run", "-k", "resnet18 and digits_full", "--results", str(out)])

    assert "nothing to run: 8 cases of the hub tier left out: not on disk are resnet18" in capsys.readouterr().err
    assert not out.exists()


def test_a_run_goes_on_without_the_hub(homes, capsys):
    """Hub cases that are not on disk take nothing from the others, and leave no records."""
    out = homes / "out"
    call = ["run", "-k", "(pixels or resnet18) and digits_5shot and knn", "--budget", "smoke", "--results", str(out)]
    assert 0 == main(call)

    assert "2 cases of the hub tier left out" in capsys.readouterr().out
    assert ["pixels-digits_5shot-knn.json"] == [file.name for file in sorted(out.glob("*-*.json"))]


@pytest.mark.usefixtures("homes")
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ([], 2, "expected -k NAME, --model REFERENCE or --task REFERENCE"),
        (["-k", "resnet19"], 2, "did you mean"),
        (["-k", "resnet18", "--offline"], 1, "HF_HUB_OFFLINE is set"),
        (["-k", "sst2", "--offline"], 1, "HF_HUB_OFFLINE is set"),
        (["-k", "eurosat", "--offline"], 1, "HF_HUB_OFFLINE is set"),
        (["-k", "pgan"], 1, "is code of others, and fetching it runs it here"),
        (["--task", "digits_full"], 0, "nothing to fetch"),
        (["--model", "keras:ResNet51@imagenet"], 1, "did you mean ResNet50"),
    ],
)
def test_fetch_says_what_is_wrong(capsys, arguments, code, told):
    """Fetching what is unknown, offline or untrusted ends with one line that says so."""
    assert code == main(["fetch", *arguments])
    shown = capsys.readouterr()

    assert told in shown.err + shown.out
    assert "Traceback" not in shown.err


def test_fetching_a_name_means_that_one(homes, capsys, monkeypatch):
    """`-k vgg16` fetches VGG-16, and not what else begins so; `-k "cifar10 or dtd"` several."""
    asked = []
    monkeypatch.setattr("ptmbench.cli.fetching._weights", lambda model, **_: asked.append(model.name) or "there")
    monkeypatch.setattr("ptmbench.cli.fetching._data", lambda task: asked.append(task.name) or "there")
    assert 0 == main(["fetch", "-k", "vgg16"])
    assert 0 == main(["fetch", "-k", "cifar100 or dtd"])

    assert ["vgg16", "cifar100_full", "dtd_full"] == asked


def test_the_catalog_of_the_hub_names_no_machine():
    """References of the hub tier hold no path of anybody's machine."""
    assert not [model for model in HUB_MODELS if str(Path.home()) in model.reference]
