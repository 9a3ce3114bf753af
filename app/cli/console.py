"""What commands write: results to standard output, what goes on to standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

Report = Callable[[str, int, int], None]

results = Console(soft_wrap=True, markup=False, highlight=False)
errors = Console(stderr=True, soft_wrap=True, markup=False, highlight=False)


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show that `what` goes on: a spinner on a terminal, one line elsewhere."""
    if not errors.is_terminal:
        errors.print(f"{what} …")
        yield
        return
    with errors.status(what):
        yield
    errors.print(f"{what}: done")


@contextmanager
def progress() -> Iterator[Report]:
    """Show how far steps have come: a bar for each on a terminal, one line for each elsewhere.

    The value is called with a step's name, how much is done and how much there is.
    """
    if not errors.is_terminal:
        yield _line_for_each_step()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors) as bars:
        tasks: dict[str, TaskID] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done, total=total)

        yield report


def _line_for_each_step() -> Report:
    finished: set[str] = set()

    def report(what: str, done: int, total: int) -> None:
        if done >= total and what not in finished:
            finished.add(what)
            errors.print(f"{what}: {total}")

    return report
