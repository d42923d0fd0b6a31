"""Stored-video jobs."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class JobError(VisavisError):
    """The job cannot be done so."""


class UnknownJobError(JobError):
    """There is no job of that id."""

    hint = "`visavis job list` shows the jobs; what came of one is kept for 7 days"


class TooManyJobsError(JobError):
    """No more than 20 jobs run at once."""

    hint = "wait for one to end, or end one with `visavis job cancel`"


class JobTokenError(JobError):
    """The token was used to ask for another job."""


class JobEndedError(JobError):
    """The job was ended while it was worked on."""


class JobElsewhereError(JobError):
    """The job has been worked on by another process meanwhile."""


class FilmTooLongError(JobError):
    """The film is longer than 6 hours."""


class FilmUnreadableError(JobError):
    """The film cannot be read from where it is stored."""


class FilmUnwritableError(JobError):
    """There is no room for the film on the machine that works on it."""


class TargetExistsError(JobError):
    """Something is stored at the target already, and nothing is ever overwritten."""

    hint = "name another target, or move that away"


class TargetUnwritableError(JobError):
    """The result cannot be stored at the target."""


class NotToldError(JobError):
    """Nobody could be told that the job has ended."""
