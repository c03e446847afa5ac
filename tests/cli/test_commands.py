"""The commands, as a person or a script runs them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest
from running import LEFT_OUT, bearer, environment, free_port, running

from dragoman.cli import main
from dragoman.testing.host import plain

pytestmark = pytest.mark.slow

DRAGOMAN = [sys.executable, "-m", "dragoman"]


def run(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*DRAGOMAN, *words], cwd=folder, env=environment(more), capture_output=True, text=True, timeout=60
    )


def refusal(folder: Path, *words: str, **more: str) -> str:
    """What a command that fails says: one line, and nothing on stdout."""
    done = run(folder, *words, **more)
    assert done.returncode == 1, done
    assert done.stdout == ""
    assert done.stderr.startswith("dragoman: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr.removeprefix("dragoman: ").rstrip()


def in_process(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int | str | None, str, str]:
    """Run a command in this process, which takes no time; returns the exit code, stdout and stderr."""
    code: int | str | None
    try:
        code = main(words)
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr()
    return code, said.out, said.err


def test_it_is_a_module_too(tmp_path: Path) -> None:
    done = run(tmp_path, "--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"dragoman (\d+\.\d+\.\d+|\(not installed\))\n", done.stdout)


@pytest.mark.parametrize(
    "words",
    ["", "demo", "serve", "keys", "keys create", "keys list", "keys revoke", "migrate", "explain"],
)
def test_help(words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("NO_COLOR", "1")
    code, out, err = in_process(capsys, *words.split(), "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: dragoman {words}".rstrip())
    assert max(map(len, out.splitlines())) <= 100
    if words != "keys list":
        assert "examples:" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("sevre", "invalid choice: 'sevre'"),
        ("serve", "the following arguments are required: MODULE:APP"),
        ("serve shop:app --port 80000", "'80000' is not a port"),
        ("serve shop:app --workers 0", "'0' is not a number of processes"),
        ("serve shop:app --work 2", "unrecognized arguments: --work"),
        ("serve shop:app --grace 16", "'16' is not a number of seconds from 0 to 15"),
        ("serve shop:app --grace nan", "'nan' is not a number of seconds"),
        ("serve shop:app --trust-proxy 10.0.0.1/8", "10.0.0.1/8 has host bits set: write addresses and networks"),
        ("serve shop:app --trust-proxy localhost", "'localhost' does not appear to be an IPv4 or IPv6 network"),
        ("keys", "the following arguments are required: COMMAND"),
        ("keys create --owner acme", "the following arguments are required: --audience"),
    ],
)
def test_wrong_usage(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = in_process(capsys, *words.split())
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert "--help` shows how" in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--socket http.sock --port 80", "--socket takes the place of --host and --port"),
        ("--tls-cert a.pem", "--tls-key is missing"),
        ("--tls-key a.pem", "--tls-cert is missing"),
        ("--tls-client-ca a.pem", "--tls-client-ca needs --tls-cert and --tls-key"),
        ("--tls-cert a --tls-key b --tls-client-required", "--tls-client-required needs --tls-client-ca"),
        ("--tls-cert a.pem --tls-key b.pem", "a.pem cannot be read: No such file or directory"),
        ("--database :memory: --workers 2", "the database :memory: is one process's own: leave out --workers"),
        ("--reload --workers 2", "--reload serves with one worker"),
        ("--reload --production", "--reload is for development, and --production is not"),
        ("--socket no-folder/http.sock", "there is no folder no-folder for the socket no-folder/http.sock"),
    ],
)
def test_what_does_not_go_together(
    words: str, message: str, here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DRAGOMAN_ENV", "")
    code, out, err = in_process(capsys, "serve", "dragoman.demo.shop:app", *words.split())
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1


def test_certificates_of_clients_need_their_authorities(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mesh.py").write_text(
        "import dragoman as dm\n"
        "from dragoman.demo.shop import orders\n"
        "app = dm.App(dm.rest('mesh', '/v1', audience='internal', auth=dm.client_certificates({}), exposes=[orders]))\n"
    )
    code, _, err = in_process(capsys, "serve", "mesh:app", "--port", "0")
    assert code == 1
    assert err.startswith("dragoman: the surface mesh knows its callers by their certificates: give --tls-cert, ")


@pytest.mark.slow
def test_files_that_may_be_open_are_raised(tmp_path: Path) -> None:
    """As far as dm.Limits needs it; where that is too far, it is told once, whatever the number of workers."""

    def limits(hard: int) -> tuple[int, str]:
        port = free_port()
        serve = f"{sys.executable} -m dragoman serve dragoman.demo.shop:app --port {port} --workers 2"
        words = ["sh", "-c", f"ulimit -Sn 256 && ulimit -Hn {hard} && exec {serve}"]
        with running(words, tmp_path, port, ready=False) as server:
            server.wait_until_it_listens()
            (line,) = re.findall("Max open files +(.*)", Path(f"/proc/{min(server.workers())}/limits").read_text())
            return int(line.split()[0]), server.stderr

    soft, said = limits(20_000)
    assert soft >= 16_384 + 1024
    assert "may be open" not in said
    soft, said = limits(1000)
    assert soft == 1000
    assert said.count("1000 files may be open at once, too few for the 16384 connections of dm.Limits") == 1


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, for commands that run in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in LEFT_OUT:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_explain(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = in_process(capsys, "explain", "dragoman.demo:app", "orders.cancel")
    assert (code, err) == (0, "")
    assert "POST /v1/orders/{id}:cancel" in out
    assert "POST /admin/v1/orders/{id}:cancel" in out
    assert "phases: " in out
    assert "SELECT" in out
    code, out, err = in_process(capsys, "explain", "dragoman.demo:app", "orders.cancle")
    assert (code, out) == (1, "")
    assert err.startswith("dragoman: no surface exposes an operation 'orders.cancle'; there is orders.cancel")
    assert not list(here.iterdir())


BOOKING = """
import dragoman as dm

class Booking(dm.Resource, prefix="boo"):
    guest: str

bookings = dm.Contract("bookings").resource(Booking)

@bookings.visible
def own_bookings(principal):
    if principal.identity == "root":
        return dm.EVERYTHING
    return bookings.field.guest == principal.identity

app = dm.App(dm.rest("all", "/v1", audience="public", auth=dm.anonymous(), exposes=[bookings]))
"""


def test_explain_shows_what_is_visible(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("booking_rule.py").write_text(BOOKING)
    visible = "own_bookings decides by principal; shown for Principal('probe', tenant 'probe')\n"
    for method, where in (
        ("list", 'WHERE "_tenant" = ?1 AND "guest" = ?2 ORDER BY "id" LIMIT ?3'),
        ("get", 'WHERE "_tenant" = ?1 AND ("id" = ?2 AND "guest" = ?3) LIMIT 1'),
        ("update", 'WHERE "_tenant" = ?1 AND ("id" = ?2 AND "guest" = ?3) LIMIT 1'),
    ):
        code, out, _ = in_process(capsys, "explain", "booking_rule:app", f"bookings.{method}")
        assert code == 0
        assert f"  visible:\n    {visible}" in out
        assert where in out
        assert ("  commit:\n    one transaction: " in out) is (method == "update")


def test_migrate(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("migrate", "dragoman.demo.shop:app", "--database", "shop.db")
    code, to_do, err = in_process(capsys, *words, "--dry-run")
    assert (code, err) == (0, "")
    assert to_do.startswith("shop.db, to do:\n")
    assert "orders" in to_do
    assert not list(here.iterdir())
    serve = ("serve", "dragoman.demo.shop:app", "--port", "0", "--database", "shop.db", "--production")
    assert "dragoman migrate" in refusal(here, *serve)
    assert in_process(capsys, *words) == (0, to_do.replace("to do", "done"), "")
    assert in_process(capsys, *words) == (0, "shop.db is up to date\n", "")


THING = """
import dragoman as dm

class Thing(dm.Resource, prefix="thi"):
    {field}

things = dm.Contract("things").resource(Thing)
app = dm.App(dm.rest("all", "/v1", audience="public", auth=dm.anonymous(), exposes=[things]))
"""


def test_migrate_refuses_what_would_lose_data(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("small_thing.py").write_text(THING.format(field="size: int = 0"))
    Path("text_thing.py").write_text(THING.format(field="size: str = ''"))
    assert in_process(capsys, "migrate", "small_thing:app")[0] == 0
    with closing(apsw.Connection("dragoman.db")) as database:
        database.execute("INSERT INTO things VALUES ('t', 'thi_1', 0, '', '', 1)")
    for words in (["migrate", "text_thing:app", "--dry-run"], ["migrate", "text_thing:app"]):
        code, out, err = in_process(capsys, *words)
        assert (code, out) == (1, "")
        assert "size" in err
        assert err.endswith("dragoman: nothing was applied to dragoman.db\n")
    assert "size" in refusal(here, "serve", "text_thing:app", "--port", "0")


def test_a_class_that_was_renamed_does_not_lose_its_rows(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("old_thing.py").write_text(THING.format(field="size: int = 0"))
    Path("new_thing.py").write_text(THING.format(field="size: int = 0").replace("Thing", "Item"))
    assert in_process(capsys, "migrate", "old_thing:app")[0] == 0
    with closing(apsw.Connection("dragoman.db")) as database:
        database.execute("INSERT INTO things VALUES ('t', 'thi_1', 0, '', '', 1)")
    code, out, err = in_process(capsys, "migrate", "new_thing:app")
    assert (code, out) == (1, "")
    assert err.startswith(
        "dragoman: table things has 1 row and is no longer declared, and the new table items has the "
    )
    assert 'plural="things"' in err
    assert "things has 1 row" in refusal(here, "serve", "new_thing:app", "--port", "0")


def test_the_life_of_a_key(here: Path, copy_filled: Callable[[Path], Path], capsys: pytest.CaptureFixture[str]) -> None:
    copy_filled(here)
    port = free_port()
    command = [*DRAGOMAN, "serve", "dragoman.demo:app", "--port", str(port), "--database", "demo.db", "--workers", "1"]
    with running(command, here, port) as server:
        words = "keys create --owner acme --tenant demo --audience partner --scope customers.*"
        done = run(here, *words.split(), DRAGOMAN_DATABASE="demo.db")
        assert done.returncode == 0, done.stderr
        key = done.stdout.removesuffix("\n")
        assert re.fullmatch(r"dm_[a-z0-9]{8}_[\w-]{43}", key)
        assert "only time" in done.stderr
        assert "It stands in demo.db, which has to be the App's database." in done.stderr
        assert key not in done.stderr
        prefix = key[:11]

        def ask(path: str) -> int:
            return plain.get(server.url + path, headers=bearer(key)).status_code

        assert ask("/v1/customers") == 200
        assert ask("/v1/orders") == 403  # not among its scopes
        assert ask("/admin/v1/customers") == 403  # another audience's surface

        code, out, _ = in_process(capsys, "keys", "list", "--database", "demo.db")
        assert code == 0
        titles, line = out.splitlines()
        assert titles.split()[:4] == ["PREFIX", "OWNER", "TENANT", "AUDIENCES"]
        assert line.startswith(f"{prefix}  acme ")

        revoke = ("keys", "revoke", prefix, "--database", "demo.db")
        assert in_process(capsys, *revoke) == (0, "revoked: a key of acme\n", "")
        answer = plain.get(f"{server.url}/v1/customers", headers=bearer(key))
        assert answer.status_code == 401
        assert answer.json()["detail"] == "the key is not known or was revoked"
        code, _, err = in_process(capsys, *revoke)
        assert code == 1
        assert "revoked before" in err


def test_wrong_keys(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def refused(*words: str) -> str:
        code, out, err = in_process(capsys, "keys", *words)
        assert (code, out) == (1, "")
        assert err.startswith("dragoman: ")
        assert err.count("\n") == 1
        return err

    assert "there is no database nothing.db" in refused("list", "--database", "nothing.db")
    assert "there is no database dragoman.db" in refused("revoke", "dm_00000000")
    Path("folder.db").mkdir()
    assert "folder.db" in refused("list", "--database", "folder.db")
    Path("garbage.db").write_bytes(b"not a database " * 1000)
    assert "garbage.db" in refused("list", "--database", "garbage.db")
    Path("keys.db").touch()
    words = "create --owner a/b --audience partners --scope ! --database keys.db"
    said = refused(*words.split())
    assert "the owner 'a/b'" in said
    assert "'partners'" in said
    assert "the scope '!'" in said
    said = refused("create", "--owner", "a", "--audience", "partner", "--database", "no-folder/keys.db")
    assert "there is no folder no-folder for the database no-folder/keys.db" in said
    assert "no key dm_00000000" in refused("revoke", "dm_00000000", "--database", "keys.db")


def spoil(folder: Path, kind: str, filled: Path) -> str:
    """Make a database that cannot be used; returns its name."""
    name = f"{kind}.db"
    if kind == "folder":
        (folder / name).mkdir()
    elif kind == "garbage":
        (folder / name).write_bytes(b"not a database " * 1000)
    elif kind == "cut":
        whole = filled.read_bytes()
        (folder / name).write_bytes(whole[: len(whole) // 2])
    else:
        name = f"missing-folder/{name}"
    return name


@pytest.mark.parametrize(
    ("kind", "workers"), [("folder", "1"), ("folder", "2"), ("garbage", "1"), ("cut", "2"), ("missing", "1")]
)
def test_a_database_that_cannot_be_used(tmp_path: Path, kind: str, workers: str, filled: Path) -> None:
    name = spoil(tmp_path, kind, filled)
    said = refusal(tmp_path, "demo", DATABASE=name, WORKERS=workers, PORT=str(free_port()))
    assert name in said


def test_a_port_in_use(tmp_path: Path, copy_filled: Callable[[Path], Path]) -> None:
    copy_filled(tmp_path)
    port = free_port()
    with running([*DRAGOMAN, "demo"], tmp_path, port, {"PORT": str(port), "DATABASE": "demo.db", "WORKERS": "1"}):
        said = refusal(tmp_path, "demo", PORT=str(port), DATABASE="other.db")
        in_use = f"port {port} on 127.0.0.1 is in use: stop what listens there, or take another port, as in "
        another = port + 1 if port < 65_535 else port - 1
        assert said == f"{in_use}`PORT={another} make demo`"
        said = refusal(tmp_path, "serve", "dragoman.demo.shop:app", "--port", str(port), "--database", "other.db")
        assert said == f"{in_use}`--port {another}`"
        assert not (tmp_path / "other.db").exists()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("PORT", "http", "PORT: 'http' is not a port: take a number from 1 to 65535"),
        ("PORT", "-1", "PORT: '-1' is not a port"),
        ("WORKERS", "many", "WORKERS: 'many' is not a number of processes"),
        ("HOST", "0.0.0.0", "demo-partner, demo-internal, demo-frontend, demo-operator"),
        ("HOST", "0.0.0.0", "leave HOST out, and reach the demo from another machine through a tunnel: ssh -L 8000:"),
        ("HOST", "::", "demo-partner"),
        ("HOST", "no-such-host.invalid", "demo-partner"),
    ],
)
def test_a_demo_that_is_told_wrong(
    name: str,
    value: str,
    message: str,
    here: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(name, value)
    code, out, err = in_process(capsys, "demo")
    assert (code, out) == (1, "")
    assert message in err
    assert err.count("\n") == 1
    assert not list(here.iterdir())


def test_fixed_keys_never_leave_this_machine(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = in_process(capsys, "serve", "dragoman.demo:app", "--host", "0.0.0.0", "--port", "0")
    assert code == 1
    assert "127.0.0.1" in err


def test_the_demo_tells_where_it_is(tmp_path: Path, copy_filled: Callable[[Path], Path]) -> None:
    copy_filled(tmp_path)
    port = free_port()
    more = {"PORT": str(port), "DATABASE": "demo.db", "WORKERS": "1"}
    with running([*DRAGOMAN, "demo"], tmp_path, port, more) as server:
        lines = server.stderr.splitlines()
        assert lines[0].startswith(f"dragoman: listening on http://127.0.0.1:{port} (1 process, database demo.db)")
        curls = [line.strip() for line in lines if line.strip().startswith("curl ")]
        assert len(curls) == 3
        assert shutil.which("curl"), "curl is one of the tools that `make tools` installs"
        for line in curls:
            done = subprocess.run(
                ["sh", "-c", f"{line} --silent --fail-with-body"], capture_output=True, text=True, timeout=20
            )
            assert done.returncode == 0, (line, done.stdout)
            json.loads(done.stdout)
        pages = [line.strip() for line in lines if line.endswith("/docs")]
        assert pages == [f"http://localhost:{port}/v1/docs", f"http://localhost:{port}/admin/v1/docs"]
        assert [plain.get(page).status_code for page in pages] == [200, 200]
        assert server.stop() == 0
        # On stdout there is a line of JSON for each request, and nothing else.
        assert len([json.loads(line) for line in server.stdout.splitlines()]) >= 3
        assert server.stderr.splitlines() == [*lines, "dragoman: stopped"]


def test_two_workers(tmp_path: Path) -> None:
    port = free_port()
    more = {"PORT": str(port), "WORKERS": "2"}
    with running([*DRAGOMAN, "demo"], tmp_path, port, more) as server:
        server.wait_until_it_listens()
        for _ in range(30):
            answer = plain.get(f"{server.url}/v1/customers?page_size=1", headers=bearer("demo-partner"))
            assert answer.status_code == 200
        assert server.stderr.count("filled, in") == 1
        assert "2 processes" in server.stderr
        assert server.stop() == 0
        assert "Traceback" not in server.stderr
    assert (tmp_path / "dragoman-demo.db").exists()


def test_a_worker_that_dies_is_replaced(tmp_path: Path, copy_filled: Callable[[Path], Path]) -> None:
    copy_filled(tmp_path)
    port = free_port()
    more = {"PORT": str(port), "WORKERS": "2", "DATABASE": "demo.db"}
    with running([*DRAGOMAN, "demo"], tmp_path, port, more) as server:
        server.wait_until_it_listens()
        killed, _ = server.workers()
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: len(server.workers()) == 2 and killed not in server.workers())
        server.wait_until_ready()
        assert server.stop() == 0
        assert f"worker {killed} ended with SIGKILL; another takes its place" in server.stderr


def test_workers_do_not_outlive_the_process_that_started_them(
    tmp_path: Path, copy_filled: Callable[[Path], Path]
) -> None:
    copy_filled(tmp_path)
    port = free_port()
    more = {"PORT": str(port), "WORKERS": "2", "DATABASE": "demo.db"}
    with running([*DRAGOMAN, "demo"], tmp_path, port, more) as server:
        pids = server.workers()
        server.process.kill()
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


@pytest.mark.parametrize(
    ("trouble", "lines", "last"),
    [
        ("raise ValueError('no model')", 2, "module worker cannot be imported: ValueError: no model"),
        pytest.param(
            "os._exit(7)",
            6,
            "ended with exit code 7; too many have, one after the other",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_workers_that_cannot_go_on(tmp_path: Path, trouble: str, lines: int, last: str) -> None:
    (tmp_path / "worker.py").write_text(
        f"import os\nif 'DRAGOMAN_WORKER' in os.environ:\n    {trouble}\nfrom dragoman.demo.shop import app\n"
    )
    done = run(tmp_path, "serve", "worker:app", "--port", "0", "--workers", "2")
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if line.startswith("dragoman: ") and "listening" not in line]
    assert len(said) <= lines
    assert last in said[-1]
    assert "Traceback" not in done.stderr


def wait_for(condition: Callable[[], bool], timeout: float = 30) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)
