"""Things that happen in a test's organisation, written by the services and told to the server at once."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.tickets import TicketCategory, TicketPriority
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.assign_ticket import AssignTicket, assign_ticket
from app.services.assignments.job_step import StepCommand
from app.services.assignments.start_work import start_work
from app.services.comments.add_comment import AddComment, add_comment
from app.services.tickets.create_ticket import CreateTicket, create_ticket
from tests.world import World, writer_for


class Work:
    """What people of one organisation do."""

    def __init__(self, engine: AsyncEngine, world: World) -> None:
        self._engine = engine
        self._writer = writer_for(engine)
        self._world = world

    async def create(self, by: str = "dispatcher", *, description: str = "It leaks.") -> UUID:
        """Create a ticket for the customer and return its key."""
        command = CreateTicket(
            title="Leaking pump",
            description=description,
            category=TicketCategory.INCIDENT,
            priority=TicketPriority.P3,
            customer_id=self._world.customer_id if by != "stranger" else None,
            address="Quay 1",
            latitude=52.1,
            longitude=5.1,
        )
        written = await create_ticket(self._writer, self._world.actor(by), command)
        await self._wake()
        return written.ids["ticket"]

    async def assign(self, ticket_id: UUID, to: str) -> UUID:
        """Give the ticket to a technician and return the job's key."""
        command = AssignTicket(ticket_id=ticket_id, technician_id=self._world.technicians[to])
        written = await assign_ticket(self._writer, self._world.actor("dispatcher"), command)
        await self._wake()
        return written.ids["assignment"]

    async def accept(self, job_id: UUID, by: str) -> None:
        """Take a job on."""
        await accept_assignment(self._writer, self._world.actor(by), StepCommand(assignment_id=job_id))
        await self._wake()

    async def start(self, job_id: UUID, by: str) -> None:
        """Begin work on a job."""
        await start_work(self._writer, self._world.actor(by), StepCommand(assignment_id=job_id))
        await self._wake()

    async def comment(self, ticket_id: UUID, body: str, *, by: str = "dispatcher", internal: bool = False) -> UUID:
        """Say something on a ticket and return the comment's key."""
        command = AddComment(ticket_id=ticket_id, body=body, internal=internal)
        written = await add_comment(self._writer, self._world.actor(by), command)
        await self._wake()
        return written.ids["comment"]

    async def _wake(self) -> None:
        async with self._engine.connect() as connection:
            await connection.exec_driver_sql("NOTIFY fieldgraph_log")
