"""Which server is spoken to, and that no other is."""

from __future__ import annotations

import pytest
from fake_rekognition import RESET, Reply, fake_rekognition, found, set_credentials

from visavis.errors import EndpointCredentialsError, EndpointError
from visavis.evaluation.endpoint import Answer, Endpoint


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    set_credentials(monkeypatch)


def test_what_the_environment_names_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        fake_rekognition(lambda *_photos: RESET) as other,
        fake_rekognition(lambda *_photos: found(7.0)) as fake,
    ):
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_REKOGNITION"):
            monkeypatch.setenv(name, other.url)
        with Endpoint(fake.url, 1) as endpoint:
            assert endpoint.compare(b"a", b"b") == Answer(7.0)
        with Endpoint("aws", 1) as endpoint:
            assert endpoint.url == "https://rekognition.eu-west-1.amazonaws.com"
    assert not other.asked


def test_a_redirection_is_not_followed() -> None:
    """The photos were meant for this server, not for one that it names."""
    with fake_rekognition(lambda *_photos: found(7.0)) as other:

        def elsewhere(_probe: bytes, _reference: bytes) -> Reply:
            return 307, b""

        with fake_rekognition(elsewhere) as fake, Endpoint(fake.url, 1) as endpoint:
            fake.elsewhere = other.url
            with pytest.raises(EndpointError):
                endpoint.compare(b"a", b"b")
            assert len(fake.asked) == 1
    assert not other.asked


@pytest.mark.parametrize(
    ("url", "bills"),
    [
        ("aws", True),
        ("https://rekognition.us-east-1.amazonaws.com", True),
        ("https://rekognition.us-east-1.amazonaws.com:443/", True),
        ("https://rekognition.us-east-1.api.aws", True),
        ("http://127.0.0.1:1", False),
        ("https://amazonaws.com.example.org", False),
        ("https://notamazonaws.com", False),
    ],
)
def test_who_bills(url: str, *, bills: bool) -> None:
    with Endpoint(url, 1) as endpoint:
        assert endpoint.is_amazons is bills


def test_credentials_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(EndpointCredentialsError):
        Endpoint("http://127.0.0.1:1", 1)
