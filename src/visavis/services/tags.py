"""Tags of galleries. A gallery's purpose is shown as one of them, and never changes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from visavis.audit.entry import Action
from visavis.errors import TagError, TooManyTagsError
from visavis.services.galleries import find
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.store import tags as rows
from visavis.store.galleries import find_gallery

PURPOSE_TAG = "visavis:purpose"
FPIR_TAG = "visavis:fpir"
"""How often a search of the gallery may find somebody for a stranger: it chooses the threshold for the gallery's size."""

MAX_TAGS = 200


def show(registry: Registry, gallery_name: str) -> dict[str, str]:
    """A gallery's tags by key, its purpose among them; raises UnknownGalleryError. As names of galleries do, it leaves no leaf."""
    gallery = find(registry, gallery_name)
    with registry.store.read() as connection:
        return {PURPOSE_TAG: gallery.purpose} | rows.tags_of(connection, gallery.id)


def put(registry: Registry, gallery_name: str, tags: Mapping[str, str]) -> None:
    """Add tags, or change those that are there; all or none.

    Raises TagError for a tag that cannot be set, TooManyTagsError, UnknownGalleryError.
    """
    with working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        checked = check(tags, gallery.purpose)
        if len(rows.tags_of(work.connection, gallery.id) | checked) >= MAX_TAGS:
            raise TooManyTagsError
        rows.put_tags(work.connection, gallery.id, checked)
        work.log(Action.GALLERY_CHANGE, where=gallery)
    registry.store.overwrite_freed()  # what a tag said may have been a name


def remove(registry: Registry, gallery_name: str, keys: Collection[str]) -> None:
    """Remove tags; keys that are not there are ignored. Raises TagError for the purpose, UnknownGalleryError."""
    if PURPOSE_TAG in keys:
        raise TagError("a gallery has the purpose that people agreed to for as long as it is there")
    with working(registry) as work:
        gallery = find_gallery(work.connection, gallery_name)
        rows.remove_tags(work.connection, gallery.id, keys)
        work.log(Action.GALLERY_CHANGE, where=gallery)
    registry.store.overwrite_freed()  # what a tag said may have been a name


def check(tags: Mapping[str, str], purpose: str) -> dict[str, str]:
    """The tags to keep of these: all but the purpose, which the gallery itself has. Raises TagError for one that cannot be set, TooManyTagsError."""
    if any(key.lower().startswith("aws:") for key in tags):
        raise TagError("no tag's key begins with aws:")
    if tags.get(PURPOSE_TAG, purpose) != purpose:
        raise TagError("a gallery's purpose never changes: it is what people agreed to")
    if FPIR_TAG in tags:
        fpir_of(tags)
    kept = {key: value for key, value in tags.items() if key != PURPOSE_TAG}
    if len(kept) >= MAX_TAGS:
        raise TooManyTagsError
    return kept


def fpir_of(tags: Mapping[str, str]) -> float | None:
    """The rate that `visavis:fpir` asks for, None where it is not there; raises TagError for what is no such rate."""
    text = tags.get(FPIR_TAG)
    if text is None:
        return None
    if re.fullmatch(r"[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?", text, re.ASCII) and 0 < float(text) < 1:
        return float(text)
    raise TagError(f"{FPIR_TAG} is a rate: a number above 0 and below 1, such as 0.01")
