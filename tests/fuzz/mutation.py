"""Valid requests, and what becomes of them: other methods, paths, parameters, headers, bodies and bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from dragoman.ports.wire import Request, Response

DEEP: Final = 100_000


class Raw:
    """Text that goes into JSON as it is."""

    def __init__(self, text: str) -> None:
        self.text = text


class Twice(dict[str, Any]):
    """An object that names one of its members twice."""


def encode(value: Any) -> str:
    """JSON, with what JSON does not have."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        members = [f"{json.dumps(str(name))}:{encode(each)}" for name, each in value.items()]
        if isinstance(value, Twice) and members:
            members.append(members[0])
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(encode, value)) + "]"
    return json.dumps(value)


ODD: Final[tuple[Any, ...]] = (
    None,
    True,
    0,
    -1,
    1.5,
    -0.0,
    "",
    "x",
    [],
    {},
    [[]],
    [None],
    {"type": "card"},
    {"type": 1},
    2**31,
    2**53,
    -(2**53),
    2**63,
    2**64,
    "9223372036854775808",
    "18446744073709551616",
    "1e999",
    "\x00",
    "a\x00b",
    "\u2028",
    "\U0001f600",
    "\ufffe",
    " " * 300,
    "x" * 5_000,
    "%s%n{0}",
    "'; DROP TABLE things; --",
    "__class__",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00",
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+23:59",
    "2026-02-30",
    "24:00:00",
    "P1Y",
    "P99999999999D",
    "PT1e5S",
    "NaN",
    "Infinity",
    "====",
    "YQ",
    "00000000-0000-0000-0000-000000000000",
    Raw("NaN"),
    Raw("-Infinity"),
    Raw("1e400"),
    Raw("-1e-400"),
    Raw("1E5"),
    Raw("01"),
    Raw("-"),
    Raw("0." + "1" * 400),
    Raw("9" * 5_000),
    Raw("-" + "9" * 400),
    Raw('"\\ud800"'),
    Raw('"\\udc00\\ud800"'),
    Raw('"\\u0000"'),
    Raw('"\x01"'),
    Raw('"\\x"'),
    Raw("[" * 63 + "]" * 63),
    Raw("[" * 70 + "]" * 70),
    Raw("[" * DEEP),
    Raw("[" * 2_000 + "]" * 2_000),
    Raw('{"a":' * 2_000 + "1" + "}" * 2_000),
    Raw('{"name":"x","children":[' * 40 + "]}" * 40),
    Raw('{"name":"x","children":[' * 30 + "]}" * 30),
    Raw("'x'"),
    Raw("undefined"),
    Raw("/* */ 1"),
    Raw("\ufeff1"),
    Raw(""),
)
PIECES: Final = (
    "%",
    "%0",
    "%00",
    "%2F",
    "%2f..%2f",
    "%ff",
    "%ED%A0%80",
    "%C0%AF",
    "%25",
    "%0d%0a",
    "..",
    ".",
    "//",
    ";a=b",
    ":",
    ":cancel",
    ":cancel:cancel",
    "*",
    "{id}",
    "~",
    "+",
    " ",
    "\xe9",
    "\xff",
    "\x00",
    "\r\n",
    "\\",
    "'",
    '"',
    "<script>",
    "a" * 3_000,
    "openapi.json",
    "\u0130",
)
METHODS: Final = (
    "GET",
    "POST",
    "PATCH",
    "PUT",
    "DELETE",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "",
    "A" * 500,
    "G\xe9T",
)
HEADERS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (
        "if-match",
        ("*", '"1-00"', '"', "W/", 'W/"1-0"', '"1-0", "2-0"', '"' + "9" * 400 + '-0"', ",", "", "\xff", '"a"' * 900),
    ),
    ("if-none-match", ("*", '"1-00"', "nonsense", '"a",', "", '"\xe9"', "*, *")),
    ("if-modified-since", ("", "nonsense", "Sun, 22 Nov 2026 19:00:00 GMT", "\xff")),
    ("accept", ("*/*", "text/html", "application/json;q=0", "text/*, *;q=.2", ",", "\xff", "a/" * 900, 'a/b;c="')),
    ("accept-encoding", ("gzip", "gzip;q=0", "identity;q=0, gzip", "*;q=0", "*", "\xff", ",", "br;q=")),
    ("request-timeout", ("60", "soon", "-1", "0", "1e999", "5, 5", "", "\xff")),
    ("origin", ("null", "https://app.example.com", "", "\xff")),
    ("access-control-request-method", ("PATCH", "\xff", "")),
    (
        "content-type",
        (
            "",
            "application/json",
            "application/merge-patch+json",
            "application/json; charset=utf-16",
            "application/json;charset=UTF-8",
            "text/plain",
            "application/x-www-form-urlencoded",
            "\xff",
            ";" * 500,
            "application/json; charset",
        ),
    ),
    (
        "authorization",
        ("", "Bearer", "Bearer x", "bearer demo-partner", "Basic e30=", "Bearer \xe9", "Bearer " + "x" * 9_000),
    ),
    ("x-request-id", ("a", "", "x" * 200, "a\r\nb: c", "\xe9", "{}")),
    ("dragoman-tenant", ("", "demo", "other", "x" * 200, "\x00", "\xe9")),
    ("accept", ("", "text/html", "*/*;q=x")),
    ("content-length", ("-1", "x", "99999999999999999999")),
    ("accept-encoding", ("gzip", "x" * 1_000)),
    ("range", ("bytes=0-1", "x")),
)
PARAMETERS: Final = (
    "page_size",
    "page_token",
    "order_by",
    "status",
    "status.in",
    "total_cents.gte",
    "placed_on.lt",
    "title",
    "title.in",
    "plain.gte",
    "plain.in",
    "big.gte",
    "unsigned.gte",
    "ratio.lt",
    "at.lt",
    "day.lt",
    "uid.in",
    "flag",
    "kind.in",
    "nothing",
    "id",
    "version",
    ".eq",
    "title.",
    "title.eq.eq",
    "",
    "text",
    "at",
    "numbers",
    "kinds",
)
QUERY_VALUES: Final = (
    "",
    "0",
    "1",
    "2",
    "50",
    "1001",
    "-1",
    "99999999999999999999",
    "1e5",
    "true",
    "placed",
    "a,b",
    ",",
    "," * 2_000,
    "title",
    "-title,id",
    "-created_at",
    "plain,plain",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00%2B01:00",
    "0.5",
    "nan",
    "%00",
    "%ff",
    "%",
    "+",
    "x" * 3_000,
    "%F0%9F%98%80",
    "00000000-0000-0000-0000-000000000000",
    "9223372036854775807",
    "18446744073709551615",
)


@dataclass
class Draft:
    """A request that is still being changed."""

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def request(self, more: Callable[[bytes], bytes]) -> Request:
        """The request; ``more`` may change the body's bytes."""
        body = b"" if self.body is None else more(encode(self.body).encode("utf-8", "surrogatepass"))
        return Request(self.method, self.path, self.query, self.headers, body, "127.0.0.1")


class Fuzzer:
    """Makes requests out of what earlier ones gave: ids, tags, tokens."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.ids: dict[str, list[str]] = {
            "customers": ["cus_" + "0" * 26],
            "orders": ["ord_" + "0" * 26],
            "things": ["thg_" + "0" * 26],
        }
        self.tags = ['"1-0000000000000000"']
        self.pages: list[tuple[str, str]] = []
        self.read: list[tuple[str, str, str]] = []
        self.serial = 0

    def request(self) -> Request:
        """The next request: valid, or with up to four things wrong."""
        draft = self.valid()
        turns = self.random.choice((0, 0, 1, 1, 1, 1, 2, 2, 3, 4))
        spoil_bytes = False
        for _ in range(turns):
            kind = self.random.randrange(12)
            if kind == 0:
                draft.method = self.random.choice(METHODS)
            elif kind <= 2:
                draft.path = self.spoiled_path(draft.path)
            elif kind <= 4:
                draft.query = self.spoiled_query(draft.query)
            elif kind <= 6:
                name, values = self.random.choice(HEADERS)
                draft.headers[name] = self.random.choice((*values, self.random.choice(self.tags)))
            elif kind == 7:
                spoil_bytes = True
            else:
                draft.body = self.spoiled(draft.body)
        return draft.request(self.spoiled_bytes if spoil_bytes else lambda body: body)

    def valid(self) -> Draft:
        """A request that could have been meant."""
        pick, some = self.random.choice, self.random.random
        base, key, table = pick(
            (
                ("/v1", "demo-partner", "customers"),
                ("/v1", "demo-partner", "orders"),
                ("/admin/v1", "demo-operator", "customers"),
                ("/admin/v1", "demo-operator", "orders"),
                ("/any/v1", "demo-operator", "things"),
                ("/any/v1", "demo-operator", "things"),
                ("/any/v1", "demo-operator", "things"),
                ("/strict", "demo-operator", "things"),
                ("/calls", "demo-operator", ""),
                ("/any/v1", "demo-operator", ""),
                ("/internal", "demo-internal", ""),
            )
        )
        headers = {"authorization": f"Bearer {key}"} if some() > 0.02 else {}
        if not table:
            return self.call(base, headers)
        path = f"{base}/{table}"
        item = f"{path}/{pick(self.ids[table][-40:])}"
        match self.random.randrange(12):
            case 0 | 1 | 2:
                return Draft("POST", path, "", headers, self.values(table))
            case 3 | 4:
                values = self.values(table)
                body = {name: each for name, each in values.items() if some() < 0.3}
                if some() < 0.5:
                    headers["if-match"] = pick([*self.tags[-30:], "*"])
                return Draft("PATCH", item, "", headers, body)
            case 5:
                if self.read and some() < 0.3:
                    seen, tag, shown = pick(self.read[-20:])
                    return Draft("GET", seen, "", {"authorization": shown, "if-none-match": tag})
                if some() < 0.3:
                    headers["if-none-match"] = pick(self.tags[-30:])
                return Draft("GET", item, "", headers)
            case 6:
                return Draft("DELETE", item, "", {**headers, "if-match": pick(["*", *self.tags[-9:]])})
            case 7:
                if table == "orders":
                    return Draft("POST", f"{item}:cancel", "", headers)
                if table == "customers":
                    return Draft("GET", f"{item}/orders", self.query(), headers)
                if some() < 0.5:
                    return Draft("GET", f"{item}/below", self.query(), headers)
                return Draft("POST", f"{item}:rename", "", headers, self.change())
            case 8 if table == "things":
                return Draft("GET", f"{item}:ask", "text=a&numbers=1,2&numbers=3&kinds=a", headers)
            case 9 if self.pages:
                path, query = pick(self.pages[-20:])
                key = "demo-partner" if path.startswith("/v1") else "demo-operator"
                return Draft("GET", path, query, {"authorization": f"Bearer {key}"})
            case 10:
                return Draft("GET", f"{base}/openapi.json" if some() < 0.05 else path, "", headers)
            case _:
                return Draft("GET", path, self.query(), headers)

    def call(self, base: str, headers: dict[str, str]) -> Draft:
        """A plain operation."""
        if base == "/internal":
            body = {"amount_cents": self.random.randrange(50_000), "country": "DE", "orders_before": 1}
            return Draft("POST", "/internal/predict", "", headers, body)
        name = self.random.choice(("search", "echo", "measure"))
        if name == "search" and base == "/any/v1":
            return Draft("GET", f"{base}/search", "text=a&at=2026-01-01T00:00:00Z&kinds=a,b", headers)
        body = {"text": "a", "numbers": [1, 2]} if name == "search" else self.change()
        return Draft("POST", f"{base}/{name}", "", headers, body)

    def change(self) -> dict[str, Any]:
        """The input of several operations."""
        return {
            "title": "t",
            "pay": {"type": "cash", "coins": [1, 2]},
            "by_name": {"x": {"sku": "AB12", "quantity": 3}},
        }

    def values(self, table: str) -> dict[str, Any]:
        """A body for a resource."""
        pick, number = self.random.choice, self.random.randrange
        self.serial += 1
        if table == "customers":
            return {"name": "Ann", "email": f"a{self.serial}@example.com", "plan": pick(["free", "pro"])}
        if table == "orders":
            return {
                "customer": pick(self.ids["customers"][-10:]),
                "placed_on": f"2026-01-{number(1, 29):02d}",
                "quantity": number(1, 5),
                "total_cents": number(1_000),
            }
        return {
            "title": pick(["a", "b", "\xe9", "\U0001f600"]),
            "email": pick([None, f"t{self.serial}@example.com"]),
            "url": "https://example.com/a?b#c",
            "kind": pick("abc"),
            "flag": pick([True, False]),
            "plain": pick([None, number(-9, 9), 2**53 - 1]),
            "big": pick([None, str(number(-(2**63), 2**63))]),
            "unsigned": pick([None, str(number(2**64))]),
            "ratio": pick([None, number(100) / 7, 1e300, 5]),
            "short": pick([None, 0.5]),
            "price": pick([None, "12.50", "-0.001", "1E+3"]),
            "at": pick([None, "2026-01-01T12:00:00.5+02:00", "2026-01-01T00:00:00Z"]),
            "day": pick([None, "2026-01-31"]),
            "clock": pick([None, "12:30:00"]),
            "wait": pick([None, "PT1H30M"]),
            "uid": pick([None, "3f2504e0-4f89-41d3-9a0c-0305e82c3301"]),
            "blob": pick([None, "aGVsbG8="]),
            "tags": ["x"] * number(4),
            "labels": {"a": 1, "b": number(9)},
            "parts": [{"sku": "AB12", "quantity": 2}],
            "pay": pick([None, {"type": "card", "number": "1234"}, {"type": "cash", "coins": [1]}]),
            "tree": pick([None, {"name": "r", "children": [{"name": "c"}]}]),
            "above": pick([None, *self.ids["things"][-10:]]),
        }

    def query(self) -> str:
        """Parameters of a list."""
        parts = [f"page_size={self.random.randrange(1, 9)}"]
        if self.random.random() < 0.4:
            parts.append(
                "order_by=" + self.random.choice(("-created_at", "total_cents", "title,-at", "plain", "-ratio"))
            )
        if self.random.random() < 0.2:
            parts.append(self.random.choice(("status=paid", "total_cents.gte=10", "kind.in=a,b", "plain.lt=5")))
        return "&".join(parts)

    def spoiled_path(self, path: str) -> str:
        """Another path."""
        parts = path.split("/")
        at, piece = self.random.randrange(len(parts)), self.random.choice(PIECES)
        match self.random.randrange(6):
            case 0:
                parts[at] = piece
            case 1:
                parts.insert(at, piece)
            case 2:
                del parts[at]
            case 3:
                cut = self.random.randrange(len(parts[at]) + 1)
                parts[at] = parts[at][:cut] + piece + parts[at][cut:]
            case 4:
                parts[at] = "".join(f"%{ord(each):02x}" for each in parts[at] if ord(each) < 256)
            case _:
                parts[at] = parts[at].swapcase()
        return "/".join(parts)

    def spoiled_query(self, query: str) -> str:
        """Another query."""
        match self.random.randrange(5):
            case 0 if query:
                cut = self.random.randrange(len(query))
                return query[:cut] + self.random.choice(PIECES) + query[cut + 1 :]
            case 1:
                return f"{query}&{query}"
            case 2:
                return query + "&" * self.random.choice((1, 90, 150)) + self.random.choice(("=", "a", "a=b=c", "&"))
            case _:
                one = f"{self.random.choice(PARAMETERS)}={self.random.choice(QUERY_VALUES)}"
                return f"{query}&{one}" if query and self.random.random() < 0.7 else one

    def spoiled(self, value: Any) -> Any:
        """The value with something inside it changed."""
        if isinstance(value, dict) and value and self.random.random() < 0.85:
            name = self.random.choice(list(value))
            match self.random.randrange(6):
                case 0:
                    return {each: value[each] for each in value if each != name}
                case 1:
                    odd = self.random.choice(
                        ("nope", "", "id", "version", "\x00", "x" * 2_000, "created_at", "\U0001f600")
                    )
                    return {**value, odd: self.random.choice(ODD)}
                case 2:
                    return Twice(value)
                case 3:
                    return {**value, name: self.random.choice(ODD)}
                case _:
                    return {**value, name: self.spoiled(value[name])}
        if isinstance(value, list) and value and self.random.random() < 0.7:
            at = self.random.randrange(len(value))
            match self.random.randrange(4):
                case 0:
                    return value * self.random.choice((2, 50))
                case 1:
                    return [*value, self.random.choice(ODD)]
                case _:
                    return [*value[:at], self.spoiled(value[at]), *value[at + 1 :]]
        return self.random.choice(ODD)

    def spoiled_bytes(self, body: bytes) -> bytes:
        """The body with bytes changed."""
        changed = bytearray(body)
        for _ in range(self.random.choice((1, 1, 2, 8))):
            if not changed:
                break
            at = self.random.randrange(len(changed))
            match self.random.randrange(5):
                case 0:
                    changed[at] ^= 1 << self.random.randrange(8)
                case 1:
                    del changed[at]
                case 2:
                    changed.insert(at, self.random.randrange(256))
                case 3:
                    changed[at:at] = self.random.choice(
                        (b"\xff", b"\x00", b"\xed\xa0\x80", b"\\", b'"', b"{", b"]", b"\xef\xbb\xbf")
                    )
                case _:
                    del changed[at:]
        return bytes(changed)

    def learn(self, request: Request, response: Response) -> None:
        """Keep what may serve later requests."""
        for name, value in response.headers:
            if name == b"etag":
                self.tags.append(value.decode())
                if request.method == "GET" and not request.query:
                    self.read.append((request.path, self.tags[-1], request.headers.get("authorization", "")))
            elif name == b"location":
                table, id = value.decode().split("/")[-2:]
                if table in self.ids:
                    self.ids[table].append(id)
        if request.method == "GET" and response.status == 200 and b'"next_page_token":"' in response.body:
            token = json.loads(response.body).get("next_page_token")
            if token:
                self.pages.append((request.path, f"{request.query}&page_token={token}"))
