"""Whole folders: a company whose contracts are well made, and one whose contracts are not."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from dragoman.review.conduct import Given, review
from dragoman.review.misfits.finding import Finding
from dragoman.review.reading.read import read_all
from dragoman.review.surfaces.notes import read

FOLDERS = Path(__file__).parent.parent / "folders"

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


def found_in(folder: Path, audiences: dict[str, str], tmp_path: Path) -> list[Finding]:
    """What a review finds, whose notes make a surface of each document, called as its file is."""
    documents = read_all([folder])
    assert not documents.refusals
    files = {Path(each.file).stem: each.file for each in documents.readings}
    assert set(files) == set(audiences)
    notes = tmp_path / "surfaces.toml"
    notes.write_text(
        "".join(
            f"[surfaces.{name}]\ndocuments = ['{os.path.relpath(files[name], tmp_path)}']\n"
            f"audience = '{audience}'\nowner = 'Team Platform'\n"
            for name, audience in audiences.items()
        )
    )
    given = Given(documents.readings, notes=read(notes, "surfaces.toml"))
    reviewed = review(given, datetime.date(2026, 11, 28))
    assert [each.surface.name for each in reviewed.surfaces] == list(audiences)
    return [each for surface in reviewed.surfaces for each in surface.findings]


def _shown(finding: Finding, folder: Path) -> str:
    place = Path(finding.position.file).relative_to(folder)
    element = str(finding.element).replace(f"{folder}/", "")
    return f"{place}:{finding.position.line} {finding.rule} {element}"


def test_nothing_is_found_on_contracts_that_are_well_made(tmp_path: Path) -> None:
    folder = FOLDERS / "clean"
    findings = found_in(folder, CLEAN, tmp_path)
    assert [f"{_shown(each, folder)}: {each.message}" for each in findings] == []


def test_what_is_seeded_is_found_at_its_line(tmp_path: Path) -> None:
    folder = FOLDERS / "mixed"
    findings = found_in(folder, MIXED, tmp_path)
    seeded = (folder / "seeded.txt").read_text().splitlines()
    assert sorted(_shown(each, folder) for each in findings) == sorted(seeded)
    assert len({line.split()[1] for line in seeded}) >= 40
