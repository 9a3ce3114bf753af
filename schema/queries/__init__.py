"""What can be asked: one file per noun; `Query` joins them."""

from schema.queries.query import Query

__all__ = ["Query"]
