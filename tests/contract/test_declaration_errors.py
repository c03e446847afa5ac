"""What a developer declares wrongly is refused with the thing, the place and the remedy. The messages are
kept in golden/declaration_errors.txt, to be read as a user reads them: ``pytest --update-golden`` writes them
anew.
"""

import sys
import types
from collections.abc import Callable, Iterator

import pytest

from dragoman.contract.declaration import DeclarationError

PRELUDE = """\
import dataclasses, enum, typing
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, TypedDict, TypeVar, Union
from uuid import UUID
import msgspec, pydantic
import dragoman as dm

shop = dm.Contract("shop")
class Customer(dm.Resource, prefix="cus"):
    name: str
class Item(dm.Struct):
    sku: str
"""

# Each is a title, then the lines that a developer might write.
WRONG = """\
# no prefix
class Order(dm.Resource):
    total: int

# no prefix, and one letter
class A(dm.Resource):
    total: int

# a prefix with an underscore
class Order(dm.Resource, prefix="ord_"):
    total: int

# a plural in capitals
class OrderLine(dm.Resource, prefix="orl", plural="OrderLines"):
    total: int

# a field that the server sets
class Order(dm.Resource, prefix="ord"):
    id: str

# a prefix of one letter
class X(dm.Resource, prefix="x"):
    total: int

# not a resource
shop.resource(Item)

# not a resource, and one letter
class B(pydantic.BaseModel):
    total: int
shop.resource(B)

# not a class
shop.resource("Customer")

# the same resource twice
shop.resource(Customer)
shop.resource(Customer)

# two resources with one prefix
class Custard(dm.Resource, prefix="cus"):
    name: str
shop.resource(Customer)
shop.resource(Custard)

# bounds in the place of a default
class Order(dm.Resource, prefix="ord"):
    note: str = pydantic.Field(min_length=3)
shop.resource(Order)

# a fact in the place of a default
class Order(dm.Resource, prefix="ord"):
    note: str = dm.Filter()
shop.resource(Order)

# a fact in the place of a type
class Order(dm.Resource, prefix="ord"):
    note: dm.Filter()
shop.resource(Order)

# a type that says nothing
class Order(dm.Resource, prefix="ord"):
    total: Any
shop.resource(Order)

# object
class Order(dm.Resource, prefix="ord"):
    total: object
shop.resource(Order)

# a list of whatever
class Order(dm.Resource, prefix="ord"):
    lines: list
shop.resource(Order)

# a dict of whatever
class Order(dm.Resource, prefix="ord"):
    notes: dict
shop.resource(Order)

# a dict with int keys
class Order(dm.Resource, prefix="ord"):
    notes: dict[int, str]
shop.resource(Order)

# a tuple of two types
class Order(dm.Resource, prefix="ord"):
    position: tuple[int, str]
shop.resource(Order)

# a complex number
class Order(dm.Resource, prefix="ord"):
    total: complex
shop.resource(Order)

# a type of Pydantic's
class Order(dm.Resource, prefix="ord"):
    link: pydantic.HttpUrl
shop.resource(Order)

# a TypedDict
class Line(TypedDict):
    sku: str
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# a NamedTuple
class Line(NamedTuple):
    sku: str
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# a plain class
class Line:
    sku: str
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# a union of scalars
class Order(dm.Resource, prefix="ord"):
    total: int | str
shop.resource(Order)

# a union of structs without tags
class Card(dm.Struct):
    number: str
class Cash(dm.Struct):
    note: str
class Order(dm.Resource, prefix="ord"):
    payment: Card | Cash
shop.resource(Order)

# a union of structs with numbers as tags
class Card(dm.Struct, tag=1):
    number: str
class Cash(dm.Struct, tag=2):
    note: str
class Order(dm.Resource, prefix="ord"):
    payment: Card | Cash
shop.resource(Order)

# a union of structs whose tags stand in different fields
class Card(dm.Struct, tag=True):
    number: str
class Cash(dm.Struct, tag=True, tag_field="kind"):
    note: str
class Order(dm.Resource, prefix="ord"):
    payment: Card | Cash
shop.resource(Order)

# a union of dataclasses
@dataclass
class Card:
    number: str
@dataclass
class Cash:
    note: str
class Order(dm.Resource, prefix="ord"):
    payment: Card | Cash
shop.resource(Order)

# a tagged struct as an input
class Card(dm.Struct, tag=True):
    number: str
@shop.operation
async def pay(card: Card) -> None: ...

# an enum of ints
class Size(enum.Enum):
    SMALL = 1
class Order(dm.Resource, prefix="ord"):
    size: Size
shop.resource(Order)

# a literal of ints
class Order(dm.Resource, prefix="ord"):
    size: Literal[1, 2]
shop.resource(Order)

# a generic struct
T = TypeVar("T")
class Page(msgspec.Struct, Generic[T]):
    items: list[T]
class Order(dm.Resource, prefix="ord"):
    page: Page[int]
shop.resource(Order)

# two classes of one name
def make():
    class Item(dm.Struct):
        name: str
    return Item
Other = make()
class Order(dm.Resource, prefix="ord"):
    first: Item
    second: Other
shop.resource(Order)

# a name that is not known
class Order(dm.Resource, prefix="ord"):
    customer: "dm.Id[Client]"
shop.resource(Order)

# a resource inside a resource
class Order(dm.Resource, prefix="ord"):
    customer: Customer
shop.resource(Order)

# a resource inside a struct inside a resource
class Line(dm.Struct):
    customer: Customer | None
class Order(dm.Resource, prefix="ord"):
    lines: list[Line]
shop.resource(Order)

# camel case
class Order(dm.Resource, prefix="ord"):
    totalCents: int
shop.resource(Order)

# a leading underscore
class Order(dm.Resource, prefix="ord"):
    _total: int
shop.resource(Order)

# a very long name
class Order(dm.Resource, prefix="ord"):
    abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz_abcdefghijklmnopqrstuvwxyz: int
shop.resource(Order)

# renamed fields
class Line(msgspec.Struct, rename="camel"):
    unit_price: int
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# an alias of Pydantic's
class Line(pydantic.BaseModel):
    unit_price: int = pydantic.Field(alias="unitPrice")
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# an open model of Pydantic's
class Line(pydantic.BaseModel, extra="allow"):
    unit_price: int
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# a length on a number
class Order(dm.Resource, prefix="ord"):
    total: Annotated[int, dm.Length(1, 5)]
shop.resource(Order)

# a number's bound on a string
class Order(dm.Resource, prefix="ord"):
    note: Annotated[str, dm.Ge(1)]
shop.resource(Order)

# a bound on a bool
class Order(dm.Resource, prefix="ord"):
    paid: Annotated[bool, dm.Ge(1)]
shop.resource(Order)

# bounds that contradict one another
class Order(dm.Resource, prefix="ord"):
    total: Annotated[int, dm.Ge(5), dm.Le(3)]
shop.resource(Order)

# lengths that contradict one another
class Order(dm.Resource, prefix="ord"):
    note: Annotated[str, dm.Length(5, 3)]
shop.resource(Order)

# a bound beyond 53 bits
class Order(dm.Resource, prefix="ord"):
    total: Annotated[int, dm.Le(2**60)]
shop.resource(Order)

# a bound beyond 32 bits
class Order(dm.Resource, prefix="ord"):
    total: Annotated[dm.Int32, dm.Le(2**40)]
shop.resource(Order)

# a decimal bound as a float
class Order(dm.Resource, prefix="ord"):
    total: Annotated[Decimal, dm.Ge(0.01)]
shop.resource(Order)

# a pattern that is none
class Order(dm.Resource, prefix="ord"):
    note: Annotated[str, dm.Pattern("[a-z")]
shop.resource(Order)

# a pattern that only Python knows
class Order(dm.Resource, prefix="ord"):
    note: Annotated[str, dm.Pattern(r"^abc\\Z")]
shop.resource(Order)

# a second pattern
class Order(dm.Resource, prefix="ord"):
    mail: Annotated[dm.Email, dm.Pattern("@example.com$")]
shop.resource(Order)

# a default outside its bounds
class Order(dm.Resource, prefix="ord"):
    total: Annotated[int, dm.Ge(1)] = 0
shop.resource(Order)

# a default of another type
class Order(dm.Resource, prefix="ord"):
    total: int = "0"
shop.resource(Order)

# a default that is none of the literals
class Order(dm.Resource, prefix="ord"):
    status: Literal["placed", "paid"] = "new"
shop.resource(Order)

# None as the default of a string
class Order(dm.Resource, prefix="ord"):
    note: str = None
shop.resource(Order)

# a default without a time zone
class Order(dm.Resource, prefix="ord"):
    placed: datetime = datetime(2026, 1, 1)
shop.resource(Order)

# a trait that is not called
class Order(dm.Resource, prefix="ord"):
    number: Annotated[str, dm.Unique]
shop.resource(Order)

# a trait inside a list
class Order(dm.Resource, prefix="ord"):
    tags: list[Annotated[str, dm.Filter()]]
shop.resource(Order)

# a trait given twice
class Order(dm.Resource, prefix="ord"):
    status: Annotated[str, dm.Filter(), dm.Filter("in")]
shop.resource(Order)

# an unknown operator
class Order(dm.Resource, prefix="ord"):
    total: Annotated[int, dm.Filter("ge")]

# an unknown audience
class Order(dm.Resource, prefix="ord"):
    margin: Annotated[int, dm.Only("operators")] = 0

# a narrowed field without a default
class Order(dm.Resource, prefix="ord"):
    margin: Annotated[int, dm.Only("operator")]
shop.resource(Order)

# a read-only field without a default
class Order(dm.Resource, prefix="ord"):
    number: Annotated[int, dm.ReadOnly()]
shop.resource(Order)

# a filter on a list
class Order(dm.Resource, prefix="ord"):
    tags: Annotated[list[str], dm.Filter()]
shop.resource(Order)

# a filter on a field of a struct
class Line(dm.Struct):
    sku: Annotated[str, dm.Filter()]
class Order(dm.Resource, prefix="ord"):
    lines: list[Line]
shop.resource(Order)

# an order of decimals
class Order(dm.Resource, prefix="ord"):
    total: Annotated[Decimal, dm.Sort()]
shop.resource(Order)

# a filter of decimals
class Order(dm.Resource, prefix="ord"):
    total: Annotated[Decimal | None, dm.Filter()] = None
shop.resource(Order)

# unique decimals
class Order(dm.Resource, prefix="ord"):
    total: Annotated[Decimal, dm.Unique()]
shop.resource(Order)

# decimals among what is unique together
class Order(dm.Resource, prefix="ord"):
    shop: Annotated[str, dm.Unique(among=("total",))]
    total: Decimal
shop.resource(Order)

# a range of bools
class Order(dm.Resource, prefix="ord"):
    paid: Annotated[bool, dm.Filter("lt")]
shop.resource(Order)

# a reference that is not an id
class Order(dm.Resource, prefix="ord"):
    customer: Annotated[str, dm.Ref(reverse="orders")]
shop.resource(Order)

# a reference that is not an id, to what the field's name tells
class Order(dm.Resource, prefix="ord"):
    first_customer_id: Annotated[str, dm.Ref()]
shop.resource(Customer)
shop.resource(Order)

# a reference that is the whole of a resource
class Order(dm.Resource, prefix="ord"):
    customer: Annotated[Customer, dm.Ref()]
shop.resource(Order)

# a value without a type
class Order(dm.Resource, prefix="ord"):
    total = 3

# a value without a type in a message
class Line(dm.Struct):
    sku: str
    amounts = [1, 2]

# an id of a struct
class Order(dm.Resource, prefix="ord"):
    item: dm.Id[Item]
shop.resource(Order)

# a tag_field that is shared by two with one tag
class Card(dm.Struct, tag="paid"):
    number: str
class Cash(dm.Struct, tag="paid"):
    note: str
class Order(dm.Resource, prefix="ord"):
    payment: Card | Cash
shop.resource(Order)

# a discriminator that is not there
class Card(pydantic.BaseModel):
    number: str
class Cash(pydantic.BaseModel):
    note: str
class Order(dm.Resource, prefix="ord"):
    payment: Annotated[Card | Cash, msgspec.Meta(description="How it is paid.")]
shop.resource(Order)

# a computed field of Pydantic's
class Line(pydantic.BaseModel):
    price: int
    @pydantic.computed_field
    def double(self) -> int: return self.price * 2
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# what keeps a field of Pydantic's from answers
class Line(pydantic.BaseModel):
    cost: int = pydantic.Field(0, exclude=True)
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# a serializer of a field of Pydantic's
class Line(pydantic.BaseModel):
    price: int
    @pydantic.field_serializer("price")
    def euros(self, value): return value / 100
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# a serializer beside a field of Pydantic's
class Line(pydantic.BaseModel):
    price: Annotated[int, pydantic.PlainSerializer(str)]
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# a serializer of a model of Pydantic's
class Line(pydantic.BaseModel):
    price: int
    @pydantic.model_serializer
    def short(self): return self.price
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# a secret of Pydantic's
class Login(pydantic.BaseModel):
    password: pydantic.SecretStr
class Order(dm.Resource, prefix="ord"):
    login: Login
shop.resource(Order)

# a root model of Pydantic's
class Names(pydantic.RootModel[list[str]]): ...
class Order(dm.Resource, prefix="ord"):
    names: Names
shop.resource(Order)

# a struct that is an array on the wire
class Line(msgspec.Struct, array_like=True):
    price: int
class Order(dm.Resource, prefix="ord"):
    line: Line
shop.resource(Order)

# an absent field of a resource
class Order(dm.Resource, prefix="ord"):
    note: str | msgspec.UnsetType = msgspec.UNSET
shop.resource(Order)

# a default that is not in the pattern
class Order(dm.Resource, prefix="ord"):
    mail: dm.Email = "nobody"
shop.resource(Order)

# a sum that is not finite
class Order(dm.Resource, prefix="ord"):
    share: Annotated[float, dm.Le(float("inf"))]
shop.resource(Order)

# a date with a bound
class Order(dm.Resource, prefix="ord"):
    placed: Annotated[date, dm.Ge("2026-01-01")]
shop.resource(Order)

# an empty enum
class Size(enum.Enum): ...
class Order(dm.Resource, prefix="ord"):
    size: Size
shop.resource(Order)

# null on delete, and never null
class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(on_delete="null")]
shop.resource(Order)

# an unknown word for on_delete
class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(on_delete="nothing")]
shop.resource(Order)

# a reverse name in camel case
class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="myOrders")]
shop.resource(Order)

# a reverse name that is a field there
class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="name")]
shop.resource(Order)

# one reverse name for two references
class Order(dm.Resource, prefix="ord"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
class Quote(dm.Resource, prefix="quo"):
    customer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
shop.resource(Order)
shop.resource(Quote)

# one reverse name for two references of one resource
class Order(dm.Resource, prefix="ord"):
    buyer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
    payer: Annotated[dm.Id[Customer], dm.Ref(reverse="orders")]
shop.resource(Order)

# unique among a field that is not there
class Order(dm.Resource, prefix="ord"):
    number: Annotated[str, dm.Unique(among=("yaer",))]
    year: int
shop.resource(Order)

# unique among a string
class Order(dm.Resource, prefix="ord"):
    number: Annotated[str, dm.Unique(among=("year"))]
    year: int
shop.resource(Order)

# a method in the place of a standard one
customers = shop.resource(Customer)
@customers.method
async def create(customer: Customer, ctx: dm.Context) -> Customer: ...

# an operation that is not there
customers = shop.resource(Customer)
dm.App(dm.rest("all", "/v1", audience="public", auth=dm.anonymous(), exposes=[customers.only("list", "read")]))

# an operation that is spelled in another way
customers = shop.resource(Customer)
dm.App(dm.rest("all", "/v1", audience="public", auth=dm.anonymous(), exposes=[customers.without("delet")]))

# a handler without types
@shop.operation
async def predict(item) -> Item: ...

# a handler that does not say what it returns
@shop.operation
async def predict(item: Item): ...

# a handler of two inputs
@shop.operation
async def move(first: Item, second: Item) -> None: ...

# a handler of a scalar
@shop.operation
async def double(number: int) -> Item: ...

# a handler that returns a list
@shop.operation
async def items() -> list[Item]: ...

# the context before the input
@shop.operation
async def move(ctx: dm.Context, item: Item) -> None: ...

# a plain def with a context
@shop.operation
def move(item: Item, ctx: dm.Context) -> None: ...

# any number of arguments
@shop.operation
async def move(*items: Item) -> None: ...

# a keyword
@shop.operation
async def move(*, item: Item) -> None: ...

# a stream that does not say so
@shop.operation
async def watch(item: Item) -> Item:
    yield item

# a stream of whatever
@shop.operation
async def watch(item: Item) -> AsyncIterator:
    yield item

# a stream that is taken in a thread
@shop.operation
def record(items: Iterator[Item]) -> Item: ...

# an asynchronous stream that is taken in a thread
@shop.operation
def record(items: AsyncIterator[Item]) -> Iterator[Item]:
    yield Item(sku="a")

# a stream that cannot be awaited
@shop.operation
async def record(items: Iterator[Item]) -> Item: ...

# a stream that is taken, of whatever
@shop.operation
async def record(items: AsyncIterator, ctx: dm.Context) -> Item: ...

# a stream that is taken, of scalars
@shop.operation
async def record(items: AsyncIterator[int]) -> Item: ...

# a stream that is sent to
@shop.operation
async def record(items: AsyncGenerator[Item, Item]) -> Item: ...

# a batch of a stream
@shop.operation(batch=dm.Batch())
async def record(items: AsyncIterator[Item]) -> Sequence[Item]: ...

# a batch that is declared a stream
shop.declare("record", input=Item, output=Item, interaction="client_stream", batch=dm.Batch())

# an unknown interaction
shop.declare("record", input=Item, output=Item, interaction="cleint_stream")

# a stream of nothing that is taken
shop.declare("record", output=Item, interaction="client_stream")

# a stream of nothing that is sent
shop.declare("chat", input=Item, interaction="bidirectional")

# a stream that is taken again
@shop.operation(rerun=True)
async def record(items: AsyncIterator[Item], ctx: dm.Context) -> Item: ...

# a stream with effects outside
@shop.operation(external=True)
async def record(items: AsyncIterator[Item], ctx: dm.Context) -> Item: ...

# a batch of one
@shop.operation(batch=dm.Batch())
def predict(item: Item) -> Sequence[Item]: ...

# a batch that returns one
@shop.operation(batch=dm.Batch())
def predict(items: Sequence[Item]) -> Item: ...

# a batch with a context
@shop.operation(batch=dm.Batch())
async def predict(items: Sequence[Item], ctx: dm.Context) -> Sequence[Item]: ...

# a method of another resource
customers = shop.resource(Customer)
@customers.method
async def rename(item: Item) -> Customer: ...

# a method without its resource
customers = shop.resource(Customer)
@customers.method
async def rename() -> Customer: ...

# a method whose resource has no type
customers = shop.resource(Customer)
@customers.method
async def rename(customer, ctx: dm.Context) -> Customer: ...

# a method called as a standard one
customers = shop.resource(Customer)
@customers.method
async def get(customer: Customer) -> Customer: ...

# an unknown effect
@shop.operation(effect="saef")
async def predict(item: Item) -> Item: ...

# a deadline of nothing
@shop.operation(deadline=0)
async def predict(item: Item) -> Item: ...

# an operation in camel case
@shop.operation
async def predictScore(item: Item) -> Item: ...

# two operations of one name
@shop.operation
async def predict(item: Item) -> Item: ...
@shop.operation(name="predict")
async def again(item: Item) -> Item: ...

# a handler that does not agree
predict = shop.declare("predict", input=Item, output=Item)
@predict.handler
async def score(item: Item) -> None: ...

# a handler of an operation that streams
predict = shop.declare("predict", input=Item, output=Item)
@predict.handler
async def score(item: Item) -> AsyncIterator[Item]:
    yield item

# a handler that takes a stream where one message was declared
predict = shop.declare("predict", input=Item, output=Item)
@predict.handler
async def score(items: AsyncIterator[Item]) -> Item: ...

# a handler that takes one message where a stream was declared
chat = shop.declare("chat", input=Item, output=Item, interaction="bidirectional")
@chat.handler
async def answer(item: Item) -> AsyncIterator[Item]:
    yield item

# a second handler
predict = shop.declare("predict", input=Item, output=Item)
@predict.handler
async def one(item: Item) -> Item: ...
@predict.handler
async def two(item: Item) -> Item: ...

# no handler
predict = shop.declare("predict", input=Item, output=Item)
predict(Item(sku="a"))

# an event without its key
shop.event(Item, key="order")

# an event that is a scalar
shop.event(int, key="order")

# batches of nothing
dm.Batch(max_size=0)

# batches that nobody can wait for
dm.Batch(queue=0)

# an audience that there is not
customers = shop.resource(Customer)
dm.rest("open", "/v1", audience="publik", auth=dm.anonymous(), exposes=[customers])

# an audience that there is not, on another style
@shop.operation
async def predict(item: Item) -> Item: ...
dm.rpc("inference", "/internal", audience="nope", auth=dm.anonymous(), exposes=[predict])

# a resource where a list of them is meant
customers = shop.resource(Customer)
dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=customers)

# keys that are not called
customers = shop.resource(Customer)
dm.rest("open", "/v1", audience="public", auth=dm.api_keys, exposes=[customers])

# keys that are none
customers = shop.resource(Customer)
dm.rest("open", "/v1", audience="public", auth="secret", exposes=[customers])

# nobody is said to call
customers = shop.resource(Customer)
dm.App(dm.rest("open", "/v1", audience="public", exposes=[customers]))

# a plural of the database's
class Sequence(dm.Resource, prefix="seq", plural="sqlite_sequence"):
    name: str
sequences = shop.resource(Sequence)
dm.App(dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[sequences]))

# a plural of ours
class Secret(dm.Resource, prefix="sec", plural="dragoman_secrets"):
    name: str
secrets = shop.resource(Secret)
dm.App(dm.rest("open", "/v1", audience="public", auth=dm.anonymous(), exposes=[secrets]))

# a contract with a space in its name
dm.Contract("the shop")
"""

SNIPPETS = dict(section.strip("\n").split("\n", 1) for section in WRONG.split("\n# ") for _ in [0])
SNIPPETS = {title.removeprefix("# "): code for title, code in SNIPPETS.items()}


@pytest.fixture
def module() -> Iterator[types.ModuleType]:
    """An empty module, as a developer's own file is one."""
    name = "shop_of_a_developer"
    found = sys.modules[name] = types.ModuleType(name)
    yield found
    del sys.modules[name]


def refused(code: str, module: types.ModuleType) -> DeclarationError:
    """The error of a wrong declaration."""
    exec(compile(PRELUDE, "prelude", "exec", dont_inherit=True), vars(module))
    with pytest.raises(DeclarationError) as caught:
        exec(compile(code, "snippet", "exec", dont_inherit=True), vars(module))
    return caught.value


def test_the_messages(module: types.ModuleType, golden: Callable[[str, str], None]) -> None:
    sections = []
    for title, code in SNIPPETS.items():
        error = refused(code, module)
        sections.append(f"# {title}\n\n{code}\n\n    {error}\n")
    golden("contract/golden/declaration_errors.txt", "\n\n".join(sections))


@pytest.mark.parametrize("title", SNIPPETS)
def test_each_message_is_short_and_has_its_three_parts(title: str, module: types.ModuleType) -> None:
    error = refused(SNIPPETS[title], module)
    assert error.place
    assert error.thing
    assert error.remedy
    assert not error.thing.endswith(".")
    assert not error.remedy.endswith(".")
    assert len(str(error)) < 300
    assert "typing." not in str(error)
    assert "<class" not in str(error)


@pytest.mark.parametrize("title", [each for each in SNIPPETS if "shop.resource(Order)" in SNIPPETS[each]])
def test_a_refused_declaration_leaves_no_types_behind(title: str, module: types.ModuleType) -> None:
    code = SNIPPETS[title]
    refused(code, module)
    last = code.rstrip().rsplit("shop.resource(", 1)[1].rstrip(")")
    kept = set(module.__dict__["shop"].types)
    assert last not in kept or code.count("shop.resource(") > 1 or "reverse" in title
