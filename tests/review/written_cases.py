"""The written cases as surfaces: ``tests/review/cases/*.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.judge import judge
from dragoman.review.verdict.verdict import Nature, Verdict

FOLDER = Path(__file__).parent / "cases"
PROFILES = tomllib.loads((FOLDER / "profiles.toml").read_text())


def cases() -> Iterator[dict[str, Any]]:
    for path in sorted(FOLDER.glob("*.toml")):
        yield from tomllib.loads(path.read_text()).get("case", ())


def fact(name: str, value: Any, certainty: Certainty) -> Fact:
    type_ = CATALOGUE[name].type
    return Fact(name, type_(value), certainty)


def facts_of(case: dict[str, Any]) -> Facts:
    found = [fact(name, value, Certainty.READ) for name, value in PROFILES.get(case.get("document"), {}).items()]
    if "present" in case and "document" in case:
        found.append(fact("style", case["present"], Certainty.READ))
    found += [fact(name, value, Certainty.INFERRED) for name, value in case.get("inferred", {}).items()]
    found += [fact(name, value, Certainty.STATED) for name, value in case.get("facts", {}).items()]
    return Facts().with_(*found)


def judged(case: dict[str, Any]) -> Verdict:
    nature = Nature(case.get("present"), "", case.get("purity", 1.0))
    return judge(Surface("case", facts=facts_of(case)), nature, errors=case.get("errors", 0))
