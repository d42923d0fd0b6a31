"""Videos with what was seen in them covered, whether or not the work was cut off."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from films import Film
from numpy.typing import NDArray

from visavis.faces import Box
from visavis.redaction import videos
from visavis.redaction.corrections import Correction
from visavis.redaction.covering import VideoCovering
from visavis.redaction.masks import Shape
from visavis.redaction.sightings import Look
from visavis.redaction.styles import Style
from visavis.redaction.videos import RECOGNISED_EVERY_MS, VideoRedaction
from visavis.redaction.workshop import Part, Workshop
from visavis.video.formats import video_format_of
from visavis.video.frames import Frame
from visavis.video.muxing import Audio
from visavis.video.source import Video

SEEN = Box(16, 16, 24, 24)
SOLID_BOX = VideoCovering(Style.SOLID, Shape.BOX)


class Cut(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def short_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(videos, "PART_FRAMES", 6)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 pictures of 96 x 64, with sound."""
    return Film(sound="aac").write(tmp_path_factory.mktemp("film") / "film.mp4")


def looking_at(
    boxes: Callable[[int], list[Box]], *, kept: bool = False
) -> Callable[[Frame, int, bool], Look]:
    """A looker that sees these boxes in the frame of each number."""

    def look(frame: Frame, number: int, recognise: bool) -> Look:
        seen = np.array([(box.x, box.y, box.x + box.width, box.y + box.height) for box in boxes(number)])
        xyxy = seen.reshape(-1, 4).astype(np.float32)
        regions = np.concatenate([xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]], axis=1)
        signature = frame.rgb(16, 12)[..., 1].ravel()
        sure = np.full(len(xyxy), 0.9, np.float32)
        compared = np.full(len(xyxy), recognise)
        return Look(float(frame.timestamp_ms), xyxy, regions, sure, compared, compared & kept, signature)

    return look


def redacted(
    film: Path,
    shop: Path,
    look: Callable[[Frame, int, bool], Look],
    covering: VideoCovering = SOLID_BOX,
    name: str = "out.mp4",
) -> bytes:
    redaction = VideoRedaction(Video(film), look, Workshop(shop), covering, video_format_of(Path(name)))
    done = redaction.cover()
    assert done.frames == 20
    target = io.BytesIO()
    redaction.write(target)
    return target.getvalue()


def pictures(data: bytes, tmp_path: Path) -> list[NDArray[np.uint8]]:
    (tmp_path / "shown.mp4").write_bytes(data)
    video = Video(tmp_path / "shown.mp4")
    return [frame.rgb(video.width, video.height) for frame in video.frames()]


def is_covered(picture: NDArray[np.uint8], box: Box = SEEN) -> bool:
    inner = picture[int(box.y) + 3 : int(box.y + box.height) - 3, int(box.x) + 3 : int(box.x + box.width) - 3]
    return int(inner.max()) < 30


def test_what_is_seen_is_covered_in_every_frame_and_the_rest_is_as_it_was(film: Path, tmp_path: Path) -> None:
    before = pictures(film.read_bytes(), tmp_path)
    after = pictures(redacted(film, tmp_path / "shop", looking_at(lambda _: [SEEN])), tmp_path)
    assert len(after) == len(before) == 20
    for old, new in zip(before, after, strict=True):
        assert is_covered(new)
        assert not is_covered(old)
        far = np.abs(new[48:, 48:].astype(int) - old[48:, 48:])
        assert far.mean() < 8, "it was encoded once more, no more than that"


def test_a_face_that_is_lost_for_a_moment_stays_covered(film: Path, tmp_path: Path) -> None:
    after = pictures(
        redacted(film, tmp_path / "shop", looking_at(lambda number: [SEEN] if number in (0, 19) else [])),
        tmp_path,
    )
    assert all(map(is_covered, after)), "it was there all the while"


@pytest.mark.slow
@pytest.mark.parametrize("cut_at", range(12))
def test_a_run_that_is_cut_off_goes_on_to_the_same_video(
    cut_at: int, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = looking_at(lambda number: [Box(16 + number, 16, 24, 24)])
    whole = redacted(film, tmp_path / "whole", look)
    writes = 0

    def replace(path: Path, target: Path) -> Path:
        nonlocal writes
        writes += 1
        if writes - 1 == cut_at:
            raise Cut
        return real(path, target)

    real = Path.replace
    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        if cut_at < 8:
            with pytest.raises(Cut):
                redacted(film, tmp_path / "shop", look)
            assert redacted(film, tmp_path / "shop", look) == whole
        else:
            assert redacted(film, tmp_path / "shop", look) == whole, "four parts, two files each"
            assert writes == 8


@pytest.mark.parametrize("missing", [(0, 2), (1, 3), (0, 3), (2,)])
def test_parts_that_are_missing_among_others_are_covered_as_they_were(
    missing: tuple[int, ...], film: Path, tmp_path: Path
) -> None:
    look = looking_at(lambda number: [Box(4 * number, 16, 16, 16)] if number % 6 < 4 else [])
    whole = redacted(film, tmp_path / "shop", look)
    for number in missing:
        Workshop(tmp_path / "shop").segment(number).unlink()
    assert redacted(film, tmp_path / "shop", look) == whole


def test_the_names_of_all_that_is_finished_last(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting: list[set[str]] = []

    def sync(folder: Path) -> None:
        lasting.append({path.name for path in folder.iterdir()})

    monkeypatch.setattr("visavis.redaction.workshop.sync_folder", sync)
    redacted(film, tmp_path / "shop", looking_at(lambda _: [SEEN]))
    finished = [f"{what}-{number:06}" for what in ("looks", "segment") for number in range(4)]
    assert lasting == [set(finished[:count]) for count in range(1, 9)]


def test_nothing_is_done_twice(film: Path, tmp_path: Path) -> None:
    numbers: list[int] = []

    def look(frame: Frame, number: int, recognise: bool) -> Look:
        numbers.append(number)
        if number == 15:
            raise Cut
        return looking_at(lambda _: [SEEN])(frame, number, recognise)

    with pytest.raises(Cut):
        redacted(film, tmp_path / "shop", look)
    assert set(numbers) >= set(range(16))
    again: list[int] = []

    def look_on(frame: Frame, number: int, recognise: bool) -> Look:
        again.append(number)
        return looking_at(lambda _: [SEEN])(frame, number, recognise)

    redacted(film, tmp_path / "shop", look_on)
    assert sorted(again) == list(range(12, 20)), "two parts of six were finished"


def test_a_part_is_kept_before_much_of_the_next_is_looked_at(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, kept = 0, []
    keep = Workshop.keep

    def look(frame: Frame, number: int, recognise: bool) -> Look:
        nonlocal looked
        looked += 1
        return looking_at(lambda _: [SEEN])(frame, number, recognise)

    def keeping(self: Workshop, number: int, part: Part) -> None:
        kept.append((number, looked))
        keep(self, number, part)

    monkeypatch.setattr(Workshop, "keep", keeping)
    monkeypatch.setattr(videos, "available_cpus", lambda: 1)
    redacted(film, tmp_path / "shop", look)
    assert [number for number, _ in kept] == [0, 1, 2, 3]
    assert all(6 * (number + 1) <= count <= 6 * (number + 1) + 2 for number, count in kept[:3])


def test_people_are_looked_for_now_and_then(film: Path, tmp_path: Path) -> None:
    times: list[int] = []

    def look(frame: Frame, number: int, recognise: bool) -> Look:
        if recognise:
            times.append(frame.timestamp_ms)
        return looking_at(lambda _: [SEEN], kept=True)(frame, number, recognise)

    after = pictures(redacted(film, tmp_path / "shop", look), tmp_path)
    spans = [time // RECOGNISED_EVERY_MS for time in sorted(times)]
    assert spans == list(range(len(spans))), "once in each span of time"
    assert not is_covered(after[len(after) // 4]), "between two recognitions they are seen"
    assert is_covered(after[-1]), "after the last one they are not"


@pytest.mark.parametrize("kept", [True, False])
def test_frames_that_spare_somebody_are_counted(kept: bool, film: Path, tmp_path: Path) -> None:
    look = looking_at(lambda _: [SEEN], kept=kept)
    written = video_format_of(Path("out.mp4"))
    done = VideoRedaction(Video(film), look, Workshop(tmp_path / "shop"), SOLID_BOX, written).cover()
    assert (done.spared_frames > 0) == kept
    assert done.covered_frames + done.spared_frames == done.frames == 20


def test_corrections_hold_for_their_time(film: Path, tmp_path: Path) -> None:
    other = Box(60, 30, 20, 20)
    covering = VideoCovering(
        shape=Shape.BOX, keep=(Correction(SEEN, 0, 300),), also=(Correction(other, 300, 500),)
    )
    after = pictures(redacted(film, tmp_path / "shop", looking_at(lambda _: [SEEN]), covering), tmp_path)
    assert [is_covered(picture) for picture in after] == [i * 40 > 300 for i in range(20)]
    assert [is_covered(picture, other) for picture in after] == [300 <= i * 40 <= 500 for i in range(20)]


def test_sound_may_be_left_out(film: Path, tmp_path: Path) -> None:
    import av

    for audio, tracks in ((Audio.KEEP, 1), (Audio.DROP, 0)):
        redaction = VideoRedaction(
            Video(film),
            looking_at(lambda _: []),
            Workshop(tmp_path / audio),
            SOLID_BOX,
            video_format_of(film),
            audio,
        )
        redaction.cover()
        target = io.BytesIO()
        redaction.write(target)
        target.seek(0)
        with av.open(target) as container:
            assert len(container.streams.audio) == tracks
