"""Requests over plain HTTP: httpx without certificates, which it loads each time; that takes longer than to ask."""

from __future__ import annotations

import ssl
from functools import partial
from typing import Final

import httpx

NONE: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

get = partial(httpx.get, verify=NONE)
head = partial(httpx.head, verify=NONE)
post = partial(httpx.post, verify=NONE)
stream = partial(httpx.stream, verify=NONE)
Client = partial(httpx.Client, verify=NONE)
