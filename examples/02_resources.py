"""Resources: two nouns and a reference between them have lists, reading, creation, change and deletion.

    dragoman serve 02_resources:app
    curl localhost:8000/v1/authors --json '{"name": "Ursula K. Le Guin"}'
    curl localhost:8000/v1/authors
    curl localhost:8000/v1/books --json '{"title": "?", "author": "aut_1"}'  # 422
    curl localhost:8000/v1/authors/aut_00000000000000000000000000  # 404

Everything is kept in dragoman.db, in the working directory.
"""

from typing import Annotated

import dragoman as dm


class Author(dm.Resource, prefix="aut"):
    name: Annotated[str, dm.Length(1, 200), dm.Unique()]


class Book(dm.Resource, prefix="book"):
    title: Annotated[str, dm.Length(1, 300)]
    author: Annotated[dm.Id[Author], dm.Ref(reverse="books")]  # GET /v1/authors/{id}/books
    year: int | None = None


library = dm.Contract("library")
authors, books = library.resource(Author), library.resource(Book)

app = dm.App(dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[authors, books]))
