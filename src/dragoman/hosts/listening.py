"""Listening sockets: bound first of all, so that a port in use is known before anything is started."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final

BACKLOG: Final = 2048

SPREADS: Final = sys.platform.startswith("linux")
"""Whether the system spreads connections over sockets at one address. (macOS gives them all to the last.)"""


class ListenError(Exception):
    """The socket cannot be had: says where, why, and what to do. One line, for a person."""


def listen(host: str, port: int) -> list[socket.socket]:
    """A listening socket for each address of the host. Port 0 takes a free one. Raises ListenError.

    They listen at once: whoever connects while the application starts waits for it instead of being refused.
    """
    if not 0 <= port <= 65_535:
        raise ListenError(f"there is no port {port}: take one from 1 to 65535, or 0 for any that is free")
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ListenError(
            f"the host {host!r} is not known: take an address of this machine, such as 127.0.0.1"
        ) from None
    sockets: list[socket.socket] = []
    failure: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        if port == 0 and sockets:
            address = (address[0], sockets[0].getsockname()[1], *address[2:])  # the same one on each address
        try:
            sockets.append(_listen(family, kind, protocol, address))
        except OSError as error:
            failure = error
            if error.errno == errno.EADDRINUSE:
                break
    # A name may have an address of a kind that this machine does not speak, as `localhost` often does (IPv6).
    if failure is not None and (not sockets or failure.errno == errno.EADDRINUSE):
        for each in sockets:
            each.close()
        raise ListenError(_reason(failure, host, port)) from None
    return sockets


def share(sockets: Sequence[socket.socket], workers: int) -> list[list[socket.socket]]:
    """The listening sockets of each worker: one of its own at each address, so that it has a queue of its own, where
    the system spreads connections over several; else all share those that there are.

    The first ones were bound alone, so that another process's port cannot be joined unawares.
    """
    groups = [list(sockets)]
    if not SPREADS or any(each.family == socket.AF_UNIX for each in sockets):
        return groups * workers
    try:
        while len(groups) < workers:
            groups.append([])
            for each in sockets:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                groups[-1].append(_listen(each.family, each.type, each.proto, each.getsockname(), among=True))
    except OSError:
        for each in (each for group in groups[1:] for each in group):
            each.close()
        return groups[:1] * workers
    return groups


def _listen(family: int, kind: int, protocol: int, address: Any, *, among: bool = False) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if among:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


def _reason(error: OSError, host: str, port: int) -> str:
    place = f"port {port} on {host or 'all interfaces'}"
    if error.errno == errno.EADDRINUSE:
        return f"{place} is in use: stop what listens there, or take another port"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{place} may not be listened on by this user: take a port above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this machine has no address {host}: take one that it has, such as 127.0.0.1"
    return f"{place} cannot be listened on: {error.strerror or error}"
