"""What Google's options add to descriptors: google.api's, and google.longrunning's.

Importing them makes protocol buffers know them, so that they are read and not kept as unknown bytes.
"""

from __future__ import annotations

from typing import Any, Final

from google.api import annotations_pb2, client_pb2, field_behavior_pb2, resource_pb2
from google.longrunning import operations_pb2

# Their stubs do not say of what they are extensions.
HTTP: Final[Any] = annotations_pb2.http
METHOD_SIGNATURE: Final[Any] = client_pb2.method_signature
DEFAULT_HOST: Final[Any] = client_pb2.default_host
OAUTH_SCOPES: Final[Any] = client_pb2.oauth_scopes
FIELD_BEHAVIOR: Final[Any] = field_behavior_pb2.field_behavior
RESOURCE: Final[Any] = resource_pb2.resource
RESOURCE_REFERENCE: Final[Any] = resource_pb2.resource_reference
OPERATION_INFO: Final[Any] = operations_pb2.operation_info

BEHAVIORS: Final[dict[int, str]] = {number: name for name, number in field_behavior_pb2.FieldBehavior.items()}
