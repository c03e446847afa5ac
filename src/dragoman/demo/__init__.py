"""The demo: the shop of :mod:`.shop`, with real purchases in its database."""

import os

from .filling import FilledApp
from .shop import app as _shop

DATABASE = "dragoman-demo.db"

app = FilledApp(
    *(bound.surface for bound in _shop.surfaces),
    database=os.environ.get("DATABASE") or os.environ.get("DRAGOMAN_DATABASE") or DATABASE,
)
