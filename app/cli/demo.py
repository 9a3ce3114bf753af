"""`fieldgraph demo`: fills a database with example organisations."""

import asyncio
from typing import Annotated
from uuid import UUID

import typer

from app.cli.console import progress
from app.cli.migrate import bring_up, direct_url
from app.cli.refusals import Refusal
from app.cli.start_clocks import start_in
from app.cli.workplace import begin, database_ready
from app.clock import now
from app.demo.load import AlreadyLoaded, is_empty, load_benchmark, load_demo
from app.demo.plots import FEWEST
from app.demo.users import (
    BENCHMARK_ORGANIZATION,
    ORGANIZATION,
    OTHER_ORGANIZATION,
    SMALL_BENCHMARK_ORGANIZATION,
)
from app.settings import Settings

TICKETS = 400


class NotEmpty(Refusal):
    """The database has an organisation already, so the examples are not put beside it."""

    def __init__(self) -> None:
        super().__init__("The database is not empty: the examples are loaded into an empty one only.")


class BenchmarkThere(Refusal):
    """The large organisation was loaded before."""

    def __init__(self) -> None:
        super().__init__("The database has the benchmark organisation already.")


def demo(
    tickets: Annotated[int, typer.Option(min=FEWEST, max=100_000, help="Tickets of the first organisation.")] = TICKETS,
    benchmark: Annotated[
        bool,
        typer.Option("--benchmark", help="Load a large organisation for measuring, with 100,000 tickets."),
    ] = False,
) -> None:
    """Load the example organisations into an empty database."""
    with database_ready(begin()) as settings:
        bring_up(settings)
        if benchmark:
            _load_benchmark(settings)
        elif not load_examples(settings, tickets):
            raise NotEmpty


def _load_benchmark(settings: Settings) -> None:
    with progress() as report:
        try:
            asyncio.run(load_benchmark(direct_url(settings), now=now(), progress=report))
            asyncio.run(_start_clocks(settings, BENCHMARK_ORGANIZATION, SMALL_BENCHMARK_ORGANIZATION))
        except AlreadyLoaded as error:
            raise BenchmarkThere from error


def load_examples(settings: Settings, tickets: int = TICKETS) -> bool:
    """Load the example organisations if the database is empty; tell whether it was."""
    url = direct_url(settings)
    if not asyncio.run(is_empty(url)):
        return False
    with progress() as report:
        asyncio.run(load_demo(url, tickets=tickets, now=now(), progress=report))
        asyncio.run(_start_clocks(settings, ORGANIZATION, OTHER_ORGANIZATION))
    return True


async def _start_clocks(settings: Settings, *organizations: UUID) -> None:
    for each in organizations:
        await start_in(settings, each)
