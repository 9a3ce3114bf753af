"""The judge: holds what clients were promised against what the database holds."""

from base64 import b64decode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from tests.faults.ledger import Ledger, Promise
from tests.faults.stored import Baseline, Stored

_ADDED_TO = {"createTicket": "tickets", "addComment": "comments", "assignTicket": "assignments"}


class Kind(StrEnum):
    """What went wrong."""

    LOST = "LOST"
    DOUBLE = "DOUBLE"
    CHANGED = "CHANGED"
    LOG = "LOG"
    STREAM = "STREAM"
    REFUSED = "REFUSED"
    SERVER = "SERVER"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that must not be."""

    kind: Kind
    text: str


def judge(ledger: Ledger, before: Baseline, after: Stored) -> list[Finding]:
    """Return everything that is not as promised; nothing means that all is well."""
    index = {mutation: _by_mark(rows) for mutation, rows in after.marked.items()}
    found = [finding for promise in ledger.promises for finding in _of_promise(promise, index, after)]
    found += _of_log(ledger, before, after)
    found += (Finding(Kind.REFUSED, text) for text in ledger.refusals)
    if ledger.trouble["INTERNAL"]:
        found.append(Finding(Kind.SERVER, f"{ledger.trouble['INTERNAL']} answers hid a failure of the server"))
    return found


def judge_stream(seen: list[str], strange: Iterable[str], after: Stored) -> list[Finding]:
    """Hold what a board was told, from the baseline on, against the log: each event once and in order."""
    found = [Finding(Kind.STREAM, text) for text in strange]
    told, truth = [_key(each) for each in seen], after.events
    repeated = [key for key, times in Counter(told).items() if times > 1]
    missed = set(truth) - set(told)
    found += (Finding(Kind.STREAM, f"event {key} was told more than once") for key in repeated)
    found += (Finding(Kind.STREAM, f"event {key} was never told") for key in missed)
    found += (Finding(Kind.STREAM, f"event {key} is not in the log") for key in set(told) - set(truth))
    if not found and told != truth:
        found.append(Finding(Kind.STREAM, "events were told out of order"))
    return found


def judge_repeat(promise: Promise, repeated: Promise) -> list[Finding]:
    """Hold the answer to one more repeat, after everything, against the first."""
    if repeated == promise:
        return []
    return [Finding(Kind.CHANGED, f"{promise.request.marker}: a repeat was answered otherwise: {repeated}")]


def _of_promise(promise: Promise, index: Mapping[str, Mapping[str, list[UUID]]], after: Stored) -> Iterator[Finding]:
    request, row, change = promise.request, _key(promise.row), _key(promise.change_id)
    mark = str(row) if request.mutation == "acceptAssignment" else request.marker
    rows = index[request.mutation].get(mark, [])
    if row not in rows:
        yield Finding(Kind.LOST, f"{request.marker}: no row {row}, there are {rows}")
    if len(rows) > 1:
        yield Finding(Kind.DOUBLE, f"{request.marker}: done {len(rows)} times: {rows}")
    position = after.codec.decode(promise.cursor).position
    if after.changes.get(change) != position:
        yield Finding(
            Kind.LOST,
            f"{request.marker}: the log has change {change} at {after.changes.get(change)}, {position} was told",
        )
    for answer in after.answers.get((request.mutation, request.key), []):
        if (answer.change_id, answer.position) != (change, position):
            yield Finding(Kind.CHANGED, f"{request.marker}: another answer is kept: {answer}")


def _of_log(ledger: Ledger, before: Baseline, after: Stored) -> Iterator[Finding]:
    for organization_id in after.gaps:
        yield Finding(Kind.LOG, f"positions of {organization_id} have gaps")
    if after.digest != before.digest:
        yield Finding(Kind.LOG, "what was in the log before has changed, or was loaded again")
    promised = {_key(promise.change_id) for promise in ledger.promises}
    for change in set(after.changes) - promised - after.unasked:
        yield Finding(Kind.DOUBLE, f"nobody was promised the change {change} of the log")
    if len(promised) != len(ledger.promises):
        yield Finding(Kind.LOST, "two requests were promised the same change")
    # Rows without an event would escape all of the above.
    added = Counter(_ADDED_TO.get(promise.request.mutation) for promise in ledger.promises)
    for table, count in after.counts.items():
        more = count - before.counts[table] - added[table]
        if more:
            yield Finding(Kind.DOUBLE if more > 0 else Kind.LOST, f"{table} has {more:+} rows more than was promised")


def _by_mark(rows: Iterable[tuple[str, UUID]]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = {}
    for mark, key in rows:
        found.setdefault(mark, []).append(key)
    return found


def _key(global_id: str) -> UUID:
    return UUID(b64decode(global_id).decode().partition(":")[2])
