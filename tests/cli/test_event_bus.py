"""What `fieldgraph serve` says of an event bus that it cannot use."""

import pytest

from tests.cli.command import Workplace

DATABASE = "postgresql://nobody@127.0.0.1:1/nothing"


def test_another_kind_of_bus_is_refused_at_the_start_by_the_settings_name(workplace: Workplace) -> None:
    done = workplace.run("serve", EVENT_BUS_URL="amqp://field:hunter2@127.0.0.1", DATABASE_URL=DATABASE)

    assert done.returncode == 1
    assert done.stderr.startswith(
        "fieldgraph: EVENT_BUS_URL cannot be used (it must begin with nats:// or redis://): give an address such as"
    )
    assert "hunter2" not in done.stderr + done.stdout


@pytest.mark.parametrize("scheme", ["nats", "redis"])
def test_a_bus_whose_driver_is_not_installed_is_refused_with_what_to_install(
    workplace: Workplace, database_url: str, scheme: str
) -> None:
    (workplace.folder / "faststream.py").write_text("raise ModuleNotFoundError('No module named faststream')\n")

    done = workplace.run(
        "serve",
        PORT="0",
        EVENT_BUS_URL=f"{scheme}://127.0.0.1",
        DATABASE_URL=database_url,
        JWT_SECRET_KEY="a secret of a test, which is long enough",
        PYTHONPATH=str(workplace.folder),
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"fieldgraph: EVENT_BUS_URL begins with {scheme}://, and the driver for that is not installed: "
        "install fieldgraph[bus], or unset EVENT_BUS_URL."
    )
