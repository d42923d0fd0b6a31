"""Set up and run: `python3 dev.py demo` tries visavis out, `python3 dev.py test` runs its tests.

`python3 dev.py evaluate` measures every published error rate again, from the evaluation data.

Needs Python 3.11 or newer and nothing else: a virtual environment is made beside
this file and filled from requirements/, each package pinned by its hash.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
EVALUATIONS = ("evaluation", "calibration", "planted", "templates", "accuracy", "detection", "figures")
FIND_SAMPLES = """
from importlib.util import find_spec
from pathlib import Path
print(Path(find_spec("skimage").origin).parent / "data" / "astronaut.png")
print(Path(find_spec("matplotlib").origin).parent / "mpl-data" / "sample_data" / "grace_hopper.jpg")
"""


def main() -> int:
    """Do what the first argument names; the others go to the tests."""
    tasks = {"demo": demo, "test": test, "check": check, "evaluate": evaluate}
    if sys.version_info < (3, 11):  # noqa: UP036  whoever runs this may have another
        print("dev.py: visavis needs Python 3.11 or newer", file=sys.stderr)
        return 2
    if len(sys.argv) < 2 or sys.argv[1] not in tasks:
        print(
            f"usage: {Path(sys.executable).name} dev.py {{demo|test [PYTEST ARGUMENTS]|check|evaluate}}",
            file=sys.stderr,
        )
        return 2
    return tasks[sys.argv[1]](sys.argv[2:])


def demo(_: list[str]) -> int:
    """Find the faces in two public-domain portraits and compare them."""
    python = environment("demo")
    found = subprocess.run([python, "-c", FIND_SAMPLES], check=True, capture_output=True, text=True)
    samples = found.stdout.splitlines()
    folder = ROOT / "demo"
    folder.mkdir(exist_ok=True)
    photos = [folder / Path(sample).name for sample in samples]
    for sample, photo in zip(samples, photos, strict=True):
        photo.write_bytes(Path(sample).read_bytes())
    names = [str(photo.relative_to(ROOT)) for photo in photos]
    tool = python.parent / "visavis"
    for arguments in (["detect", *names, "--draw", "demo/drawn"], ["compare", *names]):
        print(f"\n$ visavis {' '.join(arguments)}", flush=True)
        subprocess.run([tool, *arguments], check=True, cwd=ROOT)
    shown = tool.relative_to(ROOT)
    print(
        f"\nThe faces are marked in demo/drawn. On your own photos:\n\n    {shown} detect PHOTO... --draw marked.png"
    )
    print(f"    {shown} compare PHOTO PHOTO")
    return 0


def test(arguments: list[str]) -> int:
    """Run all tests, the slow ones as well; further arguments are pytest's."""
    command = [str(environment("dev")), "-m", "pytest", "-m", "", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def check(_: list[str]) -> int:
    """Lint and types, as .ci/run does."""
    python = environment("dev")
    commands = (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"])
    return max(
        subprocess.run([python, "-m", *command], cwd=ROOT, check=False).returncode for command in commands
    )


def evaluate(_: list[str]) -> int:
    """Every published error rate, and the pages that quote them; some forty minutes on two cores."""
    python = environment("dev")
    try:
        for name in EVALUATIONS:
            print(f"\n$ python benchmarks/{name}.py", flush=True)
            subprocess.run([python, ROOT / "benchmarks" / f"{name}.py"], check=True, cwd=ROOT)
    finally:
        # What the benchmarks remember of each other are templates of people.
        for remembered in (ROOT / ".cache").glob("*.templates"):
            remembered.unlink()
    return 0


def environment(kind: str) -> Path:
    """The Python of the environment, made or brought up to date with the pinned requirements."""
    scripts = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    pins = ROOT / "requirements" / f"{kind}.txt"
    state = hashlib.sha256(pins.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = ENVIRONMENT / f"visavis-{kind}"
    if stamp.is_file() and stamp.read_text() == state:
        return python
    print(f"dev.py: setting up {ENVIRONMENT.name} (once; some 300 MB to fetch)", flush=True)
    if not python.exists():
        try:
            venv.create(ENVIRONMENT, with_pip=True)
        except subprocess.CalledProcessError:
            sys.exit("dev.py: this Python lacks venv or ensurepip; on Debian: apt-get install python3-venv")
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "-r", str(pins)], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], check=True)
    stamp.write_text(state)
    return python


if __name__ == "__main__":
    sys.exit(main())
