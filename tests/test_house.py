"""The rules of the house that a machine can hold; the others are in CONTRIBUTING.md."""

import ast
import importlib.metadata
import importlib.util
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
)

ROOT = Path(__file__).parents[1]
PACKAGES = ("app", "resolvers", "schema", "migrations")
LONGEST_FILE = 400
NAMES_THAT_SAY_NOTHING = frozenset({"common", "helper", "helpers", "misc", "util", "utils"})
WRITTEN_BY_HAND = frozenset({".js", ".md", ".mjs", ".py", ".sh", ".svg", ".toml", ".ts", ".yaml"})
MADE_ELSEWHERE = frozenset({"__pycache__", "dist", "node_modules"})
LOCKS = ("requirements/run.txt", "requirements/dev.txt")

REASONED = re.compile(
    r"#\s*(noqa: [A-Z]+\d+(, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\])\s+(-|#) \S+ \S+",
)
CLOCKS = frozenset(
    {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
)
MAY_ASK_THE_TIME = ("app/clock.py", "app/main/", "app/cli/")


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if not _made(path))


def all_files() -> Iterator[Path]:
    for path in ROOT.rglob("*"):
        if path.is_file() and not _made(path):
            yield path


def _made(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return any(part in MADE_ELSEWHERE or (part.startswith(".") and part != ".ci") for part in parts[:-1])


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=name_of(path))


def test_the_files_are_looked_at() -> None:
    # Each check below passes on an empty list: this one fails first.
    assert len(python_files(*PACKAGES)) > 100
    assert len(python_files("tests")) > 20
    assert {"README.md", "Makefile", "app/main/server.py"} <= {name_of(path) for path in all_files()}


def test_nothing_is_imported_inside_a_function() -> None:
    local = [
        f"{name_of(path)}:{inner.lineno}"
        for path in python_files(*PACKAGES, "tests", "benchmarks")
        for outer in ast.walk(tree_of(path))
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert local == []


def test_only_types_that_need_each_other_are_imported_for_type_checking_alone() -> None:
    found = [
        name_of(path)
        for path in python_files(*PACKAGES, "tests", "benchmarks")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
    ]

    assert [name for name in found if not name.startswith("schema/types/")] == []


def test_every_silenced_check_names_its_code_and_a_reason() -> None:
    bare = []
    for path in python_files(*PACKAGES, "tests", "benchmarks"):
        with tokenize.open(path) as source:
            for token in tokenize.generate_tokens(source.readline):
                silences = token.type == tokenize.COMMENT and re.search(r"\bnoqa\b|type:\s*ignore", token.string)
                if silences and not REASONED.match(token.string):
                    bare.append(f"{name_of(path)}:{token.start[0]} {token.string}")

    assert bare == []


@pytest.mark.parametrize(
    "comment",
    ["# noqa", "# noqa: S603", "# noqa: S603 - so", "# type: ignore", "# type: ignore[misc]", "# noqa  # I say so"],
)
def test_a_comment_without_code_or_reason_does_not_count(comment: str) -> None:
    assert not REASONED.match(comment)


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        name_of(path): lines
        for path in all_files()
        if path.suffix in WRITTEN_BY_HAND and (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }

    assert long == {}


def test_every_file_is_named_by_what_is_in_it() -> None:
    vague = [name_of(path) for path in all_files() if path.stem.lower() in NAMES_THAT_SAY_NOTHING]

    assert vague == []


def test_a_package_says_what_it_is_for_and_holds_nothing_else() -> None:
    wrong = []
    for path in python_files("app", "resolvers", "schema"):
        if path.name != "__init__.py":
            continue
        tree = tree_of(path)
        others = [node for node in tree.body[1:] if not _names_what_is_public(node)]
        if ast.get_docstring(tree) is None or others:
            wrong.append(name_of(path))

    assert wrong == []


def _names_what_is_public(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) or (
        isinstance(node, ast.Assign) and [ast.unparse(each) for each in node.targets] == ["__all__"]
    )


def test_the_time_is_asked_for_only_at_the_top() -> None:
    asked = [
        f"{name_of(path)}:{line}"
        for path in python_files("app", "resolvers", "schema")
        if not name_of(path).startswith(MAY_ASK_THE_TIME)
        for line in _asks_the_time(tree_of(path))
    ]

    assert asked == []


def _asks_the_time(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            if (ast.unparse(node.value).rpartition(".")[2], node.attr) in CLOCKS:
                yield node.lineno
        elif (
            isinstance(node, ast.ImportFrom) and node.module == "time" and "time" in {each.name for each in node.names}
        ):
            yield node.lineno


@pytest.mark.parametrize(
    "code", ["datetime.now(UTC)", "datetime.datetime.utcnow()", "time.time()", "from time import time"]
)
def test_asking_the_time_is_noticed(code: str) -> None:
    assert list(_asks_the_time(ast.parse(code))) == [1]


def declared_twice(*sources: str) -> set[str]:
    """Return the names that several classes give something to: where all are one class in the end, one of them wins."""
    seen: set[str] = set()
    twice: set[str] = set()
    for source in sources:
        for group in ast.parse(source).body:
            if isinstance(group, ast.ClassDef):
                found = set(_declared(group))
                twice |= seen & found
                seen |= found
    return twice


def _declared(group: ast.ClassDef) -> Iterator[str]:
    for node in group.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.AnnAssign(target=ast.Name(name)):
                yield name
            case ast.Assign():
                yield from (each.id for each in node.targets if isinstance(each, ast.Name))


def test_no_two_groups_of_settings_declare_the_same_name() -> None:
    sources = [path.read_text() for path in python_files("app/settings")]

    assert sum(source.count("(Group):") for source in sources) > 10
    assert declared_twice(*sources) == set()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("port: int = 1", "port: int = 2"),
        ("def _address(self): ...", "def _address(self): ..."),
        ("port: int = 1", "def port(self): ..."),
        ("_most = 1", "_most = 2"),
    ],
)
def test_a_name_that_two_groups_declare_is_noticed(first: str, second: str) -> None:
    name = re.findall(r"_?(?:address|port|most)", first)

    assert declared_twice(f"class A(Group):\n    {first}", f"class B(Group):\n    {second}") == set(name)
    assert declared_twice(f"class A(Group):\n    {first}", "class B(Group):\n    other = 1") == set()


def test_every_element_of_the_schema_is_described() -> None:
    schema = build_schema((ROOT / "schema/schema.graphql").read_text())

    assert len(list(elements(schema))) > 500
    assert [name for name, description in elements(schema) if not (description or "").strip()] == []


def elements(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    """Yield the path and the description of everything that has a name."""
    for name, kind in schema.type_map.items():
        if is_introspection_type(kind) or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            for word, value in kind.values.items():
                yield f"{name}.{word}", value.description
        elif isinstance(kind, GraphQLInputObjectType):
            for field_name, input_field in kind.fields.items():
                yield f"{name}.{field_name}", input_field.description
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{name}.{field_name}({argument_name})", argument.description


@pytest.mark.parametrize("package", PACKAGES)
def test_no_other_distribution_owns_the_name_of_a_package_of_ours(package: str) -> None:
    owners = importlib.metadata.packages_distributions().get(package, [])
    found = importlib.util.find_spec(package)

    assert set(owners) <= {"fieldgraph"}
    assert found is not None
    assert {Path(folder) for folder in found.submodule_search_locations or ()} == {ROOT / package}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_requirement_has_its_hashes(lock: str) -> None:
    requirements = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", (ROOT / lock).read_text()).strip())
    plain = [each.splitlines()[0] for each in requirements if not re.search(r"--hash=sha256:[0-9a-f]{64}", each)]
    loose = [each.splitlines()[0] for each in requirements if not re.match(r"[a-z0-9._\[\]-]+==\S+", each)]

    assert len(requirements) > 30
    assert (plain, loose) == ([], [])


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_does_not_say_where_packages_come_from(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert re.findall(r"\S+://\S+|--(?:extra-)?index-url\b|--find-links\b|--trusted-host\b", text) == []


def test_a_lock_of_node_packages_does_not_say_where_they_come_from() -> None:
    telling = [
        f"{name_of(path)}: {name}"
        for path in all_files()
        if path.name == "package-lock.json"
        for name, package in json.loads(path.read_text())["packages"].items()
        if "resolved" in package
    ]

    assert telling == []


def test_the_members_of_a_union_can_be_selected_together() -> None:
    """Fields of one name must have one shape, or clients need aliases to ask for both."""
    found = build_schema((ROOT / "schema/schema.graphql").read_text())
    clashes = []
    for abstract in found.type_map.values():
        if not isinstance(abstract, GraphQLUnionType):
            continue
        shapes: dict[str, set[str]] = {}
        for member in found.get_possible_types(abstract):
            for name, field in member.fields.items():
                shapes.setdefault(name, set()).add(_shape(field.type))
        clashes += [f"{abstract.name}: {name} is {sorted(kinds)}" for name, kinds in shapes.items() if len(kinds) > 1]
    assert clashes == []


def _shape(kind: GraphQLOutputType) -> str:
    """Composite types may differ, their selections merge; everything else must be the same."""
    composite = isinstance(get_named_type(kind), GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType)
    return str(kind).replace(get_named_type(kind).name, "{}") if composite else str(kind)
