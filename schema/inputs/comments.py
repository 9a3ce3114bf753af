"""Inputs of mutations on comments, and of deleting."""

import strawberry

from app.services.comments.add_comment import AddComment
from app.services.comments.update_comment import UpdateComment
from app.services.deleting import Delete
from schema.ids import key_of
from schema.inputs.tickets import KEY


@strawberry.input(description="Something to say on a ticket.")
class AddCommentInput:
    """Something to say on a ticket."""

    ticket_id: strawberry.ID = strawberry.field(description="On which ticket.")
    body: str = strawberry.field(description="What to say; 1 to 20,000 characters.")
    internal: bool = strawberry.field(default=False, description="Hide it from customers; staff only.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> AddComment:
        """Return the command. Raises Invalid for an id of another type."""
        return AddComment(
            ticket_id=key_of("Ticket", self.ticket_id, "ticketId"),
            body=self.body,
            internal=self.internal,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="What a comment is to say.")
class UpdateCommentInput:
    """What a comment is to say."""

    id: strawberry.ID = strawberry.field(description="Which comment; one's own.")
    body: str = strawberry.field(description="What to say; 1 to 20,000 characters.")
    expected_version: int = strawberry.field(description="The version that was read; another one is refused.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> UpdateComment:
        """Return the command. Raises Invalid for an id of another type."""
        return UpdateComment(
            id=key_of("Comment", self.id, "id"),
            body=self.body,
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="Something to delete.")
class DeleteInput:
    """Something to delete."""

    id: strawberry.ID = strawberry.field(description="What to delete.")
    expected_version: int | None = strawberry.field(default=None, description="Refuse if it has another version.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def of(self, kind: str) -> Delete:
        """Return the command for a thing of this type. Raises Invalid for an id of another."""
        return Delete(
            id=key_of(kind, self.id, "id"),
            expected_version=self.expected_version,
            idempotency_key=self.idempotency_key,
        )
