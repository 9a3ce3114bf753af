"""Keeps tokens encrypted (Fernet), under keys that can be changed."""

from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.services.invitations.posts import Never


class FernetSeal:
    """Seals with the first key; opens with any of them."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, token: str) -> bytes:
        """Return the token sealed."""
        return self._fernet.encrypt(token.encode())

    def open(self, sealed: bytes) -> str:
        """Return a sealed token. Raises Never."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken:
            raise Never("the grant was sealed with a key that is not in CALENDAR_TOKEN_KEY") from None
