"""Moving a gallery to another recogniser: both serve until everybody was photographed again."""

from __future__ import annotations

from dataclasses import dataclass, field

from visavis.audit.entry import Action
from visavis.models.manifest import find_manifest
from visavis.services.contents import remove, view
from visavis.services.galleries import find
from visavis.services.registry import Registry
from visavis.services.work import working
from visavis.settings import model_folder
from visavis.store.galleries import Gallery, find_gallery, set_recogniser


@dataclass(frozen=True, slots=True)
class Upgrade:
    """Where a gallery stands on its way to a recogniser.

    missing: people who have no reference of it yet; superseded: references of other
    models, of people who have some of it.
    """

    gallery: Gallery
    missing: tuple[str, ...] = field(repr=False)
    superseded: int


def begin(registry: Registry, name: str, recogniser: str) -> Gallery:
    """From now on, make new references with another recogniser; what is enrolled is still found with the one it was made with."""
    find_manifest(recogniser, model_folder())
    with working(registry) as work:
        gallery = find_gallery(work.connection, name)
        set_recogniser(work.connection, gallery.id, recogniser)
        work.log(Action.GALLERY_CHANGE, where=gallery)
    return find(registry, name)


def state(registry: Registry, name: str) -> Upgrade:
    """Who has to be photographed again: photos are not kept, so a new model needs people anew."""
    gallery = find(registry, name)
    by_subject: dict[str, list[bool]] = {}
    for reference in view(registry, name):
        by_subject.setdefault(reference.subject, []).append(reference.recogniser == gallery.recogniser)
    missing = sorted(subject for subject, current in by_subject.items() if not any(current))
    return Upgrade(gallery, tuple(missing), sum(c.count(False) for c in by_subject.values() if any(c)))


def finish(registry: Registry, name: str) -> int:
    """Delete the references of former recognisers of everybody who has some of the present one; how many."""
    gallery = find(registry, name)
    references = list(view(registry, name))
    renewed = {r.grant_id for r in references if r.recogniser == gallery.recogniser}
    former = [r.id for r in references if r.recogniser != gallery.recogniser and r.grant_id in renewed]
    return remove(registry, name, former) if former else 0
