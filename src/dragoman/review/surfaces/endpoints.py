"""Endpoints through which everything goes: what is meant stands in the body, not in the address."""

from __future__ import annotations

from typing import Final

from dragoman.contract.operation import Operation
from dragoman.contract.schema import Field, Record, Type, Types
from dragoman.review.wire import Http

from .types import resolved

_ENDPOINTS: Final = frozenset(
    {"graphql", "gql", "rpc", "jsonrpc", "json-rpc", "json_rpc", "soap", "api", "gateway", "invoke", "call", "execute"}
)
_SOAP_MEDIA: Final = frozenset({"application/soap+xml", "text/xml"})


def carried(operation: Operation, http: Http, walked: list[str], types: Types) -> str:
    """What is carried by an endpoint through which everything goes; empty for other operations."""
    if http.method not in ("POST", "GET") or "{}" in walked[-1:]:
        return ""
    last = walked[-1].lower() if walked else "api"
    soap = any(each.partition(";")[0].strip() == "application/soap+xml" for each in http.media)
    if soap or any(each.name.lower() == "soapaction" for each in http.parameters):
        return "soap"
    if last in ("graphql", "gql"):
        return "graphql"
    if http.method != "POST":
        return ""
    fields = {each.name.lower() for each in _record_fields(operation.input, types)}
    if "query" in fields and fields & {"variables", "operationname"}:
        return "graphql"
    if "method" in fields and fields & {"params", "jsonrpc", "args", "arguments"}:
        return "rpc"
    if last in _ENDPOINTS and fields & {"method", "action", "command", "operation", "function", "service"}:
        return "rpc"
    xml = {each.partition(";")[0].strip() for each in http.media}
    if last == "soap" or (last.endswith((".asmx", ".svc")) and xml & _SOAP_MEDIA):
        return "soap"
    return "rpc" if last in ("rpc", "jsonrpc", "json-rpc", "json_rpc") else ""


def _record_fields(type_: Type | None, types: Types) -> tuple[Field, ...]:
    record = resolved(type_, types)
    return record.fields if isinstance(record, Record) else ()
