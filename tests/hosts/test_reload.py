"""``dragoman serve --reload``: the program is served as it stands in its files."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from running import eventually, free_port, running

from dragoman.testing.host import plain

pytestmark = pytest.mark.slow

APP = """
import dragoman as dm

contract = dm.Contract("told")


class Told(dm.Struct):
    word: str


@contract.operation(effect="safe")
async def tell() -> Told:
    return Told(word="WORD")


app = dm.App(dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[tell]))
"""


def test_the_program_is_served_as_it_stands(tmp_path: Path) -> None:
    file, port = tmp_path / "told.py", free_port()
    file.write_text(APP)
    command = [sys.executable, "-m", "dragoman", "serve", "told:app", "--port", str(port), "--reload"]
    with running(command, tmp_path, port) as server:

        def word() -> str:
            said: str = plain.get(f"{server.url}/v1/tell").json()["word"]
            return said

        assert word() == "WORD"
        file.write_text(APP.replace("WORD", "another"))
        eventually(lambda: word() == "another")
        file.write_text("import nothing_of_that_name\n")
        eventually(lambda: "waiting for the next change" in server.stderr)
        assert word() == "another"
        (line,) = [each for each in server.stderr.splitlines() if "cannot be imported" in each]
        assert "told.py:1" in line
        file.write_text(APP.replace("WORD", "a third"))
        eventually(lambda: word() == "a third")
        assert server.stop() == 0
        assert "Traceback" not in server.stderr


def test_a_change_is_waited_for_also_when_nothing_serves(tmp_path: Path) -> None:
    """What ran before a mistake was made may end, too, before it is mended."""
    file, port = tmp_path / "told.py", free_port()
    file.write_text(APP)
    command = [sys.executable, "-m", "dragoman", "serve", "told:app", "--port", str(port), "--reload"]
    with running(command, tmp_path, port) as server:
        (worker,) = server.workers()
        file.write_text("import nothing_of_that_name\n")
        eventually(lambda: "what ran before it goes on" in server.stderr)
        os.kill(worker, signal.SIGKILL)
        eventually(lambda: server.stderr.count("waiting for the next change") == 2)
        assert not server.workers()
        file.write_text(APP)
        eventually(lambda: len(server.workers()) == 1)
        assert plain.get(f"{server.url}/v1/tell").json() == {"word": "WORD"}
        assert server.stop() == 0
        assert "Traceback" not in server.stderr


def test_without_its_library_it_says_so(tmp_path: Path) -> None:
    program = """
import sys
from importlib import util

find = util.find_spec
util.find_spec = lambda name, *more: None if name == "watchfiles" else find(name, *more)
from dragoman.cli import main

sys.exit(main(["serve", "told:app", "--reload"]))
"""
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "dragoman: --reload needs watchfiles: install it with `pip install 'dragoman[reload]'`\n"
