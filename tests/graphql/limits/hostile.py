"""Documents that somebody sends to keep a server busy, small as they are: sixty of them, by name."""

from collections.abc import Iterator

_TYPE_OF = "ofType { " * 25 + "name" + " }" * 25


def hostile_documents() -> dict[str, str]:
    """Return every document by what it tries."""
    found = dict(_all())
    if len(found) != 60:
        raise AssertionError(f"there are {len(found)} documents, not sixty")
    return found


def _all() -> Iterator[tuple[str, str]]:
    yield from _fan_outs()
    yield from _widths()
    yield from _depths()
    yield from _introspection()
    yield from _sizes()


def _fan_outs() -> Iterator[tuple[str, str]]:
    for power in (20, 30, 40, 60, 100, 150):
        yield f"spreads 2^{power}", _spreading(power, "...F{next} ...F{next}", "Ticket", "title")
    for power in (20, 40, 60, 100):
        fields = "a: currentAssignment {{ ticket {{ ...F{next} }} }} b: currentAssignment {{ ticket {{ ...F{next} }} }}"
        yield f"fields 2^{power}", _spreading(power, fields, "Ticket", "title")
    for power in (20, 60, 100):
        yield f"inline 2^{power}", _spreading(power, "... {{ ...F{next} }} ... {{ ...F{next} }}", "Ticket", "title")
    yield "a fragment that spreads itself", "{ tickets { nodes { ...F } } } fragment F on Ticket { title ...F }"
    circle = "".join(f" fragment F{n} on Ticket {{ ...F{(n + 1) % 200} }}" for n in range(200))
    yield "a circle of fragments", "{ tickets { nodes { ...F0 } } }" + circle
    through = "fragment F on Ticket { currentAssignment { ticket { ...F } } }"
    yield "a circle through fields", "{ tickets { nodes { ...F } } } " + through


def _spreading(power: int, body: str, kind: str, leaf: str) -> str:
    parts = "".join(f" fragment F{n} on {kind} {{ {body.format(next=n + 1)} }}" for n in range(power))
    return f"{{ tickets {{ nodes {{ ...F0 }} }} }}{parts} fragment F{power} on {kind} {{ {leaf} }}"


def _widths() -> Iterator[tuple[str, str]]:
    for count in (31, 100, 400):
        yield f"{count} aliases", "{ " + " ".join(f"a{n}: viewer {{ roles }}" for n in range(count)) + " }"
    yield (
        "aliases in a fragment",
        "{ viewer { ...F } } fragment F on Viewer { " + " ".join(f"a{n}: roles" for n in range(200)) + " }",
    )
    for count in (51, 200, 500):
        yield f"{count} directives", "{ viewer { roles " + "@include(if: true) " * count + "} }"
    yield "unknown directives", "{ viewer { roles " + "@aa " * 900 + "} }"
    for count in (150, 400, 900):
        yield f"{count} times one field", "{ viewer { " + "roles " * count + "} }"
    yield "one object again and again", "{ " + "viewer { roles } " * 300 + "}"
    nested = "viewer { user { name } user { name } user { name } } " * 60
    yield "objects in objects again and again", "{ " + nested + "}"
    clashing = " ".join(f"tickets(first: {n}) {{ totalCount }}" for n in range(150))
    yield "one field with other arguments", "{ " + clashing + " }"
    overlapping = "".join(f" fragment F{n} on Ticket {{ a: title b: status c: priority }}" for n in range(100))
    spread = " ".join(f"...F{n}" for n in range(100))
    yield "overlapping fragments", f"{{ tickets {{ nodes {{ {spread} }} }} }}{overlapping}"
    yield "many operations", " ".join(f"query Q{n} {{ viewer {{ roles }} }}" for n in range(400))
    yield "many fields that are not there", "{ viewer { " + " ".join(f"x{n}" for n in range(1500)) + " } }"
    yield "many variables", "query(" + " ".join(f"$v{n}: Int" for n in range(450)) + ") { viewer { roles } }"


def _depths() -> Iterator[tuple[str, str]]:
    for depth in (13, 50, 200, 450):
        inner = "currentAssignment { ticket { " * (depth // 2) + "title" + " } }" * (depth // 2)
        yield f"{depth} deep", "{ tickets(first: 1) { nodes { " + inner + " } } }"
    yield "brackets without fields", "{" * 1900
    yield "fields without end", "{ a" * 900
    yield "inline fragments in each other", "{ viewer { " + "... { " * 600 + "roles" + " }" * 600 + " } }"
    for name, left, right in (("lists", "[", "]"), ("objects", "{and: [", "]}")):
        value = left * 400 + right * 400
        yield f"{name} in each other", f"{{ tickets(filter: {value}) {{ totalCount }} }}"
    inner = "".join(
        f" fragment D{n} on Ticket {{ currentAssignment {{ ticket {{ ...D{n + 1} }} }} }}" for n in range(60)
    )
    yield "deep through fragments", f"{{ tickets {{ nodes {{ ...D0 }} }} }}{inner} fragment D60 on Ticket {{ title }}"


def _introspection() -> Iterator[tuple[str, str]]:
    circle = "fields { type { " * 4 + "name" + " } }" * 4
    yield "circular introspection", "{ __schema { types { " + circle + " } } }"
    yield "circular introspection of a type", '{ __type(name: "Ticket") { ' + circle + " } }"
    yield "deep introspection", '{ __type(name: "Ticket") { ' + _TYPE_OF + " } }"
    through = "fragment F on __Type { fields { type { fields { type { fields { type { fields { name } } } } } } } }"
    yield "circular introspection in a fragment", "{ __schema { types { ...F } } } " + through
    aliased = " ".join(f"s{n}: __schema {{ types {{ name }} }}" for n in range(40))
    yield "introspection by aliases", "{ " + aliased + " }"


def _sizes() -> Iterator[tuple[str, str]]:
    page = "tickets(first: 100) { nodes { assignmentHistory(first: 100) { nodes { ticket { title } } } } }"
    yield "pages of pages", "{ " + page + " }"
    deep = (
        "tickets(first: 100) { nodes { comments(first: 100) { nodes { author { customers { assets { name } } } } } } }"
    )
    yield "pages of lists of lists", "{ " + deep + " }"
    yield (
        "a hundred ids with everything",
        "{ nodes(ids: ["
        + '"x" ' * 100
        + "]) { ... on Ticket { "
        + ("assignmentHistory(first: 100) { nodes { id } }" + " } } }"),
    )
    yield "a long text", '{ ticket(id: "' + "x" * 60_000 + '") { title } }'
    yield "a long block of text", '{ ticket(id: """' + "x\n" * 30_000 + '""") { title } }'
    yield "a long comment", "#" + "x" * 60_000 + "\n{ viewer { roles } }"
    yield "a long space", "{ viewer { roles } }" + " " * 60_000
    yield "a long name", "{ " + "x" * 60_000 + " }"
    yield "a long number", "{ tickets(first: " + "9" * 60_000 + ") { totalCount } }"
    yield "a long list", "{ nodes(ids: [" + '"x" ' * 1990 + "]) { id } }"
    yield "too many tokens", "{ viewer { roles } } " + "# \n" + "{ a } " * 800
