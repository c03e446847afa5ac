"""Who calls: API keys, certificates, and nobody in particular. Tokens will be a module beside these."""

from .anonymous import Anonymous, anonymous
from .api_keys import ApiKeys, api_keys
from .certificates import ClientCertificates, client_certificates

__all__ = ["Anonymous", "ApiKeys", "ClientCertificates", "anonymous", "api_keys", "client_certificates"]
