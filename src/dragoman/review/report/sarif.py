"""The review as SARIF 2.1.0, for code scanning and for editors (OASIS, Static Analysis Results Interchange Format).

Paths stay relative to the folder that the review ran in, so that whoever shows the results can lay them over a
checkout. A result's fingerprint is made of rule and element, as in a baseline: it stays what it is when lines move.
"""

from __future__ import annotations

import hashlib
from pathlib import Path, PurePath
from typing import Any, Final
from urllib.parse import quote

from dragoman.review.elements import Element, Kind, Position
from dragoman.review.misfits.finding import Finding, Misfit, Severity
from dragoman.review.reading.outcome import Refusal, Remark, Why
from dragoman.review.review import Review

from . import grouping
from .json_text import json_text
from .version import version

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT: Final = "ROOT"
LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
NOTIFICATIONS: Final = {
    Why.UNREADABLE: ("error", "A document is broken, or beyond what is read."),
    Why.UNSUPPORTED: ("warning", "A document is of a kind or a version that is not read."),
}
REMARK: Final = "remark"
PLACES: Final = 20
"""Further places that one result names."""
KINDS: Final = {Kind.TYPE: "type", Kind.FIELD: "member", Kind.OPERATION: "function", Kind.PARAMETER: "parameter"}
"""Elements by the kinds of logical location that SARIF knows (3.33.7); the others keep our word, as it allows."""


def write(review: Review, *, root: Path | None = None) -> str:
    """The log, with a newline at the end. ``root`` is the folder that relative paths start from, and absolute ones are
    cut by where they are within; without it, a reader has to know.
    """
    return json_text(log(review, root=root))


def log(review: Review, *, root: Path | None = None) -> dict[str, Any]:
    """The log as what JSON is made of."""
    rules = _rules(review)
    index = {each["id"]: at for at, each in enumerate(rules)}
    found = [(each, False) for each in grouping.ordered(grouping.findings(review))]
    found += [(each, True) for each in grouping.ordered(review.excused)]
    run: dict[str, Any] = {
        "tool": {"driver": _driver(rules)},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(review, root)],
        "results": [_result(each, excused, review, index, root) for each, excused in found],
    }
    if root is not None:
        run["originalUriBaseIds"] = {ROOT: {"uri": f"{root.absolute().as_uri()}/"}}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _driver(rules: list[dict[str, Any]]) -> dict[str, Any]:
    told = [(str(why), text) for why, (_, text) in NOTIFICATIONS.items()]
    told.append((REMARK, "Something is wrong with a document, and the rest of it was read."))
    return {
        "name": "Dragoman review",
        "version": version(),
        "rules": rules,
        "notifications": [_descriptor(name, text) for name, text in told],
    }


def _rules(review: Review) -> list[dict[str, Any]]:
    known = [_rule(each) for each in review.rules]
    ids = {each.id for each in review.rules}
    others = {each.rule for each in (*grouping.findings(review), *review.excused)} - ids
    return known + [_descriptor(each, each) for each in sorted(others)]


def _descriptor(name: str, text: str) -> dict[str, Any]:
    """What GitHub's code scanning asks of every rule and notification."""
    said = {"text": text}
    return {"id": name, "shortDescription": said, "fullDescription": said, "help": said}


def _rule(of: Misfit) -> dict[str, Any]:
    rule = {
        "id": of.id,
        "shortDescription": {"text": of.title},
        "fullDescription": {"text": of.reason},
        "help": {"text": _help(of)},
        "defaultConfiguration": {"level": LEVELS[of.severity]},
        "properties": {"source": of.source.name, "tags": ["api", *of.styles]},
    }
    return {**rule, "helpUri": of.source.link} if of.source.link else rule


def _help(of: Misfit) -> str:
    parts = (
        ("", of.reason),
        ("Remedy: ", of.remedy),
        ("It does not apply to: ", of.exception),
        ("Example: ", of.example),
        ("Source: ", of.source.name),
    )
    return "\n\n".join(f"{label}{text}" for label, text in parts if text)


def _result(of: Finding, excused: bool, review: Review, index: dict[str, int], root: Path | None) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": of.rule,
        "ruleIndex": index[of.rule],
        "level": LEVELS[of.severity],
        "message": {"text": f"{of.message}\n{of.remedy}" if of.remedy else of.message},
        "locations": [{**_location(of.position, root), "logicalLocations": _logical(of)}],
        "partialFingerprints": {"ruleAndElement/v1": _fingerprint(of)},
        "properties": {"surface": of.surface},
        "suppressions": [],
    }
    if of.evidence:
        places = dict.fromkeys(of.evidence[:PLACES])
        result["relatedLocations"] = [{"id": at, **_location(each, root)} for at, each in enumerate(places, 1)]
    if excused:
        why = review.excuses.get(of.key)
        result["suppressions"] = [{"kind": "external", "status": "accepted", **({"justification": why} if why else {})}]
    return result


def _fingerprint(of: Finding) -> str:
    return hashlib.sha256("\0".join(of.key).encode("utf-8", "surrogatepass")).hexdigest()


def _logical(of: Finding) -> list[dict[str, Any]]:
    element: Element = of.element
    return [{"fullyQualifiedName": element.name, "kind": KINDS.get(element.kind, str(element.kind))}]


def _location(at: Position, root: Path | None) -> dict[str, Any]:
    region = {"startLine": at.line, "startColumn": at.column}
    return {"physicalLocation": {"artifactLocation": _artifact(at.file, root), "region": region}}


def _artifact(file: str, root: Path | None) -> dict[str, Any]:
    path = PurePath(file)
    if root is not None and path.is_absolute() and path.is_relative_to(root.absolute()):
        path = path.relative_to(root.absolute())
    uri = quote(path.as_posix(), errors="replace")
    if path.is_absolute():
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": ROOT} if root is not None else {"uri": uri}


def _invocation(review: Review, root: Path | None) -> dict[str, Any]:
    told = [_refused(each, root) for each in review.refusals] + [_remarked(each, root) for each in review.remarks]
    return {"executionSuccessful": not review.refusals, "toolExecutionNotifications": told}


def _refused(of: Refusal, root: Path | None) -> dict[str, Any]:
    return _notification(str(of.why), NOTIFICATIONS[of.why][0], of, root)


def _remarked(of: Remark, root: Path | None) -> dict[str, Any]:
    return _notification(REMARK, "note", of, root)


def _notification(name: str, level: str, of: Refusal | Remark, root: Path | None) -> dict[str, Any]:
    return {
        "descriptor": {"id": name},
        "level": level,
        "message": {"text": f"{of.message}\n{of.remedy}" if of.remedy else of.message},
        "locations": [_location(of.position, root)],
    }
