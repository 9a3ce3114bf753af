"""Relay's compiler reads our schema as it is, and what it writes is answered."""

import asyncio
import json
import re
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import orjson
import pytest

from tests.graphql.conftest import House
from tests.graphql.node import CLIENTS, NODE
from tests.graphql.work import Work
from tests.serving import token

pytestmark = pytest.mark.asyncio(loop_scope="module")

_BOARD = Path(__file__).parent / "relay" / "board.js"
_SCHEMA = Path(__file__).parents[2] / "schema" / "schema.graphql"
_TEXT = re.compile(r'^\s*"text": ("(?:[^"\\]|\\.)*")', re.MULTILINE)


async def compiled(folder: Path, source: str) -> tuple[int | None, str]:
    """Let the compiler read one file; return its code and what it said."""
    (folder / "src").mkdir()
    (folder / "src" / "board.js").write_text(source)
    (folder / "schema.graphql").write_text(_SCHEMA.read_text())
    settings = {"src": "./src", "schema": "./schema.graphql", "language": "javascript", "eagerEsModules": True}
    (folder / "relay.config.json").write_text(json.dumps(settings))
    compiler = CLIENTS / "node_modules" / "relay-compiler" / "cli.js"
    process = await asyncio.create_subprocess_exec(
        NODE, compiler, "relay.config.json", cwd=folder, stdout=PIPE, stderr=STDOUT
    )
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return process.returncode, said.decode()


def texts(folder: Path) -> dict[str, str]:
    """Return the texts of the compiled operations, by their names."""
    found = {}
    for path in (folder / "src" / "__generated__").glob("*.graphql.js"):
        text = _TEXT.search(path.read_text())
        if text is not None:
            found[path.name.removesuffix(".graphql.js")] = json.loads(text[1])
    return found


async def test_what_relay_s_compiler_writes_is_answered(house: House, tmp_path: Path) -> None:
    code, said = await compiled(tmp_path, _BOARD.read_text())
    assert code == 0, said
    operations = texts(tmp_path)
    assert sorted(operations) == [
        "boardCommentMutation",
        "boardQuery",
        "boardSubscription",
        "boardTicketAgainQuery",
        "boardTicketsPageQuery",
    ]
    await Work(house.engine, house.world).create()
    bearer = token(house.world, "dispatcher")
    first = await house.served.ask(bearer, operations["boardQuery"], {"first": 1, "status": None})
    assert "errors" not in first
    connection = first["data"]["tickets"]
    (edge,) = connection["edges"]
    page = {"first": 1, "after": connection["pageInfo"]["endCursor"], "status": ["OPEN", "NEW"]}
    next_page = await house.served.ask(bearer, operations["boardTicketsPageQuery"], page)
    again = await house.served.ask(bearer, operations["boardTicketAgainQuery"], {"id": edge["node"]["id"]})
    assert "errors" not in next_page
    assert again["data"]["node"]["ticketNumber"] == edge["node"]["ticketNumber"]
    comment = {"input": {"ticketId": edge["node"]["id"], "body": "On our way."}}
    written = await house.served.ask(bearer, operations["boardCommentMutation"], comment)
    assert written["data"]["addComment"]["errors"] == []
    assert orjson.loads(orjson.dumps(written["data"]["addComment"]["comment"]))["body"] == "On our way."


async def test_relay_s_compiler_refuses_what_the_schema_does_not_have(tmp_path: Path) -> None:
    code, said = await compiled(tmp_path, _BOARD.read_text().replace("ticketNumber", "nickname"))
    assert code != 0
    assert "nickname" in said
