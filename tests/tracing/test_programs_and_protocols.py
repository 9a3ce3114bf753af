"""The solver's process, clamd and the mail server as a collector hears of them."""

import sys
from pathlib import Path

import pytest

from app.domain.files import ScanState
from app.integrations.clamd import Clamd
from app.integrations.smtp_mail import SmtpMail
from app.integrations.solver import Solver
from app.planning.slots.batch.answer import BatchFailed
from app.services.attachments.files import ScannerFailed
from app.services.invitations.posts import Never, NotNow
from tests.files import samples
from tests.files.clamd import fake_clamd
from tests.files.test_scanning import pieces
from tests.integrations.test_solver import three_engines
from tests.invitations.mail import mail_server
from tests.invitations.test_letters import LETTER
from tests.tracing.collector import CLIENT, Collector
from tests.tracing.telling import telling

SOLVED = "solve batch"


async def test_the_solver_is_a_program_that_is_told_with_its_process(collector: Collector) -> None:
    async with telling(collector) as traces:
        with traces.job("book many"):
            await Solver(traces=traces).slotted(three_engines(), seconds=60, on_progress=lambda _: None)

    job, solved = await collector.one("job book many"), await collector.one(SOLVED)
    assert (solved.parent, solved.kind, solved.failed) == (job.id, CLIENT, False)
    assert solved.about["process.executable.name"] == Path(sys.executable).name
    assert solved.about["process.pid"] > 0
    # The parent need not wait for its end.
    assert solved.about.get("process.exit.code", 0) == 0


async def test_a_solver_that_ends_without_an_answer_is_told_by_its_status(collector: Collector) -> None:
    async with telling(collector) as traces:
        with pytest.raises(BatchFailed, match="the process ended"):
            await Solver(memory_bytes=64 * 1024**2, traces=traces).slotted(
                three_engines(), seconds=60, on_progress=lambda _: None
            )

    solved = await collector.one(SOLVED)
    code = solved.about["process.exit.code"]
    assert code != 0
    assert (solved.failed, solved.said, solved.about["error.type"]) == (True, str(code), str(code))


async def test_a_solver_that_is_ended_is_told_by_the_reason(collector: Collector) -> None:
    async with telling(collector) as traces:
        with pytest.raises(BatchFailed, match="did not end"):
            await Solver(grace=0, traces=traces).slotted(three_engines(), seconds=0.05, on_progress=lambda _: None)

    solved = await collector.one(SOLVED)
    assert (solved.failed, solved.said) == (True, "TimeoutError")
    assert "process.exit.code" not in solved.about


async def test_what_clamd_says_is_told_without_what_it_found(collector: Collector, tmp_path: Path) -> None:
    async with telling(collector) as traces, fake_clamd() as clamd, fake_clamd(tmp_path / "clamd.ctl") as near:
        assert (await Clamd(clamd.url, traces=traces).scan(pieces(samples.EICAR))).state is ScanState.INFECTED
        assert (await Clamd(near.url, traces=traces).scan(pieces(b"x"))).state is ScanState.CLEAN

    far, here = sorted(collector.named("clamd scan"), key=lambda each: each.began)
    assert (far.about["fieldgraph.outcome"], here.about["fieldgraph.outcome"]) == ("infected", "clean")
    assert far.about["server.address"] == "127.0.0.1"
    assert (here.about["server.address"], here.about["network.transport"]) == (str(tmp_path / "clamd.ctl"), "unix")
    assert not any(each.failed for each in (far, here))
    assert b"Eicar" not in b"".join(collector.bodies)


async def test_a_scanner_that_cannot_say_has_failed(collector: Collector) -> None:
    async with telling(collector) as traces, fake_clamd() as clamd:
        scanner = Clamd(clamd.url, traces=traces)
        clamd.says = b"stream: Can't allocate memory ERROR"
        with pytest.raises(ScannerFailed):
            await scanner.scan(pieces(b"x"))
        clamd.hangs_up = True
        with pytest.raises(ScannerFailed):
            await scanner.scan(pieces(b"x"))

    found = sorted(collector.named("clamd scan"), key=lambda each: each.began)
    assert [each.failed for each in found] == [True, True]
    assert [each.said for each in found] == ["ScannerFailed", "IncompleteReadError"]
    assert b"allocate" not in b"".join(collector.bodies)


async def test_what_a_mail_server_answers_is_told_by_its_number(collector: Collector) -> None:
    async with telling(collector) as traces, mail_server() as mail:
        post = SmtpMail(f"smtp://127.0.0.1:{mail.port}", "service@test.example", traces=traces)
        mail.says = ["451 nobody@there.example is away", "550 nobody@there.example is unknown"]
        with pytest.raises(NotNow):
            await post.send(LETTER)
        with pytest.raises(Never):
            await post.send(LETTER)
        await post.send(LETTER)
        mail.silent = True
        with pytest.raises(NotNow):
            await SmtpMail(f"smtp://127.0.0.1:{mail.port}", "a@test.example", seconds=0.2, traces=traces).send(LETTER)

    found = sorted(collector.named("smtp send"), key=lambda each: each.began)
    assert [each.said for each in found] == ["451", "550", "", "SMTPReadTimeoutError"]
    assert [each.failed for each in found] == [True, True, False, True]
    sent = b"".join(collector.bodies)
    assert not any(each in sent for each in (b"there.example", b"test.example", LETTER.to.email.encode()))
