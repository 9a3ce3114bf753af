"""Files of tickets."""

from typing import Any

import strawberry

from app.domain.files import ScanState
from app.reads import entities, questions, relations
from app.reads.statement.downloads import download_address
from resolvers import files
from schema.fields import Info, record_type, to_one
from schema.scalars import WebAddress
from schema.types.node import Connection, Edge, Node, Versioned
from schema.types.users import User


@record_type(entities.ATTACHMENT, "A file of a ticket.")
class Attachment(Node, Versioned):
    """A file of a ticket."""

    file_name: str = strawberry.field(description="Its name, without any folder.")
    content_type: str = strawberry.field(description="Its media type, as its bytes were checked.")
    size_bytes: int = strawberry.field(description="How long it is.")
    sha256: str = strawberry.field(name="sha256", description="The SHA-256 of its bytes, in hexadecimal digits.")
    internal: bool = strawberry.field(description="Hidden from customers.")
    scan_state: ScanState = strawberry.field(description="What is known of malware in it.")
    uploaded_by: User | None = to_one(relations.ATTACHMENT_UPLOADER, "Who attached it; null: out of sight.")

    @strawberry.field(
        description="Where it can be had from without a token, for five to ten minutes; null: not before it was"
        " found clean.",
        metadata={"question": questions.Computed(download_address, nullable=True)},
    )
    async def download_url(self, root: strawberry.Parent[Any], info: Info) -> WebAddress | None:
        """Return where it can be had from."""
        address = files.download(info.context, root)
        return None if address is None else WebAddress(address)


@strawberry.type(description="A file in a list.")
class AttachmentEdge(Edge):
    """A file in a list."""

    node: Attachment = strawberry.field(description="The file.")


@strawberry.type(description="A part of a list of files.")
class AttachmentConnection(Connection):
    """A part of a list of files."""

    edges: list[AttachmentEdge] = strawberry.field(description="The files with their places.")
    nodes: list[Attachment] = strawberry.field(description="The files alone.")
