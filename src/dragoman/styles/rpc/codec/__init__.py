"""Messages on the wire: protocol buffers' binary form and its JSON, to and from the contract's own JSON values. So
every rule of a type stands in one place, which all styles share.
"""

from .binary import BinaryDecoder, BinaryEncoder, attributes_of
from .proto_json import ProtoJsonDecoder, ProtoJsonEncoder

__all__ = ["BinaryDecoder", "BinaryEncoder", "ProtoJsonDecoder", "ProtoJsonEncoder", "attributes_of"]
