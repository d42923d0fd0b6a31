"""A key hands on no more than it has, whatever the patterns."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from visavis.services.access import AccessKey
from visavis.services.delegation import covers, is_unlimited, is_within

# Few letters, so that patterns meet. A store keeps no other signs of fnmatch than the star; here they are, all the same.
PATTERNS = st.lists(st.text("ab*?[]!-", min_size=1, max_size=6), min_size=1, max_size=3).map(tuple)
NAMES = st.text("ab?[]!-", max_size=6)
TIMES = st.none() | st.integers(1, 5)
KEYS = st.builds(
    AccessKey,
    st.just("VSVSTEST"),
    operations=PATTERNS,
    galleries=PATTERNS,
    created_at=st.just(0),
    expires_at=TIMES,
)


@given(KEYS, KEYS, NAMES, NAMES, st.integers(0, 6))
@example(AccessKey("A", ("a?",)), AccessKey("B", ("a*",)), "abb", "a", 0)
@example(AccessKey("A", ("*b]a",)), AccessKey("B", ("[ab]a",)), "aa", "a", 0)
def test_no_key_makes_one_that_may_do_what_it_may_not(
    maker: AccessKey, made: AccessKey, operation: str, gallery: str, now: int
) -> None:
    if covers(maker, made.operations, made.galleries, made.expires_at):
        assert made.allows(operation, gallery) <= maker.allows(operation, gallery)
        assert made.reaches(gallery) <= maker.reaches(gallery)
        assert made.lives(now) <= maker.lives(now)


@given(KEYS)
def test_a_key_may_make_its_like(key: AccessKey) -> None:
    assert covers(key, key.operations, key.galleries, key.expires_at)


def test_what_is_within_what() -> None:
    assert is_within(("staff-1", "staff-*-b"), ("staff-*",))
    assert is_within(("a*b*c",), ("a*c",))
    assert is_within(("**",), ("*",))
    assert not is_within(("a*c",), ("a*b*c",))
    assert not is_within(("staff",), ("staff-*",))
    assert not is_within(("a", "b"), ("a",))
    assert not is_within(("*",), ("a*", "b*"))
    assert not covers(AccessKey("A", expires_at=5), ("*",), ("*",), None)


def test_only_a_key_for_whatever_gallery_is_unlimited() -> None:
    assert is_unlimited(AccessKey("A"))
    assert is_unlimited(AccessKey("A", galleries=("a", "**")))
    assert not is_unlimited(AccessKey("A", galleries=("a*", "*a")))
    assert not is_unlimited(AccessKey("A", galleries=()))
