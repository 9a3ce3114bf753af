"""`fieldgraph organization`: founds organisations, lists them and whose data was erased, lets their ADMINs begin."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
import typer
from uuid_utils.compat import uuid7

from app.cli.console import results
from app.cli.erasures import MOST_LISTED, USUALLY_LISTED, tell_erasures
from app.cli.migrate import bring_up, direct_url
from app.cli.organization import Organization, chosen
from app.cli.refusals import Refusal
from app.cli.workplace import begin, database_ready
from app.clock import now
from app.db import log
from app.db.engine import open_engine
from app.db.transaction import Mode, system_transaction, transaction
from app.domain.api_key_texts import KeyHashes
from app.domain.refusals import Invalid, NotFound
from app.services.access.create_api_key import minted
from app.services.access.one_time_tokens import MOST_HOURS, USUAL_HOURS, GiveOneTimeToken, give_one_time_token, good_for
from app.services.administration.found_organization import FoundOrganization, all_organizations, found_organization
from app.services.perform import Writer
from app.services.privacy.erasing.listing import ListedErasure, listed_erasures
from app.settings import Settings

T = TypeVar("T")

Hours = Annotated[
    float, typer.Option("--hours", min=0.01, max=MOST_HOURS, help="For how many hours the one-time token is good.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]

organization = typer.Typer(
    help="Organisations: found them, list them and their erasures, let their ADMINs begin.", no_args_is_help=True
)


class OrganizationRefusal(Refusal):
    """What was asked for of an organisation cannot be done."""


@organization.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is called; no two alike.")],
    time_zone: Annotated[str, typer.Option(help="Its time zone, such as Europe/Amsterdam.")],
    admin_name: Annotated[str, typer.Option(help="What its first ADMIN is called.")],
    admin_email: Annotated[str, typer.Option(help="Their e-mail address.")],
    hours: Hours = USUAL_HOURS,
    as_json: AsJson = False,
) -> None:
    """Found an organisation with its first ADMIN, and print a one-time token for them."""

    async def work(writer: Writer, hashes: KeyHashes, _settings: Settings) -> dict[str, str]:
        id_, until = uuid7(), good_for(hours, now())
        new = minted(id_, hashes)
        command = FoundOrganization(
            name=name, time_zone=time_zone, admin_name=admin_name, admin_email=admin_email, token_until=until
        )
        written = await found_organization(writer, command, id_=id_, new=new)
        ids = {"organization": str(id_), "admin": str(written.ids["user"])}
        return {**ids, "token": new.text.text, "tokenExpiresAt": until.isoformat()}

    _tell(_done(work), as_json=as_json)


@organization.command()
def token(
    email: Annotated[str, typer.Option(help="The e-mail address of the ADMIN.")],
    organization: Organization = None,
    hours: Hours = USUAL_HOURS,
    as_json: AsJson = False,
) -> None:
    """Print a one-time token for an ADMIN who has no other way in."""

    async def work(writer: Writer, hashes: KeyHashes, settings: Settings) -> dict[str, str]:
        id_, until = await chosen(settings, organization), good_for(hours, now())
        new = minted(id_, hashes)
        written = await give_one_time_token(writer, id_, GiveOneTimeToken(email=email, expires_at=until), new=new)
        ids = {"organization": str(id_), "admin": str(written.ids["user"])}
        return {**ids, "token": new.text.text, "tokenExpiresAt": until.isoformat()}

    _tell(_done(work), as_json=as_json)


@organization.command("list")
def list_all(as_json: AsJson = False) -> None:
    """List all organisations, first to last."""

    async def work(writer: Writer, _hashes: KeyHashes, _settings: Settings) -> list[dict[str, str]]:
        return [
            {"id": str(each.id), "name": each.name, "timeZone": each.time_zone, "since": each.created_at.isoformat()}
            for each in await all_organizations(writer.engine)
        ]

    found = _done(work)
    if as_json:
        results.print(orjson.dumps(found).decode())
        return
    for each in found:
        results.print(f"{each['id']}  {each['name']} ({each['timeZone']}), since {each['since'][:10]}")
    if not found:
        results.print("There is none; `fieldgraph organization create` founds one.")


@organization.command("erasures")
def list_erasures(
    organization: Organization = None,
    most: Annotated[int, typer.Option("--most", min=1, max=MOST_LISTED, help="How many to list.")] = USUALLY_LISTED,
    after: Annotated[
        UUID | None, typer.Option(help="Go on after this erasure: what the list before says at its end.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List whose data was erased, when and by whom, the newest first."""

    async def work(writer: Writer, _hashes: KeyHashes, settings: Settings) -> Sequence[ListedErasure]:
        id_ = await chosen(settings, organization)
        async with transaction(writer.engine, id_, mode=Mode.READ) as connection:
            return await listed_erasures(connection, id_, most=most + 1, after=after)

    found = _done(work)
    tell_erasures(found[:most], more=len(found) > most, as_json=as_json)


def _tell(done: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        results.print(orjson.dumps(done).decode())
        return
    results.print(f"Organisation   {done['organization']}  (the claim org of its tokens)")
    results.print(f"Administrator  {done['admin']}  (the claim sub of theirs)")
    until = done["tokenExpiresAt"][:16]
    results.print(f"One-time token, good until {until} UTC for one createApiKey; it is shown only now:")
    results.print(done["token"])


def _done(work: Callable[[Writer, KeyHashes, Settings], Coroutine[Any, Any, T]]) -> T:
    with database_ready(begin()) as ready:
        bring_up(ready)
        try:
            return asyncio.run(_carried_out(ready, work))
        except Invalid as invalid:
            raise OrganizationRefusal(invalid.problem) from invalid
        except NotFound as missing:
            raise OrganizationRefusal("No ADMIN of the organisation has this address.") from missing


async def _carried_out(settings: Settings, work: Callable[[Writer, KeyHashes, Settings], Coroutine[Any, Any, T]]) -> T:
    # One connection waits for the names of all while another writes.
    engine = open_engine(direct_url(settings), size=2)
    try:
        async with system_transaction(engine) as connection:
            identity = await log.identity(connection)
        # Servers find what was written by their poll.
        writer = Writer(engine=engine, clock=now, wake=lambda _organization_id: None)
        return await work(writer, KeyHashes.of_log(identity.cursor_key), settings)
    finally:
        await engine.dispose()
