import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Workplace


@pytest.fixture
def workplace() -> Iterator[Workplace]:
    """An empty working directory with nothing set; what was started there is stopped after."""
    # Not pytest's own folder: that one is private, so root's server would put its data elsewhere.
    folder = Path(tempfile.mkdtemp(prefix="fg-cli-"))
    folder.chmod(0o755)
    place = Workplace(folder)
    yield place
    place.end()
    shutil.rmtree(folder)
