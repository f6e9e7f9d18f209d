"""The gate: how large and how deep code may grow, and what no committed file may say.

A rule returns its findings as ``"path::function"`` strings. Its test compares them with the entries
of ``ALLOWED`` for that rule, so an exception that is no longer needed fails like a new breach.
"""

import ast
import re
import statistics
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

import raabta

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "raabta"
GLOSSARY = ROOT / "docs" / "glossary.md"

# docs/decisions/001: what a reader holds in mind at once. Judgement, not measurement.
MODULE_LINES_MAX = 500
MODULE_LINES_MEDIAN_MAX = 150
COMMAND_LINES_MAX = 150
FUNCTION_LINES_MAX = 60
NESTING_MAX = 3
ARGUMENTS_MAX = 6
POSITIONAL_MAX = 2
JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "handler", "base"}

# (rule, finding): why. Lower the maximum when an entry goes; never raise it.
ALLOWED: dict[tuple[str, str], str] = {}
ALLOWED_MAX = 0

# In pieces, so that this file does not say them either.
REGISTRY_HOSTS = ("pypi" + ".org", "files.python" + "hosted", "deb.deb" + "ian", "registry.npm" + "js")
MACHINE_PATHS = ("/wo" + "rk/", "/ro" + "ot/")

FUNCTION_TYPES = (ast.FunctionDef, ast.AsyncFunctionDef)
LOOP_TYPES = (ast.For, ast.AsyncFor, ast.While)
COMPOUND_TYPES = (ast.If, *LOOP_TYPES, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)

Function = ast.FunctionDef | ast.AsyncFunctionDef
Rule = Callable[[Path, ast.Module], Iterator[str]]


# --- reading the code ---------------------------------------------------------------------------------------


def modules() -> dict[str, Path]:
    """Path as text, relative to the package, of every module of the package."""
    return {path.relative_to(SOURCE).as_posix(): path for path in sorted(SOURCE.rglob("*.py"))}


@cache
def parsed(path: Path) -> ast.Module:
    """A module of the package, parsed once for all rules."""
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, Function, bool]]:
    """Every function with its dotted name, and whether it is a method."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, FUNCTION_TYPES):
            yield prefix + node.name, node, isinstance(tree, ast.ClassDef)
        if isinstance(node, (*FUNCTION_TYPES, ast.ClassDef)):
            yield from functions(node, f"{prefix}{node.name}.")
        else:
            yield from functions(node, prefix)


def n_lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def nesting(node: ast.AST, depth: int = 0) -> int:
    """Deepest nesting of compound statements under a function; a function or class inside starts again."""
    return max((nesting_of(child, node, depth) for child in ast.iter_child_nodes(node)), default=depth)


def nesting_of(child: ast.AST, parent: ast.AST, depth: int) -> int:
    if isinstance(child, (*FUNCTION_TYPES, ast.ClassDef)):
        return depth
    nests = isinstance(child, COMPOUND_TYPES) and not is_elif(child, parent)
    return nesting(child, depth + nests)


def is_elif(child: ast.AST, parent: ast.AST) -> bool:
    return (
        isinstance(child, ast.If)
        and isinstance(parent, ast.If)
        and child in parent.orelse
        and child.col_offset == parent.col_offset
    )


def arguments(function: Function, *, is_method: bool) -> tuple[int, int]:
    """How many arguments, and how many of them may be given by position; self and cls do not count."""
    is_static = any(isinstance(item, ast.Name) and item.id == "staticmethod" for item in function.decorator_list)
    n_positional = len(function.args.posonlyargs) + len(function.args.args) - (is_method and not is_static)
    return n_positional + len(function.args.kwonlyargs), n_positional


# --- the rules ----------------------------------------------------------------------------------------------


def long_modules(path: Path, _tree: ast.Module) -> Iterator[str]:
    limit = COMMAND_LINES_MAX if "cli" in path.relative_to(ROOT).parts else MODULE_LINES_MAX
    if n_lines(path) > limit:
        yield ""


def long_functions(_path: Path, tree: ast.Module) -> Iterator[str]:
    for name, function, _ in functions(tree):
        if (function.end_lineno or 0) - function.lineno + 1 > FUNCTION_LINES_MAX:
            yield name


def deep_functions(_path: Path, tree: ast.Module) -> Iterator[str]:
    for name, function, _ in functions(tree):
        if nesting(function) > NESTING_MAX:
            yield name


def too_many_arguments(path: Path, tree: ast.Module) -> Iterator[str]:
    """The parameters of a command are its options, so ``cli`` is exempt."""
    if "cli" in path.relative_to(ROOT).parts:
        return
    for name, function, is_method in functions(tree):
        if arguments(function, is_method=is_method)[0] > ARGUMENTS_MAX:
            yield name


def too_many_positional(path: Path, tree: ast.Module) -> Iterator[str]:
    """Private functions have their callers in sight; the language fixes the signatures of magic methods."""
    if "cli" in path.relative_to(ROOT).parts:
        return
    for name, function, is_method in functions(tree):
        is_private = any(part.startswith("_") for part in name.split("."))
        if not is_private and arguments(function, is_method=is_method)[1] > POSITIONAL_MAX:
            yield name


def junk_drawers(path: Path, _tree: ast.Module) -> Iterator[str]:
    if JUNK_DRAWERS & {path.stem, path.parent.name}:
        yield ""


def relative_imports(_path: Path, tree: ast.Module) -> Iterator[str]:
    if any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(tree)):
        yield ""


def packages_without_map(path: Path, tree: ast.Module) -> Iterator[str]:
    if path.name == "__init__.py" and not ast.get_docstring(tree):
        yield ""


RULES: tuple[Rule, ...] = (
    long_modules,
    long_functions,
    deep_functions,
    too_many_arguments,
    too_many_positional,
    junk_drawers,
    relative_imports,
    packages_without_map,
)


# --- the gate -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_module_breaks_the_rule(rule: Rule) -> None:
    found = {
        f"{name}::{finding}" if finding else name
        for name, path in modules().items()
        for finding in rule(path, parsed(path))
    }
    assert found == {finding for allowed_rule, finding in ALLOWED if allowed_rule == rule.__name__}


def test_exceptions_name_a_rule_and_a_reason() -> None:
    assert {name for name, _ in ALLOWED} <= {rule.__name__ for rule in RULES}
    assert all(ALLOWED.values())


def test_exceptions_only_shrink() -> None:
    assert len(ALLOWED) == ALLOWED_MAX


def test_every_package_has_an_init() -> None:
    folders = {path.parent for path in modules().values()}
    assert {folder for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_the_median_module_is_short() -> None:
    assert statistics.median(map(n_lines, modules().values())) <= MODULE_LINES_MEDIAN_MAX


def test_version_is_the_same_in_code_and_metadata() -> None:
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert raabta.__version__ == metadata["project"]["version"]


# --- the rules themselves can tell good from bad ------------------------------------------------------------

DEEP = """
def f():
    if a:
        for b in c:
            with d:
                {}
"""


@pytest.mark.parametrize(
    ("innermost", "found"),
    [
        pytest.param("pass", [], id="three-levels-pass"),
        pytest.param("while e: pass", ["f"], id="a-fourth-level-fails"),
        pytest.param("match e:\n                    case _: pass", ["f"], id="match-counts"),
        pytest.param("def g():\n                    if e: pass", [], id="an-inner-function-starts-again"),
    ],
)
def test_nesting_is_counted(innermost: str, found: list[str]) -> None:
    assert list(deep_functions(SOURCE / "x.py", ast.parse(DEEP.format(innermost)))) == found


def test_a_chain_of_elif_is_one_level_but_an_if_inside_else_is_two() -> None:
    chain = ast.parse("if a: pass\nelif b: pass\nelif c: pass\nelse: pass")
    inside = ast.parse("if a: pass\nelse:\n    if b: pass")
    assert (nesting(chain), nesting(inside)) == (1, 2)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("def f(a, b, *, c): pass", [], id="keyword-only-after-two"),
        pytest.param("def f(a, b, c): pass", ["f"], id="three-by-position"),
        pytest.param("def _f(a, b, c): pass", [], id="private"),
        pytest.param("class C:\n    def f(self, a, b): pass", [], id="self-does-not-count"),
        pytest.param("class C:\n    def f(self, a, b, c): pass", ["C.f"], id="method"),
        pytest.param("class C:\n    def __exit__(self, a, b, c): pass", [], id="magic-method"),
        pytest.param("class C:\n    @staticmethod\n    def f(a, b, c): pass", ["C.f"], id="static-method"),
    ],
)
def test_positional_arguments_are_counted(source: str, found: list[str]) -> None:
    assert list(too_many_positional(SOURCE / "x.py", ast.parse(source))) == found


@pytest.mark.parametrize(("n_arguments", "found"), [(6, []), (7, ["f"])])
def test_keyword_arguments_count_as_arguments(n_arguments: int, found: list[str]) -> None:
    names = ", ".join(f"a{i}" for i in range(n_arguments))
    assert list(too_many_arguments(SOURCE / "x.py", ast.parse(f"def f(*, {names}): pass"))) == found


@pytest.mark.parametrize(("n_body_lines", "found"), [(59, []), (60, ["f"])])
def test_function_length_counts_its_first_line(n_body_lines: int, found: list[str]) -> None:
    source = "def f():\n" + "    pass\n" * n_body_lines
    assert list(long_functions(SOURCE / "x.py", ast.parse(source))) == found


# --- what no file says --------------------------------------------------------------------------------------


def committed_files() -> list[Path]:
    """Files that are in git, or would be after ``git add``."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout, so there is no list of committed files")
    return [path for name in listing.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_committed_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    needles = [text.encode() for text in REGISTRY_HOSTS + MACHINE_PATHS]
    found = {
        (path.relative_to(ROOT).as_posix(), needle.decode())
        for path in committed_files()
        for needle in needles
        if needle in path.read_bytes()
    }
    assert found == set()


def table_rows(text: str) -> list[list[str]]:
    """Cells of every line of every Markdown table, head included, ruler lines left out."""
    lines = [line.strip() for line in text.splitlines() if line.lstrip().startswith("|")]
    rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]
    return [row for row in rows if not all(re.fullmatch(r":?-+:?", cell) for cell in row)]


def test_every_glossary_row_has_a_term_and_a_meaning() -> None:
    rows = table_rows(GLOSSARY.read_text(encoding="utf-8"))
    heads = [row for row in rows if row[:2] == ["term", "meaning"]]
    terms = [row[0] for row in rows if row not in heads]
    assert heads, "docs/glossary.md has no table that begins with the columns term and meaning"
    assert [row for row in rows if len(row) < len(heads[0]) or not all(row[:2])] == []
    assert sorted(terms) == sorted(set(terms)), "a term stands twice"
