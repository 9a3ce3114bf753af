"""Gives the bytes of one attachment, whole or in part, so that no browser takes them for a page of ours."""

import re
from collections.abc import Callable
from contextlib import aclosing
from datetime import datetime
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from app.db.tables.attachments import attachments, file_contents
from app.db.tables.tickets import comments, tickets
from app.db.transaction import UNREACHABLE, Mode, transaction
from app.domain.file_addresses import BadAddress, FileAddresses, FileKey
from app.domain.files import READABLE
from app.services.attachments.files import FileStore, StoreFailed
from app.transfers.answers import Answer, Headers, problem

_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
# Whatever the bytes are, they are kept, and not shown within our origin.
_HARMLESS: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; sandbox"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"private, no-store"),
    (b"accept-ranges", b"bytes"),
)

log = structlog.get_logger(__name__)


class Downloads:
    """Answers GET and HEAD under the addresses of downloads, while the attachment stands and may be had."""

    def __init__(
        self,
        engine: AsyncEngine,
        store: FileStore,
        addresses: FileAddresses,
        clock: Callable[[], datetime],
        more: Callable[[str | None], Headers],
    ) -> None:
        self._engine = engine
        self._store = store
        self._addresses = addresses
        self._clock = clock
        self._more = more

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        more = self._more(request.headers.get("origin"))
        if request.method not in {"GET", "HEAD"}:
            await problem(405, "Files are had by GET.", ((b"allow", b"GET, HEAD"),)).send(send, more)
            return
        try:
            key = self._addresses.wanted(request.path_params["token"], self._clock())
        except BadAddress:
            await problem(403, "The address is none that was given out, or its time is over.").send(send, more)
            return
        found = await self._found(key)
        if isinstance(found, Answer):
            await found.send(send, more)
            return
        await self._give(request, found, send, more)

    async def _found(self, key: FileKey) -> Any:
        """Return the attachment, or why it cannot be had."""
        query = (
            sa.select(attachments, file_contents.c.scan_state.label("known"))
            .join(
                file_contents,
                (file_contents.c.organization_id == attachments.c.organization_id)
                & (file_contents.c.id == attachments.c.content_id),
            )
            .join(
                tickets,
                (tickets.c.organization_id == attachments.c.organization_id)
                & (tickets.c.id == attachments.c.ticket_id),
            )
            .outerjoin(
                comments,
                (comments.c.organization_id == attachments.c.organization_id)
                & (comments.c.id == attachments.c.comment_id),
            )
            .where(
                attachments.c.organization_id == key.organization_id,
                attachments.c.id == key.id,
                tickets.c.deleted_at.is_(None),
                comments.c.deleted_at.is_(None),
            )
        )
        try:
            async with transaction(self._engine, key.organization_id, mode=Mode.READ) as connection:
                row = (await connection.execute(query)).one_or_none()
        except UNREACHABLE:
            return problem(503, "The database is not available.", ((b"retry-after", b"5"),))
        if row is None:
            return problem(404, "There is no such file any more.")
        if row.scan_state not in READABLE or row.known not in READABLE:
            return problem(403, "The file may not be had: it is not known to be clean.")
        return row

    async def _give(self, request: Request, row: Any, send: Send, more: Headers) -> None:
        size, tag = row.size_bytes, f'"{row.sha256}"'
        part = _part(request, size, tag)
        if part is None:
            await problem(416, "There are no such bytes.", ((b"content-range", b"bytes */%d" % size),)).send(send, more)
            return
        start, end = part
        whole = end - start == size
        headers = [
            *_HARMLESS,
            *more,
            (b"etag", tag.encode()),
            (b"content-type", row.content_type.encode()),
            (b"content-length", b"%d" % (end - start)),
            (b"content-disposition", disposition(row.file_name).encode()),
        ]
        if not whole:
            headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, size)))
        begin = {"type": "http.response.start", "status": 200 if whole else 206, "headers": headers}
        if request.method == "HEAD":
            await send(begin)
            await send({"type": "http.response.body", "body": b""})
            return
        begun = False
        try:
            async with aclosing(self._store.read(FileKey(row.organization_id, row.content_id), start, end)) as pieces:
                async for piece in pieces:
                    if not begun:
                        await send(begin)
                        begun = True
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
        except StoreFailed as error:
            log.error("download.store_failed", attachment_id=str(row.id), reason=str(error))  # noqa: TRY400  # the text is made for it
            if begun:
                # The length was told: only breaking off says that this is not all.
                raise
            await problem(503, "The file cannot be had at the moment.", ((b"retry-after", b"5"),)).send(send, more)
            return
        await send({"type": "http.response.body", "body": b""})


def disposition(name: str) -> str:
    """Return the header that names a file to be kept (RFC 6266), in ASCII and, where that is not all, in UTF-8."""
    plain = "".join(each if each.isascii() and each not in '"\\%' else "_" for each in name)
    told = f'attachment; filename="{plain}"'
    return told if plain == name else f"{told}; filename*=UTF-8''{quote(name, safe='')}"


def _part(request: Request, size: int, tag: str) -> tuple[int, int] | None:
    """Return which bytes are asked for, all where that is not one part; None where there are none of them."""
    asked, condition = request.headers.get("range"), request.headers.get("if-range")
    match = None if asked is None or condition not in {None, tag} else _RANGE.fullmatch(asked.strip())
    if match is None or match[1] == match[2] == "":
        return 0, size
    if match[1] == "":
        length = int(match[2])
        return None if length == 0 else (max(0, size - length), size)
    start, end = int(match[1]), size if match[2] == "" else min(size, int(match[2]) + 1)
    if start >= size:
        return None
    return (0, size) if start >= end else (start, end)
