"""A stream as GraphQL has it: each step of the log as an object of the schema."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from app.live.replay import Step
from resolvers.streams import Message, Stream
from schema.subscriptions.messages import message


class Following:
    """What a subscription's field resolves to: the objects it yields, one after the other.

    Iterated by itself it is executed for its viewer alone; whoever knows it for what it is asks for
    single objects and shares their execution.
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def object(self, told: Message) -> Any:
        """Return the schema's object for what the viewer is told."""
        return message(self.stream.operation, told)

    def of(self, step: Step) -> Any | None:
        """Return the schema's object for a step of the log, None where the viewer is told nothing."""
        told = self.stream.message(step)
        return None if told is None else self.object(told)

    async def __aiter__(self) -> AsyncGenerator[Any, None]:
        async with aclosing(self.stream.steps()) as steps:
            async for _, told in steps:
                if told is not None:
                    yield self.object(told)
