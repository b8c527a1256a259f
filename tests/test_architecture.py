"""Who may import whom, and who may touch files, read from the sources."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from study.site.architecture import MAY_FOLLOW, MAY_IMPORT, TORCH_FREE

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "study"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "__pycache__" not in path.parts)

KNOW_HYDRA = {"study.configuring"}
TOUCH_FILES = {
    "study.archive",
    "study.catalogue",
    "study.command_line",
    "study.configuring",
    "study.controls",
    "study.engine.dask",
    "study.engine.engines",
    "study.engine.slurm",
    "study.engine.tasks",
    "study.history",
    "study.lab.checkpoints",
    "study.lab.kernels",
    "study.lab.mnist",
    "study.lab.mnist_folder",
    "study.lab.unpacking",
    "study.record.archive",
    "study.record.citation",
    "study.record.git",
    "study.record.comparison",
    "study.record.plotting",
    "study.queue",
    "study.record.lock",
    "study.record.provenance",
    "study.record.results",
    "study.record.store",
    "study.release",
    "study.runner",
    "study.scaffold",
    "study.steps",
    "study.trying.batches",
    "study.trying.loading",
    "study.trying.writing",
}
READ_WITH_THEIR_MODULE = {"find", "load"}
"""Names that several modules of the laboratory define: ``checkpoints.load``, ``mnist.load``."""
FILE_MODULES = {"glob", "io", "pathlib", "shutil", "subprocess", "tempfile"}
FILE_WORDS = {
    "fromfile",
    "imsave",
    "listdir",
    "loadtxt",
    "makedirs",
    "mkdir",
    "open",
    "read_bytes",
    "read_text",
    "rename",
    "rmdir",
    "rmtree",
    "savefig",
    "savetxt",
    "scandir",
    "tofile",
    "touch",
    "unlink",
    "write_bytes",
    "write_text",
}


def dotted(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {dotted(path): path for path in FILES}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def layer(module: str) -> str:
    """Return ``lab`` for ``study.lab.mnist``, and ``runner`` for ``study.runner``."""
    return [*module.split("."), ""][1]


def imported(tree: ast.AST) -> set[str]:
    """Name the modules that a tree imports, of the study in full: ``study.lab.mnist``."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            inner = {f"{origin}.{name.name}" for name in node.names}
            found |= {name if name in MODULES else origin for name in inner}
    return found


def imported_at_the_top(tree: ast.Module) -> set[str]:
    """Name what the import of a module imports: nothing in functions or for type checkers only."""
    runs = [
        node
        for node in tree.body
        if not isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    return imported(ast.Module(runs, []))


def roots(modules: set[str]) -> set[str]:
    return {module.split(".")[0] for module in modules}


def offenders(rule: Callable[[str, ast.Module], Iterator[str]]) -> list[str]:
    """Hold every module against a rule, and list what it finds."""
    return [
        f"{module}: {offender}" for module, tree in TREES.items() for offender in rule(module, tree)
    ]


def test_a_layer_imports_only_those_below() -> None:
    def above(module: str, tree: ast.Module) -> Iterator[str]:
        if layer(module) not in MAY_IMPORT:
            return  # the top of the house may import all of it
        of_the_study = {name for name in imported(tree) if name.startswith("study.")}
        yield from {layer(name) for name in of_the_study} - MAY_IMPORT[layer(module)]

    assert offenders(above) == []


def test_an_experiment_knows_its_own_files_and_what_its_group_shares() -> None:
    def foreign(module: str, tree: ast.Module) -> Iterator[str]:
        if layer(module) != "experiments":
            return
        group, *rest = [*module.split("."), "", ""][2:]
        for name in imported(tree):
            if layer(name) != "experiments":
                continue
            its_group, *its_rest = [*name.split("."), "", ""][2:]
            of_another = its_group != group
            if its_rest[1]:  # a file of an experiment
                of_another |= its_rest[0] != rest[0] or its_rest[1] not in MAY_FOLLOW[rest[1]]
            elif rest[1]:
                of_another |= not its_rest[0]  # not a module that the group shares
            if of_another:
                yield name

    assert offenders(foreign) == []


def test_modules_of_the_study_are_imported_by_from() -> None:
    # The fingerprint of a run follows these imports and no others.
    def otherwise(_module: str, tree: ast.Module) -> Iterator[str]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                whole = "study" in roots({name.name for name in node.names})
            elif isinstance(node, ast.ImportFrom):
                whole = node.level != 0 or "*" in {name.name for name in node.names}
            else:
                continue
            if whole:
                yield ast.unparse(node)

    assert offenders(otherwise) == []


def test_torch_stays_out_of_mathematics_and_records() -> None:
    def torch(module: str, tree: ast.Module) -> Iterator[str]:
        if layer(module) in TORCH_FREE and "torch" in roots(imported_at_the_top(tree)):
            yield "torch at the top"
        if layer(module) in TORCH_FREE - {"record"} and "torch" in roots(imported(tree)):
            yield "torch"

    assert offenders(torch) == []


def test_hydra_is_known_to_one_module() -> None:
    def hydra(module: str, tree: ast.Module) -> Iterator[str]:
        if module not in KNOW_HYDRA:
            yield from {"hydra", "omegaconf"} & roots(imported(tree))

    assert offenders(hydra) == []


def test_files_are_touched_by_few_modules() -> None:
    def touching(module: str, tree: ast.Module) -> Iterator[str]:
        if module in TOUCH_FILES or layer(module) == "site":
            return
        yield from FILE_MODULES & roots(imported(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else None
                called = node.func.id if isinstance(node.func, ast.Name) else called
                if called in FILE_WORDS:
                    yield f"line {node.lineno}, {called}"

    assert offenders(touching) == []


def test_the_lists_above_name_modules_that_are_there() -> None:
    layers = {layer(module) for module in MODULES}
    assert set(MODULES) >= KNOW_HYDRA | TOUCH_FILES
    assert layers >= set(MAY_IMPORT) | TORCH_FREE


def test_no_import_goes_in_a_circle() -> None:
    graph = {
        module: {name for name in imported(TREES[module]) if name in MODULES} - {module}
        for module in MODULES
    }
    order = list(TopologicalSorter(graph).static_order())  # raises CycleError, which names them
    assert set(order) == set(MODULES)


def test_no_two_things_of_the_laboratory_have_one_name() -> None:
    # But for the stages of the pass by hand, each of which has its own linear layer and so on.
    places: dict[str, list[str]] = {}
    for module, tree in TREES.items():
        if layer(module) != "lab" or module.startswith("study.lab.by_hand"):
            continue
        for node in tree.body:
            for name in defined(node):
                if not name.startswith("_"):
                    places.setdefault(name, []).append(module)
    homonyms = {name: modules for name, modules in places.items() if len(modules) > 1}
    assert homonyms.keys() <= READ_WITH_THEIR_MODULE, homonyms


def defined(node: ast.stmt) -> list[str]:
    """Name what a statement at the top of a module defines."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = (name for target in targets for name in ast.walk(target))
        return [name.id for name in names if isinstance(name, ast.Name)]
    return []


def modules_after(statements: str) -> set[str]:
    """Run statements in a fresh interpreter and name the top packages it has loaded then."""
    code = f"import sys\n{statements}\nprint('loaded', *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.splitlines()[-1].split()
    assert loaded[0] == "loaded"
    return roots(set(loaded[1:]))


LIST = """
import runpy
sys.argv = ["study", "list"]
try:
    runpy.run_module("study", run_name="__main__")
except SystemExit as end:
    assert end.code == 0
"""


@pytest.mark.parametrize(
    "statements",
    [
        "import study",
        "import study.catalogue\nstudy.catalogue.names()",
        "import study.record.comparison, study.record.provenance, study.theory.variance",
        LIST,
    ],
    ids=["study", "catalogue", "record", "list"],
)
def test_what_needs_no_torch_does_not_load_it(statements: str) -> None:
    loaded = modules_after(statements)
    assert "study" in loaded
    assert not {"torch", "hydra"} & loaded
