"""Where no collector is set nothing is loaded and nothing is told; where one is, what sends traces must be there."""

import asyncio
import subprocess
import sys

import pytest

from app.tracing.object_stores import StoreMethod, StoreName
from app.tracing.traces import NOTHING, UNTRACED
from tests.cli.command import Workplace
from tests.serving import SECRET

LOADED = """
import asyncio, sys
from app.main.server import create_app
from app.main.worker import create_worker
from app.settings import load_settings

settings = load_settings(database_url="{url}", jwt_secret_key="{secret}", otel_exporter_otlp_endpoint={endpoint})

async def main():
    create_app(settings)
    async with create_worker(settings):
        pass

asyncio.run(main())
print(sorted({{name.partition(".")[0] for name in sys.modules}} & {{"opentelemetry", "requests", "urllib3"}}))
"""


def loaded(url: str, endpoint: str | None) -> str:
    program = LOADED.format(url=url, secret=SECRET, endpoint=repr(endpoint))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.splitlines()[-1]


async def test_without_a_collector_nothing_of_it_is_loaded(database_url: str) -> None:
    assert await asyncio.to_thread(loaded, database_url, None) == "[]"
    # The same, to see that it is looked for in the right place.
    assert "opentelemetry" in await asyncio.to_thread(loaded, database_url, "http://127.0.0.1:1")


def test_where_nobody_collects_one_step_stands_for_all() -> None:
    steps = {
        UNTRACED.request("GET", None),
        UNTRACED.operation("query", "Who", None),
        UNTRACED.job("offer_expires"),
        UNTRACED.call("GET", "https", "there", None),
        UNTRACED.stored(StoreName(scheme="s3", bucket="files"), StoreMethod.GET),
        UNTRACED.program("solve batch", "python"),
        UNTRACED.message("nats", "there", 4222, subject="any", causes=()),
        UNTRACED.statement("SELECT 1"),
    }

    assert steps == {NOTHING}
    assert not NOTHING.carried
    assert UNTRACED.cause() is None


@pytest.mark.parametrize("command", ["serve", "worker"])
async def test_what_is_not_installed_is_asked_for_in_a_sentence(
    workplace: Workplace, database_url: str, command: str
) -> None:
    # A module of this name that cannot be imported stands in the way of the installed one.
    broken = workplace.folder / "broken" / "opentelemetry"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('not here')\n")
    env = {
        "DATABASE_URL": database_url,
        "JWT_SECRET_KEY": SECRET,
        "PORT": "0",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "PYTHONPATH": str(broken.parent),
    }

    done = await asyncio.to_thread(workplace.run_afresh, command, **env)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "fieldgraph: OTEL_EXPORTER_OTLP_ENDPOINT is set, and what sends traces is not installed: "
        "install fieldgraph[tracing], or unset OTEL_EXPORTER_OTLP_ENDPOINT."
    )
