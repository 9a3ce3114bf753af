"""What columns are filled with: plain words for goldens, and whatever is hard to spell for comparisons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

_CONTROLS = "".join(map(chr, range(1, 32)))
_DAY = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """Values to draw from, by what they are for. `moments` are few, so that orders have ties."""

    lines: Sequence[str]
    names: Sequence[str]
    texts: Sequence[str]
    tags: Sequence[str]
    moments: Sequence[datetime]
    days: Sequence[date]
    prices: Sequence[Decimal]
    hours: Sequence[Decimal]
    latitudes: Sequence[float]
    longitudes: Sequence[float]
    documents: Sequence[str]


PLAIN = Vocabulary(
    lines=("Dock gate stuck", "Pump leaks", "Lift stops between floors", "Alarm at night", "Yearly inspection"),
    names=("Noor", "Sam", "Ines", "Bram", "Lotte", "Yusuf", "Harbour Mills", "Delta Cold Store", "Quay Works"),
    texts=("It opens half way.", "Since this morning.", "The third time this year.", "Two people waited an hour."),
    tags=("gate", "leak", "urgent", "second visit"),
    moments=tuple(_DAY + timedelta(hours=hour, minutes=7 * hour) for hour in range(12)),
    days=(date(2026, 12, 31), date(2027, 6, 1)),
    prices=(Decimal("4.50"), Decimal("12.00"), Decimal("199.90")),
    hours=(Decimal("0.50"), Decimal("1.25"), Decimal("3.00")),
    latitudes=(52.09, 51.92, 52.37),
    longitudes=(5.12, 4.48, 4.9),
    documents=('{"floor": 3, "keys": ["A", "B"]}', '{"contract": null}', "{}"),
)

_AWKWARD_LINES = (
    "Plain",
    "plain",
    "Ünï \u00e9 e\u0301 n\u0303",
    'He said "no" \\ and \\" and \\u0041',
    "שלום \u202eabc\u202c עולם",
    "👩‍🔧 🏳️‍🌈 🇳🇱",
    "a\u2028b\u2029c",
    "<script>alert('1')</script> &amp; <!--",
    "tab\tline\nreturn\rend",
    "\x7f\x80\x9f\u00a0\ufeff",
    "'; DROP TABLE tickets; --",
    "%s {0} $1 :name ${x}",
    "null",
    "  two  spaces  ",
    "日本語のテキスト",
    "\uffff\ufffd\U0010ffff",
)

AWKWARD = Vocabulary(
    lines=_AWKWARD_LINES,
    names=_AWKWARD_LINES,
    texts=(
        "Seen.",
        _CONTROLS,
        "C:\\temp\\new \\\\ \\n",
        "line one\r\nline two\n\n\ttabbed",
        "\u0001{}[],:\"'",
        "x" * 3000,
        "🙂" * 200,
        '{"data": {"errors": []}}',
        "ends in backslash\\",
        "\b\f\v\0333[31m",
    ),
    tags=("pump", "Pump", "", '"quoted"', "a,b", "{x}", "back\\slash", "NULL", "é", "e\u0301", "🙂", "\n"),
    moments=(
        _DAY,
        _DAY + timedelta(microseconds=1),
        _DAY + timedelta(microseconds=100_000),
        _DAY + timedelta(microseconds=120_000),
        _DAY + timedelta(microseconds=999_999),
        datetime(2024, 2, 29, 23, 59, 59, 10, tzinfo=UTC),
        datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        datetime(9999, 12, 30, 1, 2, 3, 400_000, tzinfo=UTC),
    ),
    # The first and the last day that Python knows stand for infinity to the driver.
    days=(date(2026, 12, 31), date(1, 1, 2), date(9999, 12, 30), date(2024, 2, 29)),
    prices=tuple(map(Decimal, ("0.00", "0.10", "0.01", "4.50", "10.00", "100", "9999999999.99"))),
    hours=tuple(map(Decimal, ("0.00", "0.10", "1.50", "12.34", "999.99", "7"))),
    latitudes=(52.0, 0.0, -0.0, 1e-7, 0.1 + 0.2, 52.123456789012345, -89.99999999999999, 90.0, 1e-5, 9.999e-6, 5e-324),
    longitudes=(
        5.0,
        100.0,
        -180.0,
        1.5e-05,
        1 / 3,
        4.35e1,
        -0.000123,
        179.99999999999997,
        1e-4,
        2.2250738585072014e-308,
    ),
    documents=(
        "{}",
        "[]",
        "null",
        "0",
        '""',
        "false",
        '{"a": 1.10, "b": 1e400, "c": -0.0, "d": 12345678901234567890123, "e": 1E-7}',
        '{"": {"": [[], {}, [null]]}, "z": 1, "a": 2}',
        '{"\\ud83d\\ude42": "\\u2028\\u007f", "q\\"": "\\\\", "t": "\\t\\u0001"}',
        '[1, 1.0, "1", true, null, {"deep": [[[[[[1]]]]]]}]',
        '"just <b>text</b>"',
    ),
)
