"""For each rule on .proto, GraphQL and events: a contract with its misfit, and one that nearly has it."""

from __future__ import annotations

from misfit_texts import INTEGER, STRING, events, pair, thing

_HEAD = (
    'syntax = "proto3"; package shop.v1; import "google/protobuf/empty.proto"; '
    'import "google/protobuf/field_mask.proto"; '
)


def proto(body: str, head: str = _HEAD) -> str:
    """A .proto file."""
    return head + body


def service(method: str, messages: str = "") -> str:
    """A file with one method, of which a comment says what it does, and an Order."""
    return proto(f"message Order {{ string id = 1; }} {messages} service Orders {{\n// Does it.\nrpc {method} }}")


_GET = "message GetOrderRequest { string id = 1; }"

PROCEDURES = [
    pair(
        "binary-only",
        "surface shop",
        service("GetOrder(GetOrderRequest) returns (Order);", _GET),
        proto(
            'import "google/api/annotations.proto"; message Order { string id = 1; } ' + _GET + " service Orders { rpc "
            'GetOrder(GetOrderRequest) returns (Order) { option (google.api.http) = { get: "/v1/orders/{id}" }; } }'
        ),
    ),
    pair(
        "unversioned-package",
        "operation shop.Orders/GetOrder",
        service("GetOrder(GetOrderRequest) returns (Order);", _GET).replace("shop.v1", "shop"),
        service("GetOrder(GetOrderRequest) returns (Order);", _GET).replace("shop.v1", "shop.v1beta1"),
    ),
    pair(
        "shared-request",
        "type shop.v1.OrderId",
        proto(
            "message Order { string id = 1; } message OrderId { string id = 1; } service Orders { "
            "rpc GetOrder(OrderId) returns (Order); rpc CancelOrder(OrderId) returns (Order); }"
        ),
        proto(
            "message Order { string id = 1; } message GetOrderRequest { string id = 1; } message CancelOrderRequest "
            "{ string id = 1; } service Orders { rpc GetOrder(GetOrderRequest) returns (Order); "
            "rpc CancelOrder(CancelOrderRequest) returns (Order); }"
        ),
    ),
    pair(
        "enum-without-zero",
        "value shop.v1.Status.PLACED",
        proto("enum Status { PLACED = 0; PAID = 1; } message Order { Status status = 1; }"),
        proto("enum Status { STATUS_UNSPECIFIED = 0; PLACED = 1; } message Order { Status status = 1; }"),
    ),
    pair(
        "empty-request",
        "operation shop.v1.Orders/Refresh",
        service("Refresh(google.protobuf.Empty) returns (Order);"),
        service("DeleteOrder(GetOrderRequest) returns (google.protobuf.Empty);", _GET),
    ),
    pair(
        "update-without-mask",
        "operation shop.v1.Orders/UpdateOrder",
        service("UpdateOrder(UpdateOrderRequest) returns (Order);", "message UpdateOrderRequest { Order order = 1; }"),
        service(
            "UpdateOrder(UpdateOrderRequest) returns (Order);",
            "message UpdateOrderRequest { Order order = 1; google.protobuf.FieldMask changes = 2; }",
        ),
    ),
    pair(
        "unreserved-number",
        "type shop.v1.GetOrderRequest",
        service(
            "GetOrder(GetOrderRequest) returns (Order);",
            "message GetOrderRequest { string a = 1; string b = 2; string c = 4; string d = 5; }",
        ),
        service(
            "GetOrder(GetOrderRequest) returns (Order);",
            "message GetOrderRequest { reserved 3; string a = 1; string b = 2; oneof x { string c = 4; string d = 5; } "
            "string e = 6; }",
        ),
    ),
    pair(
        "span-without-unit",
        "field shop.v1.GetOrderRequest.timeout",
        service("GetOrder(GetOrderRequest) returns (Order);", "message GetOrderRequest { int32 timeout = 1; }"),
        service("GetOrder(GetOrderRequest) returns (Order);", "message GetOrderRequest { int32 timeout_ms = 1; }"),
    ),
    pair(
        "stream-without-terms",
        "operation shop.v1.Orders/WatchOrders",
        service("WatchOrders(GetOrderRequest) returns (stream Order);", _GET),
        service(
            "WatchOrders(WatchRequest) returns (stream Order);", "message WatchRequest { string resume_token = 1; }"
        ),
    ),
    pair(
        "long-call",
        "operation shop.v1.Orders/ExportOrders",
        service("ExportOrders(GetOrderRequest) returns (Order);", _GET),
        service("ExportOrders(GetOrderRequest) returns (ExportJob);", _GET + " message ExportJob { string id = 1; }"),
    ),
]

_TYPES = "type Order { id: ID! note: String customer: Customer } "

GRAPHQL = [
    pair(
        "graphql-without-limits",
        "surface shop",
        _TYPES + "type Customer { id: ID! orders(first: Int!): [Order!]! } type Query { order(id: ID!): Order }",
        "directive @cost(weight: Int!) on FIELD_DEFINITION "
        + _TYPES
        + "type Customer { id: ID! orders(first: Int!): [Order!]! @cost(weight: 5) } "
        + "type Query { order(id: ID!): Order }",
    ),
    pair(
        "graphql-unpaged-list",
        "field Customer.orders",
        "type Order { id: ID! } type Customer { id: ID! orders: [Order!]! } type Query { customer(id: ID!): Customer }",
        "type Tag { name: String! } type Order { id: ID! } type Customer "
        "{ id: ID! tags: [Tag!]! orders(first: Int!): [Order!]! } "
        "type Query { customer(id: ID!): Customer }",
    ),
    pair(
        "mutation-returns-scalar",
        "operation mutation deleteOrder",
        "type Query { ok: Boolean } type Mutation { deleteOrder(id: ID!): Boolean }",
        "type Query { ok: Boolean } type Payload { id: ID! } type Mutation { deleteOrder(id: ID!): Payload! }",
    ),
    pair(
        "mutation-of-many-arguments",
        "operation mutation createOrder",
        "type Query { ok: Boolean } type P { id: ID! } type Mutation "
        "{ createOrder(a: Int, b: Int, c: Int, d: Int): P }",
        "type Query { o(a: Int, b: Int, c: Int, d: Int): P } type P { id: ID! } type Mutation "
        "{ createOrder(a: Int, b: Int): P }",
    ),
    pair(
        "nullable-id",
        "field Order.id",
        "type Order { id: ID } type Query { order(id: ID): Order }",
        "type Order { id: ID! parent_id: ID } type Query { order(id: ID): Order }",
    ),
    pair(
        "verb-query",
        "operation query getOrder",
        "type Order { id: ID! } type Query { getOrder(id: ID!): Order }",
        "type Order { id: ID! } type Query { order(id: ID!): Order } type Mutation { getWell: Order }",
    ),
    pair(
        "json-scalar",
        "field Order.address",
        "scalar JSON type Order { id: ID! address: JSON } type Query { order(id: ID!): Order }",
        "scalar JSON type Order { id: ID! metadata: JSON } type Query { order(id: ID!): Order }",
    ),
    pair(
        "nullable-items",
        "surface shop",
        "type O { a: [String]! b: [String] c: [Int] d: [Int] } type Query { o: O }",
        "type O { a: [String!]! b: [String] c: [Int] d: [Int] } type Query { o: O }",
    ),
]


def _event(**properties: object) -> dict[str, object]:
    return {"payload": thing(**properties)}


_GOOD = {"id": STRING, "time": STRING, "version": STRING, "order_id": STRING}


def _without(*names: str) -> dict[str, object]:
    return _event(note=STRING, **{name: each for name, each in _GOOD.items() if name not in names})


EVENTS = [
    pair(
        "unversioned-event",
        "event order.placed",
        events(order_placed={"name": "order.placed", **_without("version")}),
        events(order_placed_v1={"name": "order.placed.v1", **_without("version")}),
        audience="partner",
    ),
    pair(
        "unversioned-event",
        "event order.placed",
        events(shop_10_orders={"name": "order.placed", **_without("version")}),
        events(shop_1_0_orders={"name": "order.placed", **_without("version")}),
        audience="partner",
    ),
    pair(
        "event-without-id",
        "event order.placed",
        events(order_placed={"name": "order.placed", **_without("id")}),
        events(order_placed={"name": "order.placed", **_without("id"), "headers": thing(ce_id=STRING)}),
    ),
    pair(
        "event-without-time",
        "event order.placed",
        events(order_placed={"name": "order.placed", **_without("time")}),
        events(
            order_placed={"name": "order.placed", "payload": thing(metadata=thing(occurred_at=STRING), order_id=STRING)}
        ),
    ),
    pair(
        "event-without-key",
        "event order.placed",
        events(order_placed={"name": "order.placed", **_without("order_id")}),
        events(order_placed={"name": "order.placed", **_without("order_id"), "bindings": {"kafka": {"key": STRING}}}),
    ),
    pair(
        "event-without-schema",
        "event order.placed",
        events(order_placed={"name": "order.placed", "payload": {"type": "object"}}),
        events(
            order_placed={
                "name": "order.placed",
                "payload": {"schemaFormat": "application/vnd.apache.avro;version=1.9.0", "schema": {"type": "record"}},
            }
        ),
    ),
    pair(
        "event-as-command",
        "event send_invoice",
        events(send_invoice={"name": "send_invoice", "payload": thing(id=STRING, amount=INTEGER)}),
        events(
            invoice_sent={"name": "invoice.sent", **_without()},
            process_started={"name": "process_started", **_without()},
        ),
    ),
]
