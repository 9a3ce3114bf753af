"""Somebody who attaches files: announces them, sends their bytes, has them checked."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import httpx

from tests.serving import Served

# A connection that rests may be closed by the server just when it is used again.
_LIMITS = httpx.Limits(max_keepalive_connections=0)
_REFUSED = "__typename ... on UserError { code message field }"
_ERRORS = f"errors {{ {_REFUSED} ... on FileRejectedError {{ maxBytes allowedExtensions }} }}"
FILE = "id fileName contentType sizeBytes sha256 internal scanState downloadUrl version uploadedBy { name }"
CREATE = (
    "mutation($input: CreateAttachmentInput!) { createAttachment(input: $input)"
    f" {{ changeId attachment {{ id }} upload {{ id url method headers expiresAt }} {_ERRORS} }} }}"
)
FINALIZE = (
    "mutation($input: FinalizeAttachmentInput!) { finalizeAttachment(input: $input)"
    f" {{ changeId attachment {{ {FILE} }} ticket {{ id }} {_ERRORS} }} }}"
)
_GONE = f"errors {{ {_REFUSED} ... on StaleVersionError {{ currentVersion }} }}"
DELETE = f"mutation($input: DeleteInput!) {{ deleteAttachment(input: $input) {{ changeId deletedId {_GONE} }} }}"
OF_TICKET = (
    f"query($id: ID!) {{ ticket(id: $id) {{ attachments {{ totalCount nodes {{ {FILE} }} }}"
    f" comments {{ nodes {{ attachments {{ nodes {{ {FILE} }} }} }} }} }} }}"
)


@dataclass(slots=True)
class Sender:
    """Somebody with a token, at a server."""

    served: Served
    token: str
    client: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(timeout=60, limits=_LIMITS))

    def address(self, url: str) -> str:
        """Return the whole address that one of the server's means."""
        return f"http://127.0.0.1:{self.served.port}{url}" if url.startswith("/") else url

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the data of an operation."""
        answer = await self.client.post(
            self.served.http,
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}"},
        )
        told: dict[str, Any] = answer.json()
        assert "errors" not in told, told
        data: dict[str, Any] = told["data"]
        return data

    async def create(self, ticket_id: str, name: str, content: bytes, **more: Any) -> dict[str, Any]:
        """Announce a file."""
        values = {
            "ticketId": ticket_id,
            "fileName": name,
            "sizeBytes": len(content),
            "sha256": sha256(content).hexdigest(),
            **more,
        }
        payload: dict[str, Any] = (await self.ask(CREATE, input=values))["createAttachment"]
        return payload

    async def put(self, upload: dict[str, Any], content: Any, **headers: str) -> httpx.Response:
        """Send bytes to where an upload's are to go."""
        told = {**upload["headers"], **headers}
        return await self.client.request(upload["method"], self.address(upload["url"]), content=content, headers=told)

    async def finalize(self, upload: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Have a file checked."""
        answer = await self.ask(FINALIZE, input={"id": upload["id"], **more})
        payload: dict[str, Any] = answer["finalizeAttachment"]
        return payload

    async def attach(self, ticket_id: str, name: str, content: bytes, **more: Any) -> dict[str, Any]:
        """Attach a file from beginning to end; return the attachment."""
        created = await self.create(ticket_id, name, content, **more)
        assert created["errors"] == [], created
        sent = await self.put(created["upload"], content)
        assert sent.status_code == 204, sent.text
        payload = await self.finalize(created["upload"])
        assert payload["errors"] == [], payload
        attachment: dict[str, Any] = payload["attachment"]
        return attachment

    async def delete(self, id_: str, **more: Any) -> dict[str, Any]:
        """Take a file away."""
        payload: dict[str, Any] = (await self.ask(DELETE, input={"id": id_, **more}))["deleteAttachment"]
        return payload

    async def listed(self, ticket_id: str) -> list[dict[str, Any]]:
        """Return the files of a ticket."""
        found: list[dict[str, Any]] = (await self.ask(OF_TICKET, id=ticket_id))["ticket"]["attachments"]["nodes"]
        return found

    async def download(self, attachment: dict[str, Any], method: str = "GET", **headers: str) -> httpx.Response:
        """Fetch a file."""
        return await self.client.request(method, self.address(attachment["downloadUrl"]), headers=headers)
