"""The styles, as verdicts speak of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ADVISED: Final[tuple[str, ...]] = ("rest", "rpc", "graphql", "events", "webhooks")
"""What a verdict may name. Of two that fit alike, the one that stands first asks less of a team. SOAP is not among
them: it is kept for those who speak it.
"""

CHATTINESS: Final = ("rpc", "graphql", "rest", "events", "webhooks")
"""From the least that travels between a question and its answer to the most: one call in a binary form; one call for
many resources, in text; a call for each resource; two messages through a broker; two calls through the internet.
"""

SPOKEN: Final[Mapping[str, str]] = {
    "rest": "REST",
    "rpc": "RPC",
    "graphql": "GraphQL",
    "events": "events",
    "webhooks": "webhooks",
    "soap": "SOAP",
}
"""Each style's name in a sentence."""
