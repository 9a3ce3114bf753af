"""The long form: `python -m tests.faults` kills each part FAULT_ROUNDS times and prints what came of it."""

import asyncio
import os
import random
import sys

from tests.faults.campaign import Fault, campaign
from tests.faults.site import new_site


def main() -> int:
    """Run the campaign of the environment's FAULT_ROUNDS and FAULT_SEED; 0 is a campaign without findings."""
    rounds, seed = int(os.environ.get("FAULT_ROUNDS", "10")), int(os.environ.get("FAULT_SEED", "1"))
    faults = [fault for fault in Fault for _ in range(rounds)]
    random.Random(seed).shuffle(faults)
    with new_site() as site:
        report = asyncio.run(campaign(site, faults, seed=seed))
    sys.stdout.write("\n".join([f"seed               {seed}", *report.lines(), ""]))
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
