"""What is printed at the start: a key's file, never its secret, and lines that a shell takes."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

import pytest
from registries import registry_at

from visavis.server.announcement import announcement, credentials
from visavis.services import access


def test_the_first_start_makes_a_key_and_later_ones_find_it(tmp_path: Path) -> None:
    with registry_at(tmp_path) as registry:
        file = credentials(registry)
        assert file == tmp_path / "credentials"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        text = file.read_text()
        (key,) = access.keys(registry)
        assert key.id in text
        assert credentials(registry) == file
        assert file.read_text() == text
        assert access.keys(registry) == [key]


def test_a_key_that_was_written_elsewhere(tmp_path: Path) -> None:
    with registry_at(tmp_path) as registry:
        access.create(registry)
        assert credentials(registry) is None
        assert not (tmp_path / "credentials").exists()


def test_a_file_of_another_key_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    for content in (b"[default]\naws_access_key_id = AKIDOTHER\n", b"\xff", b""):
        file.write_bytes(content)
        with registry_at(tmp_path) as registry:
            assert credentials(registry) is None
        assert file.read_bytes() == content


def test_the_lines_are_words_for_a_shell(tmp_path: Path) -> None:
    file = tmp_path / "it's a folder; really" / "credentials"
    lines = announcement("http://127.0.0.1:8080", file).splitlines()
    assert lines[:3] == ["visavis answers at http://127.0.0.1:8080", f"its key is in {file}", ""]
    python, aws, curl = (shlex.split(line) for line in lines[3:])
    assert python[0] == aws[0] == f"AWS_SHARED_CREDENTIALS_FILE={file}"
    assert str(file) in curl
    assert "http://127.0.0.1:8080/v1/galleries" in curl
    compile(python[-1], "pasted", "exec")


def test_a_certificate_of_ones_own_is_named(tmp_path: Path) -> None:
    certificate = tmp_path / "a certificate.pem"
    lines = announcement("https://127.0.0.1:8080", tmp_path / "credentials", certificate).splitlines()
    python, aws, curl = (shlex.split(line) for line in lines[3:])
    assert python[0] == aws[0] == f"AWS_CA_BUNDLE={certificate}"
    assert curl[curl.index("--cacert") + 1] == str(certificate)


def test_the_lines_work_in_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with registry_at(Path("home")) as registry:
        file = credentials(registry)
    assert file == tmp_path / "home" / "credentials"
    lines = announcement("https://127.0.0.1:8080", file, Path("own.pem")).splitlines()
    words = [word for line in lines[3:] for word in shlex.split(line)]
    assert sum(str(tmp_path / "own.pem") in word for word in words) == 3


def test_without_a_file_it_says_how_to_make_one() -> None:
    assert announcement("http://x:1", None).splitlines()[1:] == [
        "`visavis key create --file FILE` makes a key for it"
    ]
