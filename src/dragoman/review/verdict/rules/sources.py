"""Where the rules come from. The article is of May 2026."""

from __future__ import annotations

from typing import Final

from dragoman.review.verdict.rule import Source, article

MATRIX: Final = article("the matrix")
SHORTLIST: Final = article("the shortlist of a review")
CONSTRAINTS: Final = article("what REST's constraints buy and cost")
USUALLY: Final = article("what usually works, and what fails")
BASICS: Final = article("before replacing REST")
EXAMPLES: Final = article("its two examples")
RESOURCES: Final = Source("AIP-121, resource-oriented design", "https://google.aip.dev/121")
CUSTOM: Final = Source("AIP-136, custom methods", "https://google.aip.dev/136")
LONG_RUNNING: Final = Source("AIP-151, long-running operations", "https://google.aip.dev/151")
COMPATIBILITY: Final = Source("AIP-180, backwards compatibility", "https://google.aip.dev/180")
SEMANTICS: Final = Source("RFC 9110, HTTP semantics", "https://www.rfc-editor.org/rfc/rfc9110")
RANGES: Final = Source("RFC 9110, 14, range requests", "https://www.rfc-editor.org/rfc/rfc9110#section-14")
CACHING: Final = Source("RFC 9111, HTTP caching", "https://www.rfc-editor.org/rfc/rfc9111")
EVENT_STREAMS: Final = Source(
    "HTML, 9.2, server-sent events", "https://html.spec.whatwg.org/multipage/server-sent-events.html"
)
GRPC_WEB: Final = Source("gRPC over HTTP/2", "https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md")
GRAPHQL: Final = Source("GraphQL, 2, the language", "https://spec.graphql.org/October2021/#sec-Language")
WEBHOOKS: Final = Source("OpenAPI 3.1, webhooks", "https://spec.openapis.org/oas/v3.1.0#fixed-fields")
