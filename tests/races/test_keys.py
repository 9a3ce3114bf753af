"""Phones that ask again and again with one key, at once and with answers that are cut off: one effect each.

`make races` takes 2,000 keys.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.ids import global_id
from tests.graphql.work import Work
from tests.serving import Served, serving, token
from tests.world import World

_KEYS = int(os.environ.get("RACE_KEYS", "30"))
_TWINS, _SENDS = 10, 3
_AT_ONCE = 6
_ADD = """mutation($input: AddCommentInput!) {
  addComment(input: $input) {
    changeId eventCursor comment { id body } ticket { id } errors { __typename ... on UserError { code } }
  }
}"""
_AGAIN = {"IDEMPOTENCY_IN_PROGRESS"}


@pytest.fixture
async def served(database_url: str) -> AsyncIterator[Served]:
    """A server with room for many."""
    async with serving(database_url, cost_bucket=100_000_000) as running:
        yield running


class Phone:
    """Sends one thing with one key, three times, each time with twins."""

    def __init__(self, client: httpx.AsyncClient, url: str, ticket: str, number: int) -> None:
        self.answers: list[dict[str, Any]] = []
        self.cut = 0
        self._client = client
        self._url = url
        self._chance = Random(number)
        self._input = {"ticketId": ticket, "body": f"Number {number}", "idempotencyKey": f"key-{number}"}

    async def insist(self) -> None:
        """Send everything."""
        for _ in range(_SENDS):
            await asyncio.gather(*(self._send() for _ in range(_TWINS)))

    async def mismatched(self) -> str:
        """Send something else with the same key; return the refusal's code."""
        other = {**self._input, "body": "Something else"}
        payload = await self._once(other, None)
        assert payload is not None
        return str(payload["errors"][0]["code"])

    async def _send(self) -> None:
        impatient = self._chance.uniform(0.001, 0.03) if self._chance.random() < 0.3 else None
        while True:
            payload = await self._once(self._input, impatient)
            impatient = None
            if payload is None:
                self.cut += 1
            elif {error["code"] for error in payload["errors"]} <= _AGAIN and payload["errors"]:
                await asyncio.sleep(0.05)
            else:
                self.answers.append(payload)
                return

    async def _once(self, asked: dict[str, Any], read: float | None) -> dict[str, Any] | None:
        body = {"query": _ADD, "variables": {"input": asked}}
        try:
            answer = await self._client.post(self._url, json=body, timeout=httpx.Timeout(30, read=read or 30))
        except httpx.ReadTimeout:
            return None
        told = answer.json()
        assert "errors" not in told, told
        found: dict[str, Any] = told["data"]["addComment"]
        return found


async def test_one_key_has_one_effect_however_often_and_at_once_it_is_sent(
    served: Served, engine: AsyncEngine, world: World
) -> None:
    ticket = await Work(engine, world).create()
    headers = {"Authorization": f"Bearer {token(world, 'dispatcher')}"}
    limits = httpx.Limits(max_connections=_TWINS * _AT_ONCE)
    room = asyncio.Semaphore(_AT_ONCE)
    async with httpx.AsyncClient(headers=headers, limits=limits) as client:
        phones = [Phone(client, served.http, _global(ticket), number) for number in range(_KEYS)]

        async def insist(phone: Phone) -> None:
            async with room:
                await phone.insist()

        await asyncio.gather(*map(insist, phones))
        wrong = [await phone.mismatched() for phone in phones[:5]]

    assert wrong == ["IDEMPOTENCY_MISMATCH"] * 5
    assert sum(phone.cut for phone in phones) > _KEYS // 2
    for phone in phones:
        assert len(phone.answers) == _TWINS * _SENDS
        first = phone.answers[0]
        assert first["errors"] == []
        assert phone.answers == [first] * len(phone.answers)
    changes = [phone.answers[0]["changeId"] for phone in phones]
    assert len(set(changes)) == _KEYS
    async with engine.connect() as connection:
        counted = await connection.exec_driver_sql("SELECT count(*) FROM comments WHERE body LIKE 'Number %'")
        assert counted.scalar_one() == _KEYS


def _global(ticket: Any) -> str:
    return global_id("Ticket", ticket)
