"""The program stays small in the large and in the small: counts that no linter keeps."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
PROGRAM = sorted((ROOT / "sesauditd").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
HERE = Path(__file__).resolve()

LONGEST_MODULE = 300
LONGEST_FUNCTION = 40
MEDIAN_MODULE = 130
MOST_TYPE_IGNORES = 3
MOST_NOQA = 8
LEFTOVER = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b")
MACHINE = re.compile(r"(?<![\w.])/(?:work|tmp/dev|home|root)/")
OURS = (
    "*.md",
    "*.toml",
    ".ci/*",
    ".pre-commit-config.yaml",
    "Dockerfile",
    "Makefile",
    "benchmarks/**/*",
    "config/*",
    "docs/**/*",
    "migrations/**/*",
    "requirements*",
    "sesauditd/**/*",
    "systemd/*",
    "tests/**/*",
)
REGISTRIES = re.compile(r"pypi[.]org|pythonh[o]sted|registry[.]npm[j]s|deb[.]debian[.]org|/simple/")
VAGUE = re.compile(r"(Manager|Helper|Util|Utils|Service|Handler)$")


@cache
def program() -> dict[str, ast.Module]:
    """Return the modules of the program, parsed, by their paths."""
    return {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in PROGRAM}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _lines_with(pattern: str, files: list[Path]) -> list[str]:
    wanted = re.compile(pattern)
    return [
        f"{_name(path)}:{number}"
        for path in files
        if path.resolve() != HERE
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if wanted.search(line)
    ]


def _functions(tree: ast.AST) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_line_hides_from_coverage() -> None:
    assert _lines_with(r"pragma:\s*no\s+(cover|branch)", PROGRAM + TESTS) == []


def test_few_lines_hide_from_the_type_checker() -> None:
    found = _lines_with(r"#\s*type:\s*ignore", PROGRAM)
    assert len(found) <= MOST_TYPE_IGNORES, found


def test_few_lines_hide_from_the_linter() -> None:
    found = _lines_with(r"#\s*(ruff:\s*)?noqa", PROGRAM + TESTS)
    assert len(found) <= MOST_NOQA, found


def test_nothing_is_left_to_do_in_a_comment() -> None:
    assert _lines_with(LEFTOVER.pattern, PROGRAM + TESTS) == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    assert _lines_with(MACHINE.pattern, PROGRAM + TESTS) == []


def test_no_file_names_a_registry() -> None:
    # What else lies in a checkout, a log above all, may name what it likes.
    ours = [path for pattern in OURS for path in ROOT.glob(pattern) if path.is_file()]
    read = [path for path in ours if b"\0" not in path.read_bytes()[:1024]]
    assert _lines_with(REGISTRIES.pattern, read) == []


def test_most_modules_are_short() -> None:
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in PROGRAM]
    assert median(lengths) <= MEDIAN_MODULE


def test_a_module_fits_on_a_few_screens() -> None:
    lengths = {_name(path): path.read_text(encoding="utf-8").count("\n") for path in PROGRAM}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def test_a_module_says_in_a_sentence_what_it_is() -> None:
    said = {name: ast.get_docstring(tree) or "" for name, tree in program().items() if tree.body}
    assert [
        name for name, text in said.items() if not text.partition("\n")[0].endswith((".", ":"))
    ] == []


def test_a_function_fits_on_a_screen() -> None:
    assert [
        f"{name}: {function.name}: {_length(function)} lines"
        for name, tree in program().items()
        for function in _functions(tree)
        if _length(function) > LONGEST_FUNCTION
    ] == []


def test_only_the_command_line_prints() -> None:
    assert [
        f"{name}:{node.lineno}"
        for name, tree in program().items()
        if not name.startswith("sesauditd/cli/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
    ] == []


def test_a_class_is_named_for_what_it_is() -> None:
    assert [
        f"{name}: {node.name}"
        for name, tree in program().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and VAGUE.search(node.name)
    ] == []
