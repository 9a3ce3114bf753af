"""The root of all mutations."""

from functools import partial
from typing import Annotated

import strawberry

from app.services.access.revoke_tokens import revoke_tokens
from app.services.assignments.accept_assignment import accept_assignment
from app.services.assignments.assign_ticket import assign_ticket
from app.services.assignments.cancel_assignment import cancel_assignment
from app.services.assignments.complete_assignment import complete_assignment
from app.services.assignments.pause_work import pause_work
from app.services.assignments.pin_assignment import pin_assignment
from app.services.assignments.rate_assignment import rate_assignment
from app.services.assignments.reassign_ticket import reassign_ticket
from app.services.assignments.record_arrival import record_arrival
from app.services.assignments.reject_assignment import reject_assignment
from app.services.assignments.reorder_queue import reorder_queue
from app.services.assignments.resume_work import resume_work
from app.services.assignments.start_travel import start_travel
from app.services.assignments.start_work import start_work
from app.services.attachments.create_attachment import create_attachment
from app.services.attachments.delete_attachment import delete_attachment
from app.services.attachments.finalize_attachment import finalize_attachment
from app.services.comments.add_comment import add_comment
from app.services.comments.delete_comment import delete_comment
from app.services.comments.update_comment import update_comment
from app.services.privacy.erase_personal_data import erase_personal_data
from app.services.technicians.report_location import report_location
from app.services.tickets.bulk_update_tickets import bulk_update_tickets
from app.services.tickets.close_ticket import close_ticket
from app.services.tickets.create_ticket import create_ticket
from app.services.tickets.delete_ticket import delete_ticket
from app.services.tickets.escalate_ticket import escalate_ticket
from app.services.tickets.reopen_ticket import reopen_ticket
from app.services.tickets.resolve_ticket import resolve_ticket
from app.services.tickets.transition_ticket import transition_ticket
from app.services.tickets.update_ticket import update_ticket
from app.services.views.delete_view import delete_view
from app.services.views.save_view import save_view
from schema.fields import Info
from schema.inputs.assignments import (
    AssignmentActionInput,
    AssignTicketInput,
    CancelAssignmentInput,
    CompleteAssignmentInput,
    EscalateTicketInput,
    RateAssignmentInput,
    ReassignTicketInput,
    RejectAssignmentInput,
)
from schema.inputs.attachments import CreateAttachmentInput, FinalizeAttachmentInput
from schema.inputs.comments import AddCommentInput, DeleteInput, UpdateCommentInput
from schema.inputs.locations import ReportLocationInput
from schema.inputs.privacy import ErasePersonalDataInput
from schema.inputs.queues import PinInput, ReorderQueueInput
from schema.inputs.tickets import (
    BulkUpdateTicketsInput,
    CreateTicketInput,
    TicketActionInput,
    TransitionTicketInput,
    UpdateTicketInput,
)
from schema.inputs.users import RevokeTokensInput
from schema.inputs.views import SaveViewInput
from schema.mutations.administration.mutations import AdministrationMutations
from schema.mutations.api_keys import ApiKeyMutations
from schema.mutations.appointments import AppointmentMutations
from schema.mutations.writing import write
from schema.payloads import (
    AssignmentPayload,
    AttachmentPayload,
    BulkPayload,
    CommentPayload,
    ErasurePayload,
    OkPayload,
    QueuePayload,
    SavedViewPayload,
    TicketPayload,
    results_of,
)

_INPUT = strawberry.argument(description="What to do, and to what.")


@strawberry.type(
    description="Everything that can be done. Each field is one transaction; what is refused is told in errors."
)
class Mutation(AdministrationMutations, ApiKeyMutations, AppointmentMutations):
    """Everything that can be done."""

    @strawberry.mutation(description="Create a ticket.")
    async def create_ticket(self, info: Info, input: Annotated[CreateTicketInput, _INPUT]) -> TicketPayload:  # noqa: A002  # the argument's name in the schema
        """Create a ticket."""
        return await write(info.context, input.command, create_ticket, TicketPayload)

    @strawberry.mutation(description="Change what a ticket says.")
    async def update_ticket(self, info: Info, input: Annotated[UpdateTicketInput, _INPUT]) -> TicketPayload:  # noqa: A002  # the argument's name in the schema
        """Change what a ticket says."""
        return await write(info.context, input.command, update_ticket, TicketPayload)

    @strawberry.mutation(
        description="Move a ticket in its life cycle, and its job with it: to OPEN or CANCELLED calls the job off, to"
        " PENDING_* lets it rest, to IN_PROGRESS begins it or goes on, to RESOLVED completes it."
    )
    async def transition_ticket(self, info: Info, input: Annotated[TransitionTicketInput, _INPUT]) -> TicketPayload:  # noqa: A002  # the argument's name in the schema
        """Move a ticket in its life cycle."""
        return await write(info.context, input.command, transition_ticket, TicketPayload)

    @strawberry.mutation(description="Say that a ticket's work is done.")
    async def resolve_ticket(self, info: Info, input: Annotated[TicketActionInput, _INPUT]) -> TicketPayload:  # noqa: A002  # the argument's name in the schema
        """Say that a ticket's work is done."""
        return await write(info.context, input.command, resolve_ticket, TicketPayload)

    @strawberry.mutation(description="Close a resolved ticket.")
    async def close_ticket(self, info: Info, input: Annotated[TicketActionInput, _INPUT]) -> TicketPayload:  # noqa: A002  # the argument's name in the schema
        """Close a resolved ticket."""
        return await write(info.context, input.command, close_ticket, TicketPayload)

    @strawberry.mutation(description="Bring a resolved ticket back, or a closed one within the reopen window.")
    async def reopen_ticket(self, info: Info, input: Annotated[TicketActionInput, _INPUT]) -> TicketPayload:  # noqa: A002  # the argument's name in the schema
        """Bring a ticket back."""
        return await write(info.context, input.command, reopen_ticket, TicketPayload)

    @strawberry.mutation(description="Take a ticket out of everybody's sight, its job called off; ADMIN only.")
    async def delete_ticket(self, info: Info, input: Annotated[DeleteInput, _INPUT]) -> OkPayload:  # noqa: A002  # the argument's name in the schema
        """Delete a ticket."""
        return await write(info.context, partial(input.of, "Ticket"), delete_ticket, OkPayload)

    @strawberry.mutation(description="Change many tickets alike: each for itself, all in one change.")
    async def bulk_update_tickets(self, info: Info, input: Annotated[BulkUpdateTicketsInput, _INPUT]) -> BulkPayload:  # noqa: A002  # the argument's name in the schema
        """Change many tickets alike."""
        return await write(info.context, input.command, bulk_update_tickets, BulkPayload, results_of)

    @strawberry.mutation(description="Give a ticket to a technician, or take it.")
    async def assign_ticket(self, info: Info, input: Annotated[AssignTicketInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Give a ticket to a technician."""
        return await write(info.context, input.command, assign_ticket, AssignmentPayload)

    @strawberry.mutation(description="Give a job to another technician; the present turn ends as REASSIGNED.")
    async def reassign_ticket(self, info: Info, input: Annotated[ReassignTicketInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Give a job to another technician."""
        return await write(info.context, input.command, reassign_ticket, AssignmentPayload)

    @strawberry.mutation(description="Call a job off; its ticket is OPEN again.")
    async def cancel_assignment(self, info: Info, input: Annotated[CancelAssignmentInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Call a job off."""
        return await write(info.context, input.command, cancel_assignment, AssignmentPayload)

    @strawberry.mutation(description="Pass a ticket to a higher tier.")
    async def escalate_ticket(self, info: Info, input: Annotated[EscalateTicketInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Pass a ticket to a higher tier."""
        return await write(info.context, input.command, escalate_ticket, AssignmentPayload)

    @strawberry.mutation(description="Take a job on; its technician only.")
    async def accept_assignment(self, info: Info, input: Annotated[AssignmentActionInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Take a job on."""
        return await write(info.context, input.command, accept_assignment, AssignmentPayload)

    @strawberry.mutation(description="Hand a job back before travelling; its technician only.")
    async def reject_assignment(self, info: Info, input: Annotated[RejectAssignmentInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Hand a job back."""
        return await write(info.context, input.command, reject_assignment, AssignmentPayload)

    @strawberry.mutation(description="Set out for a job; its technician only.")
    async def start_travel(self, info: Info, input: Annotated[AssignmentActionInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Set out for a job."""
        return await write(info.context, input.command, start_travel, AssignmentPayload)

    @strawberry.mutation(description="Say that one is there; the job's technician only.")
    async def record_arrival(self, info: Info, input: Annotated[AssignmentActionInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Say that one is there."""
        return await write(info.context, input.command, record_arrival, AssignmentPayload)

    @strawberry.mutation(description="Begin work on a job; its technician only.")
    async def start_work(self, info: Info, input: Annotated[AssignmentActionInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Begin work on a job."""
        return await write(info.context, input.command, start_work, AssignmentPayload)

    @strawberry.mutation(description="Let a job rest; its technician only.")
    async def pause_work(self, info: Info, input: Annotated[AssignmentActionInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Let a job rest."""
        return await write(info.context, input.command, pause_work, AssignmentPayload)

    @strawberry.mutation(description="Go on with a job that rests; its technician only.")
    async def resume_work(self, info: Info, input: Annotated[AssignmentActionInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Go on with a job that rests."""
        return await write(info.context, input.command, resume_work, AssignmentPayload)

    @strawberry.mutation(description="End a job with an outcome; its technician only.")
    async def complete_assignment(
        self,
        info: Info,
        input: Annotated[CompleteAssignmentInput, _INPUT],  # noqa: A002  # the argument's name in the schema
    ) -> AssignmentPayload:
        """End a job."""
        return await write(info.context, input.command, complete_assignment, AssignmentPayload)

    @strawberry.mutation(description="Say how well a completed job was done, once; the ticket's requester only.")
    async def rate_assignment(self, info: Info, input: Annotated[RateAssignmentInput, _INPUT]) -> AssignmentPayload:  # noqa: A002  # the argument's name in the schema
        """Rate a completed job."""
        return await write(info.context, input.command, rate_assignment, AssignmentPayload)

    @strawberry.mutation(description="Put a technician's queue into an order; their own, or DISPATCHER and up.")
    async def reorder_queue(self, info: Info, input: Annotated[ReorderQueueInput, _INPUT]) -> QueuePayload:  # noqa: A002  # the argument's name in the schema
        """Put a queue into an order."""
        return await write(info.context, input.command, reorder_queue, QueuePayload)

    @strawberry.mutation(description="Put one job in its place in its queue; one's own queue, or DISPATCHER and up.")
    async def pin_assignment(self, info: Info, input: Annotated[PinInput, _INPUT]) -> QueuePayload:  # noqa: A002  # the argument's name in the schema
        """Put one job in its place."""
        return await write(info.context, input.command, pin_assignment, QueuePayload)

    @strawberry.mutation(description="Say something on a ticket.")
    async def add_comment(self, info: Info, input: Annotated[AddCommentInput, _INPUT]) -> CommentPayload:  # noqa: A002  # the argument's name in the schema
        """Say something on a ticket."""
        return await write(info.context, input.command, add_comment, CommentPayload)

    @strawberry.mutation(description="Change what one has said.")
    async def update_comment(self, info: Info, input: Annotated[UpdateCommentInput, _INPUT]) -> CommentPayload:  # noqa: A002  # the argument's name in the schema
        """Change what one has said."""
        return await write(info.context, input.command, update_comment, CommentPayload)

    @strawberry.mutation(description="Take back what one has said, or, for MANAGER and ADMIN, what anybody has.")
    async def delete_comment(self, info: Info, input: Annotated[DeleteInput, _INPUT]) -> OkPayload:  # noqa: A002  # the argument's name in the schema
        """Take back what was said."""
        return await write(info.context, partial(input.of, "Comment"), delete_comment, OkPayload)

    @strawberry.mutation(description="Announce a file for a ticket, and learn where to send its bytes.")
    async def create_attachment(
        self,
        info: Info,
        input: Annotated[CreateAttachmentInput, _INPUT],  # noqa: A002  # the argument's name in the schema
    ) -> AttachmentPayload:
        """Announce a file."""
        service = partial(create_attachment, limits=info.context.process.files.limits)
        return await write(info.context, input.command, service, AttachmentPayload)

    @strawberry.mutation(description="Have the bytes checked that were sent; only then the file is the ticket's.")
    async def finalize_attachment(
        self,
        info: Info,
        input: Annotated[FinalizeAttachmentInput, _INPUT],  # noqa: A002  # the argument's name in the schema
    ) -> AttachmentPayload:
        """Have a file checked and attached."""
        service = partial(finalize_attachment, files=info.context.process.files)
        return await write(info.context, input.command, service, AttachmentPayload)

    @strawberry.mutation(description="Take a file from its ticket; whoever attached it, or DISPATCHER and up.")
    async def delete_attachment(self, info: Info, input: Annotated[DeleteInput, _INPUT]) -> OkPayload:  # noqa: A002  # the argument's name in the schema
        """Take a file from its ticket."""
        return await write(info.context, partial(input.of, "Attachment"), delete_attachment, OkPayload)

    @strawberry.mutation(description="Say where one is, and was while nobody could be reached; technicians only.")
    async def report_location(self, info: Info, input: Annotated[ReportLocationInput, _INPUT]) -> OkPayload:  # noqa: A002  # the argument's name in the schema
        """Say where one is."""
        return await write(info.context, input.command, report_location, OkPayload)

    @strawberry.mutation(
        description="End every session of a user: tokens issued until now are refused, streams end within 5 s."
    )
    async def revoke_tokens(self, info: Info, input: Annotated[RevokeTokensInput, _INPUT]) -> OkPayload:  # noqa: A002  # the argument's name in the schema
        """End every session of a user."""
        return await write(info.context, input.command, revoke_tokens, OkPayload)

    @strawberry.mutation(
        description="Erase what is kept of a user or a customer, in rows and in the log, for good; ADMIN only. What"
        " happened, when and how often, stays."
    )
    async def erase_personal_data(
        self,
        info: Info,
        input: Annotated[ErasePersonalDataInput, _INPUT],  # noqa: A002  # the argument's name in the schema
    ) -> ErasurePayload:
        """Erase what is kept of somebody."""
        return await write(info.context, input.command, erase_personal_data, ErasurePayload)

    @strawberry.mutation(description="Keep a filter and an order of tickets under a name, or change one's own.")
    async def save_view(self, info: Info, input: Annotated[SaveViewInput, _INPUT]) -> SavedViewPayload:  # noqa: A002  # the argument's name in the schema
        """Keep a filter and an order of tickets under a name, or change one's own."""
        return await write(info.context, partial(input.command, info.schema), save_view, SavedViewPayload)

    @strawberry.mutation(description="Delete a view of one's own, or, as MANAGER or ADMIN, one that somebody shares.")
    async def delete_view(self, info: Info, input: Annotated[DeleteInput, _INPUT]) -> OkPayload:  # noqa: A002  # the argument's name in the schema
        """Delete a view."""
        return await write(info.context, partial(input.of, "SavedView"), delete_view, OkPayload)
