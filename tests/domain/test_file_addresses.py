from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.file_addresses import BadAddress, FileAddresses, FileKey

NOW = datetime(2026, 5, 4, 8, 1, 2, 345678, tzinfo=UTC)
KEY = FileKey(UUID(int=1), UUID(int=2))
OURS = FileAddresses.of_log(b"a key", "https://files.example")


def token(url: str) -> str:
    return url.rpartition("/")[2]


def test_an_upload_says_how_much_is_let_in_and_until_when() -> None:
    url = OURS.upload(KEY, 1234, NOW + timedelta(minutes=15))

    expected = OURS.expected(token(url), NOW)

    assert url.startswith("https://files.example/uploads/")
    assert (expected.key, expected.size_bytes) == (KEY, 1234)
    assert expected.expires_at == (NOW + timedelta(minutes=15)).replace(microsecond=0)


def test_a_download_lasts_five_to_ten_minutes_and_keeps_its_address_for_a_while() -> None:
    url = OURS.download(KEY, NOW)

    assert url == OURS.download(KEY, NOW + timedelta(minutes=3))
    assert OURS.wanted(token(url), NOW + timedelta(minutes=5)) == KEY
    with pytest.raises(BadAddress):
        OURS.wanted(token(url), NOW + timedelta(minutes=10))


def test_an_address_opens_nothing_but_what_it_was_given_for() -> None:
    up, down = token(OURS.upload(KEY, 1, NOW + timedelta(hours=1))), token(OURS.download(KEY, NOW))
    for read, wrong in [
        (OURS.expected, down),
        (OURS.wanted, up),
        (OURS.wanted, ""),
        (OURS.wanted, "ä" * 76),
        (OURS.wanted, "A" * 1000),
        (OURS.wanted, down + "A"),
        (OURS.wanted, down[:-1] + ("B" if down[-1] == "A" else "A")),
        (FileAddresses.of_log(b"another key", "").wanted, down),
    ]:
        with pytest.raises(BadAddress):
            read(wrong, NOW)


def test_every_bit_of_an_address_counts() -> None:
    good = token(OURS.upload(KEY, 7, NOW + timedelta(hours=1)))
    for at in range(len(good)):
        for other in "AZaz09-_":
            if other != good[at]:
                with pytest.raises(BadAddress):
                    OURS.expected(good[:at] + other + good[at + 1 :], NOW)
