"""`fieldgraph calendar`, as it is used."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.tables.deliveries import calendar_connections, calendar_feeds
from app.integrations.sealing import FernetSeal
from tests.cli.command import Workplace
from tests.invitations.diary import KEY
from tests.services.scene import Scene
from tests.world import World

SETTINGS = {
    "CALENDAR_TOKEN_KEY": KEY,
    "GOOGLE_CALENDAR_CLIENT_ID": "client",
    "GOOGLE_CALENDAR_CLIENT_SECRET": "secret",
}


def run(folder: Path, url: str, *arguments: str, said: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
    place = Workplace(folder)
    return subprocess.run(
        [sys.executable, "-c", "from app.cli import main; main()", "calendar", *arguments],
        cwd=folder,
        env=place._environment({"DATABASE_URL": url, **SETTINGS, **env}),
        input=said,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def test_a_grant_is_kept_sealed_replaced_and_forgotten(
    tmp_path: Path, database_url: str, engine: AsyncEngine, world: World
) -> None:
    scene, ann = Scene(engine=engine, world=world), str(world.technicians["ann"])
    whose = ("--technician", ann, "--provider", "google")

    first = run(tmp_path, database_url, "connect", *whose, said="1//the-grant\n")
    assert (first.returncode, first.stdout.strip()) == (0, "Connected.")
    assert "the-grant" not in first.stdout + first.stderr
    (row,) = await scene.rows(calendar_connections)
    assert (row.calendar_id, FernetSeal([KEY]).open(row.sealed_token)) == ("primary", "1//the-grant")

    again = run(tmp_path, database_url, "connect", *whose, "--calendar-id", "work@x", said="another")
    assert again.returncode == 0
    (row,) = await scene.rows(calendar_connections)
    assert (row.calendar_id, row.version, FernetSeal([KEY]).open(row.sealed_token)) == ("work@x", 2, "another")

    gone = run(tmp_path, database_url, "disconnect", *whose)
    twice = run(tmp_path, database_url, "disconnect", *whose)
    assert (gone.stdout.strip(), twice.stdout.strip()) == ("Disconnected.", "Was not connected.")
    (row,) = await scene.rows(calendar_connections)
    assert row.sealed_token is None


async def test_the_address_of_a_feed_is_revoked(
    tmp_path: Path, database_url: str, engine: AsyncEngine, world: World
) -> None:
    done = run(tmp_path, database_url, "revoke-address", "--technician", str(world.technicians["ann"]))

    assert done.returncode == 0
    (row,) = await Scene(engine=engine, world=world).rows(calendar_feeds)
    assert row.generation == 1


@pytest.mark.parametrize(
    ("said", "env", "technician", "words"),
    [
        ("token", {"CALENDAR_TOKEN_KEY": ""}, None, "CALENDAR_TOKEN_KEY is unset"),
        ("token", {"GOOGLE_CALENDAR_CLIENT_SECRET": ""}, None, "GOOGLE is not set up"),
        ("", {}, None, "That is no refresh token."),
        ("two words", {}, None, "That is no refresh token."),
        ("token", {}, "00000000-0000-0000-0000-000000000001", "There is no such technician."),
    ],
)
async def test_what_cannot_be_is_said(
    tmp_path: Path,
    database_url: str,
    world: World,
    said: str,
    env: dict[str, str],
    technician: str | None,
    words: str,
) -> None:
    who = technician or str(world.technicians["ann"])
    done = run(tmp_path, database_url, "connect", "--technician", who, "--provider", "GOOGLE", said=said, **env)

    assert (done.returncode, words in done.stderr) == (1, True)
    assert "Traceback" not in done.stderr
