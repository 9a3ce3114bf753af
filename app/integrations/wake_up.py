"""What one process says to the others on the bus: whose logs have grown."""

from dataclasses import dataclass
from uuid import UUID

from app.integrations.bus_line import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeUp:
    """A word of `sender`, its `number`th. `grown` is None when anybody's log may have grown.

    One that names nobody only proves that the connection lives.
    """

    sender: str
    number: int
    grown: set[UUID] | None

    def message(self) -> Message:
        """Return it as the bus carries it."""
        named = None if self.grown is None else [str(each) for each in self.grown]
        return {"sender": self.sender, "number": self.number, "grown": named}

    @classmethod
    def read(cls, message: object) -> "WakeUp | None":
        """Return what a message says; None when it is no word of ours."""
        match message:
            case {"sender": str(sender), "number": int(number), "grown": None}:
                return cls(sender=sender, number=number, grown=None)
            case {"sender": str(sender), "number": int(number), "grown": [*named]}:
                try:
                    return cls(sender=sender, number=number, grown={UUID(str(each)) for each in named})
                except ValueError:
                    return None
        return None
