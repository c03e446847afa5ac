"""Values of the contract's types as JSON, made up at random: mostly valid, sometimes just beyond a bound."""

from __future__ import annotations

import base64
from random import Random
from typing import Any
from uuid import UUID

from dragoman.contract.principal import Audience
from dragoman.contract.schema import (
    Constraints,
    Enum,
    Kind,
    List,
    Map,
    Nullable,
    Record,
    Ref,
    Scalar,
    Type,
    Types,
    Union,
)
from dragoman.runtime.codec.view import View

WRONG = 0.008
"""How often a value breaks a rule. Only such rules are broken as every wire can break: the value is of its type."""


class Values:
    """Makes values. ``ids`` gives one of the resources that a reference may name."""

    def __init__(self, random: Random, types: Types, audience: Audience, ids: Any) -> None:
        self._random = random
        self._types = types
        self._view = View(audience, writable=True)
        self._ids = ids

    def record(self, type_: Type, *, some: bool = False) -> dict[str, Any]:
        """A record; with ``some`` of its fields only, whether they are required or not."""
        record = self._types.resolve(type_)
        assert isinstance(record, Record)
        made = {}
        for field in self._view.fields(record):
            if (some or not field.required) and self._random.random() < (0.8 if some else 0.6):
                continue
            made[field.name] = self.value(field.type)
        return made

    def value(self, type_: Type, depth: int = 0) -> Any:
        """A value of a type."""
        random = self._random
        match type_:
            case Ref():
                return self.value(self._types.resolve(type_), depth)
            case Nullable():
                return None if random.random() < 0.3 or depth > 3 else self.value(type_.of, depth)
            case Enum():
                return random.choice(type_.names)
            case List():
                most = 0 if depth > 2 else min(type_.constraints.max_length or 3, 3) + self._wrong()
                items = [self.value(type_.item, depth + 1) for _ in range(random.randint(0, most))]
                return list(dict.fromkeys(items)) if type_.constraints.unique_items else items
            case Map():
                most = min(type_.constraints.max_length or 2, 2)
                return {
                    str(self.value(type_.key, depth)): self.value(type_.value, depth + 1)
                    for _ in range(random.randint(0, most))
                }
            case Union():
                variant = random.choice(type_.variants)
                return {type_.discriminator: variant.tag, **self.record_of(self._types.resolve(variant.type), depth)}
            case Record():
                return self.record_of(type_, depth)
            case Scalar():
                return self._scalar(type_)

    def record_of(self, record: Type, depth: int) -> dict[str, Any]:
        """A nested record."""
        assert isinstance(record, Record)
        return {
            each.name: self.value(each.type, depth + 1)
            for each in self._view.fields(record)
            if each.required or self._random.random() < 0.5
        }

    def _wrong(self) -> bool:
        return self._random.random() < WRONG

    def _scalar(self, scalar: Scalar) -> Any:
        random, bounds, kind = self._random, scalar.constraints, scalar.kind
        if scalar.format == "id":
            return self._ids(scalar)
        match kind:
            case Kind.BOOLEAN:
                return random.random() < 0.5
            case Kind.INT | Kind.INT32 | Kind.UINT32:
                return self._integer(bounds, 0 if kind is Kind.UINT32 else -1000)
            case Kind.INT64 | Kind.UINT64:
                return str(self._integer(bounds, 0))
            case Kind.FLOAT | Kind.DOUBLE:
                low = bounds.ge if bounds.ge is not None else bounds.gt if bounds.gt is not None else 0
                high = bounds.le if bounds.le is not None else bounds.lt if bounds.lt is not None else 1
                assert isinstance(low, int | float)
                assert isinstance(high, int | float)
                if self._wrong():
                    return float(high) + 1.5
                if bounds.multiple_of is not None:
                    return float(bounds.multiple_of) * random.randint(0, 9)
                return low + (high - low) * random.choice((0.25, 0.5, 0.75))
            case Kind.STRING:
                return self._text(scalar)
            case Kind.BYTES:
                size = random.randint(bounds.min_length or 0, (bounds.max_length or 4) + self._wrong())
                return base64.b64encode(random.randbytes(size)).decode()
            case Kind.DATETIME:
                return f"20{random.randint(10, 40)}-01-02T03:04:05.{random.randint(0, 999):03}Z"
            case Kind.DATE:
                return "no day" if self._wrong() else f"20{random.randint(10, 40)}-12-{random.randint(10, 28)}"
            case Kind.TIME:
                return "25:00:00" if self._wrong() else f"{random.randint(10, 23)}:30:00"
            case Kind.DURATION:
                return f"PT{random.randint(0, 5000)}S"
            case Kind.UUID:
                return "none" if self._wrong() else str(UUID(int=random.getrandbits(128)))
            case Kind.DECIMAL:
                return "1,5" if self._wrong() else f"{random.randint(1, 99)}.{random.randint(10, 99)}"
        raise AssertionError(f"no values of {kind} are made")

    def _integer(self, bounds: Constraints, least: int) -> int:
        low = least if bounds.ge is None and bounds.gt is None else int(bounds.ge or 0) or int(bounds.gt or 0) + 1
        if bounds.ge is not None:
            low = int(bounds.ge)
        high = 1000
        if bounds.le is not None:
            high = int(bounds.le)
        elif bounds.lt is not None:
            high = int(bounds.lt) - 1
        if self._wrong():
            return high + 1 if bounds.le is not None or bounds.lt is not None else low - 1 if low > least else high
        step = int(bounds.multiple_of or 1)
        return self._random.randint(low, high) // step * step if step > 1 else self._random.randint(low, high)

    def _text(self, scalar: Scalar) -> str:
        bounds, random = scalar.constraints, self._random
        if scalar.format == "email":
            return "nobody" if self._wrong() else f"a{random.randint(1, 99)}@example.com"
        if scalar.format == "uri":
            return "nowhere" if self._wrong() else f"https://example.com/{random.randint(1, 99)}"
        if bounds.pattern == "^[A-Z]{2}$":
            return "Gb" if self._wrong() else random.choice(("GB", "FR", "DE"))
        if bounds.pattern == "^[0-9]{4}$":
            return "12" if self._wrong() else f"{random.randint(0, 9999):04}"
        least, most = bounds.min_length or 0, min(bounds.max_length or 8, 16)
        size = most + 1 if self._wrong() and bounds.max_length is not None else random.randint(least, most)
        letters = "abcdef" if bounds.pattern else "abcdefgäß€ 😀"
        return "".join(random.choice(letters) for _ in range(size))
