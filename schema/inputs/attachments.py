"""What clients say of files."""

import strawberry

from app.services.attachments.create_attachment import CreateAttachment
from app.services.attachments.finalize_attachment import FinalizeAttachment
from schema.ids import key_of, optional_key
from schema.inputs.tickets import KEY


@strawberry.input(description="A file to come.")
class CreateAttachmentInput:
    """A file to come."""

    ticket_id: strawberry.ID = strawberry.field(description="For which ticket.")
    comment_id: strawberry.ID | None = strawberry.field(
        default=None, description="For which comment on it, of one's own; null: for the ticket itself."
    )
    file_name: str = strawberry.field(
        description="Its name; 1 to 200 characters. Folders, and what some system cannot keep, are taken out."
    )
    content_type: str | None = strawberry.field(
        default=None, description="What the client takes it for; not looked at: the bytes are."
    )
    size_bytes: int = strawberry.field(description="Exactly how long it is.")
    sha256: str = strawberry.field(name="sha256", description="The SHA-256 of its bytes, in hexadecimal digits.")
    internal: bool = strawberry.field(
        default=False, description="Hide it from customers; staff only. A file of an internal comment is hidden anyway."
    )
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> CreateAttachment:
        """Return the command. Raises Invalid for an id of another type."""
        return CreateAttachment(
            ticket_id=key_of("Ticket", self.ticket_id, "ticketId"),
            comment_id=optional_key("Comment", self.comment_id, "commentId"),
            file_name=self.file_name,
            size_bytes=self.size_bytes,
            sha256=self.sha256,
            internal=self.internal,
            idempotency_key=self.idempotency_key,
        )


@strawberry.input(description="A file whose bytes were sent.")
class FinalizeAttachmentInput:
    """A file whose bytes were sent."""

    id: strawberry.ID = strawberry.field(description="The id that createAttachment gave in its upload.")
    idempotency_key: str | None = strawberry.field(default=None, description=KEY)

    def command(self) -> FinalizeAttachment:
        """Return the command. Raises Invalid for an id of another type."""
        return FinalizeAttachment(id=key_of("Attachment", self.id, "id"), idempotency_key=self.idempotency_key)
