"""What the shop takes and answers, as msgspec has it: for Starlette and Litestar."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

CustomerId = Annotated[str, Meta(pattern="^cus_[0-9a-z]{26}$")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Cents = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Status = Literal["placed", "paid", "shipped", "cancelled"]
PageSize = Annotated[int, Meta(ge=0, le=1000)]


class Greeting(Struct):
    hello: str


class Order(Struct):
    id: str
    customer: str
    status: str
    currency: str
    total_cents: int
    note: str
    created_at: str
    updated_at: str


class Page(Struct):
    orders: list[Order]
    next_page_token: str


class NewOrder(Struct, forbid_unknown_fields=True):
    customer: CustomerId
    currency: Currency
    total_cents: Cents
    status: Status = "placed"
    note: Annotated[str, Meta(max_length=500)] = ""


class Paging(Struct, forbid_unknown_fields=True):
    page_size: PageSize = 50
    page_token: str = ""


class Nothing(Struct, forbid_unknown_fields=True):
    pass
