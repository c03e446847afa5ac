"""The search: order, severities, and rules that break."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import replace

from misfit_texts import CREATE, ORDER, Contracts, api, given, listed, op, thing

from dragoman.review.elements import Element, Kind
from dragoman.review.misfits.finding import Found, Severity, Subject
from dragoman.review.misfits.rules import MISFITS
from dragoman.review.misfits.search import CUT, FAILED, MAX_FOUND, search

UNPAGED = api(op("GET /v1/orders", ok=thing(items=listed(ORDER))))


def _breaks(subject: Subject) -> Iterable[Found]:
    yield from MISFITS["unpaged-list"].check(subject)
    raise LookupError("no such thing")


def test_findings_are_sorted_by_surface_severity_and_position() -> None:
    findings = Contracts({"b": UNPAGED, "a": UNPAGED}).findings()
    keys = [(each.surface, -each.severity, each.position) for each in findings]
    assert keys == sorted(keys)
    assert {each.surface for each in findings} == {"a", "b"}


def test_the_audience_decides_the_severity() -> None:
    severities = {
        audience: next(
            each.severity
            for each in Contracts({"a": UNPAGED}, audience=audience).findings()
            if each.rule == "unpaged-list"
        )
        for audience in ("public", "internal", None)
    }
    assert severities == {"public": Severity.ERROR, "internal": Severity.WARNING, None: Severity.WARNING}


def test_a_rule_that_breaks_is_told_and_stops_no_other() -> None:
    broken = replace(MISFITS["unpaged-list"], id="broken", check=_breaks)
    findings = search(Contracts({"a": UNPAGED}).subjects(), [broken, MISFITS["unpaged-list"]])
    assert sorted(each.rule for each in findings) == ["broken", FAILED, "unpaged-list"]
    told = next(each for each in findings if each.rule == FAILED)
    assert "the rule broken broke on a (LookupError" in told.message


def test_what_is_left_out_of_a_rule_without_end_is_told() -> None:
    def endless(subject: Subject) -> Iterable[Found]:
        (found, *_) = MISFITS["unpaged-list"].check(subject)
        for number in itertools.count():
            yield replace(found, element=Element(Kind.OPERATION, f"GET /{number}"))

    findings = search(Contracts({"a": UNPAGED}).subjects(), [replace(MISFITS["unpaged-list"], check=endless)])
    assert len(findings) == MAX_FOUND + 1
    (told,) = (each for each in findings if each.rule == CUT)
    assert "found more than 20,000 places in a" in told.message


def test_an_element_is_told_once_by_a_rule() -> None:
    def twice(subject: Subject) -> Iterable[Found]:
        for _ in range(2):
            yield from MISFITS["unpaged-list"].check(subject)

    rule = replace(MISFITS["unpaged-list"], check=twice)
    assert len(search(Contracts({"a": UNPAGED}).subjects(), [rule])) == 1


def test_types_that_hold_themselves_end() -> None:
    node = {"$ref": "#/components/schemas/Node"}
    schemas = {"Node": thing(next=node, all=listed(node), any={"oneOf": [node, node, listed(node)]})}
    document = api(op("POST /v1/nodes", body=node, ok=node), components={"schemas": schemas})
    assert all(each.rule != FAILED for each in Contracts({"a": document}).findings())


def test_thousands_of_operations_take_seconds() -> None:
    schemas = {f"T{number}": thing(id={"type": "string"}, total={"type": "number"}) for number in range(100)}
    operations = [
        op(
            f"{method} /v1/area{number}/{{id}}/lines",
            given("limit"),
            ok={"$ref": f"#/components/schemas/T{number % 100}"},
        )
        for number in range(500)
        for method in ("GET", "POST")
    ]
    subjects = Contracts({"a": api(*operations, CREATE, components={"schemas": schemas})}).subjects()
    began = time.process_time()
    findings = search(subjects)
    assert time.process_time() - began < 10  # about a second where nothing else runs
    assert all(each.rule != FAILED for each in findings)


WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("yaml", "graphql", "grpc_tools", "google", "rich"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
from dragoman.review.misfits.rules import MISFITS
print(len(MISFITS))
"""


def test_rules_can_be_listed_without_the_extra() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(len(MISFITS)), done.stderr
