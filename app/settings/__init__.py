"""Every setting of the product, read from the environment and from `.env`.

Only the command line, `main` and tests make a `Settings`; everything below is given values.
"""

from app.settings.declaring import SettingsError, accepted, env_name, is_secret
from app.settings.settings import Settings, load_settings

__all__ = ["Settings", "SettingsError", "accepted", "env_name", "is_secret", "load_settings"]
