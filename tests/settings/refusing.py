"""What is said of settings that are refused."""

import pytest

from app.settings import SettingsError, load_settings


def refusal() -> str:
    """Load the settings, which must be refused, and return in which words."""
    with pytest.raises(SettingsError) as caught:
        load_settings()
    return str(caught.value)
