import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_of_the_image_tells_a_ready_server(status: int, healthy: bool) -> None:
    instruction = re.search(r"^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert instruction is not None
    program, *arguments = json.loads(instruction[1])
    assert program == "python"

    with answering(status) as port:
        done = subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "PORT": str(port)},
            capture_output=True,
            check=False,
        )

    assert (done.returncode == 0) is healthy


def test_everything_the_installation_reads_is_let_into_the_image() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    makefile = (ROOT / "Makefile").read_text()
    needed = {
        "app",
        "resolvers",
        "schema",
        "migrations",
        "pyproject.toml",
        "Makefile",
        "README.md",
        "LICENSE",
    }

    assert needed | {"requirements/run.txt"} == let_in
    assert "requirements/run.txt" in makefile
