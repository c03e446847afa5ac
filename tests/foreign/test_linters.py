"""Linters of OpenAPI documents have nothing to say: no error, no warning, no hint."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from tooling import DOCUMENTS, HERE, npm, run


def spectral(folder: Path) -> list[tuple[str, str]]:
    """What Spectral finds in the documents of a folder, down to hints: the files' names, and the rules."""
    rules = HERE / "spectral.yaml"
    command = (npm("spectral"), "lint", *sorted(folder.glob("*.json")), "--ruleset", rules, "--format", "json")
    said = run(*command, "--fail-severity", "hint", "--quiet", folder=folder, code=None)
    found: list[dict[str, Any]] = json.loads(said)
    return [(Path(each["source"]).stem, each["code"]) for each in found]


def redocly(folder: Path) -> list[tuple[str, str]]:
    """What Redocly's recommended rules find there."""
    command = (npm("redocly"), "lint", "--extends", "recommended", "--format", "json", *sorted(folder.glob("*.json")))
    said = run(*command, folder=folder, code=None)
    starts = [at.start() for at in re.finditer(r'^\{\n  "totals"', said, re.MULTILINE)]
    assert len(starts) == len(list(folder.glob("*.json"))), said
    found = [each for start in starts for each in json.JSONDecoder().raw_decode(said, start)[0]["problems"]]
    return [(Path(each["location"][0]["source"]["ref"]).stem, each["ruleId"]) for each in found]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_validator_finds_nothing(name: str, documents: Path) -> None:
    validate(json.loads((documents / f"{name}.json").read_text()))


def test_spectral_finds_nothing(documents: Path) -> None:
    assert spectral(documents) == []


def test_redocly_finds_nothing(documents: Path) -> None:
    assert redocly(documents) == []


def test_they_would_find_something(documents: Path, tmp_path: Path) -> None:
    document = json.loads((documents / "demo-partner.json").read_text())
    del document["paths"]["/orders"]["get"]["operationId"], document["paths"]["/orders"]["get"]["tags"]
    (tmp_path / "broken.json").write_text(json.dumps(document))
    assert set(spectral(tmp_path)) == {("broken", "operation-operationId"), ("broken", "operation-tags")}
    assert ("broken", "operation-operationId") in redocly(tmp_path)
