"""Google Calendar (v3): an appointment's event has the appointment's id, so that it is there once."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from app.domain.invitations import CalendarEntry, one_line
from app.integrations.oauth_grants import Grants, Reply, word_of
from app.services.invitations.posts import Entered, Grant, Never, Place

_MISSING = frozenset({404, 410})
_ALREADY_THERE = 409
_FORBIDDEN = 403
_WRONG = 400
# Google says 403 also when it has had enough.
_ENOUGH = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "quotaExceeded", "dailyLimitExceeded"})


class GoogleCalendar:
    """Writes events into technicians' calendars at `url`."""

    def __init__(self, grants: Grants, url: str) -> None:
        self._grants = grants
        self._url = url

    async def put(self, grant: Grant, place: Place, entry: CalendarEntry) -> Entered:
        """Make the event, or bring it to how things are now. Raises NotNow, Never."""
        event, body = event_id(entry), _event(entry)
        known = place.known_as is not None or place.may_be_there
        if not known:
            reply = await self._ask(grant, "POST", "events", {**body, "id": event})
            if reply.status != _ALREADY_THERE:
                return _entered(reply, event)
        # One that was struck out is still there under its id, and comes back.
        reply = await self._ask(grant, "PUT", f"events/{event}", body)
        if reply.status in _MISSING and known:
            reply = await self._ask(grant, "POST", "events", {**body, "id": event})
        return _entered(reply, event)

    async def remove(self, grant: Grant, place: Place, entry: CalendarEntry) -> Entered:
        """Strike the event out. Raises NotNow, Never."""
        del place
        event = event_id(entry)
        reply = await self._ask(grant, "DELETE", f"events/{event}")
        if reply.status in _MISSING:
            return Entered(known_as=event, refresh_token=reply.refresh_token)
        return _entered(reply, event)

    async def _ask(self, grant: Grant, method: str, path: str, json: Mapping[str, Any] | None = None) -> Reply:
        calendar = quote(grant.calendar_id, safe="")
        # Nobody else is on the event, so nobody is to be told by Google.
        url = f"{self._url}/calendars/{calendar}/{path}?sendUpdates=none"
        return await self._grants.ask(grant, method, url, json=json, busy=_busy)


def event_id(entry: CalendarEntry) -> str:
    """Return the id of an appointment's event: hexadecimal digits are among those that Google takes."""
    return entry.appointment_id.hex


def _event(entry: CalendarEntry) -> dict[str, Any]:
    return {
        "status": "confirmed",
        "summary": one_line(entry.summary),
        "description": entry.description or "",
        "location": one_line(entry.location or ""),
        "start": {"dateTime": entry.starts_at.isoformat(), "timeZone": entry.time_zone},
        "end": {"dateTime": entry.ends_at.isoformat(), "timeZone": entry.time_zone},
        "transparency": "opaque",
        "reminders": {"useDefault": True},
    }


def _entered(reply: Reply, event: str) -> Entered:
    if reply.status >= _WRONG:
        said = word_of(reply.body, "error", "message")
        raise Never(f"Google refuses it ({reply.status} {_reason(reply.body) or said})")
    return Entered(known_as=event, refresh_token=reply.refresh_token)


def _busy(status: int, body: Mapping[str, Any]) -> bool:
    return status == _FORBIDDEN and _reason(body) in _ENOUGH


def _reason(body: Mapping[str, Any]) -> str:
    error = body.get("error")
    errors = error.get("errors") if isinstance(error, Mapping) else None
    first = errors[0] if isinstance(errors, list) and errors else {}
    return word_of(first, "reason") if isinstance(first, Mapping) else ""
