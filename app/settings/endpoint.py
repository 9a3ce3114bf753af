"""Who may use the endpoint how: the profile of a development or a production server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from app.settings.addresses import parts_of
from app.settings.declaring import Group, accepts, shown
from app.settings.places import existing

_BY_ENVIRONMENT = "true or false; where unset, true in development alone"


class EndpointSettings(Group):
    """Who may use the endpoint how."""

    environment: Literal["development", "production"] = Field(
        "development",
        description="In production nothing is told that only developers need: see INTROSPECTION, SUGGESTIONS.",
        json_schema_extra=accepts("development or production"),
    )
    introspection: bool | None = Field(
        None,
        description="Whether clients may ask for the schema.",
        json_schema_extra=accepts(_BY_ENVIRONMENT),
    )
    suggestions: bool | None = Field(
        None,
        description="Whether errors suggest names that the client may have meant.",
        json_schema_extra=accepts(_BY_ENVIRONMENT),
    )
    ide: bool | None = Field(
        None,
        description="Whether a browser that opens the endpoint is shown a page to try operations on.",
        json_schema_extra=accepts(_BY_ENVIRONMENT),
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Origins of web pages that may use the endpoint, besides its own.",
        json_schema_extra=accepts("origins such as https://board.example.com, comma separated"),
    )
    trusted_documents: Path | None = Field(
        None,
        description="Folder of `.graphql` files, a JSON file of documents by their ids, or a manifest of Apollo's: "
        "documents that clients may name by id or by the SHA-256 of their text.",
        json_schema_extra=accepts("a folder or file that exists"),
    )
    trusted_documents_mode: Literal["allow", "enforce"] = Field(
        "allow",
        description="Whether other documents than the trusted ones are answered too.",
        json_schema_extra=accepts("allow or enforce"),
    )

    persisted_queries: bool = Field(
        False,
        description="Whether clients may send a document with its hash once and name it by the hash from then on "
        "(automatic persisted queries). Never where only trusted documents are answered.",
        json_schema_extra=accepts("true or false"),
    )

    @property
    def is_development(self) -> bool:
        """Whether whoever uses the server also builds with it."""
        return self.environment == "development"

    @property
    def tells_schema(self) -> bool:
        """Whether clients may ask for the schema."""
        return self.is_development if self.introspection is None else self.introspection

    @property
    def suggests(self) -> bool:
        """Whether errors suggest names."""
        return self.is_development if self.suggestions is None else self.suggestions

    @property
    def has_page(self) -> bool:
        """Whether browsers are shown a page to try operations on."""
        return self.is_development if self.ide is None else self.ide

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _origins_by_commas(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = tuple(origin for part in value.split(",") if (origin := part.strip().rstrip("/").lower()))
            if not value:
                raise ValueError("it names none")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _only_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = parts_of(origin)
            if (
                parts.scheme not in {"http", "https"}
                or not parts.hostname
                or f"{parts.scheme}://{parts.netloc}" != origin
            ):
                raise ValueError(f"{shown(origin)} is no origin")
        return value

    @field_validator("trusted_documents")
    @classmethod
    def _documents_there(cls, value: Path | None) -> Path | None:
        return None if value is None else existing(value)

    def nothing_to_enforce(self) -> Iterator[str]:
        """Say what is wrong with documents that are enforced and not there."""
        if self.trusted_documents_mode == "enforce" and self.trusted_documents is None:
            yield "TRUSTED_DOCUMENTS_MODE=enforce needs TRUSTED_DOCUMENTS: without it nothing is answered."
