"""Which refusals a function can raise, read from the source: its own, and those of all it refers to."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.domain import policy, refusals

ROOT = Path(__file__).parents[2]
_REFUSALS = refusals.__name__
_POLICY = policy.__name__


@dataclass(frozen=True, slots=True)
class Place:
    """A function by its module and name."""

    module: str
    name: str


def refusal_names() -> set[str]:
    """Return the names of all refusals, the common base aside."""
    return {each.__name__ for each in refusals.Refusal.__subclasses__()}


def raised_by(place: Place) -> set[str]:
    """Return the names of the refusals that the function, or what it refers to, makes."""
    found: set[str] = set()
    seen: set[Place] = set()
    waiting = [place]
    while waiting:
        here = waiting.pop()
        if here in seen:
            continue
        seen.add(here)
        if here.module == _REFUSALS:
            found |= {here.name} & refusal_names()
        elif here.name in _functions(here.module):
            waiting += _referred(here)
    return found


def actions_of(place: Place) -> set[str]:
    """Return the names of the actions that the function, or what it refers to, asks the policy for."""
    found: set[str] = set()
    seen: set[Place] = set()
    waiting = [place]
    while waiting:
        here = waiting.pop()
        if here in seen or here.module == _POLICY or here.name not in _functions(here.module):
            continue
        seen.add(here)
        for node in ast.walk(_functions(here.module)[here.name]):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Action":
                found.add(node.attr)
        waiting += _referred(here)
    return found


def made_in(folder: str) -> set[str]:
    """Return the names of the refusals that any file of the folder refers to."""
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in (ROOT / folder).rglob("*.py")]
    return {name for module in modules for name in _names(_tree(module)) if name in refusal_names()}


def _referred(place: Place) -> Iterator[Place]:
    known = _imported(place.module)
    own = _functions(place.module)
    for node in _walked(own[place.name]):
        if isinstance(node, ast.Name):
            if node.id in own:
                yield Place(place.module, node.id)
            elif node.id in known:
                yield known[node.id]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in known:
            module = f"{known[node.value.id].module}.{known[node.value.id].name}"
            if _file(module).is_file():
                yield Place(module, node.attr)


def _walked(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the node and all below it, but for what is tried and whose refusals are caught."""
    yield node
    caught = isinstance(node, ast.Try) and any(
        isinstance(each.type, ast.Name) and each.type.id == "Refusal" for each in node.handlers
    )
    for field, value in ast.iter_fields(node):
        if caught and field == "body":
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walked(child)


def _file(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text())


@cache
def _functions(module: str) -> dict[str, ast.AST]:
    if not module.startswith("app.") or not _file(module).is_file():
        return {}
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: node for node in _tree(module).body if isinstance(node, kinds)}


@cache
def _imported(module: str) -> dict[str, Place]:
    return {
        alias.asname or alias.name: Place(str(node.module), alias.name)
        for node in ast.walk(_tree(module))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("app.")
        for alias in node.names
    }


def _names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
