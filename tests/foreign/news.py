"""A public surface whose answers a cache may keep for a second."""

from typing import Annotated

import dragoman as dm


class Item(dm.Resource, prefix="itm"):
    text: Annotated[str, dm.Length(1, 2000)]


news = dm.Contract("news")
items = news.resource(Item, traits=[dm.Fresh(1)])

app = dm.App(dm.rest("public", "/v1", audience="public", auth=dm.anonymous(), exposes=[items]))
