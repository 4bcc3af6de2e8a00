"""What the stamp of a record or field can stand for."""

from typing import Literal

Interval = Literal["instant", "half-hour", "hour", "day", "month", "year"]
