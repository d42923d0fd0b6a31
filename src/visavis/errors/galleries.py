"""Galleries, and who is enrolled and searched for in them."""

from __future__ import annotations

from visavis.errors.base import VisavisError


class GalleryError(VisavisError):
    """The gallery cannot be used so."""


class GalleryNameError(GalleryError):
    """A gallery's name is 1 to 255 letters, digits, dots, dashes and underscores."""


class GalleryExistsError(GalleryError):
    """There is a gallery of that name already."""

    hint = "`visavis gallery list` shows the galleries"


class UnknownGalleryError(GalleryError):
    """There is no gallery of that name."""

    hint = "`visavis gallery list` shows the galleries"


class TagError(GalleryError):
    """The gallery cannot be tagged so."""


class TooManyTagsError(TagError):
    """A gallery has at most 200 tags, its purpose among them."""


class EnrolmentError(VisavisError):
    """This photo cannot be enrolled."""


class SeveralFacesError(EnrolmentError):
    """There are several people in the photo, and only one of them was named."""

    hint = "crop it, or --largest takes the largest face alone; the others are never stored"


class PoorQualityError(EnrolmentError):
    """The face is too poor to be a reference."""

    hint = "take a sharp, evenly lit photo from the front"


class OtherPersonError(EnrolmentError):
    """The face does not look like the references that this person has."""

    hint = "check that the photo is theirs; `visavis enrol --confirm` enrols it all the same"


class DuplicatePersonError(EnrolmentError):
    """The face looks like that of another person in the gallery."""

    hint = "check that the photo is theirs, and that they are not enrolled twice; `visavis enrol --confirm` enrols it all the same"


class SearchRateError(VisavisError):
    """The recogniser is not calibrated down to the rate that this asks for in a gallery of this size."""

    hint = "ask for a higher rate, or search a smaller gallery"


class UnknownReferenceError(VisavisError):
    """There is no such reference in the gallery."""


class UnknownSubjectError(VisavisError):
    """There is no reference of this person in the gallery."""

    hint = "`visavis gallery show NAME --subjects` lists who is enrolled"


class UserError(VisavisError):
    """The user cannot be used so."""


class UserNameError(UserError):
    """A user's name is 1 to 128 letters, digits, dots, dashes, underscores and colons."""


class UserExistsError(UserError):
    """There is a user of that name in the gallery already."""


class UnknownUserError(UserError):
    """There is no user of that name in the gallery."""


class UserFullError(UserError):
    """A user groups at most 100 references."""

    hint = "take out some that are older or poorer"
