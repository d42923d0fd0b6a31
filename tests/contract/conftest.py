"""A `visavis serve` in a process of its own, the S3 that it reads photos from, and photos of two people."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_stand_ins import REGION, Topic, client, stand_ins
from commands import Running, serving, visavis_here
from contract_story import BUCKET, FILM, NO_FILM, PURPOSE, SUBJECTS, Cinema, Photos
from people_films import two_people, write_film
from PIL import Image, ImageOps

NODE = Path(__file__).parent / "node"
OF_STAND_INS = ("AWS_ENDPOINT_URL_", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
HUGE_BYTES = 15 * 2**20 + 1


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, s3: dict[str, str]) -> Iterator[Running]:
    """A server whose people said yes beforehand."""
    home = tmp_path_factory.mktemp("server")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("VISAVIS_HOME", str(home))
        for subject in SUBJECTS:
            answer = visavis_here("consent", "grant", "--subject", subject, "--purpose", PURPOSE)
            assert answer.returncode == 0, answer.stderr
    with serving(home, VISAVIS_DEFAULT_PURPOSE=PURPOSE, **s3) as running:
        yield running


@pytest.fixture(scope="session")
def busy_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server that takes one call a second."""
    with serving(tmp_path_factory.mktemp("busy"), VISAVIS_CALLS_PER_SECOND="1") as running:
        yield running


@pytest.fixture(scope="session")
def s3(photos: Photos) -> Iterator[dict[str, str]]:
    """An S3 that holds the photos, and an SNS: the environment of whoever uses them."""
    with stand_ins() as found:
        bucket = client("s3", found)
        bucket.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        bucket.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        for photo in (photos.eileen, photos.eileen_smaller):
            bucket.put_object(Bucket=BUCKET, Key=photo.name, Body=photo.read_bytes())
        bucket.put_object(Bucket=BUCKET, Key="huge", Body=bytes(HUGE_BYTES))
        bucket.put_object(Bucket=BUCKET, Key=NO_FILM, Body=b"not a film")
        yield {name: value for name, value in found.items() if name.startswith(OF_STAND_INS)}
        bucket.close()


@pytest.fixture(scope="session")
def topic(s3: dict[str, str]) -> Iterator[Topic]:
    """Where ends of jobs are told."""
    found = Topic(s3, "ends-of-jobs")
    yield found
    found.close()


@pytest.fixture(scope="session")
def cinema(
    photos: Photos, s3: dict[str, str], topic: Topic, tmp_path_factory: pytest.TempPathFactory
) -> Cinema:
    """A second of both people, on S3."""
    file = tmp_path_factory.mktemp("film") / FILM
    write_film(file, two_people(photos.eileen, photos.grace, seconds=1))
    bucket = client("s3", s3)
    stored = bucket.put_object(Bucket=BUCKET, Key=FILM, Body=file.read_bytes())
    bucket.close()
    return Cinema(stored["VersionId"], topic)


@pytest.fixture(scope="session")
def photos(astronaut: Path, hopper: Path, tmp_path_factory: pytest.TempPathFactory) -> Photos:
    """The two portraits, and photos made of them."""
    folder = tmp_path_factory.mktemp("photos")
    eileen, grace = (Image.open(path).convert("RGB") for path in (astronaut, hopper))

    def saved(name: str, image: Image.Image) -> Path:
        image.save(folder / name, quality=90)
        return folder / name

    both = Image.new("RGB", (1024, 600), "grey")
    both.paste(grace, (0, 0))
    both.paste(eileen, (512, 0))
    no_photo = folder / "text.jpg"
    no_photo.write_text("not a photo")
    return Photos(
        eileen=astronaut,
        eileen_mirrored=saved("mirrored.jpg", ImageOps.mirror(eileen)),
        eileen_smaller=saved("smaller.jpg", eileen.resize((384, 384))),
        grace=hopper,
        grace_cropped=saved("cropped.jpg", grace.crop((85, 0, 427, 400))),
        both=saved("both.jpg", both),
        nobody=saved("nobody.png", Image.new("RGB", (200, 200), "grey")),
        no_photo=no_photo,
    )


@pytest.fixture(scope="session")
def node_sdk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the JavaScript SDK, as `node/package.json` pins it."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here (apt-get install nodejs npm)")
    folder = tmp_path_factory.mktemp("node")
    shutil.copytree(NODE, folder, dirs_exist_ok=True)
    quietly = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock")
    subprocess.run(["npm", "install", *quietly], cwd=folder, check=True, capture_output=True)
    return folder
