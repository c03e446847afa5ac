"""A process that pays, one payment after the other, and says on stdout what it was told: to be killed, or to be given a
disk that fails. ``python paying.py DATABASE FIRST COUNT``.
"""

from __future__ import annotations

import asyncio
import json
import sys

from tortured import KEY, app

from dragoman.ports.wire import Request


async def main(database: str, first: int, count: int) -> None:
    """Pay."""
    app.use(database)
    await app.start()
    head = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    listed = await app.respond(Request("GET", "/v1/accounts", "page_size=1", head))
    found = json.loads(listed.body)["accounts"]
    if not found:
        made = await app.respond(Request("POST", "/v1/accounts", "", head, b"{}"))
        found = [json.loads(made.body)]
    print("begins", flush=True)
    for number in range(first, first + count):
        reference = f"r{number}"
        body = json.dumps({"account": found[0]["id"], "reference": reference}).encode()
        for _ in range(20):
            request = Request("POST", "/v1/pay", "", {**head, "idempotency-key": reference}, body)
            answer = await app.respond(request)
            told = {"reference": reference, "status": answer.status, "body": answer.body.decode()}
            told["replayed"] = any(name == b"idempotency-replayed" for name, _ in answer.headers)
            print(json.dumps(told), flush=True)
            reads = await app.respond(Request("GET", "/v1/accounts", "page_size=1", head))
            print(json.dumps({"reads": reads.status}), flush=True)
            if answer.status == 200:
                break
            await asyncio.sleep(0.005)
    await app.stop()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
