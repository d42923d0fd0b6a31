"""What keeps photos and videos from being redacted to a file."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class RedactionError(VisavisError):
    """The photo cannot be redacted so."""


class CoverError(RedactionError):
    """There is no such style or shape of a cover."""

    hint = 'the styles are "solid", "pixelate" and "blur", the shapes "ellipse" and "box"'


class OutputExistsError(RedactionError):
    """There is a file of that name, and it is not what came of this one with the same options and consents; nothing is ever overwritten."""

    hint = "name another output, or move that file away"


class SparedMeanwhileError(RedactionError):
    """Somebody was erased from the gallery while this was redacted, and it may show them."""

    hint = "do it again, with another output for what was written before: they are covered then"


class RedactionRunningError(RedactionError):
    """The video is being redacted to this output already."""

    hint = "wait for the other run to end, or end it, and repeat the command: it goes on from there"


class OutputPlaceError(RedactionError):
    """The output is the input, or lies within it, or the other way round."""

    hint = "name an output outside of what is redacted"


class OutputFormatError(RedactionError):
    """The photo cannot be written in the format that the output's ending names."""

    hint = "end it with .jpg, .png, .webp, .tif, .bmp, .gif, .heic or .avif, best as the photo does"


class FolderUnreadableError(RedactionError):
    """The folder cannot be read, and nothing in it was redacted."""

    hint = "check your rights"


class UnsupportedFileError(RedactionError):
    """The file is not of a kind that visavis reads."""

    hint = "photos: JPEG, PNG, WebP, TIFF, BMP, GIF, HEIC, AVIF; videos: MP4, MOV, MKV, WebM, GIF"


class CorrectionError(RedactionError):
    """A box that was to be covered by hand would cover nothing."""

    hint = "boxes are X,Y,W,H in pixels of the upright picture, times count from the start of the video"


class OutputUnwritableError(RedactionError):
    """The output cannot be written."""

    hint = "check the folder, its free space and your rights"


class AnnotationsError(RedactionError):
    """This is not a list of the faces that photos and videos show."""

    hint = "it is a CSV file with the columns file,frame,x,y,width,height, one face to a line (docs/redaction.md)"


class OutputFullError(OutputUnwritableError):
    """There is no room for the output."""

    hint = "free some, and do the same again: the command line goes on where it stopped"


class StateUnwritableError(OutputUnwritableError):
    """The state folder, in which it is kept what was redacted, cannot be written."""

    hint = "set VISAVIS_HOME to a folder that is yours, with room in it"
