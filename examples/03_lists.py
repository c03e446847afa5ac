"""Lists: filters, order and pages, each only where a field declares it, so that every list is fast.

    dragoman serve 03_lists:app
    curl -X POST localhost:8000/v1/plant
    curl 'localhost:8000/v1/trees?kind=oak&height_cm.gte=500&order_by=-height_cm'
    curl 'localhost:8000/v1/trees?kind.in=oak,elm&page_size=2'
    curl 'localhost:8000/v1/trees?heigth_cm.gte=500'  # 422
    curl 'localhost:8000/v1/trees?order_by=note'  # 422

Follow `next_page_token` (or the header `Link: …; rel="next"`) until it is empty.
"""

from typing import Annotated, Literal

import dragoman as dm

Kind = Literal["oak", "elm", "fir"]


class Tree(dm.Resource, prefix="tree"):
    kind: Annotated[Kind, dm.Filter("in")]
    height_cm: Annotated[int, dm.Gt(0), dm.Filter("gte", "lt"), dm.Sort()]
    note: str = ""


class Planted(dm.Struct):
    count: int


forest = dm.Contract("forest")
trees = forest.resource(Tree)

HEIGHTS: dict[Kind, tuple[int, ...]] = {"oak": (1900, 400, 800), "elm": (600, 1200), "fir": (300, 5000)}


@forest.operation
async def plant(ctx: dm.Context) -> Planted:
    """Plant a few trees."""
    planted = [ctx.create(Tree(kind=kind, height_cm=height)) for kind in HEIGHTS for height in HEIGHTS[kind]]
    return Planted(count=len(planted))


app = dm.App(dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[trees, plant]))
