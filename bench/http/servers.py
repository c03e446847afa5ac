"""A server of the shop, which is there once it has answered a request."""

from __future__ import annotations

import http.client

from bench.common import servers
from bench.common.servers import START_SECONDS


class Server(servers.Server):
    """One of a kind."""

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        try:
            connection.request("GET", "/v1/hello")
            connection.getresponse().read()
        except OSError:
            return False
        finally:
            connection.close()
        return True
