from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schema.ids import global_id
from tests.files.clamd import FakeClamd, fake_clamd
from tests.files.sending import Sender
from tests.services.scene import Scene
from tests.serving import Served, serving, token
from tests.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """A served organisation with a folder for files, a scanner, and one ticket of the customer's."""

    served: Served
    engine: AsyncEngine
    world: World
    folder: Path
    clamd: FakeClamd
    ticket_id: str
    senders: dict[str, Sender]

    @property
    def scene(self) -> Scene:
        """The organisation, for what is done behind the server's back."""
        return Scene(engine=self.engine, world=self.world)

    def sender(self, name: str) -> Sender:
        """Return the world's user of this name."""
        if name not in self.senders:
            self.senders[name] = Sender(self.served, token(self.world, name))
        return self.senders[name]

    def kept(self) -> list[Path]:
        """Return the files in the folder that have bytes."""
        return sorted(each for each in self.folder.rglob("*") if each.is_file() and each.stat().st_size)


@pytest.fixture
async def yard(database_url: str, engine: AsyncEngine, world: World, tmp_path: Path) -> AsyncIterator[Yard]:
    """A server that carries out timers itself."""
    ticket_id = await Scene(engine=engine, world=world).ticket("customer")
    folder = tmp_path / "files"
    senders: dict[str, Sender] = {}
    async with fake_clamd() as clamd:
        settings = {"upload_dir": folder, "clamd_url": clamd.url, "run_worker": True}
        async with serving(database_url, **settings) as served:
            yield Yard(
                served=served,
                engine=engine,
                world=world,
                folder=folder,
                clamd=clamd,
                ticket_id=global_id("Ticket", ticket_id),
                senders=senders,
            )
        for each in senders.values():
            await each.client.aclose()
