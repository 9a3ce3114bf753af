"""Which web pages may use the endpoint: those of its own origin, and those that a setting names."""

from collections.abc import Collection
from urllib.parse import urlsplit

Headers = list[tuple[bytes, bytes]]

_METHODS = b"GET, POST"
_HEADERS = b"Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Client, X-Request-Id"
_PREFLIGHT_SECONDS = b"600"


class Origins:
    """The origins that are let in besides the server's own."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = frozenset(allowed)

    def admits(self, origin: str | None, host: str | None, site: str | None) -> bool:
        """Tell whether a request may come in, by its Origin, Host and Sec-Fetch-Site.

        Clients other than browsers say nothing of the kind. A browser leaves Origin out of some
        requests, but then it says that they come from another site.
        """
        if origin is not None:
            return origin.lower() in self._allowed or (host is not None and urlsplit(origin).netloc == host)
        return site not in {"cross-site", "same-site"}

    def headers(self, origin: str | None) -> Headers:
        """Return what lets a page of an allowed origin read the answer."""
        if origin is None or not self._allowed:
            return []
        told: Headers = [(b"vary", b"Origin")]
        if origin.lower() in self._allowed:
            told.append((b"access-control-allow-origin", origin.encode("latin-1")))
            told.append((b"access-control-expose-headers", b"Content-Disposition, X-Request-Id, Retry-After"))
        return told

    def preflight(self, origin: str | None) -> Headers:
        """Return the answer to a browser's question whether it may send."""
        told = self.headers(origin)
        if len(told) > 1:
            told += [
                (b"access-control-allow-methods", _METHODS),
                (b"access-control-allow-headers", _HEADERS),
                (b"access-control-max-age", _PREFLIGHT_SECONDS),
            ]
        return told
