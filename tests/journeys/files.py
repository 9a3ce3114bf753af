"""People who attach files, as their apps do: announce, send, finish."""

from hashlib import sha256
from typing import Any

import httpx

from tests.journeys.people import Person
from tests.journeys.stage import Stage
from tests.serving import Served

NEW_FILE = {"fileName": "a.txt", "sizeBytes": 5, "sha256": sha256(b"Ours.").hexdigest()}


def announced(name: str, content: bytes, **more: Any) -> dict[str, Any]:
    """Return what is said of a file before it is sent."""
    return {"fileName": name, "sizeBytes": len(content), "sha256": sha256(content).hexdigest(), **more}


async def attach(stage: Stage, person: Person, ticket_id: str, name: str, content: bytes, **more: Any) -> str:
    """Attach a file; return its id."""
    return await attach_at(stage.served, person, ticket_id, name, content, **more)


async def attach_at(served: Served, person: Person, ticket_id: str, name: str, content: bytes, **more: Any) -> str:
    """Attach a file at one of several servers; return its id."""
    asked = announced(name, content, ticketId=ticket_id, **more)
    upload = (await person.do("createAttachment", **asked))["upload"]
    async with httpx.AsyncClient() as client:
        url = f"http://127.0.0.1:{served.port}{upload['url']}"
        sent = await client.request(upload["method"], url, content=content, headers=upload["headers"])
    assert sent.status_code == 204, sent.text
    payload = await person.do("finalizeAttachment", id=upload["id"])
    id_: str = payload["attachment"]["id"]
    return id_
