"""nginx as a cache in front of a server, set up as naive operators do: the key is the URL, and anything is kept."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
from running import environment, free_port

SETTINGS: Final = """
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=everything:1m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {origin};
      proxy_http_version 1.1;
      proxy_cache everything;
      proxy_cache_key $request_method$request_uri;
      proxy_cache_valid any 10m;
      proxy_cache_revalidate on;
      add_header X-Cache-Status $upstream_cache_status always;
    }}
  }}
}}
"""


@contextmanager
def cache(origin: str, folder: Path) -> Iterator[str]:
    """nginx in front of an origin; gives its URL."""
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(SETTINGS.format(folder=folder, port=port, origin=origin))
    path = environment()["PATH"]
    with (folder / "nginx.log").open("w") as log:
        process = subprocess.Popen(
            ["nginx", "-c", settings, "-p", folder],
            env=environment({"PATH": f"{path}:/usr/sbin"}),
            stdout=log,
            stderr=log,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(process, url, folder)
            yield url
        finally:
            process.terminate()
            process.wait(10)


def wait_for(process: subprocess.Popen[bytes], url: str, folder: Path) -> None:
    """Wait until it answers."""
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            httpx.get(f"{url}/healthz")
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError((folder / "nginx.log").read_text())
