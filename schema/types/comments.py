"""What is said on tickets."""

from datetime import datetime

import strawberry

from app.reads import entities, relations
from schema.fields import record_type, to_one, to_page
from schema.types.attachments import AttachmentConnection
from schema.types.node import Connection, Edge, Node, Versioned
from schema.types.users import User


@record_type(entities.COMMENT, "Something said on a ticket.")
class Comment(Node, Versioned):
    """Something said on a ticket."""

    author: User | None = to_one(relations.COMMENT_AUTHOR, "Who said it; null: the server.")
    body: str = strawberry.field(description="What was said.")
    internal: bool = strawberry.field(description="Hidden from customers.")
    system_generated: bool = strawberry.field(description="Said by the server.")
    edited_at: datetime | None = strawberry.field(description="When it was last changed; null: never.")
    deleted_at: datetime | None = strawberry.field(description="When it was taken back; null: it stands.")
    attachments: AttachmentConnection = to_page(relations.COMMENT_ATTACHMENTS, "Its files, oldest first.")


@strawberry.type(description="A comment in a list.")
class CommentEdge(Edge):
    """A comment in a list."""

    node: Comment = strawberry.field(description="The comment.")


@strawberry.type(description="A part of a list of comments.")
class CommentConnection(Connection):
    """A part of a list of comments."""

    edges: list[CommentEdge] = strawberry.field(description="The comments with their places.")
    nodes: list[Comment] = strawberry.field(description="The comments alone.")
