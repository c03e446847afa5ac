"""A filled database of the demo, made once for all tests that start it."""

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's database as its first start leaves it."""
    from dragoman.demo.filling import FilledApp
    from dragoman.demo.shop import app

    path = tmp_path_factory.mktemp("filled") / "demo.db"
    demo = FilledApp(*(bound.surface for bound in app.surfaces), database=path)

    async def fill() -> None:
        await demo.start()
        await demo.stop()

    asyncio.run(fill())
    return path


@pytest.fixture
def copy_filled(filled: Path) -> Callable[[Path], Path]:
    """Copies the filled database to a folder."""

    def copy(folder: Path) -> Path:
        for file in filled.parent.glob("demo.db*"):
            shutil.copy(file, folder / file.name)
        return folder / "demo.db"

    return copy
