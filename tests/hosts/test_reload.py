"""``dragoman serve --reload``: the program is served as it stands in its files."""

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


def test_what_does_not_go_with_it(tmp_path: Path) -> None:
    import subprocess

    def refusal(*words: str) -> str:
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        return done.stderr

    serve = ("-m", "dragoman", "serve", "told:app", "--reload")
    assert "leave out --workers" in refusal(*serve, "--workers", "2")
    assert "leave out one of them" in refusal(*serve, "--production")
    without = "import sys; sys.modules['watchfiles'] = None; sys.argv = ['dragoman', 'serve', 'told:app', '--reload']\n"
    without += "from importlib import util; find = util.find_spec\n"
    without += "util.find_spec = lambda name, *more: None if name == 'watchfiles' else find(name, *more)\n"
    without += "from dragoman.cli import main; sys.exit(main())"
    assert "pip install 'dragoman[reload]'" in refusal("-c", without)
