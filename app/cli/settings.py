"""`fieldgraph settings`: the settings as documents."""

import sys
from typing import Annotated

import typer

from app.settings_reference import env_example, settings_page


def settings(
    env: Annotated[bool, typer.Option("--env", help="As the file .env.example instead.")] = False,
) -> None:
    """Print what can be set: a page with a table, or an example of a `.env` file."""
    sys.stdout.write(env_example() if env else settings_page())
