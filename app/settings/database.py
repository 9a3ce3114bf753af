"""Where the database is, and how it is used."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator
from sqlalchemy import URL

from app.settings.addresses import host, parts_of
from app.settings.declaring import Group, accepts
from app.settings.places import existing_folder, folder_to_be

_POSTGRES_SCHEMES = frozenset({"postgres", "postgresql", "postgresql+asyncpg"})
_DATABASE_ADDRESS = "an address such as postgresql://user:password@host:5432/name"


class DatabaseSettings(Group):
    """Where the database is, and how it is used."""

    fieldgraph_home: Path = Field(
        Path(".fieldgraph"),
        description="Folder for the embedded PostgreSQL and the secret made for it.",
        json_schema_extra=accepts("a path"),
    )
    pg_bin_dir: Path | None = Field(
        None,
        description="Folder with the programs of a PostgreSQL 18 (initdb, pg_ctl, postgres, psql) to "
        "use for the embedded server in place of the one installed with the product.",
        json_schema_extra=accepts("a folder that exists"),
    )
    database_url: str | None = Field(
        None,
        repr=False,
        description="PostgreSQL 18 or newer to use; no embedded server is started then.",
        json_schema_extra=accepts(_DATABASE_ADDRESS, secret=True),
    )
    database_direct_url: str | None = Field(
        None,
        repr=False,
        description="The same database without a pooler between, for migrations and listening. "
        "DATABASE_URL where unset.",
        json_schema_extra=accepts(_DATABASE_ADDRESS, secret=True),
    )
    database_pool_size: int = Field(
        10,
        ge=1,
        le=200,
        description="Most connections that one server process holds to the database for compiled reads, and as many "
        "again for everything else; four more follow the log.",
        json_schema_extra=accepts("a number from 1 to 200"),
    )
    db_host: str | None = Field(
        None,
        description="Host of the database. Without DATABASE_URL, one of DB_HOST, DB_NAME and "
        "DB_PASSWORD is enough to use a server of your own; the rest have defaults.",
        json_schema_extra=accepts("a host name or IP address"),
    )
    db_port: int = Field(
        5432,
        ge=1,
        le=65535,
        description="Port of the database at DB_HOST.",
        json_schema_extra=accepts("a number from 1 to 65535"),
    )
    db_name: str | None = Field(
        None,
        max_length=63,
        description="Name of the database at DB_HOST; `fieldgraph` where unset.",
        json_schema_extra=accepts("a database's name of at most 63 characters"),
    )
    db_user: str = Field(
        "fieldgraph",
        max_length=63,
        description="Login at DB_HOST.",
        json_schema_extra=accepts("a login's name of at most 63 characters"),
    )
    db_password: SecretStr | None = Field(
        None,
        description="Password of DB_USER.",
        json_schema_extra=accepts("a password", secret=True),
    )
    read_plans: bool = Field(
        True,
        description="Whether reads are compiled to one SQL statement each; off, every field is resolved by itself.",
        json_schema_extra=accepts("true or false"),
    )

    @property
    def embedded(self) -> bool:
        """Whether the database is the embedded one."""
        return self.database_url is None

    @property
    def pooled(self) -> bool:
        """Whether a pooler stands before the database, so that nothing may be left in a session."""
        return self.database_direct_url not in {None, self.database_url}

    @field_validator("pg_bin_dir")
    @classmethod
    def _existing_folder(cls, value: Path | None) -> Path | None:
        return None if value is None else existing_folder(value)

    @field_validator("fieldgraph_home")
    @classmethod
    def _home(cls, value: Path) -> Path:
        return folder_to_be(value)

    @field_validator("db_host")
    @classmethod
    def _database_host(cls, value: str | None) -> str | None:
        return None if value is None else host(value)

    @property
    def direct_url(self) -> str:
        """Where connections go that listen or keep their session. Raises ValueError without a database."""
        url = self.database_direct_url or self.database_url
        if url is None:
            raise ValueError("there is no database address")
        return url

    @field_validator("database_url", "database_direct_url")
    @classmethod
    def _postgres_address(cls, value: str | None) -> str | None:
        if value is not None:
            _check_database_address(value)
        return value

    @model_validator(mode="after")
    def _database_of_parts(self) -> Self:
        derived: dict[str, str] = {}
        address = self.database_url
        if address is None and any((self.db_host, self.db_name, self.db_password)):
            address = derived["database_url"] = self._address_of_parts()
        if self.database_direct_url is None and address is not None:
            derived["database_direct_url"] = address
        for name, value in derived.items():
            # The model is frozen; this is still its construction.
            object.__setattr__(self, name, value)
        return self

    def ways_to_no_database(self) -> Iterator[str]:
        """Say what is wrong with a direct way to a database that is not set."""
        if self.database_direct_url is not None and self.database_url is None:
            yield (
                "DATABASE_DIRECT_URL cannot be used alone: set DATABASE_URL, of which it is another way to the same"
                " database, or unset it for the embedded one."
            )

    def _address_of_parts(self) -> str:
        address = URL.create(
            "postgresql",
            username=self.db_user,
            password=self.db_password.get_secret_value() if self.db_password else None,
            host=self.db_host or "localhost",
            port=self.db_port,
            database=self.db_name or "fieldgraph",
        )
        return address.render_as_string(hide_password=False)


def _check_database_address(value: str) -> None:
    parts = parts_of(value)
    if parts.scheme not in _POSTGRES_SCHEMES:
        raise ValueError("it must begin with postgresql://, postgres:// or postgresql+asyncpg://")
    if parts.netloc.count("@") > 1:
        raise ValueError("an @ in the user or the password must be written as %40")
    if not parts.path.strip("/"):
        raise ValueError("it names no database")
