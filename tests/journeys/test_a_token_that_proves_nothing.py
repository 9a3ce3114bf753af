"""Clients whose token proves nothing get no data: 401 over HTTP, 4403 over websockets."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from gql import Client
from gql.transport.exceptions import TransportError
from uuid_utils.compat import uuid7
from websockets.exceptions import ConnectionClosed

from app.auth.tokens import issue
from app.clock import now
from app.domain.people import Role
from schema.ids import global_id
from tests.auth.minting import part
from tests.journeys.node import node_client
from tests.journeys.operations import BOARD, BOARD_FILTER
from tests.journeys.people import websocket
from tests.journeys.stage import Stage
from tests.serving import SECRET, token

WHO = {"query": "{ viewer { user { name } } }"}


def _issued(stage: Stage, **other: Any) -> str:
    values: dict[str, Any] = {
        "secret": SECRET,
        "user_id": stage.world.users["dispatcher"],
        "organization_id": stage.world.organization_id,
        "roles": None,
        "now": now(),
        "lifetime": timedelta(hours=1),
    }
    return issue(**{**values, **other})


def _expired(stage: Stage) -> str:
    return _issued(stage, now=now() - timedelta(hours=2))


def _signed_by_another(stage: Stage) -> str:
    return _issued(stage, secret="another secret for tests alone, long enough for HS256")


def _unsigned(stage: Stage) -> str:
    return f"{part({'alg': 'none'})}.{token(stage.world, 'dispatcher').split('.')[1]}."


def _tampered(stage: Stage) -> str:
    head, _, signature = token(stage.world, "customer").split(".")
    payload = token(stage.world, "admin").split(".")[1]
    return f"{head}.{payload}.{signature}"


def _of_nobody(stage: Stage) -> str:
    return _issued(stage, user_id=uuid7())


def _narrowed_to_nothing(stage: Stage) -> str:
    return token(stage.world, "dispatcher", roles=[Role.END_USER])


def _garbage(_: Stage) -> str:
    return "no.token.at-all"


def _none(_: Stage) -> None:
    return None


Token = Callable[[Stage], str | None]
KINDS: list[Token] = [
    _none,
    _expired,
    _signed_by_another,
    _unsigned,
    _tampered,
    _of_nobody,
    _narrowed_to_nothing,
    _garbage,
]


def said(bearer: str | None) -> dict[str, str]:
    return {} if bearer is None else {"Authorization": f"Bearer {bearer}"}


async def test_over_http_it_is_401_and_says_no_more_than_needed(stage: Stage) -> None:
    async with httpx.AsyncClient() as client:
        for kind in KINDS:
            bearer = kind(stage)
            answer = await client.post(stage.served.http, json=WHO, headers=said(bearer))
            assert answer.status_code == 401, kind
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            body = answer.json()
            assert "data" not in body
            (error,) = body["errors"]
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert bearer is None or bearer not in answer.text


async def test_a_header_of_another_scheme_is_401(stage: Stage) -> None:
    good = token(stage.world, "dispatcher")
    async with httpx.AsyncClient() as client:
        for header in (good, f"Basic {good}", "Bearer", f"Token {good}"):
            answer = await client.post(stage.served.http, json=WHO, headers={"Authorization": header})
            assert answer.status_code == 401, header


async def test_a_websocket_is_closed_with_4403(stage: Stage) -> None:
    for kind in KINDS:
        with pytest.raises(TransportError) as refused:
            async with Client(transport=websocket(stage.served.websocket, kind(stage))):
                pytest.fail(f"the connection was acknowledged: {kind}")
        closed = refused.value.__cause__
        assert isinstance(closed, ConnectionClosed)
        assert closed.rcvd is not None
        assert closed.rcvd.code == 4403, kind


async def test_the_npm_client_is_closed_with_4403_and_gets_no_data(stage: Stage) -> None:
    for kind in (_none, _expired):
        asked = {"filter": BOARD_FILTER}
        async with node_client(stage.served.websocket, BOARD, asked, headers=said(kind(stage))) as client:
            assert await client.line() == {"closed": {"code": 4403, "reason": "Forbidden"}}


async def test_a_token_that_expires_ends_its_stream(stage: Stage) -> None:
    short = token(stage.world, "dispatcher", lifetime=timedelta(seconds=3))

    async with node_client(stage.served.websocket, BOARD, {"filter": BOARD_FILTER}, headers=said(short)) as client:
        assert (await client.next("dispatchBoard"))["__typename"] == "StreamReady"
        line = await client.line()

    assert line == {"closed": {"code": 4403, "reason": "The token has expired"}}


async def test_a_token_cannot_widen_its_user(stage: Stage) -> None:
    query = "{ viewer { roles } }"

    wide = await stage.enter("ann", roles=[Role.TECHNICIAN, Role.ADMIN])

    assert await wide.ask(query) == {"viewer": {"roles": ["TECHNICIAN"]}}


async def test_a_token_for_another_organisation_finds_nobody_there(stage: Stage) -> None:
    bearer = _issued(stage, organization_id=uuid7())

    answer = await stage.served.ask(
        bearer, "query N($id: ID!) { node(id: $id) { id } }", {"id": global_id("User", stage.world.users["admin"])}
    )

    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "data" not in answer
