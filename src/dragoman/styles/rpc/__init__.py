"""The RPC style: gRPC, gRPC-Web, Connect and plain POST, for trusted services."""

from .rpc import Rpc, rpc
from .traits import Number, Procedure, ProtoName

__all__ = ["Number", "Procedure", "ProtoName", "Rpc", "rpc"]
