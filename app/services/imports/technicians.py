"""Technicians come in with their users; they are told apart by the ids that they have elsewhere, or by addresses."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.db import locks
from app.db.tables.base import Uuid
from app.db.tables.organizations import skills, teams, territories
from app.db.tables.people import technicians, users
from app.domain import validation
from app.domain.people import Role
from app.domain.refusals import Invalid, Refusal, Refusals, StaleVersion
from app.services.administration.drafting import Draft, draft_new, rows_of
from app.services.administration.occupied import work_left
from app.services.administration.saying import Row
from app.services.administration.technicians import TECHNICIAN
from app.services.administration.users import USER
from app.services.change import Change
from app.services.imports.finding import Found, Once, all_named, found_in, keys_of, named, said, tiers_of
from app.services.imports.importing import Importable
from app.services.imports.lines import Drafted, Line, Overtaken, one_by_one
from app.services.imports.saying import completed, draft_update, of_row

_KEYS = sa.ARRAY(Uuid)
_TEXTS = sa.ARRAY(sa.Text)
_OF_USER = frozenset({"name", "email", "user_version"})
# As createTechnician has them.
_DEFAULTS: Row = MappingProxyType({"tier_level": 1, "active": True})
_ROLES = (Role.TECHNICIAN,)


@dataclass(frozen=True, slots=True, kw_only=True)
class _People:
    """The technicians and users that lines may be about."""

    found: Found
    users: Mapping[UUID, Row]
    by_address: Mapping[str, Row]
    by_user: Mapping[UUID, Row]

    def of(self, line: Line) -> tuple[Row | None, Row | None]:
        """Return the technician that a line is about, and the user; None: it asks for a new one.

        Raises:
            NotFound: it names an id that is not there, or the version of a row that is not.
            Invalid: it names nothing to find it by again, or gives what another has.
        """
        address, external_id = line.values.get("email"), line.values.get("external_id")
        user = None if address is None else self.by_address.get(address.lower())
        if line.values.get("id") is not None or external_id in self.found.by_key:
            technician = self.found.of(line)
        elif address is None and external_id is None:
            raise Invalid(field=("email",), problem="email must be given, or externalId, or id.")
        else:
            technician = None if user is None else self.by_user.get(user["id"])
        if technician is None:
            self.found.expect_none(line, "email" if external_id is None else "externalId")
            return None, user
        # Another's address is refused as it is of any user.
        return technician, self.users[technician["user_id"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """What the names and codes in lines stand for."""

    teams: Mapping[str, UUID]
    skills: Mapping[str, UUID]
    territories: Mapping[str, UUID]
    tiers: Mapping[str, int]

    def translated(self, line: Line) -> dict[str, Any]:
        """Return what a line says of its technician, by column and list. Raises Refusals."""
        values = {name: value for name, value in of_row(line).items() if name not in _OF_USER}
        wrong: list[Refusal] = []
        for name, column, meaning in (
            ("team", "team_id", lambda team: named(self.teams, team, "team", "team")),
            ("tier", "tier_level", lambda code: named(self.tiers, code, "tier", "tier")),
            ("main_skill", "main_skill_id", lambda code: named(self.skills, code, "mainSkill", "skill")),
            ("skills", "skills", self._skills),
            ("territories", "territory_ids", self._territories),
        ):
            if name in values:
                value = values.pop(name)
                try:
                    values[column] = None if value is None else meaning(value)
                except Refusal as refusal:
                    wrong.append(refusal)
                except Refusals as refusals:
                    wrong += refusals.each
        if wrong:
            raise Refusals(tuple(wrong))
        if values.get("home_latitude") is not None and values.get("home_longitude") is not None:
            validation.point(values["home_latitude"], values["home_longitude"], "home")
        return values

    def _skills(self, entries: Sequence[tuple[str, int, date | None]]) -> tuple[Row, ...]:
        codes = [code for code, _, _ in entries]
        if len(set(codes)) != len(codes):
            raise Invalid(field=("skills",), problem="skills must name each one once.")
        keys = all_named(self.skills, codes, "skills", "skill")
        return tuple(
            {"skill_id": key, "level": level, "expires_on": expires_on}
            for key, (_, level, expires_on) in zip(keys, entries, strict=True)
        )

    def _territories(self, names: Sequence[str]) -> tuple[UUID, ...]:
        return all_named(self.territories, names, "territories", "territory")


async def _draft(change: Change, lines: Sequence[Line], lock: bool) -> Drafted:
    names, people = await _names(change, lines), await _people(change, lines, lock=lock)
    once = Once(TECHNICIAN)
    logins: list[Draft] = []
    drafts: list[Draft] = []
    drafted = Drafted(writes=[(USER, logins), (TECHNICIAN, drafts)], claim=partial(_claim, change))
    stopped: dict[UUID, int] = {}
    addresses: dict[str, int] = {}
    async for line in one_by_one(lines):
        with drafted.refusing(line):
            before, login_before = people.of(line)
            values = names.translated(line)
            if before is not None:
                once.check(line, before, "externalId")
            _check_once(addresses, line)
            login = await _login(change, login_before, line)
            if before is None:
                values["user_id"] = login.after["id"]
                if login.after["active"]:
                    change.present.add((users.name, login.after["id"]))
                draft = await draft_new(TECHNICIAN, change, completed(TECHNICIAN, values, _DEFAULTS))
            else:
                draft = await draft_update(TECHNICIAN, change, before, line, values)
                if before["active"] and not draft.after["active"]:
                    stopped[before["id"]] = line.number
            logins.append(login)
            drafts.append(draft)
            drafted.note(line, draft, login)
    left = await work_left(change, stopped)
    drafted.warnings += [(stopped[id_], words) for id_, each in left.items() for words in each]
    logins.sort(key=lambda each: (each.after["email"] or "").lower())
    drafts.sort(key=lambda each: each.after["external_id"] or "")
    return drafted


async def _login(change: Change, before: Row | None, line: Line) -> Draft:
    """Return the user of a line's technician: a new one, which takes an ADMIN, or the one that is there."""
    values = {name: line.values[name] for name in ("name", "email") if name in line.values}
    if before is None:
        return await draft_new(USER, change, completed(USER, values, {"roles": _ROLES, "active": True}))
    if values.get("email") is not None and values["email"].lower() == (before["email"] or "").lower():
        # It found the user however it is spelled; that is nothing new.
        del values["email"]
    of_user = Line(number=line.number, values={"version": line.values.get("user_version")})
    try:
        return await draft_update(USER, change, before, of_user, values)
    except StaleVersion as refusal:
        refusal.field = ("userVersion",)
        raise


def _check_once(addresses: dict[str, int], line: Line) -> None:
    address = line.values.get("email")
    if address is not None:
        earlier = addresses.setdefault(address.lower(), line.number)
        if earlier != line.number:
            raise Invalid(field=("email",), problem=f"Line {earlier} has the same email.")


async def _names(change: Change, lines: Sequence[Line]) -> _Names:
    entries = [code for line in lines for code, _, _ in line.values.get("skills") or ()]
    where = [each for line in lines for each in line.values.get("territories") or ()]
    return _Names(
        teams=await keys_of(change, teams, "name", said(lines, "team")),
        skills=await keys_of(change, skills, "code", [*entries, *said(lines, "main_skill")]),
        territories=await keys_of(change, territories, "name", where),
        tiers=await tiers_of(change),
    )


async def _people(change: Change, lines: Sequence[Line], *, lock: bool) -> _People:
    """Return whom lines may be about. Guard: technicians' rows, then users'."""
    how, mine = "kept" if lock else None, change.actor.organization_id
    wanted = {address.lower() for address in said(lines, "email")}
    addressed = _addressed(wanted)
    technician = technicians.c
    source = technicians.join(
        users, sa.and_(users.c.organization_id == technician.organization_id, users.c.id == technician.user_id)
    )
    query = (
        sa.select(technician.id)
        .select_from(source)
        .where(
            technician.organization_id == mine,
            sa.or_(
                technician.id == sa.any_(sa.literal(said(lines, "id"), _KEYS)),
                technician.external_id == sa.any_(sa.literal(said(lines, "external_id"), _TEXTS)),
                addressed,
            ),
        )
    )
    by_id = await rows_of(TECHNICIAN, change, await change.connection.scalars(query), lock=how)
    by_user = {row["user_id"]: row for row in by_id.values()}
    addressees = sa.select(users.c.id).where(users.c.organization_id == mine, addressed)
    logins = await rows_of(USER, change, {*by_user, *(await change.connection.scalars(addressees))}, lock=how)
    by_address = {row["email"].lower(): row for row in logins.values() if row["email"] is not None}
    change.free_addresses |= wanted - by_address.keys()
    return _People(
        found=found_in(TECHNICIAN, "external_id", by_id),
        users=logins,
        by_address=by_address,
        by_user=by_user,
    )


async def _claim(change: Change) -> None:
    """Keep others from the addresses that users will have. Guard: the lock of all addresses, held until the end.

    Raises:
        Overtaken: somebody has got one since it was looked for.
    """
    if not change.free_addresses:
        return
    await locks.lock_all_emails(change.connection, change.actor.organization_id)
    taken = sa.exists().where(
        users.c.organization_id == change.actor.organization_id, _addressed(change.free_addresses)
    )
    if await change.connection.scalar(sa.select(taken)):
        raise Overtaken(Invalid(field=("email",), problem="Another user has this email already."))


def _addressed(addresses: Iterable[str]) -> "sa.ColumnElement[bool]":
    return sa.func.lower(users.c.email) == sa.any_(sa.literal(sorted(addresses), _TEXTS))


TECHNICIANS = Importable(kept=TECHNICIAN, drafting=_draft)
