"""The limit: a bare server that knows six statements by heart, and nothing of GraphQL.

It does what any server of ours must: check the token, let the database see one organisation, filter by it.
Settings come from the environment: DATABASE, SECRET, COSTS (JSON), CURSOR_HEAD.
"""

import asyncio
import gc
import os
import time
from base64 import b64decode
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from joserfc import jwt
from joserfc.jwk import OctKey

from benchmarks.read.statements import statements

_KEY = OctKey.import_key(os.environ["SECRET"].encode())
_COSTS: dict[str, int] = orjson.loads(os.environ["COSTS"])
_STATEMENTS = statements(os.environ["CURSOR_HEAD"])
_ENDS = {name: b',"extensions":{"cost":{"requested":%d,"limit":5000}}}' % cost for name, cost in _COSTS.items()}
_CONNECTIONS = 10
# Left to itself, PostgreSQL plans the three large reads anew each time, which takes a third of their time.
_SESSION = {"jit": "off", "timezone": "UTC", "plan_cache_mode": "force_generic_plan"}

_tokens: dict[bytes, tuple[float, UUID]] = {}
_sees: "dict[asyncpg.Connection[asyncpg.Record], UUID]" = {}
_waiting: "asyncio.Queue[asyncpg.Connection[asyncpg.Record]]" = asyncio.Queue()


def _organization(token: bytes) -> UUID:
    digest = sha256(token).digest()
    known = _tokens.get(digest)
    if known is not None and known[0] > time.time():
        return known[1]
    claims = jwt.decode(token.decode(), _KEY, algorithms=["HS256"]).claims
    if claims["exp"] < time.time():
        raise PermissionError
    _tokens[digest] = (claims["exp"], UUID(claims["org"]))
    return _tokens[digest][1]


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            for _ in range(_CONNECTIONS):
                connection = await asyncpg.connect(os.environ["DATABASE"], server_settings=_SESSION)
                await connection.execute("SET ROLE fieldgraph_app")
                _waiting.put_nowait(connection)
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 50, 50)
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return


async def _data(organization_id: UUID, asked: dict[str, Any], name: str) -> bytes:
    variables = asked["variables"]
    if "id" in variables:
        value: Any = UUID(b64decode(variables["id"]).decode().partition(":")[2])
    else:
        value = variables["status"][0]
    connection = await _waiting.get()
    try:
        if _sees.get(connection) != organization_id:
            await connection.execute(f"SELECT set_config('app.organization_id', '{organization_id}', false)")
            _sees[connection] = organization_id
        data: bytes = await connection.fetchval(_STATEMENTS[name], organization_id, value)
    finally:
        _waiting.put_nowait(connection)
    return data


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answer one request."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    message = await receive()
    body = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    token = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    if token is None:
        await _reply(send, 401, b"{}")
        return
    asked = orjson.loads(body)
    name = asked["operationName"]
    data = await _data(_organization(token[len(b"Bearer ") :]), asked, name)
    await _reply(send, 200, b'{"data":' + data + _ENDS[name])


async def _reply(send: Any, status: int, body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
