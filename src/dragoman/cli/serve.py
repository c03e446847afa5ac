"""``dragoman serve``."""

from __future__ import annotations

import argparse
import importlib.util
import os
from typing import Final

from dragoman.app import App
from dragoman.hosts.process import DRAIN_SECONDS
from dragoman.hosts.settings import Settings
from dragoman.hosts.tls import TlsFiles

from . import declare
from .failure import CommandError
from .launch import launch
from .target import load

HOST: Final = "127.0.0.1"
PORT: Final = 8000
MEMORY: Final = ":memory:"

GRACE: Final = 5.0
"""What load balancers get in production, if nothing is said: most look every few seconds."""

EXAMPLES = """\
  dragoman serve shop:app
  dragoman serve shop:app --reload
  dragoman serve shop:app --port 9000 --database /var/lib/shop.db
  dragoman serve shop:app --host 0.0.0.0 --port 443 --tls-cert chain.pem --tls-key key.pem
  dragoman serve shop:app --socket /run/shop/http.sock --trust-proxy 10.0.0.0/8 --production

signals:
  SIGTERM  not ready for --grace seconds; then nobody can connect, and requests are finished
  SIGINT   (Ctrl-C) as SIGTERM, without the grace; the second one ends at once
  SIGHUP   replaces the workers, one after the other, so that no request fails: for a new version
"""


def add(commands: declare.Commands) -> None:
    """Declare the command."""
    parser = declare.command(
        commands,
        "serve",
        run,
        summary="serve an application",
        description="Serve every surface of an application on one port, until Ctrl-C or SIGTERM. From then on\n"
        f"nobody can connect, and requests under way may go on for {DRAIN_SECONDS} seconds, or until Ctrl-C is\n"
        "pressed again; those that are not finished by then are answered 503.",
        examples=EXAMPLES,
    )
    declare.add_target(parser)
    parser.add_argument("--host", help=f"the address to listen on (default: {HOST})")
    parser.add_argument("--port", type=declare.port, help=f"default: {PORT}; 0 takes one that is free")
    parser.add_argument("--socket", metavar="PATH", help="listen on a Unix socket, instead of a host and a port")
    parser.add_argument(
        "--workers", type=declare.workers, metavar="N", help="processes (default: one for each core; with --reload 1)"
    )
    declare.add_database(parser, "what the App names, else DRAGOMAN_DATABASE, else dragoman.db")
    parser.add_argument(
        "--production",
        action="store_true",
        help="refuse to start while the database lacks schema changes, instead of applying them; "
        "`dragoman migrate` applies them",
    )
    parser.add_argument(
        "--grace",
        type=declare.grace,
        metavar="SECONDS",
        help="after SIGTERM, say at /readyz that it is not ready, and go on for so long "
        f"(default: 0, with --production {GRACE:g})",
    )
    parser.add_argument(
        "--reload", action="store_true", help="begin anew when a Python file below the working directory changes"
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="speak TLS with this certificate and its chain, in PEM form")
    parser.add_argument("--tls-key", metavar="FILE", help="its key; both are read again when they change")
    parser.add_argument(
        "--tls-client-ca", metavar="FILE", help="verify the certificates that clients show, by these authorities"
    )
    parser.add_argument("--tls-client-required", action="store_true", help="refuse clients that show none")
    parser.add_argument(
        "--trust-proxy",
        type=declare.networks,
        metavar="CIDR[,CIDR...]",
        default=(),
        help="proxies whose Forwarded and X-Forwarded-* headers are believed",
    )


def run(options: argparse.Namespace) -> int:
    """Serve."""
    settings = Settings(grace=_grace(options), proxies=options.trust_proxy, tls=_tls(options))
    if options.socket is not None and (options.host is not None or options.port is not None):
        raise CommandError("--socket takes the place of --host and --port: leave them out, or it")
    if options.reload:
        _check_reload(options)
    if options.production:
        os.environ["DRAGOMAN_ENV"] = "production"
    app = load(options.target)
    if options.database:
        app.use(options.database)
    where: str | tuple[str, int]
    if options.socket is not None:
        where = options.socket
    else:
        where = HOST if options.host is None else options.host, PORT if options.port is None else options.port
    return launch(app, options.target, where, workers=_workers(options, app), settings=settings, reload=options.reload)


def _grace(options: argparse.Namespace) -> float:
    if options.grace is None:
        return GRACE if options.production else 0.0
    return float(options.grace)


def _tls(options: argparse.Namespace) -> TlsFiles | None:
    cert, key, authorities = options.tls_cert, options.tls_key, options.tls_client_ca
    if (cert is None) != (key is None):
        raise CommandError(f"--tls-{'key' if key is None else 'cert'} is missing: a certificate needs its key")
    if cert is None and authorities is not None:
        raise CommandError("--tls-client-ca needs --tls-cert and --tls-key: only TLS has certificates")
    if authorities is None and options.tls_client_required:
        raise CommandError("--tls-client-required needs --tls-client-ca, the authorities that are believed")
    if cert is None:
        return None
    return TlsFiles(cert, key, authorities, options.tls_client_required)


def _workers(options: argparse.Namespace, app: App) -> int:
    if app.database != MEMORY:
        return 1 if options.reload else options.workers or declare.cores()
    if options.workers not in (None, 1):
        raise CommandError(f"the database {MEMORY} is one process's own: leave out --workers, or name a file")
    return 1


def _check_reload(options: argparse.Namespace) -> None:
    if options.production:
        raise CommandError("--reload is for development, and --production is not: leave out one of them")
    if options.workers not in (None, 1):
        raise CommandError("--reload serves with one worker: leave out --workers")
    if importlib.util.find_spec("watchfiles") is None:
        raise CommandError("--reload needs watchfiles: install it with `pip install 'dragoman[reload]'`")
