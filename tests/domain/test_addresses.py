"""Addresses of people."""

import pytest

from app.domain.addresses import email
from app.domain.refusals import Invalid


@pytest.mark.parametrize(
    "address", ["ann@example.org", "a.b+c@sub.example.co.uk", "O'Hara@example.org", "x@xn--bcher-kva.example"]
)
def test_an_address_is_taken_as_it_is_spelled(address: str) -> None:
    assert email(f" {address} ") == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@example.org",
        "ann@example",
        "ann@@example.org",
        "an n@example.org",
        "ann@example..org",
        ".ann@example.org",
        "ann.@example.org",
        "ann@-example.org",
        "ann@example.org, bob@example.org",
        "Ann <ann@example.org>",
        "ann@example.org\nBcc: bob@example.org",
        f"{'a' * 65}@example.org",
        f"ann@{'a.' * 130}org",
        "ann\x00@example.org",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid) as refused:
        email(address)
    assert refused.value.field == ("email",)
