"""What is done with what is kept of people."""

import strawberry

from app.domain.erasures import ErasureSubject
from app.domain.refusals import Invalid
from app.services.erase_personal_data import ErasePersonalData
from schema.erasures import ErasureReason
from schema.ids import key_of
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
            reason=self.reason,
            expected_version=self.expected_version,
            dry_run=self.dry_run,
            idempotency_key=self.idempotency_key,
        )
