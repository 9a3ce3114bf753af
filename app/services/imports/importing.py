"""A file of rows of a kind comes in: what is there is changed, what is not is created, all of it or none."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from app.db.transaction import Mode, transaction
from app.domain.people import Actor
from app.domain.refusals import Invalid, NotFound
from app.services.administration.drafting import write_drafts
from app.services.administration.keeping import require_right
from app.services.administration.saying import Kept
from app.services.change import Change
from app.services.imports.lines import Done, Drafted, Line, LinesRefused, Outcome, Overtaken, RefusedLine
from app.services.perform import Writer, Written, perform

MOST_LINES = 5000
_TRIES = 3

# Checks lines in a transaction; `lock` tells whether what is there is locked, as it is before it is written.
Drafting = Callable[[Change, Sequence[Line], bool], Awaitable[Drafted]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Importable:
    """A kind of row that comes in by files, and how lines become rows of it."""

    kept: Kept
    drafting: Drafting

    @property
    def name(self) -> str:
        """What such an import is called among what has idempotency keys, such as importServiceBays."""
        return "import" + "".join(map(str.capitalize, self.kept.many.split()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLines:
    """The lines of a file, at most 5,000."""

    lines: tuple[Line, ...]
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What would come of each line that can be written, why the others cannot, and what is to be thought about."""

    done: Sequence[Done]
    refused: Sequence[RefusedLine]
    warnings: Sequence[str]


async def import_lines(writer: Writer, actor: Actor, importable: Importable, command: ImportLines) -> Written:
    """Create or change a row for each line, under the rules of the mutations on it; `done_of` reads the ids.

    Guard: the rows' locks, taken by id; the unique constraints, under which new rows are written by their keys. What
    somebody else has written since the rows were looked for is seen by another try.

    Raises:
        LinesRefused: at least one line is wrong.
        Forbidden: the actor may not keep such rows.
        Invalid, NotFound: others write the same rows again and again.
    """

    async def work(change: Change) -> dict[str, UUID]:
        drafted = await _drafted(change, importable, command, lock=True)
        if drafted.refused:
            raise LinesRefused(drafted.refused)
        await drafted.claim()
        for kept, drafts in drafted.writes:
            try:
                await write_drafts(kept, change, drafts)
            except (Invalid, NotFound) as refusal:
                raise Overtaken(refusal) from refusal
        change.warnings += _spelled(drafted)
        return {f"{each.outcome} {each.number}": each.id for each in drafted.done}

    for tries_left in reversed(range(_TRIES)):
        try:
            return await perform(writer, actor, importable.name, command, work)
        except Overtaken as overtaken:
            if not tries_left:
                raise overtaken.refusal from overtaken
    raise AssertionError("the last try returns or raises")


async def check_lines(writer: Writer, actor: Actor, importable: Importable, command: ImportLines) -> Checked:
    """Check each line as `import_lines` does, in a transaction that cannot write.

    Raises:
        Forbidden: the actor may not keep such rows.
    """
    async with transaction(writer.engine, actor.organization_id, mode=Mode.READ) as connection:
        change = Change(connection=connection, actor=actor, now=writer.clock(), id=uuid7())
        drafted = await _drafted(change, importable, command, lock=False)
    return Checked(done=drafted.done, refused=drafted.refused, warnings=_spelled(drafted))


def done_of(written: Written) -> list[Done]:
    """Return what came of each line, in their order; what was new of rows is not known any more."""
    told = []
    for name, id_ in written.ids.items():
        outcome, _, number = name.partition(" ")
        told.append(Done(number=int(number), id=id_, outcome=Outcome(outcome)))
    return sorted(told, key=lambda each: each.number)


async def _drafted(change: Change, importable: Importable, command: ImportLines, *, lock: bool) -> Drafted:
    require_right(importable.kept, change)
    if len(command.lines) > MOST_LINES:
        raise Invalid(field=(), problem=f"A file has at most {MOST_LINES} lines of {importable.kept.many}.")
    return await importable.drafting(change, command.lines, lock)


def _spelled(drafted: Drafted) -> list[str]:
    return [f"Line {number}: {words}" for number, words in drafted.warnings]
