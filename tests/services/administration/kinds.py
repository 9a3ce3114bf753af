"""Every kind of row that an organisation keeps of itself, found in the services."""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from app.services import administration
from app.services.administration.saying import Kept


def every_kind() -> dict[str, Kept]:
    """Return the kinds by their GraphQL types."""
    folder = str(Path(administration.__file__).parent)
    modules = [import_module(f"{administration.__name__}.{each.name}") for each in iter_modules([folder])]
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Kept)]
    return {each.kind: each for each in found}
