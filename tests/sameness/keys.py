"""API keys, of people of every role; nobody can come in by them."""

from collections.abc import Iterator

from app.demo.ids import chance as chance_of
from app.domain.api_key_texts import BEGINNING
from app.domain.people import ApiKeyScope
from tests.sameness.organisation import Organisation, Row


def keys_of(of: Organisation) -> Iterator[Row]:
    """Yield rows of keys, some revoked, some used, some made by the command line."""
    # By a chance of their own, which leaves every other row as it is without them.
    words, chance = of.vocabulary, chance_of(f"keys of {of.name}")
    users = list(of.users.values())
    for number in range(6):
        yield {
            "id": of.new("ApiKey"),
            "name": chance.choice(words.names),
            "prefix": f"{BEGINNING}{number:010}",
            "hash": bytes([number]) * 32,
            "scopes": tuple(chance.sample(list(ApiKeyScope), 1 + number % 3)),
            "user_id": chance.choice(users),
            "created_by": chance.choice((None, *users)),
            "expires_at": chance.choice(words.moments),
            "last_used_at": chance.choice((None, *words.moments)),
            "revoked_at": chance.choice((None, *words.moments)),
            "version": chance.randint(1, 2),
            "created_at": chance.choice(words.moments),
            "updated_at": chance.choice(words.moments),
        }
