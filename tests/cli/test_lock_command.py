"""``dragoman lock``, and what happens where it was not run. What is said stands in one file, to be read."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dragoman as dm
from dragoman.cli import main

GOLDEN = "cli/golden/lock.txt"

FIRST = """
class Order(dm.Struct):
    sku: str
    quantity: int
    size: Literal["small", "large"] = "small"
"""
REORDERED = """
class Order(dm.Struct):
    size: Literal["large", "small"] = "small"
    quantity: int
    sku: str
"""
CHANGED = """
class Order(dm.Struct):
    quantity: float
    size: Literal["large", "huge"] = "large"
    note: str = ""
"""
BY_HAND = """
class Order(dm.Struct):
    sku: Annotated[str, dm.Number(2)]
"""
APP = """
from typing import Annotated, Literal
import dragoman as dm
{order}
shop = dm.Contract("shop")
@shop.operation
def order(order: Order) -> Order:
    return order
desk = dm.Contract("desk")
@desk.operation
def ring() -> None: ...

app = dm.App(
    dm.rpc("orders", "/orders", audience="internal", auth=dm.anonymous(), exposes=[order]),
    dm.rpc("desk", "/desk", audience="internal", auth=dm.anonymous(), exposes=[ring]),
)
"""


class Shop:
    """A folder with an application, and what its commands said."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.said: list[str] = []
        self.lock = folder / "dragoman.lock"

    def write(self, order: str) -> None:
        (self.folder / "lockedshop.py").write_text(APP.format(order=order))
        sys.modules.pop("lockedshop", None)
        importlib.invalidate_caches()

    def run(self, title: str, *words: str) -> int:
        """Run a command, and keep what it said."""
        sys.modules.pop("lockedshop", None)
        code = main(words)
        out, err = self.capsys.readouterr()
        self.tell(title, f"$ dragoman {' '.join(words)}\n{out}{err}[exit code {code}]")
        return code

    def tell(self, title: str, said: str) -> None:
        self.said.append(f"# {title}\n{said}\n".replace(str(self.folder), "…"))

    def start(self, title: str) -> None:
        """Start the application in this process, which is refused."""
        sys.modules.pop("lockedshop", None)
        app: dm.App = importlib.import_module("lockedshop").app
        with pytest.raises(dm.DeclarationError) as raised:
            asyncio.run(app.start())
        self.tell(title, f"App.start: {raised.value}")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return Shop(tmp_path, capsys)


def test_from_nothing_to_a_change(shop: Shop, golden: Callable[[str, str], None]) -> None:
    target, export = "lockedshop:app", ["export", "lockedshop:app", "--surface", "orders"]
    shop.write(FIRST)
    shop.start("the start, without a file")
    assert shop.run("the server, without a file", "serve", target, "--port", "0") == 1
    assert shop.run("an export, without a file", *export) == 1
    assert shop.run("the check, without a file", "lock", target, "--check") == 1
    assert not shop.lock.exists()

    assert shop.run("the file is written", "lock", target) == 0
    first = shop.lock.read_bytes()
    assert shop.run("there is nothing to write", "lock", target) == 0
    assert shop.run("there is nothing to say", "lock", target, "--check") == 0
    assert shop.run("an export", *export) == 0

    shop.write(REORDERED)
    assert shop.run("fields and values in another order", "lock", target, "--check") == 0

    shop.write(CHANGED)
    shop.start("the start, after a change")
    assert shop.run("the server, after a change", "serve", target, "--port", "0") == 1
    assert shop.run("an export, after a change", *export) == 1
    assert shop.run("a surface that the change is not of", "export", target, "--surface", "desk") == 0
    assert shop.run("the check, after a change", "lock", target, "--check") == 1
    assert shop.lock.read_bytes() == first
    assert shop.run("the change is written", "lock", target) == 0
    assert shop.run("an export, of what has changed", *export) == 0

    shop.write(FIRST)
    shop.start("the start, after the change was taken back")
    assert shop.run("the change is taken back", "lock", target) == 0

    shop.write(BY_HAND)
    assert shop.run("a number by hand that is another's", "lock", target) == 1

    shop.write(FIRST)
    shop.lock.write_text(shop.lock.read_text().replace('"2"', '"1"'))
    damaged = shop.lock.read_bytes()
    shop.start("the start, with a damaged file")
    assert shop.run("the check, with a damaged file", "lock", target, "--check") == 1
    assert shop.run("a damaged file is not written over", "lock", target) == 1
    assert shop.lock.read_bytes() == damaged
    golden(GOLDEN, "\n".join(shop.said))


def test_the_remedy_names_the_target_as_it_was_written(shop: Shop) -> None:
    (shop.folder / "lockedshop.py").write_text(APP.format(order=FIRST) + "class desk: app = app\n")
    assert shop.run("", "export", "lockedshop:desk.app", "--surface", "orders") == 1
    assert "Run `dragoman lock lockedshop:desk.app`, look" in shop.said[-1]
    (shop.folder / "lockedshop.py").write_text(APP.format(order=FIRST).replace("app = ", "all = [") + "]")
    sys.modules.pop("lockedshop", None)
    importlib.invalidate_caches()
    module = importlib.import_module("lockedshop")
    with pytest.raises(dm.DeclarationError, match="Run `dragoman lock MODULE:APP`, look"):
        asyncio.run(module.all[0].start())


def test_two_surfaces_have_one_file(shop: Shop) -> None:
    shop.write(FIRST)
    assert shop.run("", "lock", "lockedshop:app") == 0
    before = json.loads(shop.lock.read_text())
    assert before["desk.v1"] == {}
    text = APP.format(order=FIRST).replace("def ring() -> None: ...", "def ring(order: Order) -> Order: return order")
    (shop.folder / "lockedshop.py").write_text(text)
    shop.start("only one of them is stale")
    assert "surface 'desk': the lock file …/dragoman.lock is stale: desk.v1.Order: string sku has no" in shop.said[-1]
    assert shop.run("", "lock", "lockedshop:app") == 0
    after = json.loads(shop.lock.read_text())
    assert after == {"desk.v1": before["shop.v1"], "shop.v1": before["shop.v1"]}


def test_an_application_without_numbers(shop: Shop) -> None:
    (shop.folder / "lockedshop.py").write_text(APP.format(order=FIRST).replace("exposes=", "lock=None, exposes="))
    assert shop.run("", "lock", "lockedshop:app") == 0
    assert "no surface of the application goes by numbers" in shop.said[-1]
    assert not shop.lock.exists()


def test_a_file_that_cannot_be_written(shop: Shop) -> None:
    text = APP.format(order=FIRST).replace("auth=dm", "lock='no/such/folder', auth=dm")
    (shop.folder / "lockedshop.py").write_text(text)
    assert shop.run("", "lock", "lockedshop:app") == 1
    assert "…/no/such/folder cannot be written: No such file or directory" in shop.said[-1]


def test_a_class_with_another_name_keeps_its_numbers(shop: Shop) -> None:
    shop.write(FIRST)
    assert shop.run("", "lock", "lockedshop:app") == 0
    before = shop.lock.read_text()
    renamed = APP.format(order=FIRST + "class Purchase(Order): ...\n").replace(
        "order: Order) -> Order", "order: Purchase) -> Purchase"
    )
    (shop.folder / "lockedshop.py").write_text(renamed)
    assert shop.run("", "lock", "lockedshop:app") == 1
    assert "Order, Order.Size of shop.v1 would be gone, and Purchase, Purchase.Size new" in shop.said[-1]
    assert "rename it in …/dragoman.lock" in shop.said[-1]
    assert shop.lock.read_text() == before
    shop.lock.write_text(before.replace('"Order', '"Purchase').replace(" Order.Size", " Purchase.Size"))
    assert shop.run("", "lock", "lockedshop:app", "--check") == 0
    shop.lock.write_text(before)
    assert shop.run("", "lock", "lockedshop:app", "--gone") == 0
    assert json.loads(shop.lock.read_text())["shop.v1"]["Order"]["1"].startswith("reserved ")


def test_a_file_is_one_however_it_is_named(shop: Shop) -> None:
    text = APP.format(order=FIRST).replace(
        "exposes=[ring]", "exposes=[ring], lock='../' + __file__.split('/')[-2] + '/dragoman.lock'"
    )
    text = text.replace("def ring() -> None: ...", "def ring(order: Order) -> Order: return order")
    (shop.folder / "lockedshop.py").write_text(text)
    assert shop.run("", "lock", "lockedshop:app") == 0
    assert json.loads(shop.lock.read_text()).keys() == {"desk.v1", "shop.v1"}
    assert shop.run("", "lock", "lockedshop:app", "--check") == 0
