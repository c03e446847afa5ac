"""Whole folders: a company whose contracts are well made, and one whose contracts are not."""

from __future__ import annotations

from pathlib import Path

from dragoman.review.misfits.finding import Finding, Subject
from dragoman.review.misfits.search import search
from dragoman.review.reading.outcome import Format, Reading
from dragoman.review.reading.read import read_all
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.verdict.verdict import Nature

FOLDERS = Path(__file__).parent.parent / "folders"
STYLES = {Format.OPENAPI: "rest", Format.PROTO: "rpc", Format.GRAPHQL: "graphql", Format.ASYNCAPI: "events"}

CLEAN = {
    "catalogue": "public",
    "partner": "partner",
    "webhooks": "partner",
    "admin": "operator",
    "stock": "internal",
    "fraud": "internal",
    "transcoding": "internal",
    "dashboard": "frontend",
    "orders": "internal",
    "media": "internal",
}


MIXED = {
    "public": "public",
    "partner": "partner",
    "stock": "internal",
    "media": "internal",
    "dashboard": "frontend",
    "orders": "internal",
}


def subjects(folder: Path, audiences: dict[str, str], rpc: tuple[str, ...] = ()) -> list[Subject]:
    """A surface for each document, called as its file is."""
    found = read_all([folder])
    assert not found.refusals
    readings = {Path(each.file).stem: each for each in found.readings}
    assert set(readings) == set(audiences)
    surfaces = {name: _surface(name, reading, audiences[name]) for name, reading in readings.items()}
    platform = tuple(surfaces.values())
    return [
        Subject(surface, Nature("rpc" if name in rpc else STYLES[readings[name].format], "", 1.0), platform)
        for name, surface in surfaces.items()
    ]


def _surface(name: str, reading: Reading, audience: str) -> Surface:
    stated = {"audience": audience, "owner": "Team Platform"}
    facts = {key: Fact(key, value, Certainty.STATED) for key, value in stated.items()}
    return Surface(name, (reading,), Facts(facts))


def _shown(finding: Finding, folder: Path) -> str:
    place = Path(finding.position.file).relative_to(folder)
    element = str(finding.element).replace(f"{folder}/", "")
    return f"{place}:{finding.position.line} {finding.rule} {element}"


def test_nothing_is_found_on_contracts_that_are_well_made() -> None:
    folder = FOLDERS / "clean"
    findings = search(subjects(folder, CLEAN))
    assert [f"{_shown(each, folder)}: {each.message}" for each in findings] == []


def test_what_is_seeded_is_found_at_its_line() -> None:
    folder = FOLDERS / "mixed"
    findings = search(subjects(folder, MIXED, rpc=("partner",)))
    seeded = (folder / "seeded.txt").read_text().splitlines()
    assert sorted(_shown(each, folder) for each in findings) == sorted(seeded)
    assert len({line.split()[1] for line in seeded}) >= 40
