"""Sealed values open under their key and in their place, and nowhere else."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from visavis.errors import SealError
from visavis.store.crypto import Key, data_key_context, fresh_key, salt_context, template_context

KEY = Key(bytes(range(32)))
IDS = st.binary(min_size=16, max_size=16)


@given(st.binary(max_size=600), st.binary(max_size=60))
def test_what_is_sealed_opens(value: bytes, context: bytes) -> None:
    assert KEY.open(KEY.seal(value, context), context) == value


@given(st.binary(min_size=1, max_size=100), st.data())
def test_no_bit_can_be_changed(value: bytes, data: st.DataObject) -> None:
    sealed = bytearray(KEY.seal(value, b"here"))
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(SealError):
        KEY.open(bytes(sealed), b"here")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(27), bytes(28)])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealError):
        KEY.open(sealed, b"here")


def test_another_key_opens_nothing() -> None:
    with pytest.raises(SealError):
        Key(fresh_key()).open(KEY.seal(b"value", b"here"), b"here")


def test_the_same_value_is_sealed_anew_each_time() -> None:
    assert KEY.seal(b"value", b"here") != KEY.seal(b"value", b"here")


@given(st.tuples(IDS, IDS, IDS), st.integers(0, 3), IDS)
def test_a_template_moved_elsewhere_does_not_open(
    ids: tuple[bytes, bytes, bytes], moved: int, elsewhere: bytes
) -> None:
    sealed = KEY.seal(b"template", template_context(*ids, "sface"))
    other = list(ids)
    if moved < 3:
        assume(ids[moved] != elsewhere)
        other[moved] = elsewhere
    with pytest.raises(SealError):
        KEY.open(sealed, template_context(other[0], other[1], other[2], "sface" if moved < 3 else "other"))


def test_contexts_of_different_things_differ() -> None:
    grant = bytes(16)
    contexts = [data_key_context(grant), salt_context(grant, 0), salt_context(grant, 1)]
    contexts.append(template_context(grant, grant, grant, ""))
    assert len(set(contexts)) == 4


def test_a_digest_depends_on_the_key() -> None:
    assert KEY.digest(b"photo") == Key(bytes(range(32))).digest(b"photo")
    assert KEY.digest(b"photo") != Key(bytes(32)).digest(b"photo")
    assert KEY.digest(b"photo") != KEY.digest(b"photos")
