"""Messages that are dataclasses or Pydantic models: those that a team has, with their validators.

    dragoman serve 10_other_models:app
    curl localhost:8000/v1/quote --json '{"to": {"country": "ch"}, "weight": 1200}'
    curl localhost:8000/v1/quote --json '{"to": {"country": "Atlantis"}, "weight": 0}'  # 422
    curl localhost:8000/v1/quote --json '{"to": {"country": "XX"}, "weight": 1}'  # 422

Bounds are checked first, and all that is wrong with them is told at once; then the class's own validators run.
"""

from dataclasses import dataclass

import pydantic
from pydantic import BaseModel, Field, field_validator

import dragoman as dm

CENTS = {"CH": 700, "FR": 1100}


class Address(BaseModel):
    country: str = Field(min_length=2, max_length=2, description="Two letters (ISO 3166)")

    @field_validator("country")
    @classmethod
    def served(cls, value: str) -> str:
        if value.upper() not in CENTS:
            raise ValueError("nothing is sent there")
        return value.upper()


class Parcel(BaseModel):
    to: Address
    weight: pydantic.PositiveInt = Field(description="In grams")
    tags: list[str] = []


@dataclass
class Quote:
    country: str
    cents: int


post = dm.Contract("post")


@post.operation(effect="idempotent")
def quote(parcel: Parcel) -> Quote:
    """What a parcel costs."""
    return Quote(country=parcel.to.country, cents=CENTS[parcel.to.country] + parcel.weight // 100 * 10)


app = dm.App(dm.rest("public", "/v1", audience="public", auth=dm.anonymous(), exposes=[quote]))
