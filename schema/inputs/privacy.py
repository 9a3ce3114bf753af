"""What is done with what is kept of people."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import strawberry

from app.domain.erasures import ErasureSubject
from app.domain.mentions import GO_ALONG, MOST_ALONG
from app.domain.refusals import Invalid
from app.services.privacy.erase_personal_data import ErasePersonalData
from schema.erasures import ErasureReason
from schema.ids import key_of, split_id
from schema.inputs.tickets import KEY


@strawberry.input(description="Whose data to erase: one of userId and customerId.")
class ErasePersonalDataInput:
    """Whose data to erase."""

    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="A user, their technician included; null: it is a customer's data."
    )
    customer_id: strawberry.ID | None = strawberry.field(
        default=None, description="A customer, their users not included; null: it is a user's data."
    )
    also_in: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"Comments and tickets of others that name them, at most {MOST_ALONG}: all their words are erased,"
        " in the log too. Null: none.",
    )
    reason: ErasureReason = strawberry.field(description="Why; it stays in the log.")
    expected_version: int | None = strawberry.field(
        default=None, description="The version one has read of the user or the customer; null: whichever it is."
    )
    dry_run: bool = strawberry.field(default=False, description="Write nothing, and only count what there is.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> ErasePersonalData:
        """Return the command. Raises Invalid for ids of another type, for both and for none."""
        if (self.user_id is None) == (self.customer_id is None):
            raise Invalid(field=("userId",), problem="Name either a user or a customer.")
        if self.user_id is not None:
            subject, key = ErasureSubject.USER, key_of("User", self.user_id, "userId")
        else:
            subject, key = ErasureSubject.CUSTOMER, key_of("Customer", self.customer_id or "", "customerId")
        return ErasePersonalData(
            subject=subject,
            id=key,
            along=_along(self.also_in or ()),
            reason=self.reason,
            expected_version=self.expected_version,
            dry_run=self.dry_run,
            idempotency_key=self.idempotency_key,
        )


def _along(ids: Sequence[str]) -> Mapping[str, tuple[UUID, ...]]:
    """Return keys by table, each once. Raises Invalid."""
    if len(ids) > MOST_ALONG:
        raise Invalid(field=("alsoIn",), problem=f"alsoIn must have at most {MOST_ALONG} entries.")
    found: dict[str, dict[UUID, None]] = {}
    for place, text in enumerate(ids):
        parts = split_id(text)
        if parts is None or parts[0] not in GO_ALONG:
            raise Invalid(field=("alsoIn", str(place)), problem="alsoIn must have ids of comments and tickets.")
        found.setdefault(GO_ALONG[parts[0]], {})[parts[1]] = None
    return {table: tuple(keys) for table, keys in found.items()}
