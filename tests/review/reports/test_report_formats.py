"""What the reports say stands in golden files, to be read; and each keeps to the form that its readers know."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from sample_review import HOSTILE, admin, fraud, large, notices, partner, public, review, storefront

from dragoman.review.elements import Position
from dragoman.review.misfits.finding import Severity
from dragoman.review.people import People
from dragoman.review.reading.outcome import Refusal, Why
from dragoman.review.report import data, digest, github, markdown, page, sarif, terminal, wording
from dragoman.review.report.terminal import Look
from dragoman.review.report.version import version
from dragoman.review.review import Review, Reviewed

HERE = Path(__file__).parent
GOLDEN = "review/reports/golden"
ROOT = Path("/srv/shop")
SARIF = Draft202012Validator(json.loads((HERE / "sarif" / "sarif-2.1.0.json").read_text(encoding="utf-8")))
EMPTY = Review((), People())
WRITERS: dict[str, Callable[[Review], str]] = {
    "terminal": terminal.write,
    "json": data.write,
    "markdown": markdown.write,
    "sarif": sarif.write,
    "github": github.write,
}


def unversioned(text: str) -> str:
    """Without the number of the release, which golden files outlive."""
    return text.replace(f'"version": "{version()}"', '"version": "0"')


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("terminal-80.txt", lambda of: terminal.write(of, Look(80))),
        ("terminal-120.txt", lambda of: terminal.write(of, Look(120))),
        ("terminal-all.txt", lambda of: terminal.write(of, Look(120, everything=True, verbose=True))),
        ("review.md", markdown.write),
        ("review.json", data.write),
        ("review.sarif", lambda of: sarif.write(of, root=ROOT)),
        ("github.txt", github.write),
    ],
)
def test_a_report_says_what_was_read_and_approved(
    name: str, write: Callable[[Review], str], golden: Callable[[str, str], None]
) -> None:
    golden(f"{GOLDEN}/{name}", unversioned(write(review())))


@pytest.mark.parametrize("name", WRITERS)
def test_a_review_of_nothing_is_a_report_too(name: str) -> None:
    text = WRITERS[name](EMPTY)
    assert text.endswith("\n")
    assert "0" in text


@pytest.mark.parametrize("name", WRITERS)
def test_halves_of_surrogate_pairs_do_not_keep_a_report_from_being_written(name: str) -> None:
    refusal = Refusal(Why.UNREADABLE, Position("a\udc80.json"), "the title is \ud800", "Write text")
    text = WRITERS[name](replace(review(), refusals=(refusal,)))
    assert "the title is" in text.encode("utf-8").decode()


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(WRITERS)), st.text(), st.text(), st.text())
@example("terminal", "\x1b[2J", "\x9b2J", "\x07")
def test_no_text_keeps_a_report_from_being_written(name: str, title: str, message: str, file: str) -> None:
    of = review().surfaces[1]
    found = tuple(replace(each, message=message, position=Position(file), rule=title) for each in of.findings)
    surface = replace(of.surface, name=title)
    text = WRITERS[name](replace(review(), surfaces=(replace(of, surface=surface, findings=found),)))
    assert not set("\x1b\x9b\x07") & set(text)
    text.encode()


def unwritten() -> Review:
    """A surface that has no contract yet, as ``dragoman advise`` reviews it."""
    return Review((notices(),), People())


PEOPLES: dict[str, Callable[[Review], str]] = {
    "terminal": terminal.write,
    "markdown": markdown.write,
    "page": page.write,
}


@pytest.mark.parametrize("name", PEOPLES)
def test_without_a_contract_no_misfits_are_counted(name: str) -> None:
    text = PEOPLES[name](unwritten())
    assert "begin with one page of OpenAPI" in text
    assert not re.search(r"misfits|0 errors|warnings|mend", _without_code(text), re.IGNORECASE)


def _without_code(text: str) -> str:
    return re.sub(r"(?s)<(style|script)>.*?</\1>|<footer>.*", "", text)


@pytest.mark.parametrize("name", PEOPLES)
def test_where_something_is_to_be_done_stands_first(name: str) -> None:
    text = PEOPLES[name](replace(review(), surfaces=(fraud(), partner(), admin(), public())))
    places = [text.rindex(each) for each in ("move → REST", "ask first (REST?)", "mend REST", "keep RPC")]
    assert places == sorted(places)


@pytest.mark.parametrize("name", PEOPLES)
def test_what_was_not_read_stands_before_every_verdict(name: str) -> None:
    text = _without_code(PEOPLES[name](review()))
    assert text.index("a mapping is not closed here") < text.index("move → REST")


@pytest.mark.parametrize("name", PEOPLES)
def test_what_speaks_for_staying_is_told(name: str) -> None:
    text = re.sub(r"<[^>]+>", "", _without_code(PEOPLES[name](review())))
    assert "+8.5" in text  # six for what fits, and this
    assert re.search(r"\+2\.5 of (them|the points of REST) for staying", text)


@pytest.mark.parametrize("name", PEOPLES)
def test_what_an_interviewer_listens_for_reads_well_whatever_it_is(name: str) -> None:
    text = PEOPLES[name](review())
    assert "Listen for:" in text
    assert "speaks of" not in text


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (Position("a.yaml", 17, 5), ":17"),
        (Position("a.yaml", 1, 1), ":1"),
        (Position("a.json", 1, 29_801), ":1:29801"),
        (Position("a.json", 3, 4_000), ":3:4000"),
    ],
)
def test_a_place_on_a_line_of_a_whole_document_has_its_column(at: Position, said: str) -> None:
    assert wording.place(at) == (at.file, said)
    found = replace(public(), findings=(replace(public().findings[0], position=at),))
    for write in PEOPLES.values():
        assert f"{at.file}{said}" in write(replace(review(), surfaces=(found,)))


# --------------------------------------------------------------------------------------------------------------------
# In a sentence, and five actions


@pytest.mark.parametrize(
    ("surfaces", "said"),
    [
        ((partner(), partner(), partner(), admin()), "Nothing has to move; ask first about one; mend three."),
        ((public(), fraud()), "Move one; keep one as it is."),
        ((fraud(), storefront()), "Nothing has to move; keep two as they are."),
        ((notices(), *[fraud()] * 12), "Nothing has to move; choose a style for one; keep 12 as they are."),
        ((), "There is no surface to judge."),
    ],
)
def test_a_review_is_summed_up_in_a_sentence(surfaces: tuple[Reviewed, ...], said: str) -> None:
    assert digest.sentence(replace(review(), surfaces=surfaces)) == said


def test_of_a_surface_without_a_contract_the_sentence_is_its_advice() -> None:
    assert digest.sentence(unwritten()) == notices().verdict.advice


def test_what_is_to_be_decided_comes_before_what_is_to_be_mended() -> None:
    assert [each.what for each in digest.actions(review())] == [
        "Move öffentlich-商店 to REST",
        "Begin notices with webhooks",
        "Find out: Who calls this surface?",
        "Mend: A list without pages",
        "Mend: A public surface built of calls",
    ]


def test_what_is_mended_names_its_places_and_what_no_rule_found_is_said_as_it_is() -> None:
    said = digest.actions(replace(review(), surfaces=(partner(),)))
    assert [(each.what, each.where) for each in said] == [
        ("Mend: A list without pages", "7 places on partner"),
        ("Mend: An unsafe call that cannot be repeated", "1 place on partner"),
        ("Give the lists pages.", "for partner"),
        ("Take an Idempotency-Key where money moves.", "for partner"),
    ]


def test_many_surfaces_to_move_leave_room_for_what_is_to_be_mended() -> None:
    said = digest.actions(replace(review(), surfaces=(public(),) * 20))
    assert len(said) == 5
    assert sum(each.what.startswith("Move") for each in said) == 3


def test_what_was_reviewed_is_said_with_its_day() -> None:
    said = digest.reviewed(review())
    assert said == "7 surfaces in 9 documents of openapi, proto, graphql and 1 more · 2026-02-03"
    assert digest.reviewed(EMPTY) == "0 surfaces"


# --------------------------------------------------------------------------------------------------------------------
# In a terminal


@pytest.mark.parametrize("width", [80, 93, 110, 140, 200])
@pytest.mark.parametrize("everything", [False, True])
def test_no_line_is_wider_than_the_terminal(width: int, everything: bool) -> None:
    from rich.cells import cell_len

    text = terminal.write(review(), Look(width, everything=everything, verbose=True))
    assert max(map(cell_len, text.splitlines())) <= width


@pytest.mark.parametrize("width", [80, 93, 117, 118, 140])
def test_no_column_is_cut(width: int) -> None:
    heads = next(each for each in terminal.write(review(), Look(width)).splitlines() if "Confidence" in each)
    assert heads.split()[-1] == ("Misfits" if width < 118 else "Hints")
    assert ("7e 1w 1h" in terminal.write(review(), Look(width))) == (width < 118)


def test_there_is_colour_only_where_it_is_wanted() -> None:
    assert "\x1b[" in terminal.write(review(), Look(colour=True))
    assert "\x1b" not in terminal.write(review(), Look())


def test_colour_changes_no_word() -> None:
    coloured = terminal.write(review(), Look(colour=True))
    bare = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [each.rstrip() for each in bare.splitlines()] == terminal.write(review(), Look()).splitlines()


def test_no_document_moves_the_cursor() -> None:
    coloured = terminal.write(review(), Look(colour=True, everything=True, verbose=True))
    assert "\x1b" not in re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert not set(coloured) & {"\u202e", "\r", "\b", "\x9b"}


class Stream:
    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("tty", "environ", "colour", "width"),
    [
        (True, {"COLUMNS": "120"}, True, 120),
        (True, {"COLUMNS": "120", "NO_COLOR": "1"}, False, 120),
        (True, {"COLUMNS": "120", "NO_COLOR": ""}, True, 120),
        (True, {"COLUMNS": "120", "TERM": "dumb"}, False, 120),
        (True, {"COLUMNS": "40"}, True, 80),
        (True, {"COLUMNS": "900"}, True, 200),
        (False, {}, False, 100),
        (False, {"COLUMNS": "0"}, False, 100),
    ],
)
def test_the_look_suits_where_it_is_shown(tty: bool, environ: dict[str, str], colour: bool, width: int) -> None:
    stream: Any = Stream(tty)
    look = Look.of(stream, environ, verbose=True)
    assert (look.colour, look.width, look.verbose) == (colour, width, True)


def test_long_lists_are_cut_and_say_so() -> None:
    many = large(24, 1_200)
    short, whole = terminal.write(many, Look()), terminal.write(many, Look(everything=True))
    assert "and 4 surfaces more: --all shows them" in short
    assert "and 309 more: --all shows them" in short
    assert "--all" not in whole
    assert len(short.splitlines()) < 500
    assert "openapi/23.yaml:50" in whole


def test_reasons_are_shown_whole_for_they_come_to_the_points() -> None:
    verdict = replace(partner().verdict, reasons_for=partner().verdict.reasons_for[:1] * 9)
    text = terminal.write(replace(review(), surfaces=(replace(partner(), verdict=verdict),)), Look())
    assert text.count("outside-callers") == 9


def test_a_table_of_thousands_is_cut_too() -> None:
    assert "and 900 surfaces more: --all shows them" in terminal.write(large(1_000, 1_000), Look())
    assert "and 800 surfaces more" in markdown.write(large(1_000, 1_000))


def test_what_no_contract_can_hold_is_counted_and_listed_where_it_is_asked_for() -> None:
    assert "3 things in the documents that no contract can hold" in terminal.write(review(), Look())
    assert "multipleOf 0.01" in terminal.write(review(), Look(verbose=True))


# --------------------------------------------------------------------------------------------------------------------
# As data


def test_the_schema_is_one_and_the_data_is_of_it() -> None:
    Draft202012Validator.check_schema(data.schema())
    for each in (review(), EMPTY, large(12, 60)):
        Draft202012Validator(data.schema()).validate(json.loads(data.write(each)))


def test_the_schema_knows_every_member() -> None:
    """Nothing is written that is not described."""

    def closed(schema: Any) -> Any:
        if isinstance(schema, list):
            return [closed(each) for each in schema]
        if not isinstance(schema, dict):
            return schema
        shut = {} if "properties" not in schema or "additionalProperties" in schema else {"additionalProperties": False}
        return {key: closed(each) for key, each in schema.items()} | shut

    schema = closed(data.schema())
    excused = schema["properties"]["excused"]["items"]["allOf"]
    del excused[1]["additionalProperties"]
    excused[0] = {}
    Draft202012Validator(schema).validate(json.loads(data.write(review())))


def test_data_holds_every_text_as_it_was() -> None:
    written = json.loads(data.write(review()))
    assert written["surfaces"][1]["documents"][0]["title"] == HOSTILE


# --------------------------------------------------------------------------------------------------------------------
# As SARIF


@pytest.mark.parametrize("root", [None, ROOT])
def test_the_log_is_valid(root: Path | None) -> None:
    for each in (review(), EMPTY, large(12, 60), replace(review(), rules=())):
        SARIF.validate(json.loads(sarif.write(each, root=root)))


def results(of: Review, root: Path | None = ROOT) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sarif.log(of, root=root)["runs"][0]["results"]
    return found


def moved(of: Review) -> Review:
    """The same, with every finding ten lines further down."""

    def down(at: Position) -> Position:
        return replace(at, line=at.line + 10)

    surfaces = tuple(
        replace(each, findings=tuple(replace(one, position=down(one.position)) for one in each.findings))
        for each in of.surfaces
    )
    return replace(of, surfaces=surfaces)


def test_fingerprints_stay_what_they_are_when_lines_move() -> None:
    before, after = results(review()), results(moved(review()))
    assert [each["partialFingerprints"] for each in before] == [each["partialFingerprints"] for each in after]
    assert len({each["partialFingerprints"]["ruleAndElement/v1"] for each in before}) == len(before)


def test_paths_are_relative_to_the_root() -> None:
    refusals = [
        Refusal(Why.UNREADABLE, Position(file), "no", "Mend it")
        for file in ("a b/c%.yaml", "/srv/shop/in side.yaml", "/elsewhere/d.yaml")
    ]
    log = sarif.log(replace(EMPTY, refusals=tuple(refusals)), root=ROOT)["runs"][0]
    told = log["invocations"][0]["toolExecutionNotifications"]
    assert [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in told] == [
        {"uri": "a%20b/c%25.yaml", "uriBaseId": "ROOT"},
        {"uri": "in%20side.yaml", "uriBaseId": "ROOT"},
        {"uri": "file:///elsewhere/d.yaml"},
    ]
    assert log["originalUriBaseIds"] == {"ROOT": {"uri": "file:///srv/shop/"}}


def test_a_run_that_could_not_read_everything_did_not_succeed() -> None:
    assert not sarif.log(review())["runs"][0]["invocations"][0]["executionSuccessful"]
    assert sarif.log(replace(review(), refusals=()))["runs"][0]["invocations"][0]["executionSuccessful"]


def test_excused_findings_are_suppressed_and_only_these() -> None:
    suppressed = [each for each in results(review()) if each["suppressions"]]
    assert [each["suppressions"] for each in suppressed] == [
        [{"kind": "external", "status": "accepted", "justification": "The warehouse drops doubles (SHOP-112)"}]
    ]


# --------------------------------------------------------------------------------------------------------------------
# As workflow commands

COMMAND = re.compile(r"::(error|warning|notice) ((?:\w+=[^,:\r\n]*,?)+)::([^\r\n]*)")


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """As GitHub's runner reads it."""
    found = COMMAND.fullmatch(line)
    assert found, line

    def plain(text: str, codes: dict[str, str]) -> str:
        for code, sign in codes.items():
            text = text.replace(code, sign)
        return text.replace("%25", "%")

    breaks = {"%0D": "\r", "%0A": "\n"}
    properties = dict(each.split("=", 1) for each in found[2].split(","))
    return (
        found[1],
        {key: plain(text, {**breaks, "%3A": ":", "%2C": ","}) for key, text in properties.items()},
        plain(found[3], breaks),
    )


def test_each_line_but_the_last_is_a_command() -> None:
    *commands, last = github.write(review()).splitlines()
    kinds = [parsed(each)[0] for each in commands]
    assert kinds.count("error") == 10
    assert not last.startswith(("::", "##["))
    assert parsed(commands[2])[1] == {
        "file": "openapi/partner.yaml",
        "line": "40",
        "col": "5",
        "title": "A list without pages (unpaged-list)",
    }


@pytest.mark.parametrize(
    ("least", "kinds"),
    [
        (Severity.HINT, {"error": 10, "warning": 3, "notice": 5}),
        (Severity.WARNING, {"error": 10, "warning": 3, "notice": 2}),
        (Severity.ERROR, {"error": 10, "warning": 1, "notice": 2}),
    ],
)
def test_only_what_is_checked_is_marked(least: Severity, kinds: dict[str, int]) -> None:
    """What was not read, and what a baseline excuses in vain, is told in any case; so are all counts."""
    *commands, last = github.write(review(), least).splitlines()
    assert Counter(parsed(each)[0] for each in commands) == kinds
    assert last.startswith("7 surfaces: 9 errors, 2 warnings, 2 hints")


@given(st.text(), st.text(min_size=1), st.text())
def test_no_text_leaves_its_command(title: str, file: str, message: str) -> None:
    line = github.command("error", {"file": file, "title": title}, message)
    assert len(line.splitlines()) == 1
    kind, properties, _ = parsed(line) if "=" in line.split("::")[1] else ("error", {}, "")
    assert kind == "error"
    assert set(properties) <= {"file", "title"}


# --------------------------------------------------------------------------------------------------------------------
# As Markdown


def rendered(text: str) -> str:
    return MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


@given(st.text() | st.just(HOSTILE))
def test_no_text_becomes_markup(said: str) -> None:
    shown = rendered(f"a {markdown.text(said)}\n\n- {markdown.text(said)}")
    assert set(re.findall(r"</?(\w+)", shown)) <= {"p", "ul", "li"}


@given(st.text() | st.just(HOSTILE))
def test_no_text_leaves_its_cell(said: str) -> None:
    shown = rendered(f"| a | b |\n| --- | --- |\n| {markdown.text(said)} | {markdown.code(said)} |")
    assert shown.count("<td>") == 2
    assert set(re.findall(r"</?(\w+)", shown)) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}


@pytest.mark.parametrize("said", ["@everyone", "see https://evil.example", "closes #12"])
def test_nobody_is_called_and_nothing_is_linked_by_a_document(said: str) -> None:
    assert said not in markdown.text(said)
    assert said not in markdown.code(said)
