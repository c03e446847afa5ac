"""An operation: its input and its answer are typed, its effect is said, and nothing else is needed.

    dragoman serve 01_hello:app
    curl 'localhost:8000/v1/hello?name=Ann'
    curl 'localhost:8000/v1/hello'  # 422
    curl 'localhost:8000/v1/openapi.json'

A safe operation is a GET. Its documentation is at http://localhost:8000/v1/docs.
"""

from typing import Annotated

import dragoman as dm


class Person(dm.Struct):
    name: Annotated[str, dm.Length(1, 100)]


class Greeting(dm.Struct):
    text: str


contract = dm.Contract("hello")


@contract.operation(effect="safe")
async def hello(person: Person) -> Greeting:
    """Greet somebody."""
    return Greeting(text=f"Hello, {person.name}!")


app = dm.App(dm.rest("public", "/v1", audience="public", auth=dm.anonymous(), exposes=[hello]))
