"""Dragoman: state an API contract once, in typed Python, and let every surface speak the style that fits its callers.

``import dragoman as dm`` gives all that a product is written with. What only clients need is loaded when it is asked
for.
"""

from typing import TYPE_CHECKING, Any

from .app import App
from .auth import anonymous, api_keys, client_certificates
from .contract.annotations import (
    Deprecated,
    Description,
    Example,
    Filter,
    Ge,
    Gt,
    Le,
    Length,
    Lt,
    MultipleOf,
    Only,
    Pattern,
    ReadOnly,
    Ref,
    Sort,
    Unique,
)
from .contract.context import Context
from .contract.contract import Contract
from .contract.declaration import DeclarationError
from .contract.event import Event
from .contract.expression import EVERYTHING, NOTHING, Expression
from .contract.fault import (
    Aborted,
    AlreadyExists,
    Cancelled,
    Code,
    DataLoss,
    DeadlineExceeded,
    FailedPrecondition,
    Fault,
    Internal,
    InvalidArgument,
    NotFound,
    OutOfRange,
    PermissionDenied,
    PreconditionFailed,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    Unimplemented,
    Unknown,
    Violation,
)
from .contract.operation import Batch
from .contract.principal import Audience, Principal
from .contract.resource import Id, Resource
from .contract.struct import Struct, replace
from .contract.traits import Trait
from .contract.types import Email, Float32, Int32, Int64, UInt32, UInt64, Url
from .interop import mount
from .ports.cors import Cors
from .ports.idempotency import Idempotency
from .ports.imprint import Contact, Imprint, License
from .ports.limits import Limits
from .ports.mount import Mount, MountError
from .ports.style import Surface
from .ports.wire import Certificate
from .runtime.commit_value import add, next
from .runtime.http.caching import Fresh
from .styles.rest import rest
from .styles.rpc import Number, Procedure, ProtoName, rpc

if TYPE_CHECKING:
    from .client import AsyncClient, Client, Page, Retries

__version__ = "0.1.0"

__all__ = [
    "EVERYTHING",
    "NOTHING",
    "Aborted",
    "AlreadyExists",
    "App",
    "AsyncClient",
    "Audience",
    "Batch",
    "Cancelled",
    "Certificate",
    "Client",
    "Code",
    "Contact",
    "Context",
    "Contract",
    "Cors",
    "DataLoss",
    "DeadlineExceeded",
    "DeclarationError",
    "Deprecated",
    "Description",
    "Email",
    "Event",
    "Example",
    "Expression",
    "FailedPrecondition",
    "Fault",
    "Filter",
    "Float32",
    "Fresh",
    "Ge",
    "Gt",
    "Id",
    "Idempotency",
    "Imprint",
    "Int32",
    "Int64",
    "Internal",
    "InvalidArgument",
    "Le",
    "Length",
    "License",
    "Limits",
    "Lt",
    "Mount",
    "MountError",
    "MultipleOf",
    "NotFound",
    "Number",
    "Only",
    "OutOfRange",
    "Page",
    "Pattern",
    "PermissionDenied",
    "PreconditionFailed",
    "Principal",
    "Procedure",
    "ProtoName",
    "ReadOnly",
    "Ref",
    "Resource",
    "ResourceExhausted",
    "Retries",
    "Sort",
    "Struct",
    "Surface",
    "Trait",
    "UInt32",
    "UInt64",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Unique",
    "Unknown",
    "Url",
    "Violation",
    "__version__",
    "add",
    "anonymous",
    "api_keys",
    "client_certificates",
    "mount",
    "next",
    "replace",
    "rest",
    "rpc",
]

_LATE = ("AsyncClient", "Client", "Page", "Retries")


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import client

    for each in _LATE:
        globals()[each] = getattr(client, each)
    return globals()[name]
