"""What any host must get right, as tests. See :class:`HostConformance`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest

from dragoman.testing.target import TARGET

from .answers import Answers
from .bodies import Bodies
from .calls import Calls
from .http2 import Http2
from .life import Life
from .requests import Requests
from .server import Host, Server, wait_until_ready
from .streams import Streams


class HostConformance(Requests, Bodies, Answers, Calls, Streams, Http2, Life):
    """The tests that every host passes, whoever wrote it. Subclass it where pytest looks::

        class TestGranian(HostConformance):
            host = CommandHost("-m", "granian", "--interface", "asgi", "--port", "{port}", "{app}")
            lacks = {"test_a_client_that_leaves_cancels_its_call": "it never tells the application"}

    ``host`` serves an application; ``lacks`` says what it does not do and why, by the name of the test. A test that is
    said to fail, and does not, fails.
    """

    host: ClassVar[Host]
    lacks: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
        """A server for all tests that do not end it."""
        folder = tmp_path_factory.mktemp("host")
        with cls.host.serve(TARGET, folder, {"DRAGOMAN_DATABASE": str(folder / "host.db")}) as server:
            wait_until_ready(server)
            yield server

    @pytest.fixture(autouse=True)
    def _expected(self, request: pytest.FixtureRequest) -> None:
        name = getattr(request.node, "originalname", request.node.name)
        if name in self.lacks:
            request.applymarker(pytest.mark.xfail(reason=self.lacks[name], strict=True))

    def test_what_it_lacks_is_among_the_tests(self) -> None:
        """So that a test that was renamed is not forgotten."""
        names = {name for name, _ in inspect.getmembers(type(self)) if name.startswith("test_")}
        assert not self.lacks.keys() - names
