"""The RPC style: today the plain POST of JSON."""

from .rpc import Rpc, rpc

__all__ = ["Rpc", "rpc"]
