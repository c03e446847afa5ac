"""Problem documents as schemas."""

from __future__ import annotations

from typing import Final

from dragoman.contract.fault import CANONICAL
from dragoman.contract.schema import Enum, EnumValue
from dragoman.runtime.http import problem

from .scalars import Schema, enum_schema, open_enum

VIOLATION: Final[Schema] = {
    "type": "object",
    "description": "One thing that is wrong with a request: where, and which rule it breaks.",
    "properties": {
        "pointer": {
            "type": "string",
            "description": "Where in the body: a JSON pointer in fragment form (RFC 6901, section 6).",
        },
        "parameter": {"type": "string", "description": "The parameter, where it is not in the body."},
        "in": {"type": "string", "description": f"Where the parameter stands: {', '.join(problem.PARAMETER_PLACES)}."},
        "detail": {"type": "string", "description": "What is wrong, and what would be right."},
        "rule": {"type": "string", "description": "The rule, for programs: `required`, `type`, `ge`, `pattern` …"},
    },
    "required": ["detail", "rule"],
}

PROBLEM: Final[Schema] = {
    "type": "object",
    "description": "Why a request was not fulfilled (RFC 9457).",
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "`about:blank`: see `code`."},
        "title": {"type": "string", "description": "The phrase of the status."},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong in this case, for a developer to read."},
        "code": {"$ref": "#/components/schemas/ProblemCodeOutput"},
        "reason": {"type": "string", "description": "Which problem of that kind it is, for programs."},
        "retryable": {
            "type": "boolean",
            "description": "Whether the same request, sent again after a pause, may succeed.",
        },
        "retry_after": {
            "type": "number",
            "minimum": 0,
            "description": "How long to wait before that, in seconds.",
        },
        "metadata": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Facts about this case, for programs.",
        },
        "errors": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Violation"},
            "description": "Everything that is wrong with the request.",
        },
        "request_id": {"type": "string", "description": "The id under which the request is in the log."},
    },
    "required": ["type", "title", "status", "detail", "code", "retryable", "request_id"],
}

CODES: Final = Enum(
    tuple(EnumValue(each.code.name, " ".join((each.__doc__ or "").split())) for each in CANONICAL),
    "ProblemCode",
    "What kind of problem it is; the same on every style of API.",
)

SCHEMAS: Final = {
    "Problem": PROBLEM,
    "ProblemCode": enum_schema(CODES),
    "ProblemCodeOutput": open_enum({"$ref": "#/components/schemas/ProblemCode"}),
    "Violation": VIOLATION,
}
"""The schemas that every document holds."""
