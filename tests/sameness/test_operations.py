"""The operations that are compared reach all of the schema, and come out the same for the same seed."""

from collections import Counter
from random import Random

from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    parse,
    visit,
)

from schema.build import executable
from tests.sameness.asking import Asked
from tests.sameness.operations import NEVER, NEVER_REACHED, Operations
from tests.sameness.organisation import Organisation, named
from tests.sameness.rows import rows_of
from tests.sameness.steps import selected_fields
from tests.sameness.stock import Stock
from tests.sameness.tally import read_types
from tests.sameness.viewers import viewers_of
from tests.sameness.vocabulary import AWKWARD

_MANY = 1600


def test_operations_reach_every_field_and_argument_of_what_can_be_read() -> None:
    schema = executable()
    fields: Counter[str] = Counter()
    inputs: Counter[str] = Counter()
    for asked in _written(seed=16, count=_MANY):
        fields.update(name for name, _ in selected_fields(schema, asked))
        inputs.update(_given(asked))

    known = [f"{kind.name}.{name}" for kind in read_types(schema) for name in kind.fields]
    arguments = {
        f"{kind.name}.{name}({argument})": each.type
        for kind in read_types(schema)
        for name, field in kind.fields.items()
        for argument, each in field.args.items()
    }
    nested = {
        f"{named.name}.{name}"
        for kind in arguments.values()
        if isinstance(named := get_named_type(kind), GraphQLInputObjectType)
        for name in named.fields
    }
    left_out = {f"Query.{name}" for name in NEVER}
    read = [name for name in known if name.partition(".")[0] not in NEVER_REACHED and name not in left_out]
    given = [name for name in (*arguments, *sorted(nested)) if not name.startswith((*NEVER_REACHED, *left_out))]
    assert [name for name in read if fields[name] == 0] == []
    assert [name for name in given if inputs[name] == 0] == []


def test_equal_seeds_write_equal_operations() -> None:
    assert list(_written(seed=5, count=50)) == list(_written(seed=5, count=50))
    assert list(_written(seed=5, count=50)) != list(_written(seed=6, count=50))


def _written(*, seed: int, count: int) -> list[Asked]:
    organisations = [_filled(name) for name in ("Alpha", "Beta")]
    viewers = [viewer for organisation in organisations for viewer in viewers_of(organisation)]
    operations = Operations(executable(), Stock(organisations), Random(seed))
    return [operations.write(viewers[number % len(viewers)]) for number in range(count)]


def _filled(name: str) -> Organisation:
    organisation = named(name, AWKWARD)
    rows_of(organisation, tickets=20)
    return organisation


def _given(asked: Asked) -> Counter[str]:
    """Return the arguments and input fields that a document gives, by their coordinates."""
    info = TypeInfo(executable())
    found: Counter[str] = Counter()

    class Giving(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            if parent is not None:
                found.update(f"{parent.name}.{node.name.value}({each.name.value})" for each in node.arguments or ())

        def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
            parent = info.get_parent_input_type()
            if parent is not None:
                found[f"{get_named_type(parent).name}.{node.name.value}"] += 1

    visit(parse(asked.query), TypeInfoVisitor(info, Giving()))
    return found
