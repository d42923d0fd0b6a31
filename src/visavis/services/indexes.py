"""The vectors of galleries in memory: derived from the store, and brought up to date before each search and, while idle, every few seconds."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from visavis.errors import SealError, VisavisError
from visavis.store.crypto import Key, template_context
from visavis.store.database import Database
from visavis.store.index import TemplateIndex
from visavis.store.keyring import Keyring
from visavis.store.log import read_head
from visavis.store.references import erased_after, last_erasure, page_for_index

REFRESH_S = 2.0
"""How long, at most, an idle process keeps the vectors of people whom another process erased."""

_PAGE = 8_192


@dataclass(slots=True)
class _Loaded:
    """What is in memory of one gallery. by_model: an index for each compatibility id."""

    by_model: dict[str, TemplateIndex] = field(default_factory=dict)
    last_number: int = 0
    last_erasure: int = 0
    log_size: int = -1
    lock: threading.Lock = field(default_factory=threading.Lock)


class Indexes:
    """An index for each gallery and model that was searched."""

    def __init__(self, store: Database, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring
        self._loaded: dict[bytes, _Loaded] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._watcher: threading.Thread | None = None

    def of(self, gallery_id: bytes) -> dict[str, TemplateIndex]:
        """The indexes of a gallery by compatibility id, as fresh as what was committed before the call."""
        with self._lock:
            loaded = self._loaded.setdefault(gallery_id, _Loaded())
            if self._watcher is None:
                self._watcher = threading.Thread(target=self._watch, daemon=True, name="visavis-indexes")
                self._watcher.start()
        self._refresh(gallery_id, loaded)
        return dict(loaded.by_model)

    def refresh(self) -> None:
        """Take out what was erased and add what was enrolled since, by whichever process, in every gallery that is loaded."""
        with self._lock:
            loaded = list(self._loaded.items())
        for gallery_id, gallery in loaded:
            self._refresh(gallery_id, gallery)

    def close(self) -> None:
        """Forget all vectors."""
        self._closing.set()
        if self._watcher is not None:
            self._watcher.join()
        self._loaded.clear()

    def _watch(self) -> None:
        while not self._closing.wait(REFRESH_S):
            with suppress(VisavisError):  # the next search will say it
                self.refresh()

    def _refresh(self, gallery_id: bytes, loaded: _Loaded) -> None:
        with loaded.lock:
            with self._store.read() as connection:
                size = read_head(connection).size
                if size == loaded.log_size:
                    return
                if not loaded.last_number:  # nothing is loaded yet, so nothing is to be taken out
                    loaded.last_erasure = last_erasure(connection)
                loaded.last_erasure, gone = erased_after(connection, loaded.last_erasure)
            if gone:
                for index in loaded.by_model.values():
                    index.remove(np.array(gone, np.int64))
            while self._add_page(gallery_id, loaded):
                pass
            loaded.log_size = size

    def _add_page(self, gallery_id: bytes, loaded: _Loaded) -> bool:
        """Add the next references; False where there are no more. Each page is a short transaction of its own."""
        with self._store.read() as connection:
            page = page_for_index(connection, gallery_id, loaded.last_number, _PAGE)
        keys = self._keyring.keys(grant_id for _, _, grant_id, _, _ in page)
        opened: dict[str, tuple[list[int], list[bytes]]] = {}
        for number, reference_id, grant_id, compatibility, sealed in page:
            context = template_context(grant_id, gallery_id, reference_id, compatibility)
            template = _open(keys.get(grant_id), sealed, context)
            if template is not None:
                numbers, templates = opened.setdefault(compatibility, ([], []))
                numbers.append(number)
                templates.append(template)
        for compatibility, (numbers, templates) in opened.items():
            vectors = np.frombuffer(b"".join(templates), np.float32).reshape(len(numbers), -1)
            index = loaded.by_model.setdefault(compatibility, TemplateIndex(vectors.shape[1]))
            index.add(np.array(numbers, np.int64), vectors)
        if page:
            loaded.last_number = page[-1][0]
        return len(page) == _PAGE


def _open(key: Key | None, sealed: bytes, context: bytes) -> bytes | None:
    """The template, or None where it is erased or was put there by somebody else: then it cannot be found."""
    if key is None:
        return None
    try:
        return key.open(sealed, context)
    except SealError:
        return None
