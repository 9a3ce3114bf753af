import json
import subprocess
import sys
from typing import Any

SETUP = """
import logging, structlog
from uuid import UUID
from app.logs import configure_logs, current_request_id, request_context
configure_logs(level="INFO", service="fieldgraph", version="1.2.3")
log = structlog.get_logger("app.somewhere")
"""


def lines_of(script: str) -> list[dict[str, Any]]:
    done = subprocess.run([sys.executable, "-c", SETUP + script], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return [json.loads(line) for line in done.stderr.splitlines()]


def test_an_event_is_one_json_line_with_its_fields() -> None:
    ticket = "6f1c1f5e-0c1b-4ad5-8b52-5d8d4f6f0001"

    [line] = lines_of(f"log.info('assignment.accepted', ticket=UUID('{ticket}'))")

    assert line.pop("time").endswith("Z")
    assert line == {
        "event": "assignment.accepted",
        "level": "info",
        "logger": "app.somewhere",
        "service": "fieldgraph",
        "ticket": ticket,
        "version": "1.2.3",
    }


def test_lines_below_the_level_are_not_written() -> None:
    assert lines_of("log.debug('a'); logging.getLogger('library').debug('b')") == []


def test_lines_of_a_request_carry_its_id_and_others_do_not() -> None:
    script = """
with request_context("r-1"):
    log.info(current_request_id())
    logging.getLogger("library").warning("inside")
log.info(str(current_request_id()))
"""
    found = [(line["event"], line.get("request_id")) for line in lines_of(script)]

    assert found == [("r-1", "r-1"), ("inside", "r-1"), ("None", None)]


def test_lines_of_what_is_traced_carry_the_traces_id_and_others_do_not() -> None:
    script = """
from app.logs import begin_trace, end_trace
begun = begin_trace(0x0af7651916cd43dd8448eb211c80319c)
log.info("inside")
end_trace(begun)
log.info("outside")
"""
    found = [(line["event"], line.get("trace_id")) for line in lines_of(script)]

    assert found == [("inside", "0af7651916cd43dd8448eb211c80319c"), ("outside", None)]


def test_a_line_about_a_request_has_fields_and_no_query_string() -> None:
    script = """
logging.getLogger("uvicorn.access").info(
    '%s - "%s %s HTTP/%s" %d', "127.0.0.1:9", "GET", "/graphql?token=hidden", "1.1", 200)
"""
    [line] = lines_of(script)

    assert (line["event"], line["method"], line["path"], line["status"]) == (
        "http.answered",
        "GET",
        "/graphql",
        200,
    )
    assert "hidden" not in json.dumps(line)


def test_an_exception_stays_on_the_line_of_its_event() -> None:
    script = """
try:
    1 / 0
except ZeroDivisionError:
    log.exception("job.failed")
    logging.getLogger("library").exception("failed too")
"""
    found = lines_of(script)

    assert [line["event"] for line in found] == ["job.failed", "failed too"]
    assert all("ZeroDivisionError" in line["exception"] for line in found)
