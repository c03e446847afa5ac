"""``dragoman review`` and ``dragoman advise``, as whoever runs them sees them."""

from __future__ import annotations

import io
import json
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from dragoman.cli import main

FOLDERS = Path(__file__).parent.parent / "review/folders"
APP = """
import dragoman as dm

class Customer(dm.Resource, prefix="cus"):
    name: str

class Score(dm.Struct):
    value: float

shop = dm.Contract("shop")
customers = shop.resource(Customer)

@shop.operation(effect="safe")
def score(score: Score) -> Score:
    return score

app = dm.App(
    dm.rest("partner", "/v1", audience="partner", auth=dm.anonymous(), exposes=[customers, score]),
    dm.rpc("scores", "/scores", audience="internal", auth=dm.anonymous(), exposes=[score], lock="scores.lock"),
)
"""


class Ran(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    def run(*arguments: str, answers: str = "") -> Ran:
        monkeypatch.setattr("sys.stdin", io.StringIO(answers))
        try:
            code = main(arguments)
        except SystemExit as error:
            code = int(error.code or 0)
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with contracts that have misfits; the working directory."""
    shutil.copytree(FOLDERS / "mixed", tmp_path / "contracts")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def audiences(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The fact of each surface that says whom it is for, where it is known."""
    every = ((each["name"], fact) for each in found["surfaces"] for fact in each["facts"])
    return {name: fact for name, fact in every if fact["name"] == "audience"}


def test_a_folder_is_reviewed_as_a_table(company: Path, run: Callable[..., Ran]) -> None:
    code, out, err = run("review", "contracts")
    assert (code, err) == (0, "")
    assert "surfaces in" in out
    assert "Misfits" in out
    assert "\x1b" not in out


def test_a_clean_folder_has_no_misfits(run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDERS)
    code, out, _ = run("review", "clean", "--format", "json", "--check", "hint")
    found = json.loads(out)
    assert code == 0
    assert len(found["surfaces"]) >= 5
    assert all(not each["findings"] for each in found["surfaces"])


@pytest.mark.parametrize(("severity", "code"), [("error", 1), ("hint", 1)])
def test_a_check_fails_on_misfits(company: Path, run: Callable[..., Ran], severity: str, code: int) -> None:
    assert run("review", "contracts", "--check", severity).code == code


def test_what_cannot_be_read_is_told_and_the_rest_is_reviewed(company: Path, run: Callable[..., Ran]) -> None:
    (company / "contracts/broken.yaml").write_text("openapi: 3.1.0\ninfo: {title: a\npaths:\n")
    code, out, _ = run("review", "contracts", "--check", "error")
    assert code == 3
    assert "contracts/broken.yaml:3" in out
    assert "fraud" in out


@pytest.mark.parametrize("more", [["--init"], ["--write-baseline", "b", "--reason", "r", "--until", "2999-01-01"]])
def test_what_is_begun_from_a_part_says_what_is_lacking(
    company: Path, run: Callable[..., Ran], more: list[str]
) -> None:
    (company / "contracts/broken.yaml").write_text("openapi: 3.1.0\ninfo: {title: a\npaths:\n")
    code, _, err = run("review", "contracts", *more)
    assert (code, "not read: contracts/broken.yaml:3" in err) == (3, True)


def test_nobody_is_asked_in_vain_where_the_extra_is_not_installed(
    run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "rich" else name)
    for command in (["advise"], ["review", "."], ["review", ".", "--init"]):
        code, _, err = run(*command)
        assert (code, err) == (2, "dragoman: this needs rich: pip install 'dragoman[review]'\n")


def test_a_file_that_is_named_and_is_no_contract_is_refused(company: Path, run: Callable[..., Ran]) -> None:
    (company / "notes.txt").write_text("nothing\n")
    code, out, _ = run("review", "notes.txt")
    assert code == 3
    assert "notes.txt" in out


def test_a_folder_without_contracts_says_what_is_read(company: Path, run: Callable[..., Ran]) -> None:
    (company / "empty").mkdir()
    code, _, err = run("review", "empty")
    assert code == 2
    assert "there is no contract in empty: OpenAPI, .proto, GraphQL and AsyncAPI are read" in err


def test_a_path_that_is_not_there_is_an_error(company: Path, run: Callable[..., Ran]) -> None:
    code, out, err = run("review", "contract")
    assert code == 3
    assert "contract" in out + err


def test_every_format_and_the_page_are_written(company: Path, run: Callable[..., Ran]) -> None:
    for name in ("terminal", "json", "markdown", "sarif", "github"):
        assert run("review", "contracts", "--format", name, "--output", name, "--page", "page.html").code == 0
        assert (company / name).read_text()
    assert json.loads((company / "sarif").read_text())["version"] == "2.1.0"
    assert (company / "page.html").read_text().startswith("<!doctype html>")


def test_a_file_that_cannot_be_written_is_an_error(company: Path, run: Callable[..., Ran]) -> None:
    code, _, err = run("review", "contracts", "--output", "none/report")
    assert (code, "none/report cannot be written" in err) == (2, True)


def test_notes_are_begun_by_asking_and_are_read_from_then_on(company: Path, run: Callable[..., Ran]) -> None:
    code, out, err = run("review", "contracts", "--init", answers="rest rpc\ninternal\n")
    assert (code, out) == (0, "")
    assert "surfaces.toml is written" in err
    notes = tomllib.loads((company / "surfaces.toml").read_text())
    assert notes["team"] == {"skills": ["rest", "rpc"]}
    stated = [each for each in notes["surfaces"].values() if each.get("audience") == "internal"]
    assert len(stated) == 1
    assert all((company / file).exists() for each in notes["surfaces"].values() for file in each["documents"])
    found = json.loads(run("review", "contracts", "--format", "json").out)
    assert set(notes["surfaces"]) == {each["name"] for each in found["surfaces"]}
    assert [each["certainty"] for each in audiences(found).values()].count("stated") == 1
    again = run("review", "contracts", "--init")
    assert (again.code, "surfaces.toml exists already" in again.err) == (2, True)


def test_notes_that_are_wrong_are_told_with_their_line(company: Path, run: Callable[..., Ran]) -> None:
    (company / "surfaces.toml").write_text('[surfaces.shop]\naudience = "publik"\n')
    code, _, err = run("review", "contracts")
    assert (code, err.startswith("dragoman: surfaces.toml:2: ")) == (2, True)
    assert "did you mean public?" in err


def test_a_baseline_excuses_what_there_is_until_its_day(company: Path, run: Callable[..., Ran]) -> None:
    assert run("review", "contracts", "--check", "hint").code == 1
    lacks = run("review", "contracts", "--write-baseline", "known.toml")
    assert (lacks.code, "needs a reason and a last day" in lacks.err) == (2, True)
    arguments = ("--write-baseline", "known.toml", "--reason", "since the audit", "--until")
    assert run("review", "contracts", *arguments, "2999-01-01").code == 0
    assert run("review", "contracts", "--baseline", "known.toml", "--check", "hint").code == 0
    past = run("review", "contracts", *arguments, "2001-01-01")
    assert (past.code, "before today" in past.err) == (2, True)
    assert run("review", "contracts", "--baseline", "none.toml").code == 2


def test_rules_are_listed_and_shown_with_an_example(run: Callable[..., Ran]) -> None:
    listed = run("review", "rules").out.splitlines()
    assert len(listed) > 100
    for name in ("outside-callers", "unpaged-list"):
        shown = run("review", "--explain", name)
        assert (shown.code, "Example" in shown.out, "Source" in shown.out) == (0, True, True)
        assert run("review", "rules", "--explain", name) == shown
    wrong = run("review", "--explain", "unpaged-lists")
    assert (wrong.code, "did you mean unpaged-list" in wrong.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "decision"),
    [
        (["--audience", "public", "--work", "things", "--consumers", "300"], "REST"),
        (
            ["--audience", "internal", "--work", "answers", "--latency-budget-ms", "5", "--calls-per-second", "4k"],
            "RPC",
        ),
        (["--audience", "frontend", "--work", "things", "--joins", "6"], "GraphQL"),
        (["--audience", "internal", "--work", "events", "--waits", "no"], "events"),
        (["--audience", "operator", "--work", "things"], "REST"),
    ],
)
def test_advice_follows_the_matrix(run: Callable[..., Ran], options: list[str], decision: str) -> None:
    code, out, err = run("advise", "--name", "it", "--no-questions", *options)
    assert (code, err) == (0, "")
    assert f"it  choose {decision}" in out


def test_advice_on_a_score_in_five_milliseconds_is_sure(run: Callable[..., Ran]) -> None:
    options = ["--audience", "internal", "--work", "answers", "--latency-budget-ms", "5", "--calls-per-second", "3k"]
    out = run("advise", "--no-questions", *options).out
    assert "choose RPC" in out
    assert "low confidence" not in out


def test_advice_asks_at_most_eight_questions_and_takes_no_answer_for_unknown(run: Callable[..., Ran]) -> None:
    code, out, err = run("advise", answers="\n" * 50)
    assert code == 0
    assert 1 < err.count("I do not know") <= 8
    assert "low" in out


def test_advice_says_what_is_wrong_with_an_answer_and_asks_again(run: Callable[..., Ran]) -> None:
    _, out, err = run("advise", answers="publik\npublic\nq\n")
    assert "did you mean public?" in err
    assert "for public callers" in out


def test_advice_refuses_an_option_that_is_no_answer(run: Callable[..., Ran]) -> None:
    code, _, err = run("advise", "--audience", "everybody", "--no-questions")
    assert (code, "--audience everybody: there is no 'everybody'" in err) == (2, True)


def test_an_app_is_reviewed_with_the_places_of_its_python(
    tmp_path: Path, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "reviewed_shop.py").write_text(APP)
    assert run("lock", "reviewed_shop:app").code == 0
    code, out, _ = run("review", "reviewed_shop:app", "--format", "json")
    found = json.loads(out)
    assert code == 0
    assert {name: each["value"] for name, each in audiences(found).items()} == {
        "partner": "partner",
        "scores": "internal",
    }
    places = [finding["position"] for each in found["surfaces"] for finding in each["findings"]]
    assert places
    assert all(each["file"].endswith("reviewed_shop.py") for each in places)


def test_nothing_to_review_is_an_error(run: Callable[..., Ran]) -> None:
    code, _, err = run("review")
    assert (code, "name files or folders" in err) == (2, True)


def test_a_surface_of_several_packages_is_one(run: Callable[..., Ran]) -> None:
    code, out, _ = run("review", "dragoman.testing.contract:app", "--format", "json")
    assert code == 0
    names = [each["name"] for each in json.loads(out)["surfaces"]]
    assert names == ["public", "partner", "admin", "trouble", "calls", "remote"]


def test_a_terminal_without_our_characters_gets_others(
    company: Path, run: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert main(["review", "contracts"]) == 0
