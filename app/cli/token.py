"""`fieldgraph token`: a bearer token for a user of the example organisations."""

from datetime import timedelta
from typing import Annotated

import typer

from app.auth.tokens import issue
from app.cli.console import results
from app.cli.refusals import Refusal
from app.cli.signing_key import NoSigningKey, with_signing_key
from app.cli.workplace import begin
from app.clock import now
from app.demo.users import BENCHMARK_USERS, DEMO_USERS, DemoUser
from app.settings import Settings

_USERS = {**DEMO_USERS, **BENCHMARK_USERS}


class UnknownUser(Refusal):
    """No example organisation has a user of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no user {name!r}. There are: {', '.join(_USERS)}.")


def user_named(name: str) -> DemoUser:
    """Return the example user of this name. Raises UnknownUser."""
    found = _USERS.get(name)
    if found is None:
        raise UnknownUser(name)
    return found


def token(
    user: Annotated[str, typer.Option(help=f"One of {', '.join(_USERS)}.")],
    hours: Annotated[float, typer.Option(min=0.001, max=8760, help="How long the token is good for.")] = 24,
) -> None:
    """Print a bearer token for a user of the example organisations."""
    settings = with_signing_key(begin())
    results.print(demo_token(settings, user, timedelta(hours=hours)))


def demo_token(settings: Settings, user: str, lifetime: timedelta) -> str:
    """Return a token of the example user named `user`, signed with the secret of the settings.

    Raises:
        UnknownUser: there is no such user.
        NoSigningKey: tokens are signed elsewhere.
    """
    found = user_named(user)
    if settings.jwt_secret_key is None:
        raise NoSigningKey("Tokens come from your identity provider: without JWT_SECRET_KEY none are made here.")
    return issue(
        secret=settings.jwt_secret_key.get_secret_value(),
        algorithm=settings.jwt_algorithm,
        user_id=found.user_id,
        organization_id=found.organization_id,
        roles=None,
        now=now(),
        lifetime=lifetime,
        audience=settings.auth_audience,
        issuer=settings.auth_issuer,
    )
