import pytest

from tests.faults.campaign import WORK, Fault, campaign
from tests.faults.site import new_site


@pytest.mark.fault
async def test_what_was_acknowledged_survives_kills_of_the_server_and_of_postgresql_and_happens_once() -> None:
    with new_site() as site:
        report = await campaign(site, [Fault.API, Fault.POSTGRES], seed=7)

    assert report.findings == []
    # Kills that nobody notices would prove nothing.
    assert report.struck_in_flight == [pytest.approx(6, abs=5), pytest.approx(6, abs=5)]
    assert len(report.ledger.promises) >= 3 * WORK
    assert report.ledger.trouble["ConnectError"] > 0
    assert report.ledger.trouble["answer lost"] > 0
    assert report.falls >= 2
