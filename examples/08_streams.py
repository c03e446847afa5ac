"""Streams: a handler that yields is a stream of server-sent events, which curl and every browser can read.

    dragoman serve 08_streams:app
    curl -N 'localhost:8000/v1/estimate?rounds=5'
    curl -N 'localhost:8000/v1/estimate?rounds=0'  # 422
    curl localhost:8000/page

Open http://localhost:8000/page to see it happen. A client that goes away ends the handler; one that reads slowly slows
it down. The last event is `end` or `fault`: a stream without either was cut.
"""

from collections.abc import Iterator
from random import Random
from typing import Annotated, Any

import dragoman as dm

ROUND = 20_000


class Rounds(dm.Struct):
    rounds: Annotated[int, dm.Ge(1), dm.Le(10_000)]


class Estimate(dm.Struct):
    darts: int
    pi: float


contract = dm.Contract("darts")


@contract.operation(effect="safe")
def estimate(wanted: Rounds) -> Iterator[Estimate]:
    """Estimate π by throwing darts at a square, and say after each round how far it is."""
    random, inside = Random(), 0
    for darts in range(ROUND, (wanted.rounds + 1) * ROUND, ROUND):
        inside += sum(random.random() ** 2 + random.random() ** 2 < 1 for _ in range(ROUND))
        yield Estimate(darts=darts, pi=4 * inside / darts)


PAGE = b"""<!doctype html>
<title>Darts</title>
<h1>&pi; is about <output>&hellip;</output></h1>
<p>after <span>0</span> darts <b></b></p>
<script>
  const show = (name, text) => { document.querySelector(name).textContent = text };
  const events = new EventSource("/v1/estimate?rounds=100");
  events.onmessage = event => {
    const { darts, pi } = JSON.parse(event.data);
    show("output", pi.toFixed(5));
    show("span", darts);
  };
  events.addEventListener("end", () => { events.close(); show("b", "(done)") });
  events.addEventListener("fault", event => { events.close(); show("b", JSON.parse(event.data).detail) });
</script>
"""


async def page(scope: Any, receive: Any, send: Any) -> None:
    """The page, as the smallest ASGI application."""
    assert scope["type"] == "http"
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(PAGE))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE})


app = dm.App(
    dm.rest("public", "/v1", audience="public", auth=dm.anonymous(), exposes=[estimate]),
    dm.mount("/page", page),
)
