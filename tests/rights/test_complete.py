"""The table has a line for everything in the schema, and for nothing else."""

from graphql import GraphQLObjectType, GraphQLSchema, build_schema, extend_schema, parse

from schema.build import sdl
from tests.rights.covering import missing_lines, spare_lines
from tests.rights.tally import tell

SCHEMA = build_schema(sdl())


def test_everything_in_the_schema_has_its_line() -> None:
    fields = sum(len(each.fields) for each in _objects())

    tell("the schema", fields=fields, covered=fields - len(missing_lines(SCHEMA)))
    assert missing_lines(SCHEMA) == []
    assert spare_lines(SCHEMA) == []


def test_what_is_new_is_missed_with_the_line_to_add() -> None:
    grown = _with(
        "extend type Ticket { secret: String } "
        "type Vault implements Node { id: ID! gold: Int } "
        "extend type Query { vaults: [Vault!]! } extend type Mutation { openVault(id: ID!): OkPayload! } "
        "extend type Subscription { vaultOpened: Vault! }"
    )

    mutation = 'of = "Type"  # what it is about, if anything\nby = "managers"\ninput = { id = "@" }'
    assert missing_lines(grown) == [
        'fields.toml, [Ticket]: add "secret" to `fields`, or to `narrower` with who sees it: secret = "staff"',
        'fields.toml: add\n[Vault]\nrows = "staff"  # who sees its rows\nfields = "id gold"',
        'operations.toml, [queries]: add\nvaults = { lists = "Vault" }',
        f"operations.toml: add\n[[mutations.openVault]]\n{mutation}",
        'operations.toml, [subscriptions]: add\nvaultOpened = { by = "dispatchers" }',
    ]


def test_a_line_for_what_is_gone_is_missed_too() -> None:
    assert "fields.toml: Ticket.secret is not in the schema" not in spare_lines(SCHEMA)
    assert "fields.toml: Vault is not in the schema" in spare_lines(SCHEMA, known={"Vault": frozenset({"id"})})


def _with(text: str) -> GraphQLSchema:
    return extend_schema(SCHEMA, parse(text))


def _objects() -> list[GraphQLObjectType]:
    kinds = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLObjectType)]
    return [kind for kind in kinds if not kind.name.startswith("__")]
