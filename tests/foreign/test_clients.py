"""Clients made from the documents compile under strict settings, and the shop's do their work against a server.

Where a setting is narrower than the strictest, the generator's own templates break it; each place says so.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from tooling import BRIEFLY, HERE, JAKARTA, demo, generator, npm, run

CLIENTS = ["demo-partner", "features-public", "features-admin"]
OF_MANY = "shipped"
"""A status that the clients of orders do not know, as if it had been added since they were made."""

SEEN = {
    "listed": 3,
    "goes on": True,
    "unknown": [OF_MANY],
    "created": [201, "placed"],
    "unchanged": 304,
    "patched": 3,
    "stale": [412, "ABORTED", []],
    "cancelled": True,
    "wrong": [422, "INVALID_ARGUMENT", ["#/quantity"]],
}
"""What the programs of clients/ see, in whatever language they are written."""


@pytest.fixture
def older(documents: Path, tmp_path: Path) -> Path:
    """The shop's document as it was before orders were shipped."""
    document: dict[str, Any] = json.loads((documents / "demo-partner.json").read_text())
    document["components"]["schemas"]["OrderStatus"]["enum"].remove(OF_MANY)
    file = tmp_path / "older.json"
    file.write_text(json.dumps(document))
    return file


def python_client(document: Path, folder: Path, name: str) -> None:
    command = ("openapi-python-client", "generate", "--path", document, "--output-path", folder / name)
    run(*command, "--meta", "none", "--fail-on-warning", folder=folder)


def check_python(folder: Path, *files: str) -> None:
    """Run mypy --strict. The client's own ``__exit__`` hands arguments on as objects, so there they are not checked."""
    told = ["[mypy]", "strict = true", f"cache_dir = {folder.parent / 'mypy'}"]  # the libraries are the same for all
    told += ["[mypy-*.client]", "disable_error_code = arg-type", ""]
    (folder / "mypy.ini").write_text("\n".join(told))
    assert "Success" in run("mypy", "--config-file", "mypy.ini", *files, folder=folder)


def typescript_client(document: Path, folder: Path, name: str) -> None:
    settings = {"input": str(document), "output": {"path": name, "importFileExtension": ".js"}}
    (folder / "openapi-ts.config.mjs").write_text(f"export default {json.dumps(settings)};")
    run(npm("openapi-ts"), "--file", "openapi-ts.config.mjs", "--no-log-file", folder=folder)


def compile_typescript(folder: Path, file: str, **narrower: bool) -> None:
    """Type-check and compile. The clients' own code cannot do with exactOptionalPropertyTypes."""
    options = {"outDir": "out", "rootDir": ".", **narrower}
    settings = {"extends": str(HERE / "tsconfig.json"), "compilerOptions": options, "files": [file]}
    (folder / "tsconfig.json").write_text(json.dumps(settings))
    (folder / "package.json").write_text('{"type": "module"}')
    run(npm("tsc"), "--project", folder, folder=folder)


@pytest.mark.parametrize("name", CLIENTS)
def test_python(name: str, documents: Path, tmp_path: Path) -> None:
    python_client(documents / f"{name}.json", tmp_path, "client")
    check_python(tmp_path, "client")


@pytest.mark.parametrize("name", CLIENTS)
def test_typescript(name: str, documents: Path, tmp_path: Path) -> None:
    typescript_client(documents / f"{name}.json", tmp_path, "client")
    compile_typescript(tmp_path, "client/index.ts")


@pytest.mark.parametrize("name", CLIENTS)
def test_typescript_of_openapi_generator(name: str, documents: Path, tmp_path: Path) -> None:
    command = ("java", *BRIEFLY, "-jar", generator(), "generate", "--input-spec", documents / f"{name}.json")
    run(*command, "--generator-name", "typescript-fetch", "--output", tmp_path / "client", folder=tmp_path)
    # Its runtime.ts overrides without saying so, and takes what it finds at an index for granted.
    compile_typescript(tmp_path, "client/index.ts", noUncheckedIndexedAccess=False, noImplicitOverride=False)


@pytest.mark.parametrize("name", CLIENTS)
def test_java(name: str, documents: Path, tmp_path: Path) -> None:
    options = {
        "openApiNullable": "false",  # Debian has no jackson-databind-nullable
        "useJakartaEe": "true",
        "enumUnknownDefaultCase": "true",
        "disallowAdditionalPropertiesIfNotPresent": "false",
    }
    command = ("java", *BRIEFLY, "-jar", generator(), "generate", "--input-spec", documents / f"{name}.json")
    command += ("--generator-name", "java", "--library", "native", "--output", tmp_path)
    command += ("--additional-properties", ",".join(f"{key}={value}" for key, value in options.items()))
    # Its template writes the default of a date or a decimal as a string, whatever the field's type is.
    command += ("--type-mappings", "date=String,decimal=String")
    command += ("--global-property", "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false")
    run(*command, folder=tmp_path)
    sources = sorted((tmp_path / "src/main").rglob("*.java"))
    # Its serializers have no serialVersionUID, its ApiClient uses a method that newer Jacksons deprecate, and javac
    # remarks that no processor reads Jackson's annotations.
    lint = "-Xlint:all,-serial,-deprecation,-processing"
    classes = f"{generator()}:{JAKARTA}"
    command = ("javac", *(f"-J{each}" for each in BRIEFLY), lint, "-Werror", "-cp", classes)
    run(*command, "-d", tmp_path / "out", *sources, folder=tmp_path)


def test_a_python_program_works_on_orders(older: Path, tmp_path: Path) -> None:
    python_client(older, tmp_path, "shop_client")
    program = shutil.copy(HERE / "clients/orders.py", tmp_path)
    check_python(tmp_path, "orders.py")
    with demo(tmp_path) as server:
        said = run(sys.executable, program, f"{server.url}/v1", "demo-partner", folder=tmp_path)
    assert json.loads(said) == SEEN


def test_a_typescript_program_works_on_orders(older: Path, tmp_path: Path) -> None:
    typescript_client(older, tmp_path, "shop")
    shutil.copy(HERE / "clients/orders.ts", tmp_path)
    compile_typescript(tmp_path, "orders.ts")
    with demo(tmp_path) as server:
        said = run("node", "out/orders.js", f"{server.url}/v1", "demo-partner", folder=tmp_path)
    assert json.loads(said) == SEEN
