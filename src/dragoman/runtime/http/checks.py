"""The order in which a request over HTTP is checked, and what each check answers: the first that fails is told."""

from __future__ import annotations

from typing import Final

ORDER: Final[tuple[tuple[str, int], ...]] = (
    ("the server has room for it", 503),
    ("a surface is at its path", 404),
    ("its credential is known", 401),
    ("the credential may enter the surface", 403),
    ("Request-Timeout can be read", 400),
    ("it may act in the tenant that it names", 403),
    ("something is at its path", 404),
    ("its method is offered there", 405),
    ("Accept admits what is answered", 406),
    ("the caller may call the operation", 403),
    ("its body is of a type that is read", 415),
    ("If-Match is there where it is asked for", 428),
    ("query and body can be parsed", 400),
    ("query and body are what the contract asks for", 422),
    ("the resource exists, for this caller", 404),
    ("If-Match names its version", 412),
    ("its state allows it", 409),
)
"""Who does not say who they are learns nothing but that; who may not call an operation does not learn what it takes.
Preflights of CORS are answered before all of it, where a surface is: browsers send no credentials with them. What
anyone may see, such as the documents of public surfaces, asks for no credential.
"""
