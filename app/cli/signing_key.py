"""The secret that signs tokens: the one that is set, or one made beside the embedded database."""

import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from app.auth.tokens import SECRET_CHARACTERS
from app.cli.refusals import Refusal
from app.settings import Settings

_FILE = "jwt_secret"


class NoSigningKey(Refusal):
    """Nothing says how tokens are checked, or this process cannot sign any."""


def with_signing_key(settings: Settings) -> Settings:
    """Return settings that say how tokens are checked.

    A secret is made only for the embedded database, whose folder is as private as the secret: for
    a database elsewhere each server would make another one.

    Raises:
        NoSigningKey: a database of one's own, and neither secret nor key set; or a file with a
            secret that is too short.
    """
    if settings.jwt_secret_key is not None or settings.auth_jwks_url is not None:
        return settings
    if not settings.embedded:
        raise NoSigningKey(
            "Nothing says how bearer tokens are checked: with a database of your own, set JWT_SECRET_KEY "
            "(at least 32 random characters) or AUTH_JWKS_URL."
        )
    path = settings.fieldgraph_home / _FILE
    secret = _read(path) or _make(path)
    if len(secret) < SECRET_CHARACTERS[settings.jwt_algorithm]:
        raise NoSigningKey(f"The secret in {path} is too short: remove the file, and another one is made.")
    return settings.model_copy(update={"jwt_secret_key": SecretStr(secret)})


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return None
    except PermissionError:
        raise NoSigningKey(f"{path} belongs to another user: run as that one, or set JWT_SECRET_KEY.") from None


def _make(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{_FILE}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(64))
    try:
        # Two that start at once must end with the same secret, and never read half of one.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
