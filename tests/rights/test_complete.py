"""The table has a line for everything in the schema, and for nothing else."""

from graphql import GraphQLObjectType, build_schema, extend_schema, parse

from schema.build import sdl
from tests.rights.covering import missing_lines, spare_lines
from tests.rights.tally import tell

SCHEMA = build_schema(sdl())
NEW = """
extend type Ticket { secret: String }
type Vault implements Node { id: ID! gold: Int lock: Lock }
type Lock { code: String }
extend type Query { vaults: [Vault!]! }
extend type Mutation { openVault(id: ID!): OkPayload! }
extend type Subscription { vaultOpened: Vault! }
"""


def test_everything_in_the_schema_has_its_line() -> None:
    fields = sum(len(each.fields) for each in _objects())

    tell("the schema", fields=fields, covered=fields - len(missing_lines(SCHEMA)))
    assert missing_lines(SCHEMA) == []
    assert spare_lines(SCHEMA) == []


def test_what_is_new_is_missed_with_the_line_to_add() -> None:
    missing = missing_lines(extend_schema(SCHEMA, parse(NEW)))

    folder = "tests/rights/declared"
    secret = 'add "secret" to Ticket, or to its `narrower` with who sees it: secret = "staff"'
    mutation = 'of = "Type"  # what it is about, if anything\nby = "managers"\ninput = { id = "@" }'
    assert [line for line in missing if line not in missing_lines(SCHEMA)] == [
        f"{folder}/rows.toml or {folder}/values.toml: {secret}",
        f'{folder}/rows.toml: add\n[Vault]\nrows = "staff"  # who sees its rows\nfields = "id gold lock"',
        f'{folder}/values.toml: add\nLock = "code"',
        f'{folder}/roots.toml, [queries]: add\nvaults = {{ lists = "Vault" }}',
        f"{folder}/mutations_keeping.toml, or where its like stand: add\n[[openVault]]\n{mutation}",
        f'{folder}/roots.toml, [subscriptions]: add\nvaultOpened = {{ by = "dispatchers" }}',
    ]


def test_a_line_for_what_is_gone_is_told_too() -> None:
    said = {"Vault": frozenset({"id"}), "Ticket": frozenset({"id", "secret"})}

    assert spare_lines(SCHEMA, said) == ["Vault is not in the schema", "Ticket.secret is not in the schema"]


def _objects() -> list[GraphQLObjectType]:
    kinds = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLObjectType)]
    return [kind for kind in kinds if not kind.name.startswith("__")]
