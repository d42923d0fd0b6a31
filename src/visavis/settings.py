"""Where visavis keeps its state."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The state folder: `$VISAVIS_HOME`, else the platform's folder for user data. Not created here."""
    chosen = os.environ.get("VISAVIS_HOME")
    return Path(chosen) if chosen else Path(platformdirs.user_data_dir("visavis", appauthor=False))


def model_folder() -> Path:
    """Where weights that a user added lie."""
    return home() / "models"


def calibration_folder() -> Path:
    """Where calibrations that a user made lie."""
    return home() / "calibrations"
