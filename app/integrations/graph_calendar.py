"""Outlook calendars by Microsoft Graph: an event is made with a transaction's id, so that a repeat makes no other."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from app.domain.invitations import CalendarEntry, one_line
from app.integrations.oauth_grants import Grants, Reply, word_of
from app.services.invitations.posts import Entered, Grant, Never, Place

SCOPE = "https://graph.microsoft.com/Calendars.ReadWrite offline_access"
_MISSING = frozenset({404, 410})
_AT_ODDS = 409
_WRONG = 400
# An event keeps this id when its owner moves it to another calendar.
_HEADERS = {"Prefer": 'IdType="ImmutableId"'}


class GraphCalendar:
    """Writes events into technicians' calendars at `url`; a calendar's id is `me` or `users/…`."""

    def __init__(self, grants: Grants, url: str) -> None:
        self._grants = grants
        self._url = url

    async def put(self, grant: Grant, place: Place, entry: CalendarEntry) -> Entered:
        """Make the event, or bring it to how things are now. Raises NotNow, Never."""
        if place.known_as is not None:
            reply = await self._ask(grant, "PATCH", _path(place.known_as), _event(entry))
            if reply.status not in _MISSING:
                return _entered(reply, place.known_as)
        made = await self._made(grant, place, entry)
        if place.known_as is None and place.may_be_there and made.known_as is not None:
            # What came back may be what an earlier try has made, as things were then.
            reply = await self._ask(grant, "PATCH", _path(made.known_as), _event(entry))
            return _entered(reply, made.known_as)
        return made

    async def remove(self, grant: Grant, place: Place, entry: CalendarEntry) -> Entered:
        """Strike the event out. Raises NotNow, Never."""
        known = place.known_as
        if known is None:
            # Only who makes it once more is told its name.
            known = (await self._made(grant, place, entry)).known_as
        if known is None:
            raise Never("Microsoft tells no id of the event")
        reply = await self._ask(grant, "DELETE", _path(known))
        if reply.status in _MISSING:
            return Entered(known_as=known, refresh_token=reply.refresh_token)
        return _entered(reply, known)

    async def _made(self, grant: Grant, place: Place, entry: CalendarEntry) -> Entered:
        reply = await self._ask(grant, "POST", "events", {**_event(entry), "transactionId": str(place.key)})
        known = reply.body.get("id")
        return _entered(reply, known if isinstance(known, str) else None)

    async def _ask(self, grant: Grant, method: str, path: str, json: Mapping[str, Any] | None = None) -> Reply:
        calendar = quote(grant.calendar_id, safe="/@")
        url = f"{self._url}/{calendar}/{path}"
        return await self._grants.ask(grant, method, url, json=json, headers=_HEADERS, busy=_busy)


def _path(known_as: str) -> str:
    return f"events/{quote(known_as, safe='')}"


def _event(entry: CalendarEntry) -> dict[str, Any]:
    return {
        "subject": one_line(entry.summary),
        "body": {"contentType": "text", "content": entry.description or ""},
        "location": {"displayName": one_line(entry.location or "")},
        "start": _moment(entry.starts_at),
        "end": _moment(entry.ends_at),
        "showAs": "busy",
    }


def _moment(moment: datetime) -> dict[str, str]:
    # Graph does not know every zone by its IANA name; whoever looks sees their own.
    return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


def _entered(reply: Reply, known_as: str | None) -> Entered:
    if reply.status >= _WRONG:
        raise Never(f"Microsoft refuses it ({reply.status} {word_of(reply.body, 'error', 'code')})")
    return Entered(known_as=known_as, refresh_token=reply.refresh_token)


def _busy(status: int, _body: Mapping[str, Any]) -> bool:
    return status == _AT_ODDS
