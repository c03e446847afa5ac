"""Who calls: API keys, and nobody in particular. Tokens and certificates will be modules beside these."""

from .anonymous import Anonymous, anonymous
from .api_keys import ApiKeys, api_keys

__all__ = ["Anonymous", "ApiKeys", "anonymous", "api_keys"]
