"""Why a websocket is closed: the codes of `graphql-transport-ws`, and two of every websocket."""

BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
NOT_A_PROTOCOL = 4406
INIT_TIMEOUT = 4408
DUPLICATE = 4409
# The protocol's number for a second initialisation, and ours for a socket too many.
TOO_MANY = 4429
GOING_AWAY = 1012
TOO_SLOW = 1013

_LONGEST_REASON = 80


class Closed(Exception):
    """The connection is to be closed with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        # A close frame carries at most 123 bytes.
        self.reason = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        super().__init__(self.reason)
        self.code = code
