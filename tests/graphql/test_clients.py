"""Clients that others have written, against a served endpoint: the audits of GraphQL over HTTP, and web clients."""

from typing import Any

import pytest

from tests.graphql.conftest import House
from tests.graphql.node import lines_of
from tests.serving import token

pytestmark = pytest.mark.asyncio(loop_scope="module")

_READY = {"dispatchBoard": {"__typename": "StreamReady"}}
_ROLES = {"viewer": {"roles": ["DISPATCHER"]}}


async def told_by(script: str, house: House) -> list[dict[str, Any]]:
    """Return what a script tells of the endpoint, asked by a dispatcher."""
    return await lines_of(script, house.served.http, token(house.world, "dispatcher"))


async def test_every_audit_of_graphql_over_http_is_passed(house: House) -> None:
    audits = await told_by("audit.mjs", house)

    assert [audit for audit in audits if audit["status"] != "ok"] == []
    assert len(audits) == 61


async def test_web_clients_are_answered_as_they_expect(house: House) -> None:
    steps = {line.pop("step"): line for line in await told_by("matrix.mjs", house)}

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
