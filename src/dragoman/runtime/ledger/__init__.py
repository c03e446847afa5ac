"""The idempotency ledger: what was answered to a call with a key, written in the same commit as what the call did, so
that whoever repeats it gets the same answer and nothing is done twice. One for all styles.
"""

from .entry import LEDGER, InFlight, OtherInput, OutcomeUnknown
from .ledger import Claim, Ledger, Replayed

__all__ = ["LEDGER", "Claim", "InFlight", "Ledger", "OtherInput", "OutcomeUnknown", "Replayed"]
