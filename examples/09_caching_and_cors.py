"""Caching and CORS: what everybody may see can be kept by any cache, and pages of other origins may read it.

    dragoman serve 09_caching_and_cors:app
    curl -i localhost:8000/v1/countTo?limit=3
    curl -i localhost:8000/v1/countTo?limit=3 -H 'Accept-Encoding: gzip' --compressed
    curl -i localhost:8000/v1/countTo?limit=3 -H 'Origin: https://app.example.com'
    curl -i -X OPTIONS localhost:8000/v1/countTo -H 'Origin: https://app.example.com'
    curl localhost:8000/v1/countTo?limit=3 -H 'Accept: text/html'  # 406

Any cache may keep these answers, as the surface is anonymous. Where a credential is asked for, they are `private`.
"""

from typing import Annotated

import dragoman as dm


class Limit(dm.Struct):
    limit: Annotated[int, dm.Ge(1), dm.Le(1000)]


class Numbers(dm.Struct):
    numbers: list[int]


contract = dm.Contract("numbers")


@contract.operation(effect="safe", traits=[dm.Fresh(60)])
async def count_to(limit: Limit) -> Numbers:
    """The numbers up to a limit. They may be kept for a minute."""
    return Numbers(numbers=list(range(1, limit.limit + 1)))


app = dm.App(
    dm.rest(
        "public",
        "/v1",
        audience="public",
        auth=dm.anonymous(),
        exposes=[count_to],
        cors=dm.Cors(["https://app.example.com"]),
    )
)
