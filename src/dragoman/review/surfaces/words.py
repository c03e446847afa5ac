"""The words that names are made of: which are actions, and of what kind."""

from __future__ import annotations

from typing import Final

from dragoman.review.english import singular, vocabulary

READING: Final = vocabulary(
    "get list find fetch read search query lookup show describe count check exists validate verify view retrieve "
    "browse filter preview download export ping compare diff explain watch head"
)
"""Actions that change nothing."""

COMPUTING: Final = vocabulary(
    "predict score infer classify embed detect recognize recognise transcribe translate annotate analyze analyse "
    "summarize summarise synthesize moderate compute calculate estimate evaluate rank recommend forecast tokenize "
    "vectorize explain simulate convert quote price match rerank"
)
"""Actions whose answer follows from what is given, as a model's does."""

COMPUTED: Final = vocabulary(
    "prediction embedding completion inference moderation classification translation transcription quote estimate "
    "forecast recommendation"
)
"""What such actions make, where the call is named for that."""

_MADE: Final = vocabulary("content text answer completion message image images embedding embeddings summary speech")

CHANGING: Final = vocabulary(
    "create update delete remove add set put insert upsert replace patch save store do make edit modify change "
    "cancel approve reject start stop restart run execute invoke trigger process generate transform import upload "
    "send submit post publish unpublish notify register unregister login logout signin signout signup reset activate "
    "deactivate enable disable lock unlock archive unarchive restore move copy clone merge sync synchronize refresh "
    "retry resend confirm capture refund void pay charge transfer withdraw deposit subscribe unsubscribe follow "
    "unfollow like unlike block unblock mark unmark assign unassign apply revoke renew rotate authorize authenticate "
    "close open reopen accept decline attach detach invite join leave finalize complete abort pause resume suspend "
    "terminate destroy purge clear drop undelete rename grant deny schedule reserve release claim acknowledge ack "
    "allocate deploy rollback promote migrate install uninstall reboot shutdown connect disconnect link unlink bind "
    "unbind handle perform request issue reconcile recalculate reprice provision deprovision swap convert push pull "
    "regenerate test encrypt decrypt sign batch bulk mutate"
)
"""Actions that change something, or may."""

ACTIONS: Final = READING | COMPUTING | CHANGING
STANDARD: Final = vocabulary("list get create update delete")
"""AIP-131 to 135."""

NOUNS_TOO: Final = vocabulary(
    "store price quote match rank score view post request issue link block like mark charge transfer deposit refund "
    "import export download upload query filter count schedule release claim test batch bulk check watch patch set "
    "preview diff change copy push pull capture move drop head pay reserve process run edit clone open close forecast "
    "estimate sign reset convert handle issue deploy grant report"
)
"""Actions that are things too: ``/store``, ``/price-lists``, ``/check-runs``."""

ASKED: Final = vocabulary("query export download count check preview diff")
"""Those of them that are actions under GET as well, where they stand alone."""

UPKEEP: Final = vocabulary(
    "health healthz healthcheck ready readyz readiness live livez liveness metrics ping version status"
)
"""Addresses that are for whoever runs it."""

JOBS: Final = vocabulary("job operation task run export import batch report execution build workflow pipeline")
"""Things that stand for work under way."""


def noun(parts: tuple[str, ...]) -> str:
    """Some words as one noun in the singular: ``shipping_address``."""
    *others, last = parts or ("",)
    return "_".join((*others, singular(last)))


def acts(parts: tuple[str, ...], *, posted: bool = True) -> bool:
    """Whether a name of these words is named for an action: ``search``, ``get_user``; not ``price_lists``. A word that
    may be either alone is an action where it is ``posted``.
    """
    if not parts or parts[0] not in ACTIONS:
        return False
    first, last = parts[0], parts[-1]
    if first not in NOUNS_TOO:
        return True
    if len(parts) == 1:
        return posted or first in ASKED
    return singular(last) == last


def computes(parts: tuple[str, ...]) -> bool:
    """Whether an action of these words computes its answer."""
    if not parts:
        return False
    first, last = parts[0], parts[-1]
    second = parts[1] if len(parts) > 1 else ""
    if first in COMPUTING or singular(last) in COMPUTED:
        return True
    if first in ("batch", "stream", "streaming", "create"):
        return len(parts) == 2 and second in COMPUTING
    return first == "generate" and second in _MADE
