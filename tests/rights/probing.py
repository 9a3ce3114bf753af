"""Asks for everything of the other organisation, in every way there is, and says what was told of it."""

from collections.abc import AsyncIterator

from tests.rights.asking import Ground
from tests.rights.meaning import Meaning
from tests.rights.roots import query
from tests.rights.scene import ELSEWHERE
from tests.rights.table import queries

_SEARCH = '{ tickets(search: "elsewhere", first: 100) { totalCount edges { snippet node { id title } } } }'


async def probed(ground: Ground, token: str) -> dict[str, set[str]]:
    """Return what of the other organisation's rows each question was answered with."""
    return {place: ground.foreign.rows_in(told, sent) async for place, told, sent in _asked(ground, token)}


async def _asked(ground: Ground, token: str) -> AsyncIterator[tuple[str, object, object]]:
    scene = ground.scene
    told = await ground.rows(token, scene.elsewhere_ids)
    for kind in {scene.things[id_].kind for id_ in told}:
        ids = [id_ for id_ in told if scene.things[id_].kind == kind]
        yield kind, [told[id_] for id_ in ids], None
    meaning = Meaning(scene=scene, cursor=ground.cursor)
    for root in queries():
        if root.lists is not None:
            yield root.name, await ground.listed(token, root), None
        elif root.finds not in {None, "any"}:
            sent = {"id": scene.id_of(ELSEWHERE, root.finds or "")}
            yield root.name, (await ground.ask(token, query(root.name, ["id"], ids_alone=True), sent))["data"], None
        elif root.shows is not None:
            sent = meaning.fill(root.given, ELSEWHERE, root.of)
            yield root.name, await ground.ask(token, query(root.name, list(sent)), sent), sent
    yield "search", await ground.ask(token, _SEARCH), None
    yield "tickets.csv", (await ground.fetch(token, "/exports/tickets.csv")).text, None
    for name, kind in (("userId", "User"), ("customerId", "Customer")):
        sent = {name: scene.id_of(ELSEWHERE, kind)}
        yield f"person.json by {name}", (await ground.fetch(token, "/exports/person.json", **sent)).text, sent
