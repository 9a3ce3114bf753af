"""How much a client may ask for."""

from pydantic import Field

from app.settings.declaring import Group, accepts


class LimitSettings(Group):
    """How much a client may ask for."""

    max_depth: int = Field(
        12,
        ge=1,
        le=50,
        description="How deep the fields of an operation may nest.",
        json_schema_extra=accepts("a number from 1 to 50"),
    )
    max_aliases: int = Field(
        30,
        ge=0,
        le=1000,
        description="How many aliases an operation may have.",
        json_schema_extra=accepts("a number from 0 to 1000"),
    )
    max_directives: int = Field(
        50,
        ge=0,
        le=1000,
        description="How many directives an operation may have.",
        json_schema_extra=accepts("a number from 0 to 1000"),
    )
    max_tokens: int = Field(
        2000,
        ge=10,
        le=100000,
        description="How many tokens a document may have.",
        json_schema_extra=accepts("a number from 10 to 100000"),
    )
    max_cost: int = Field(
        5000,
        ge=1,
        le=1000000,
        description="What an operation may cost: one for each object that it can return.",
        json_schema_extra=accepts("a number from 1 to 1000000"),
    )
    cost_bucket: int = Field(
        20000,
        ge=1,
        le=1000000000,
        description="What a user, and an address, may spend at once.",
        json_schema_extra=accepts("a number from 1 to 1000000000"),
    )
    cost_refill_per_second: int = Field(
        2000,
        ge=1,
        le=1000000000,
        description="How much of that comes back each second.",
        json_schema_extra=accepts("a number from 1 to 1000000000"),
    )
    max_body_bytes: int = Field(
        1048576,
        ge=1024,
        le=104857600,
        description="Largest body of a request, in bytes.",
        json_schema_extra=accepts("a number from 1024 to 104857600"),
    )
    max_frame_bytes: int = Field(
        65536,
        ge=1024,
        le=16777216,
        description="Largest message over a websocket, in bytes.",
        json_schema_extra=accepts("a number from 1024 to 16777216"),
    )
    max_sockets_per_user: int = Field(
        20,
        ge=1,
        le=100000,
        description="How many websockets a user may have open.",
        json_schema_extra=accepts("a number from 1 to 100000"),
    )
    max_sockets_per_ip: int = Field(
        200,
        ge=1,
        le=100000,
        description="How many websockets may be open from one address.",
        json_schema_extra=accepts("a number from 1 to 100000"),
    )
    max_subscriptions_per_socket: int = Field(
        100,
        ge=1,
        le=10000,
        description="How many operations a websocket may carry at once.",
        json_schema_extra=accepts("a number from 1 to 10000"),
    )
    max_subscriptions_per_user: int = Field(
        200,
        ge=1,
        le=1000000,
        description="How many subscriptions a user may follow at once, over websockets and HTTP.",
        json_schema_extra=accepts("a number from 1 to 1000000"),
    )
    max_subscriptions_per_ip: int = Field(
        2000,
        ge=1,
        le=1000000,
        description="How many subscriptions may be followed from one address at once.",
        json_schema_extra=accepts("a number from 1 to 1000000"),
    )
    operation_timeout_seconds: float = Field(
        10,
        ge=0.1,
        le=600,
        description="How long a query may take; then it is ended, and its SQL with it.",
        json_schema_extra=accepts("a number of seconds from 0.1 to 600"),
    )
