"""`fieldgraph explain`: how a read is answered, from the document to the database's own plan."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from app.auth.actors import actor_of
from app.cli.console import results
from app.cli.refusals import Refusal
from app.cli.token import user_named
from app.cli.workplace import begin, database_ready
from app.clock import now
from app.db import log
from app.db.engine import open_engine
from app.db.explaining import explain as explained
from app.db.transaction import system_transaction
from app.domain.cursors import CursorCodec
from app.domain.file_addresses import FileAddresses
from app.domain.policy import visibility_class
from app.settings import Settings
from schema.build import executable, schema
from schema.execution.answers import shared_values
from schema.execution.documents import Documents
from schema.execution.executing import refused
from schema.execution.planning import Plans
from schema.execution.selecting import NotPlanned


class NoDocument(Refusal):
    """The file or its variables cannot be used."""


class Ordinary(Refusal):
    """The operation has no plan."""


def explain(
    file: Annotated[Path, typer.Argument(help="A file with one GraphQL query.", exists=True, dir_okay=False)],
    user: Annotated[str, typer.Option(help="An example user, as for `fieldgraph token`.")] = "dispatcher",
    variables: Annotated[str, typer.Option(help="The variables as JSON.")] = "{}",
) -> None:
    """Print the statement that answers a read, its parameters, and how the database runs it."""
    try:
        given = orjson.loads(variables)
    except orjson.JSONDecodeError:
        raise NoDocument("The variables are not valid JSON.") from None
    if not isinstance(given, dict):
        raise NoDocument("The variables must be a JSON object.")
    with database_ready(begin()) as settings:
        for line in asyncio.run(_lines(settings, file.read_text(), user, given)):
            results.print(line, markup=False, highlight=False, soft_wrap=True)


async def _lines(settings: Settings, text: str, user: str, variables: dict[str, Any]) -> list[str]:
    document = Documents(executable()).read(text)
    if document.node is None:
        raise NoDocument("\n".join(error["message"] for error in refused(document)["errors"]))
    wanted = user_named(user)
    engine = open_engine(settings.database_url or "", size=1, application="fieldgraph explain")
    try:
        actor = await actor_of(engine, wanted.organization_id, wanted.user_id)
        try:
            plans = Plans(schema())
            asked = plans.ask(document, None, variables)
            plan = plans.find(asked, visibility_class(actor))
        except NotPlanned as reason:
            raise Ordinary(f"This operation has no plan and is answered field by field: {reason}.") from None
        async with system_transaction(engine) as connection:
            identity = await log.identity(connection)
        addresses = FileAddresses.of_log(identity.cursor_key, settings.public_url or "")
        shared = shared_values(CursorCodec(identity.cursor_key), identity.epoch, now, addresses)
        arguments = plan.arguments(actor, asked.values, shared)
        how = await explained(engine, actor.organization_id, plan.sql, arguments)
    finally:
        await engine.dispose()
    named = enumerate(zip(plan.names, arguments, strict=True), start=1)
    told = [f"  ${at} {name} = {_shown(name, value)}" for at, (name, value) in named]
    return [
        f"Plan for viewers of class {visibility_class(actor)}; one statement with {len(arguments)} parameters:",
        *told,
        "",
        plan.sql,
        "",
        *how,
    ]


def _shown(name: str, value: object) -> str:
    # What cursors and addresses are signed with is a secret.
    return "…" if name.startswith(("cursor_", "file_", "calendar_")) else str(value)
