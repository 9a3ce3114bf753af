"""Addresses that settings hold: taken apart, and refused in words that repeat nothing of them."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_HOST_NAME = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?")


def parts_of(address: str) -> SplitResult:
    """Return the parts of an address, its host and port among them. Raises ValueError."""
    if any(character.isspace() for character in address):
        raise ValueError("a blank in it must be written as %20")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        # Python's own words may repeat a part of the address.
        raise ValueError("its host or its port is none") from None
    if port == 0:
        raise ValueError("its host or its port is none")
    return parts


def web_address(address: str, *, bare: bool = False) -> str:
    """Return an address of HTTP as it was given; one that is `bare` has no query and no user. Raises ValueError."""
    parts = parts_of(address)
    if parts.scheme not in {"http", "https"}:
        raise ValueError("it must begin with http:// or https://")
    if not parts.hostname:
        raise ValueError("it names no host")
    if parts.fragment:
        raise ValueError("it has a fragment")
    if bare and (parts.query or parts.username is not None):
        raise ValueError("it has a query or a user")
    return address


def host(name: str) -> str:
    """Return the name or the IP address of a host as it was given. Raises ValueError."""
    try:
        ip_address(name)
    except ValueError:
        if not _HOST_NAME.fullmatch(name):
            raise ValueError("no host can be called that") from None
    return name
