"""Gives everything that is kept of a user or a customer as one JSON document."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import orjson

from app.domain.erasures import ErasureSubject
from app.domain.file_addresses import FileAddresses, FileKey
from app.domain.people import Actor
from app.domain.policy import Action, Standing, may
from app.domain.privacy.house import LOG
from app.domain.refusals import Forbidden, Invalid, NotFound
from app.reads.personal_data import as_told, events_told, find_person, rows_told, tables_of
from app.reads.reader import Reader
from resolvers.context import Process
from schema.ids import global_id, key_of
from schema.sheets.exports import Exports, File
from schema.sheets.parameters import parameters_of

FORMAT = "fieldgraph-person/1"
# So long the bytes of files can be had at the addresses in an export: fetching many takes its time.
FILES_LAST = timedelta(days=1)


class PersonExports(Exports):
    """Gives what is kept of somebody: an ADMIN of anybody, everybody of themselves."""

    async def _asked(self, query_string: bytes, actor: Actor, process: Process) -> File:
        subject, key = _subject(query_string)
        standing = Standing(requester_id=key) if subject is ErasureSubject.USER else Standing()
        if not may(actor, Action.EXPORT_PERSON, standing):
            raise Forbidden(action="export what is kept of somebody else")
        now = process.clock()
        return File(
            name=f"{subject.kind.lower()}-{key}-{now:%Y-%m-%d}.json",
            content_type=b"application/json",
            pieces=partial(_document, addresses=process.addresses, subject=subject, key=key, now=now),
        )


def _subject(query_string: bytes) -> tuple[ErasureSubject, UUID]:
    given = parameters_of(query_string, ("userId", "customerId"))
    if len(given) != 1:
        raise Invalid(field=("userId",), problem="Name either a user (userId) or a customer (customerId).")
    if "userId" in given:
        return ErasureSubject.USER, key_of("User", given["userId"], "userId")
    return ErasureSubject.CUSTOMER, key_of("Customer", given["customerId"], "customerId")


async def _document(
    reader: Reader, addresses: FileAddresses, subject: ErasureSubject, key: UUID, now: datetime
) -> AsyncGenerator[bytes, None]:
    """Yield the document, piece by piece; the first once it is known that there is such a person. Raises NotFound."""
    person = await reader.run(find_person, reader.actor.organization_id, subject, key)
    if person is None:
        raise NotFound(field=(f"{subject.kind.lower()}Id",), kind=subject.kind.lower())
    head: Mapping[str, Any] = {
        "format": FORMAT,
        "madeAt": now,
        "filesUntil": now + FILES_LAST,
        "subject": {"kind": subject.kind, "id": global_id(subject.kind, key), "key": key},
    }

    def address(attachment_id: UUID) -> str:
        return addresses.download_until(FileKey(person.organization_id, attachment_id), now + FILES_LAST)

    # Left open, for what follows.
    yield orjson.dumps(head)[:-1] + b',"tables":['
    comma = b""
    for declared in tables_of():
        yield comma + b'{"table":%b,"purpose":%b,"rows":[' % (_text(declared.name), _text(declared.purpose))
        between = b""
        async with aclosing(rows_told(reader, person, declared, address)) as parts:
            async for rows in parts:
                yield between + ",".join(rows).encode()
                between = b","
        yield b"]}"
        comma = b","
    yield b'],"events":{"purpose":%b,"rows":[' % _text(LOG.purpose)
    between = b""
    async with aclosing(events_told(reader, person)) as pages:
        async for events in pages:
            if events:
                yield between + b",".join(orjson.dumps(as_told(reader.actor, event), default=str) for event in events)
                between = b","
    yield b"]}}"


def _text(words: str) -> bytes:
    return orjson.dumps(words)
