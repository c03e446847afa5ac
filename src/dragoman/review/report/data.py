"""The review as data: what ``--format json`` writes, for programs.

The form is described by ``data.schema.json`` beside this file (JSON Schema 2020-12) and numbered by :data:`VERSION`.
Members may be added within a version; one that is taken away, renamed or given another meaning raises it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from importlib.resources import files
from typing import Any, Final

from dragoman.review.elements import Position
from dragoman.review.misfits.finding import Finding
from dragoman.review.people import Skill
from dragoman.review.reading.outcome import Kept, Reading, Refusal, Remark
from dragoman.review.review import Review, Reviewed
from dragoman.review.surfaces.catalogue import CATALOGUE
from dragoman.review.surfaces.facts import Evidence, Fact
from dragoman.review.verdict.verdict import Reason, Turn

from . import digest, grouping, wording
from .balance import balance
from .digest import Action
from .json_text import json_text
from .version import version

VERSION: Final = 1


def schema() -> dict[str, Any]:
    """The JSON Schema of :func:`data`."""
    read: dict[str, Any] = json.loads(
        files("dragoman.review.report").joinpath("data.schema.json").read_text(encoding="utf-8")
    )
    return read


def write(review: Review) -> str:
    """The review as JSON."""
    return json_text(data(review))


def data(review: Review) -> dict[str, Any]:
    """The review as what JSON is made of."""
    return {
        "format": "dragoman-review",
        "version": VERSION,
        "tool": {"name": "dragoman", "version": version()},
        "title": review.title,
        "made": review.made.isoformat() if review.made else None,
        "paths": list(review.paths),
        "summary": _summary(review),
        "surfaces": [_surface(each) for each in review.surfaces],
        "rules": _rules(review),
        "people": [_skill(each) for each in review.people.skills],
        "refusals": [_refusal(each) for each in review.refusals],
        "remarks": [_remark(each) for each in review.remarks],
        "kept": [_kept(each) for each in review.kept],
        "excused": [{**_finding(each), "excuse": review.excuses.get(each.key)} for each in review.excused],
        "stale": list(review.stale),
    }


def _summary(review: Review) -> dict[str, Any]:
    counts = grouping.severities(grouping.findings(review))
    return {
        "sentence": digest.sentence(review),
        "actions": [_action(each) for each in digest.actions(review)],
        "documents": review.documents,
        "refused": len(review.refusals),
        "surfaces": len(review.surfaces),
        "decisions": {str(each): number for each, number in grouping.decisions(review).items()},
        "findings": {str(each): number for each, number in counts.items()},
    }


def _action(of: Action) -> dict[str, Any]:
    return {
        "what": of.what,
        "how": of.how,
        "where": of.where,
        "surface": of.surface or None,
        "rule": of.rule or None,
    }


def _surface(of: Reviewed) -> dict[str, Any]:
    audience = of.surface.audience
    return {
        "name": of.surface.name,
        "audience": None if audience is None else str(audience),
        "documents": [_document(each) for each in of.surface.readings],
        "facts": [_fact(of.surface.facts[name]) for name in _names(of)],
        "nature": {
            "style": of.nature.style,
            "form": of.nature.form,
            "purity": _number(of.nature.purity),
            "evidence": _evidence(of.nature.evidence),
        },
        "verdict": _verdict(of),
        "findings": [_finding(each) for each in grouping.ordered(of.findings)],
    }


def _names(of: Reviewed) -> list[str]:
    """The facts in the order of the catalogue."""
    known = of.surface.facts
    return [name for name in CATALOGUE if name in known] + [name for name in known if name not in CATALOGUE]


def _document(of: Reading) -> dict[str, Any]:
    return {
        "file": of.file,
        "format": str(of.format),
        "format_version": of.format_version,
        "title": of.about.title,
        "version": of.about.version,
    }


def _fact(of: Fact) -> dict[str, Any]:
    return {
        "name": of.name,
        "value": _value(of.value),
        "certainty": wording.CERTAINTIES[of.certainty],
        "evidence": _evidence(of.evidence),
    }


def _evidence(of: Iterable[Evidence]) -> list[dict[str, Any]]:
    return [{"text": each.text, "position": _position(each.position)} for each in of]


def _verdict(reviewed: Reviewed) -> dict[str, Any]:
    of = reviewed.verdict
    return {
        "decision": str(of.decision),
        "style": of.style,
        "runner_up": of.runner_up,
        "confidence": str(of.confidence),
        "scores": {name: _number(points) for name, points in of.scores.items()},
        "staying": _staying(reviewed),
        "beside": list(of.beside),
        "advice": of.advice,
        "reasons_for": [_reason(each) for each in of.reasons_for],
        "reasons_against": [_reason(each) for each in of.reasons_against],
        "turns": [_turn(each) for each in of.turns],
        "first": list(of.first),
        "cost": list(of.cost),
        "open": [{"fact": name, "question": wording.question(name)} for name in of.open],
    }


def _staying(of: Reviewed) -> dict[str, Any] | None:
    """What comes on top of a style's score because it is there."""
    bar = balance(of).staying
    return None if bar is None else {"style": bar.style, "points": _number(bar.staying)}


def _reason(of: Reason) -> dict[str, Any]:
    return {
        "rule": of.rule.id,
        "style": of.style or None,
        "points": _number(of.points),
        "text": of.text,
        "source": {"name": of.rule.source.name, "link": of.rule.source.link},
    }


def _turn(of: Turn) -> dict[str, Any]:
    return {"fact": of.fact, "value": _value(of.value), "style": of.style, "known": of.known, "text": of.text}


def _finding(of: Finding) -> dict[str, Any]:
    return {
        "rule": of.rule,
        "severity": str(of.severity),
        "surface": of.surface,
        "element": {"kind": str(of.element.kind), "name": of.element.name},
        "position": _position(of.position),
        "message": of.message,
        "remedy": of.remedy,
        "evidence": [_position(each) for each in of.evidence],
    }


def _rules(review: Review) -> list[dict[str, Any]]:
    """The rules that found something; their findings stand with the surfaces."""
    return [
        {
            "id": each.rule,
            "title": each.title,
            "severity": str(each.severity),
            "found": len(each.findings),
            "reason": each.reason,
            "remedy": each.remedy,
            "exception": each.exception,
            "source": {"name": each.source, "link": each.link},
        }
        for each in grouping.by_rule(review)
    ]


def _skill(of: Skill) -> dict[str, Any]:
    return {
        "name": of.name,
        "styles": list(of.styles),
        "surfaces": list(of.surfaces),
        "there": of.there,
        "asks": [{"question": each.question, "listen_for": list(each.listen_for)} for each in of.asks],
    }


def _refusal(of: Refusal) -> dict[str, Any]:
    return {"why": str(of.why), "position": _position(of.position), "message": of.message, "remedy": of.remedy}


def _remark(of: Remark) -> dict[str, Any]:
    return {"position": _position(of.position), "message": of.message, "remedy": of.remedy}


def _kept(of: Kept) -> dict[str, Any]:
    return {
        "element": {"kind": str(of.element.kind), "name": of.element.name},
        "what": of.what,
        "position": _position(of.position),
    }


def _position(of: Position | None) -> dict[str, Any] | None:
    return None if of is None else {"file": of.file, "line": of.line, "column": of.column}


def _value(of: Any) -> Any:
    """A fact's value: sets are sorted lists."""
    if isinstance(of, (frozenset, set, tuple, list)):
        return sorted(map(str, of))
    if isinstance(of, bool) or of is None:
        return of
    return _number(of) if isinstance(of, (int, float)) else str(of)


def _number(of: float) -> float | str:
    """JSON knows neither infinity nor what is no number; they are given as text."""
    return of if math.isfinite(of) else str(of)
