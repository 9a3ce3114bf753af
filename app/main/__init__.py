"""Where everything is made and handed to each other: the server and the worker. Nothing else makes them."""

from app.main.server import create_app, schema_text
from app.main.worker import create_worker

__all__ = ["create_app", "create_worker", "schema_text"]
