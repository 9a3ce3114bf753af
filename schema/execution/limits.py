"""How large a document may be. What is too large is refused before anything else looks at it."""

from dataclasses import dataclass

from graphql import OperationDefinitionNode

from schema.execution.measuring import Cost, Measuring, TooLarge, pairs_to_merge

# Introspection is of the schema's size, not of the data's, and has bounds of its own.
_INTROSPECTION_DEPTH = 20
_INTROSPECTION_LISTS = 3
# A validator compares every pair of fields of one name in one place.
_MOST_PAIRS = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of a document and its operations."""

    depth: int = 12
    aliases: int = 30
    directives: int = 50
    tokens: int = 2000
    cost: int = 5000
    characters: int = 50_000

    def check(self, measuring: Measuring, operation: OperationDefinitionNode) -> Cost:
        """Return what the operation costs. Raises TooLarge, and Cyclic for fragments that never end."""
        try:
            measure = measuring.measure(operation)
        except RecursionError:
            raise TooLarge("depth", None, self.depth) from None
        for what, figure, bound in (
            ("depth", measure.depth, self.depth),
            ("aliases", measure.aliases, self.aliases),
            ("directives", measure.directives, self.directives),
            ("depth of introspection", measure.introspection_depth, _INTROSPECTION_DEPTH),
            ("nested lists of introspection", measure.introspection_lists, _INTROSPECTION_LISTS),
        ):
            if figure > bound:
                raise TooLarge(what, figure, bound)
        pairs = pairs_to_merge(measuring, operation)
        if pairs > _MOST_PAIRS:
            raise TooLarge("repetitions of fields", pairs, _MOST_PAIRS)
        self.check_cost(measure.cost.fixed)
        return measure.cost

    def check_cost(self, cost: int) -> None:
        """Check what an operation costs with the variables of a request. Raises TooLarge."""
        if cost > self.cost:
            raise TooLarge("cost", cost, self.cost)
