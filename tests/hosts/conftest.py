"""What the tests of servers share."""

from demo_database import copy_filled, filled

__all__ = ["copy_filled", "filled"]
