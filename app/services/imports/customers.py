"""Customers come in; they are told apart by the ids that they have elsewhere."""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from uuid import UUID

from app.domain.events import FieldChange
from app.domain.places import CustomerTier
from app.services.administration.customers import CUSTOMER
from app.services.administration.saying import Row
from app.services.change import Change
from app.services.imports.finding import all_named, users_of
from app.services.imports.importing import Importable
from app.services.imports.lines import Drafted, Line
from app.services.imports.saying import draft_lines, of_row

# As createCustomer has them.
_DEFAULTS: Row = MappingProxyType({"tier": CustomerTier.STANDARD, "active": True})


async def _draft(change: Change, lines: Sequence[Line], lock: bool) -> Drafted:
    addresses = {each for line in lines for each in line.values.get("user_emails") or ()}
    saying = partial(_said, known=await users_of(change, addresses))
    return await draft_lines(CUSTOMER, "external_id", change, lines, saying, defaults=_DEFAULTS, lock=lock)


def _said(line: Line, _before: Row | None, known: Mapping[str, UUID]) -> tuple[Row, tuple[FieldChange, ...]]:
    values = of_row(line)
    if "user_emails" in values:
        addresses = [each.lower() for each in values.pop("user_emails") or ()]
        values["user_ids"] = all_named(known, addresses, "userIds", "user")
    return values, ()


CUSTOMERS = Importable(kept=CUSTOMER, drafting=_draft)
