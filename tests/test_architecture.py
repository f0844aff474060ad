"""Tests of the house: what may import what, and what collection costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ptmbench"
ENGINE = PACKAGE / "engine"
FRAMEWORKS = {"torch", "torchvision", "transformers", "thop", "sklearn", "ruptures"}  # ruptures: a second of scipy
COLD = sorted(path for path in PACKAGE.rglob("*.py") if ENGINE not in path.parents)
SOURCES = sorted((ENGINE / "pretraining").rglob("*.py"))
DATASETS = sorted((ENGINE / "datasets").rglob("*.py"))
LOADING = {"from_pretrained", "from_config", "load_dataset"}  # calls that can run code which comes with what they load
WITHOUT_THE_OPTION = {  # the calls that have no trust_remote_code, and why they need none
    "ptmbench/engine/models/autoencoders.py": "diffusers' own AutoencoderKL: only its AutoModel runs code",
}
MANY_CASES = """
from ptmbench.catalog import builtin
from ptmbench.catalog.spec import TaskKind, TaskSpec
import ptmbench.catalog.entries
ptmbench.catalog.entries.TASKS = tuple(
    TaskSpec(f"made_{number}", TaskKind.IMAGE_CLASSIFICATION, "digits", 5, 10) for number in range(40)
)
"""


def imported(path, *, anywhere):
    """The modules that a file imports: anywhere in it, or when it is itself imported."""
    tree = ast.parse(path.read_text())
    nodes = ast.walk(tree) if anywhere else top_level(tree.body)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top_level(body):
    """The statements that run on import; what stands under TYPE_CHECKING does not."""
    for node in body:
        yield node
        if isinstance(node, ast.Try | ast.With):
            yield from top_level(node.body)
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            yield from top_level(node.body + node.orelse)


@pytest.mark.parametrize("path", COLD, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_cold_modules_import_no_framework(path):
    """A module outside the engine imports neither a framework nor the engine when it is imported."""
    names = set(imported(path, anywhere=False))

    assert not {name for name in names if name.split(".")[0] in FRAMEWORKS}
    assert not {name for name in names if name.startswith("ptmbench.engine")}


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=lambda path: str(path.relative_to(ENGINE)))
def test_the_engine_knows_neither_pytest_nor_the_store(path):
    """The engine is used by the shells above it and imports none of them."""
    shells = {
        "pytest",
        "ptmbench.plugin.hooks",
        "ptmbench.records.store",
        "ptmbench.running.session",
        "ptmbench.cli",
        "ptmbench.report",
    }

    assert not shells & set(imported(path, anywhere=True))


@pytest.mark.parametrize("first", ["models", "tasks", "methods"])
def test_models_tasks_and_methods_meet_only_in_the_runner(first):
    """Models, tasks and methods never import each other."""
    others = {f"ptmbench.engine.{name}" for name in ("models", "tasks", "methods") if name != first}

    for path in (ENGINE / first).glob("*.py"):
        assert not {name for name in imported(path, anywhere=True) if name.startswith(tuple(others))}, path


def test_tasks_and_sources_share_no_code():
    """Data sets import nothing of pre-training, and pre-training nothing of the data sets."""
    for path in DATASETS:
        assert not [name for name in imported(path, anywhere=True) if "pretraining" in name], path
    for path in SOURCES:
        assert not [name for name in imported(path, anywhere=True) if "datasets" in name], path


@pytest.mark.parametrize(
    "path", [*sorted((PACKAGE / "report").rglob("*.py")), PACKAGE / "store.py"], ids=lambda p: p.name
)
def test_reports_and_store_do_not_know_the_catalog(path):
    """Old results stay readable when the catalog changes."""
    assert "ptmbench.catalog.builtin" not in set(imported(path, anywhere=True))


def loading_calls(path):
    """The calls in a file that load what others wrote, each with its keywords."""
    for node in ast.walk(ast.parse(path.read_text())):
        name = getattr(node.func, "attr", getattr(node.func, "id", "")) if isinstance(node, ast.Call) else ""
        if name in LOADING:
            yield name, {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}


@pytest.mark.parametrize("folder", ["ptmbench", "benchmarks"])
def test_every_call_that_loads_a_repository_refuses_its_code(folder):
    """Each says trust_remote_code=False: with it left out, transformers asks on stdin whether to run foreign code."""
    for path in sorted((ROOT / folder).rglob("*.py")):
        if str(path.relative_to(ROOT)) in WITHOUT_THE_OPTION:
            continue
        for name, keywords in loading_calls(path):
            assert "False" == keywords.get("trust_remote_code"), f"{path}: {name}"


def test_the_files_without_the_option_still_load():
    """The list of exceptions holds no file that has nothing left to except."""
    assert [] == [path for path in WITHOUT_THE_OPTION if not list(loading_calls(ROOT / path))]


def test_no_module_is_called_utils():
    """Every module is called after what it holds."""
    assert [] == [path for path in PACKAGE.rglob("*.py") if "util" in path.stem or "helper" in path.stem]


def test_benchmarks_are_no_package():
    """Another distribution installs a package called benchmarks, so ours must not be one."""
    assert not (ROOT / "benchmarks" / "__init__.py").exists()


@pytest.mark.parametrize("prelude", ["", MANY_CASES], ids=["catalog", "thousand_cases"])
def test_collection_imports_no_framework(prelude):
    """`pytest --collect-only` imports no framework, with the catalog's cases and with more than a thousand."""
    code = f"""
import sys
{prelude}
import pytest
class Count:
    def pytest_collection_finish(self, session):
        self.items = len(session.items)
count = Count()
status = pytest.main(["benchmarks", "--collect-only", "-q", "-q"], plugins=[count])
hot = {sorted(FRAMEWORKS)!r}
print("RESULT", int(status), count.items, [name for name in hot if name in sys.modules])
"""
    finished = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, check=False
    )

    status, items, hot = finished.stdout.split("RESULT ")[1].split(maxsplit=2)
    assert (0, "[]") == (int(status), hot.strip()), finished.stderr
    assert int(items) > (1000 if prelude else 300)
