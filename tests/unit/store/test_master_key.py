"""The master key: its owner's alone, made once, and never half changed."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from visavis.errors import KeyringError, MasterKeyExposedError, MasterKeyFormatError, MasterKeyMissingError
from visavis.store.master_key import MasterKeySource, decode

KEY = bytes(range(32))
GIVEN = base64.b64encode(KEY).decode()


@pytest.fixture
def source(tmp_path: Path) -> MasterKeySource:
    return MasterKeySource("", tmp_path / "new" / "master.key")


def test_it_is_made_once(source: MasterKeySource) -> None:
    with pytest.raises(MasterKeyMissingError):
        source.read()
    mask = os.umask(0)
    try:
        key = source.read_or_make()
    finally:
        os.umask(mask)
    assert len(key) == 32
    assert source.read() == source.read_or_make() == key
    assert stat.S_IMODE(source.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(source.file.parent.stat().st_mode) == 0o700
    assert [path.name for path in source.file.parent.iterdir()] == ["master.key"], "no draft stays"


def test_one_from_the_environment_goes_first_and_is_never_written(tmp_path: Path) -> None:
    source = MasterKeySource(GIVEN, tmp_path / "master.key")
    assert source.read() == source.read_or_make() == KEY
    assert source.upcoming() is None
    assert list(tmp_path.iterdir()) == []
    assert GIVEN not in repr(source)
    assert str(tmp_path) not in repr(source)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o620, 0o602, 0o610])
def test_others_may_do_nothing_with_it(mode: int, source: MasterKeySource) -> None:
    source.read_or_make()
    source.file.chmod(mode)
    with pytest.raises(MasterKeyExposedError):
        source.read()
    source.file.chmod(0o400)
    source.read()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64",
        GIVEN[:-4],
        GIVEN + GIVEN,
        GIVEN.replace("A", "ä"),
        base64.b64encode(KEY[:31]).decode(),
        base64.b64encode(bytes(33)).decode(),
        KEY.hex(),
        "\0",
    ],
)
def test_what_is_no_key(text: str, source: MasterKeySource) -> None:
    source.read_or_make()
    source.file.write_text(text, "utf-8")
    with pytest.raises(MasterKeyFormatError) as caught:
        source.read()
    with pytest.raises(MasterKeyFormatError):
        decode(text)
    assert text.strip("\0") == "" or text not in str(caught.value)


def test_spaces_around_it_do_not_matter() -> None:
    assert decode(f" {GIVEN}\r\n") == KEY


def test_a_folder_in_its_place(source: MasterKeySource) -> None:
    source.file.mkdir(mode=0o700, parents=True)
    with pytest.raises(KeyringError, match="is a directory"):
        source.read_or_make()


def test_a_file_where_its_folder_should_be(source: MasterKeySource) -> None:
    source.file.parent.write_text("in the way")
    with pytest.raises(KeyringError):
        source.read_or_make()
    assert source.file.parent.read_text() == "in the way"


def test_many_processes_make_one_key(tmp_path: Path) -> None:
    """All wait for the same line, so that they begin at once."""
    code = (
        "import sys; from pathlib import Path; from visavis.store.master_key import MasterKeySource;"
        "source = MasterKeySource('', Path(sys.argv[1])); print('ready', flush=True); input();"
        "print(source.read_or_make().hex())"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, tmp_path / "master.key"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    keys = {process.communicate()[0] for process in processes}
    assert keys == {f"{decode((tmp_path / 'master.key').read_text()).hex()}\n"}
    assert [path.name for path in tmp_path.iterdir()] == ["master.key"]


def test_the_next_key_waits_beside_the_old_one(source: MasterKeySource) -> None:
    old = source.read_or_make()
    assert source.upcoming() is None
    new = source.prepare_upcoming()
    assert new != old
    assert source.read() == old
    assert source.upcoming() == new == source.prepare_upcoming(), "one that was begun is gone on with"
    source.adopt()
    assert source.read() == new
    assert source.upcoming() is None
    source.adopt()
    assert source.read() == new, "another process was faster"
    assert stat.S_IMODE(source.file.stat().st_mode) == 0o600


def test_no_copy_of_a_former_key_outlives_a_change(source: MasterKeySource) -> None:
    """A process that is killed between linking its draft and removing it leaves the key under two names."""
    source.read_or_make()
    os.link(source.file, source.file.with_name("master.key.abcd.draft"))
    source.file.with_name("master.key.of-the-operator").touch()
    upcoming = source.prepare_upcoming()
    os.link(source.file.with_name("master.key.new"), source.file.with_name("master.key.new.abcd.draft"))
    source.adopt()
    assert source.read() == upcoming
    assert {path.name for path in source.file.parent.iterdir()} == {
        "master.key",
        "master.key.of-the-operator",
    }
