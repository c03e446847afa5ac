"""``surfaces.toml``: what it says becomes facts, and what is wrong in it is told with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dragoman.review.reading.outcome import Refusal
from dragoman.review.surfaces import notes
from dragoman.review.surfaces.catalogue import CATALOGUE, Origin
from dragoman.review.surfaces.facts import Certainty, Fact, Facts
from dragoman.review.surfaces.surface import Surface
from dragoman.review.surfaces.writing import written

GOOD = """\
[team]
skills = ["rest"]

[surfaces.partner]
documents = ["openapi/partner.yaml", "more/**/*.json", "protos"]
audience = "partner"
consumers = 40
latency_budget_ms = 300

[surfaces.partner.inferred]
owner = "platform"
audience = "public"

[surfaces."fraud.v1"]
skills = ["rpc"]
"""


def read(tmp_path: Path, text: str) -> notes.Notes:
    path = tmp_path / "surfaces.toml"
    path.write_text(text)
    return notes.read(path, "surfaces.toml")


def facts(note: notes.Note) -> dict[str, tuple[object, Certainty]]:
    return {each.name: (each.value, each.certainty) for each in note.facts}


def test_what_is_stated_holds_over_what_is_inferred_and_over_the_team_s(tmp_path: Path) -> None:
    partner, fraud = read(tmp_path, GOOD).surfaces
    assert facts(partner) == {
        "skills": (frozenset({"rest"}), Certainty.STATED),
        "audience": ("partner", Certainty.STATED),
        "consumers": (40, Certainty.STATED),
        "latency_budget_ms": (300.0, Certainty.STATED),
        "owner": ("platform", Certainty.INFERRED),
    }
    assert facts(fraud) == {"skills": (frozenset({"rpc"}), Certainty.STATED)}
    evidence = next(each for each in partner.facts if each.name == "consumers").evidence
    assert [str(each.position) for each in evidence] == ["surfaces.toml:7"]


@pytest.mark.parametrize(
    ("path", "held"),
    [
        ("openapi/partner.yaml", True),
        ("openapi/partner.yaml.bak", False),
        ("more/a.json", True),
        ("more/deep/er/a.json", True),
        ("more/deep/a.yaml", False),
        ("protos/fraud/v1/fraud.proto", True),
        ("protos2/fraud.proto", False),
        ("../openapi/partner.yaml", False),
    ],
)
def test_documents_are_meant_by_path_folder_or_pattern(tmp_path: Path, path: str, held: bool) -> None:
    assert read(tmp_path, GOOD).surfaces[0].holds(tmp_path / path) is held


@pytest.mark.parametrize(
    ("text", "line", "message", "remedy"),
    [
        ("[surfaces.a]\naudience = 'x\n", 2, "it cannot be read as TOML", "--init"),
        ("[surface.a]\n", 1, "a key 'surface' that is not known", "Did you mean surfaces?"),
        (
            "[surfaces.a]\n\nowner = 'b'\nconsumer = 3\n",
            4,
            "a key 'consumer' that is not known",
            "Did you mean consumers?",
        ),
        ("[surfaces.a]\nowner = 'b'\nconsumers = 'many'\n", 3, "consumers = 'many': write a whole number", ""),
        ("[surfaces.b]\nconsumers = 1\n[surfaces.a]\nconsumers = -1\n", 4, "consumers = -1: -1 is no number", ""),
        ("[surfaces.a]\naudience = 'publik'\n", 2, "did you mean public?", ""),
        ("[surfaces]\na = 3\n", 2, "a is no table", "Write [surfaces.a]"),
        ("surfaces = 3\n", 1, "surfaces is no table", "Write [surfaces]"),
        ("[surfaces.a]\ndocuments = 'a.yaml'\n", 2, "documents is no list", "Write documents ="),
        ("[surfaces.a.inferred]\nowner = ''\n", 2, "owner = '': write a text", ""),
        ("[team]\nskills = ['cobol']\n", 2, "there is no 'cobol'", ""),
        ("[surfaces.a]\njoins = 300\n", 2, "joins = 300: 300 resources cannot be meant: it is 100 at most", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, text: str, line: int, message: str, remedy: str) -> None:
    with pytest.raises(Refusal) as refusal:
        read(tmp_path, text)
    assert (refusal.value.position.file, refusal.value.position.line) == ("surfaces.toml", line)
    assert message in refusal.value.message
    assert remedy in refusal.value.remedy


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = "[team]\nskills = ['grpc']\n[surfaces.a]\nconsumers = -1\njoin = 3\n[surfaces.b]\naudience = 'publik'\n"
    with pytest.raises(Refusal) as refusal:
        read(tmp_path, text)
    assert str(refusal.value).splitlines() == [
        "surfaces.toml:4: consumers = -1: -1 is no number of organisations.",
        "surfaces.toml:5: [surfaces.a] has a key 'join' that is not known. Did you mean joins?",
        "surfaces.toml:7: audience = 'publik': there is no 'publik'; did you mean public?",
    ]


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "surfaces.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(Refusal, match="it is not UTF-8"):
        notes.read(tmp_path / "surfaces.toml", "surfaces.toml")


VALUES = {
    bool: st.booleans(),
    int: st.integers(0, 10**9),
    float: st.integers(1, 10**6).map(float) | st.floats(0.5, 1e6).map(lambda each: float(f"{each:g}")),
    str: st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(str.strip),
    frozenset: st.frozensets(st.sampled_from(CATALOGUE["skills"].choices)),
}


@st.composite
def surfaces(draw: st.DrawFn) -> Surface:
    known = {}
    for name, each in CATALOGUE.items():
        if each.origin is Origin.PEOPLE and draw(st.booleans()):
            plain = each.choices and each.type is str
            value = draw(st.sampled_from(each.choices) if plain else VALUES[each.type])
            value = min(value, each.most) if each.type is int else value
            known[name] = Fact(name, value, draw(st.sampled_from([Certainty.INFERRED, Certainty.STATED])))
    name = draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    return Surface(name, (), Facts(known))


@given(st.lists(surfaces(), unique_by=lambda each: each.name, max_size=3))
def test_what_is_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, every: list[Surface]) -> None:
    found = read(tmp_path_factory.mktemp("notes"), written(every))
    assert [each.name for each in found.surfaces] == [each.name for each in every]
    for note, surface in zip(found.surfaces, every, strict=True):
        assert facts(note) == {name: (each.value, each.certainty) for name, each in surface.facts.items()}
