"""Versions: which there are, where they stand, and how they end."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from dragoman.contract.annotations import Deprecated
from dragoman.contract.principal import Audience
from dragoman.review.misfits.call import Call, calls, https, procedures
from dragoman.review.misfits.finding import Found, Misfit, Severity, Subject
from dragoman.review.misfits.path import VERSION, is_entry, is_plain, segments, shape, version_of
from dragoman.review.misfits.tally import found_surface
from dragoman.review.misfits.version import package_version, place
from dragoman.review.misfits.wording import counted, some
from dragoman.review.verdict.rule import Source
from dragoman.review.wire import Http, Wire

from .audience import is_outside

AIP_185: Final = Source("AIP-185", "https://google.aip.dev/185")
_END: Final = re.compile(
    r"\b20\d\d\b|sunset|will be removed|removed (?:in|on|after)|end.of.life|until\b", re.IGNORECASE
)


def _product(subject: Subject) -> list[Call[Http]]:
    """What is the product's own: not health, documents and the way in."""
    return [each for each in https(subject) if not is_plain(each.wire.path) and not is_entry(each.wire.path)]


def _unversioned(subject: Subject) -> Iterator[Found]:
    found = _product(subject)
    if is_outside(subject) and len(found) > 1 and all(place(each) is None for each in found):
        yield found_surface(
            subject,
            f"{subject.surface.name} has no version",
            f"Put a version into the path (/v1{found[0].wire.path}) or into the server URL, before the first caller "
            f"depends on it",
            [each.position for each in found[:1]],
        )


def _mixed(subject: Subject) -> Iterator[Found]:
    found = _product(subject)
    with_: list[Call[Http]] = []
    without: list[Call[Http]] = []
    for each in found:
        (with_ if version_of(each.wire.path) is not None else without).append(each)
    if len(with_) < 3 or not without or any(place(each) is not None for each in without):
        return
    few, _many = sorted((with_, without), key=len)
    yield found_surface(
        subject,
        f"{counted(len(with_), 'operation')} have a version in the path, and {len(without)} have none: "
        f"{some([each.address for each in few])}",
        f"Give all of them a version, as in {with_[0].address}",
        [each.position for each in few],
    )


def _side_by_side(subject: Subject) -> Iterator[Found]:
    by_tail: dict[tuple[str, str], dict[str, Call[Http]]] = defaultdict(dict)
    for each in _product(subject):
        version = version_of(each.wire.path)
        if version is not None and re.fullmatch(r"v\d+", version, re.IGNORECASE):
            tail = [part for part in segments(shape(each.wire.path)) if not VERSION.fullmatch(part)]
            by_tail[each.wire.method, "/".join(tail)][version.lower()] = each
    both = [versions for versions in by_tail.values() if len(versions) > 1]
    for versions in both:
        *older, _ = sorted(versions, key=lambda each: int(each[1:]))
        for version in older:
            call = versions[version]
            if not call.operation.deprecated:
                newest = max(versions, key=lambda each: int(each[1:]))
                yield call.found(
                    f"{call.address} is not deprecated, although {versions[newest].address} replaces it",
                    "Mark it deprecated: true, and send the headers Deprecation and Sunset",
                    (versions[newest].position,),
                )


def _no_sunset(subject: Subject) -> Iterator[Found]:
    for call in calls(subject):
        if call.operation.deprecated and not _says_end(call):
            yield call.found(
                f"{call.address} is deprecated, without a sunset date or a successor",
                "Write the date and the successor into its description, and send Sunset (RFC 8594)",
            )


def _says_end(call: Call[Wire]) -> bool:
    trait = call.operation.traits.get(Deprecated)
    if trait is not None and (trait.sunset is not None or trait.note):
        return True
    headers = [name.lower() for each in getattr(call.wire, "answers", ()) for name in each.headers]
    text = call.operation.description[:5000] + " " + getattr(call.wire, "summary", "")
    return (
        "sunset" in headers
        or bool(_END.search(text))
        or bool(re.search(r"\b(?:use|instead|replaced by|see)\b", text, re.IGNORECASE))
    )


def _package(subject: Subject) -> Iterator[Found]:
    seen = set[str]()
    for call in procedures(subject):
        package = call.wire.package
        if package in seen or package_version(package) is not None:
            continue
        seen.add(package)
        name = f"the package {package}" if package else "it has no package, and so"
        yield call.found(
            f"{name} has no version" if package else f"{call.address}: {name} no version",
            f"Name it {package or call.wire.service.lower()}.v1: the next version can then be served beside it",
        )


def _in_name(subject: Subject) -> Iterator[Found]:
    for call in https(subject):
        for part in segments(call.wire.path):
            if not VERSION.fullmatch(part) and re.fullmatch(r"(?!ip|IP)[A-Za-z]{2,}[-_]?[vV]\d{1,2}", part):
                yield call.found(
                    f"{call.address} has a version in the resource name {part}",
                    f"Put the version before the resources, once for all: /v2/{re.sub(r'[-_]?[vV][0-9]+$', '', part)}",
                )
                break


RULES: Final = (
    Misfit(
        id="unversioned-surface",
        title="API without a version",
        source=AIP_185,
        severity=Severity.WARNING,
        check=_unversioned,
        reason="The first breaking change breaks all callers at once.",
        remedy="Version the API.",
        exception="Surfaces for callers of your own; a version in path, host, header, query or media type.",
        example="GET /orders → GET /v1/orders",
        styles=("rest", "rpc"),
    ),
    Misfit(
        id="mixed-versioning",
        title="Version in some paths and not in others",
        source=AIP_185,
        severity=Severity.WARNING,
        check=_mixed,
        reason="Nobody can tell whether a path without a version is old, new or stable.",
        remedy="Version all operations in one way.",
        exception="Health checks, documentation and login; surfaces with fewer than three versioned operations.",
        example="/v1/orders and /customers → /v1/orders and /v1/customers",
        styles=("rest",),
    ),
    Misfit(
        id="versions-side-by-side",
        title="Old version not deprecated beside its successor",
        source=Source("RFC 9745", "https://www.rfc-editor.org/rfc/rfc9745"),
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_side_by_side,
        reason="New callers choose the old version by chance, so it can never be switched off.",
        remedy="Deprecate the older version and announce a date.",
        exception="Older operations that are deprecated, and those without a successor of the same path.",
        example="GET /v1/orders, GET /v2/orders → GET /v1/orders (deprecated, Sunset), GET /v2/orders",
        styles=("rest",),
    ),
    Misfit(
        id="deprecated-without-end",
        title="Deprecated without a sunset date or successor",
        source=Source("RFC 8594", "https://www.rfc-editor.org/rfc/rfc8594"),
        severity=Severity.HINT,
        check=_no_sunset,
        reason="Callers migrate when they know the date and the replacement.",
        remedy="State the date and the replacement.",
        exception="A Sunset header, or a description that names a date or a successor.",
        example="deprecated: true → deprecated: true, description: Use listOrders; it ends on 2027-06-30.",
    ),
    Misfit(
        id="unversioned-package",
        title="Protobuf package without a version",
        source=Source("AIP-215", "https://google.aip.dev/215"),
        severity=Severity.HINT,
        severities={Audience.PUBLIC: Severity.WARNING, Audience.PARTNER: Severity.WARNING},
        check=_package,
        reason="The package is part of each method's path. Without a version in it, the next version "
        "cannot be served beside this one.",
        remedy="End the package name with v1.",
        exception="Packages of types alone, which appear in no path.",
        example="package fraud; → package fraud.v1;",
        styles=("rpc",),
    ),
    Misfit(
        id="version-in-noun",
        title="Version in a resource name",
        source=AIP_185,
        severity=Severity.HINT,
        check=_in_name,
        reason="Each resource then has a version of its own, and callers need a table of which versions "
        "belong together.",
        remedy="Version the API and not the resource.",
        exception="A path segment that is only a version; names with digits that are no version.",
        example="/orders_v2/{id} → /v2/orders/{id}",
        styles=("rest",),
    ),
)
