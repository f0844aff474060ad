"""Tests of the house: what may import what, and what collection costs."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ptmbench"
ENGINE = PACKAGE / "engine"
FRAMEWORKS = {"torch", "torchvision", "transformers", "thop", "sklearn", "ruptures"}  # ruptures: a second of scipy
COLD = sorted(path for path in PACKAGE.rglob("*.py") if ENGINE not in path.parents)
LOADING = {  # calls that can run code which comes with what they load, or have a mode in which they do
    *(
        "from_pretrained",
        "from_config",
        "load_dataset",
        "load_dataset_builder",
        "load_model",
        "load_weights",
        "Unpickler",
    ),
    *("load_file", "safe_open", "torch.load", "hub.load", "jit.load", "np.load", "numpy.load", "pickle.load"),
    *("pickle.loads", "joblib.load", "yaml.load", "dill.load", "cloudpickle.load", "export.load", "importlib.reload"),
}
LOADERS = {  # the files that call them, and what keeps code from running
    "ptmbench/engine/foreign_loads.py": "the place for them: each says no to code",
    "ptmbench/engine/models/torch_hub_models.py": "a repository's own code, which runs after --trust-remote-code only",
    "ptmbench/records/stored_arrays.py": "allow_pickle=False, without torch",
}
READING = {"read_bytes", "read_text", "json.loads", "json.load", "tomllib.loads", "tomllib.load", "ET.parse", "open"}
READERS = {  # the files that read in another way than `ptmbench.reading` does, and what they read
    "ptmbench/reading.py": "the place for it",
    "ptmbench/records/writing.py": "os.open, to write",
    "ptmbench/records/writers.py": "os.open of a folder, to lock it",
    "ptmbench/cli/streams.py": "the null device, to write",
    "ptmbench/running/standard_input.py": "the null device",
    "ptmbench/files/archives.py": "tarfile.open, of what was downloaded",
    "ptmbench/files/pickle_names.py": "a member of an archive, of a stream that is open",
    "ptmbench/files/downloads.py": "a file to write",
    "ptmbench/files/tensor_files.py": "likewise",
    "ptmbench/files/row_files.py": "os.open of a file of the cache, looked at before it is read",
    "ptmbench/files/pictures.py": "Image.open, of bytes or of a stream that is open",
    "ptmbench/files/masks.py": "Image.open, likewise",
    "ptmbench/files/picture_cells.py": "Image.open, of the bytes of a table's cell",
    "ptmbench/engine/datasets/annotated.py": "Image.open, likewise",
    "ptmbench/engine/corruptions/pictures.py": "Image.open, of bytes that it made",
    "ptmbench/report/site/pages.py": "a style sheet of the package",
    "ptmbench/report/site/building.py": "a font or script of the package",
}
WRITES = {"print", "sys.stdout.write", "sys.stderr.write", "os.write", "sys.stdout.buffer.write"}
MAY_WRITE = {  # and why
    "outlet.py": "the one place that all output passes",
    "__main__.py": "a constant, from a signal handler that must not import",
    "records/writing.py": "into the file that it makes, not to a stream",
}
REPORTERS = {"write_line", "exit", "fail", "skip", "UsageError"}  # through which the plugin has pytest write
GROUND = ("errors", "stages", "reading")
KEPT = ("records", "files", "statistics", *GROUND)
WEIGHED = ("analysis", "gate", *KEPT, "terminal")  # old results stay readable when the catalog changes: no catalog
RUN = ("running", "engine", "report", "recommendation", "catalog", "outlet", *WEIGHED)
MAY_IMPORT = {  # the floors of the house, from the ground up: what each room may import besides itself
    "errors": (),
    "stages": (),
    "reading": (),
    "terminal": GROUND,
    "outlet": ("terminal",),
    "files": GROUND,
    "statistics": GROUND,
    "records": ("files", "statistics", *GROUND),
    "gate": KEPT,
    "analysis": KEPT,
    "catalog": ("records", "files", *GROUND),
    "recommendation": ("catalog", *KEPT),
    "engine": ("catalog", *KEPT),
    "report": WEIGHED,
    "running": ("engine", "recommendation", "catalog", "analysis", *KEPT),
    "api": RUN,
    "plugin": RUN,
    "cli": RUN,
}
SHELLS = {  # what is used by the shells above, and imports none of what they are made of
    "engine": {"pytest", "ptmbench.records.store"},
    "analysis": {"jinja2", "tabulate"},
}
CONTRACTS = ("ptmbench.engine.models.backbone",)  # what a model is: methods have to know it to train a part of one
STRANGERS = {  # rooms of the engine that never import each other
    "models": ("tasks", "methods", "datasets"),
    "tasks": ("models", "methods", "datasets", "pretraining"),
    "methods": ("models", "tasks", "datasets", "pretraining"),
    "datasets": ("models", "tasks", "methods", "pretraining"),
    "pretraining": ("datasets", "tasks", "methods"),
}
MANY_CASES = """
from ptmbench.catalog import builtin
from ptmbench.catalog.spec import TaskSpec
from ptmbench.catalog.traits import TaskKind
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


def test_every_module_has_a_room():
    """Each module stands in a room of the table, and each room of the table is there."""
    assert set(MAY_IMPORT) == {room_of(path) for path in PACKAGE.rglob("*.py")} - {"ptmbench"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_down(room):
    """A room imports the rooms that the table gives it and no other, wherever in its files."""
    forbidden = set(MAY_IMPORT) - {room, *MAY_IMPORT[room]}

    assert [] == faults(PACKAGE / room, {f"ptmbench.{name}" for name in forbidden} | SHELLS.get(room, set()))


@pytest.mark.parametrize("room", STRANGERS)
def test_rooms_of_the_engine_that_never_meet(room):
    """Models, tasks, methods, data sets and pre-training meet in the runner and the workbench alone."""
    assert [] == faults(ENGINE / room, {f"ptmbench.engine.{name}" for name in STRANGERS[room]})


def faults(place, forbidden):
    """The imports of a room, or of the module of its name, that begin with what is forbidden."""
    paths = sorted(place.rglob("*.py")) or [place.with_suffix(".py")]
    starts = tuple(f"{name}." for name in forbidden)
    return [
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in paths
        for name in sorted(set(imported(path, anywhere=True)))
        if f"{name}.".startswith(starts) and not name.startswith(CONTRACTS)
    ]


def room_of(path):
    """The room that a file stands in: the first folder below the package, or a module by itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "ptmbench" if parts in {("__init__",), ("__main__",)} else parts[0]


def calls(path, names):
    """The calls in a file of what has one of these names; one with a dot counts after that word alone."""
    for node in ast.walk(ast.parse(path.read_text())):
        called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if called.rpartition(".")[2] in names or ".".join(called.split(".")[-2:]) in names:
            yield node


def callers(folder, names):
    """The files below a folder with such a call."""
    return {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*.py") if list(calls(path, names))}


def test_what_others_made_is_loaded_in_one_place():
    """No other file calls what could run the code of a repository, a pickle or a program."""
    assert {*LOADERS} == callers("ptmbench", LOADING)
    assert set() == callers("benchmarks", LOADING) - {"benchmarks/validation/architectures.py"}


def test_every_load_refuses_code():
    """Each says so itself: with trust_remote_code left out, transformers asks on stdin whether to run foreign code."""
    said = [ast.unparse(node) for name in [*LOADERS][::2] for node in calls(ROOT / name, LOADING)]
    rules = {
        "torch.load": "weights_only=True",
        "from_": "**rules",
        "load_dataset(": "**NO_CODE",
        "np.load": "allow_pickle=False",
    }
    for beginning, rule in rules.items():
        found = [call for call in said if beginning in call]
        assert found, beginning
        assert [] == [call for call in found if rule not in call]


def test_files_are_read_in_one_way():
    """What somebody else made is opened by `ptmbench.reading`: a pipe or a device would hold a run for ever."""
    assert {*READERS} == callers("ptmbench", READING)


def writing_names(path):
    """The names in a file, called or handed on, by which it could write past the outlet."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {ast.unparse(node) for node in nodes if isinstance(node, ast.Name | ast.Attribute)} & WRITES


def test_all_output_passes_one_place():
    """No module writes to a stream by itself, or hands `print` on: the outlet makes names harmless."""
    found = {str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if writing_names(path)}

    assert set(MAY_WRITE) == found


def test_what_pytest_writes_for_us_passes_there_too():
    """Each text that the plugin hands to pytest, to be written, has passed the outlet."""
    calls = [
        node
        for path in (PACKAGE / "plugin").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in REPORTERS
    ]

    assert calls
    assert [] == [ast.unparse(call) for call in calls if not ast.unparse(call.args[0]).startswith("for_people(")]


def test_no_module_is_called_utils():
    """Every module is called after what it holds."""
    assert [] == [path for path in PACKAGE.rglob("*.py") if "util" in path.stem or "helper" in path.stem]


def test_a_class_name_stands_once():
    """No two classes of the package share a name, private ones aside: a reader need not ask which one is meant."""
    found = Counter(
        node.name
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )

    assert [] == [name for name, often in found.items() if often > 1]


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
