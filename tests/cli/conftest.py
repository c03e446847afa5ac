"""The tests of commands start servers as those of hosts do."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "hosts"))

from demo_database import copy_filled, filled

__all__ = ["copy_filled", "filled"]
