"""Which commands there are, and where: each is imported when it is asked for, since few need all that a server is."""

import gc
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any

import typer
from typer.core import TyperGroup

# The module and the name in it: a function, or several commands under one name.
_WHERE = MappingProxyType(
    {
        "serve": ("app.cli.serve", "serve"),
        "worker": ("app.cli.worker", "worker"),
        "jobs": ("app.cli.jobs", "jobs"),
        "migrate": ("app.cli.migrate", "migrate"),
        "check": ("app.cli.check", "check"),
        "demo": ("app.cli.demo", "demo"),
        "import-legacy": ("app.cli.legacy", "import_legacy"),
        "rollback-legacy": ("app.cli.legacy", "rollback_legacy"),
        "start-clocks": ("app.cli.start_clocks", "start_clocks"),
        "token": ("app.cli.token", "token"),
        "schema": ("app.cli.schema", "schema"),
        "settings": ("app.cli.settings", "settings"),
        "diagrams": ("app.cli.diagrams", "diagrams"),
        "tables": ("app.cli.tables", "tables"),
        "explain": ("app.cli.explain", "explain"),
        "organization": ("app.cli.organizations", "organization"),
        "database": ("app.cli.database", "database"),
        "calendar": ("app.cli.calendar", "calendar"),
    }
)


class Commands(TyperGroup):
    """The commands by name."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # as click asks
        """Return every name, in the order of the help."""
        return list(_WHERE)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # as click asks
        """Return a command by its name; None: there is none."""
        if cmd_name not in _WHERE:
            return None
        module, name = _WHERE[cmd_name]
        found = getattr(_imported(module), name)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = cmd_name
            return group
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        alone.command(cmd_name)(found)
        return typer.main.get_command(alone)


def _imported(module: str) -> ModuleType:
    # All that is imported stays: collecting meanwhile takes a fifth of that time and finds nothing, nor would later.
    gc.disable()
    try:
        return import_module(module)
    finally:
        gc.freeze()
        gc.enable()
