"""API keys made by an ADMIN of a test's organisation, over GraphQL."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.domain.people import ApiKeyScope
from schema.ids import global_id
from tests.serving import Served, token
from tests.world import World

CREATE = """
  mutation Create($input: CreateApiKeyInput!) {
    createApiKey(input: $input) {
      changeId secret
      apiKey { id name prefix scopes version expiresAt lastUsedAt revokedAt user { id } createdBy { id } }
      errors { __typename ... on UserError { code message field } }
    }
  }
"""
REVOKE = """
  mutation Revoke($input: RevokeApiKeyInput!) {
    revokeApiKey(input: $input) {
      changeId secret apiKey { id revokedAt version } errors { __typename ... on UserError { code message field } }
    }
  }
"""
LIST = """
  query List($first: Int, $after: String) {
    apiKeys(first: $first, after: $after) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { id name prefix scopes user { name } createdBy { name } expiresAt lastUsedAt revokedAt createdAt }
    }
  }
"""
EVERYTHING = tuple(scope for scope in ApiKeyScope if scope is not ApiKeyScope.BEGIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A key as its maker got it."""

    id: str
    secret: str = field(repr=False)
    row: dict[str, Any]


async def create(served: Served, bearer: str, **given: Any) -> dict[str, Any]:
    """Ask for a key and return the payload."""
    answer = await served.ask(bearer, CREATE, {"input": {"name": "Monitoring", **given}})
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["createApiKey"]
    return payload


async def made(
    served: Served, world: World, who: str, scopes: Iterable[ApiKeyScope] = (ApiKeyScope.READ,), **given: Any
) -> Made:
    """Have the ADMIN make a key that acts as the world's user of this name."""
    asked = {"scopes": [scope.value for scope in scopes], "userId": global_id("User", world.users[who]), **given}
    payload = await create(served, token(world, "admin"), **asked)
    assert payload["errors"] == []
    return Made(id=payload["apiKey"]["id"], secret=payload["secret"], row=payload["apiKey"])


async def revoke(served: Served, world: World, key_id: str, *, by: str = "admin", **given: Any) -> dict[str, Any]:
    """Revoke a key and return the payload."""
    answer = await served.ask(token(world, by), REVOKE, {"input": {"id": key_id, **given}})
    assert "errors" not in answer, answer
    payload: dict[str, Any] = answer["data"]["revokeApiKey"]
    return payload
