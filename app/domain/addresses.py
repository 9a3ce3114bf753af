"""Addresses of people: what can be one."""

import re

from app.domain.refusals import Invalid

# As RFC 5321 bounds the path of an envelope.
LONGEST_EMAIL = 254
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[^\W_]([\w-]{0,61}[^\W_])?"
_EMAIL = re.compile(rf"(?=.{{1,64}}@)({_LOCAL})@({_LABEL}\.)+({_LABEL})")


def email(value: str, field: str = "email") -> str:
    """Return an address to which letters can be sent, without outer white space. Raises Invalid."""
    clean = value.strip()
    if len(clean) > LONGEST_EMAIL:
        raise Invalid(field=(field,), problem=f"{field} must not exceed {LONGEST_EMAIL} characters.")
    if _EMAIL.fullmatch(clean) is None:
        raise Invalid(field=(field,), problem=f"{field} must be an address such as ann@example.org.")
    return clean
