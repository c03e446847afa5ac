"""Torture tests start servers as those of hosts do."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "hosts"))
sys.path.insert(0, str(Path(__file__).parent.parent / "semantics"))
