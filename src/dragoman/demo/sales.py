"""What is asked about sales, and what is told."""

from datetime import date
from typing import Annotated

import dragoman as dm


class Since(dm.Struct):
    """From which day on."""

    since: date = date(1997, 1, 1)


class Turnover(dm.Struct):
    """What was ordered on a day, and not cancelled."""

    day: date
    orders: Annotated[int, dm.Ge(1)]
    total_cents: Annotated[int, dm.Ge(0)]
