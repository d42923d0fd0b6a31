"""Whether several looks at one face make a better template, and how to combine a person's references.

A template is the mean, brought to unit length, of the network's outputs for
several views of a face: no label is used, nothing is fitted. The crops' scales
were chosen on the people in the pairs of LFW's folds 1 and 2; "held_out" is
everybody else of its development half. Every FNMR is at the FMR that the same templates give
over all pairs of that part. UTKFace's cells are judged at LFW's threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from common import DATA, part_of, protocol_path, read_protocol, save, side_by_side
from numpy.typing import NDArray
from PIL import Image

import visavis
from visavis.evaluation.bootstrap import Resampled, draw_people, interval
from visavis.evaluation.comparisons import Comparisons, compare_every_pair
from visavis.evaluation.protocols import Protocol
from visavis.evaluation.protocols import read_protocol as parse_protocol
from visavis.faces import Face
from visavis.geometry import ALIGNED_POINTS_XY, similarity_transform
from visavis.imaging import Photo
from visavis.models.manifest import DEFAULT_RECOGNISER, find_manifest
from visavis.models.recogniser import align
from visavis.models.session import OpenVinoSession, available_cpus
from visavis.models.weights import load_weights
from visavis.settings import model_folder

FMRS = (1e-3, 1e-4, 1e-5)
CHOSEN_ON_PAIRS = 1200  # folds 1 and 2
MIN_IMAGES, MAX_REFERENCES, DRAWS = 3, 5, 10
TIMED_ROUNDS = 200

Floats = NDArray[np.float32]
Codes = NDArray[np.int32]


class View(NamedTuple):
    """One look at a face: how large it is against the standard alignment, and whether in a mirror."""

    scale: float = 1.0
    mirrored: bool = False


VIEWS = tuple(View(scale, mirrored) for mirrored in (False, True) for scale in (1.0, 0.92, 1.08))
TEMPLATES = {
    "plain": (View(),),
    "mirrored": (View(), View(mirrored=True)),
    "two_crops_one_mirrored": (View(0.92), View(1.08, mirrored=True)),
    "three_crops": VIEWS[:3],
    "three_crops_one_mirrored": (View(mirrored=True), View(0.92), View(1.08)),
    "three_crops_mirrored": VIEWS,
}


def main() -> None:
    """Measure, print and write results/templates.json."""
    lfw, utkface = (parse_protocol(protocol_path(name)) for name in ("lfw_images", "utkface_images"))
    (templates, looks), (others, _) = _templates(lfw), _templates(utkface)
    results: dict[str, Any] = {
        part: _table(part_of(lfw, kept), {name: vectors[kept] for name, vectors in templates.items()})
        for part, kept in _parts(lfw).items()
    }
    results["utkface_at_lfw_1e-3"] = {
        name: _cells(compare_every_pair(lfw, templates[name]), compare_every_pair(utkface, others[name]))
        for name in TEMPLATES
    }
    quality = np.array([face.quality.score for face, _ in looks])
    results["references"] = {n: _references(templates[n], lfw.people, quality) for n in ("plain", "mirrored")}
    results["time_as_ratio_to_plain"] = _times(lfw.images[0], looks[0][0])
    save("templates", results)


def _templates(protocol: Protocol) -> tuple[dict[str, Floats], list[tuple[Face, Floats]]]:
    """Every kind of template of every image, and what they were made from."""
    analyzer, session = visavis.Analyzer(), _session(threads=available_cpus())
    with ThreadPoolExecutor(available_cpus()) as pool:
        looks = list(pool.map(lambda name: _look(analyzer, session, name), protocol.images))
    views = dict(zip(VIEWS, np.stack([outputs for _, outputs in looks], axis=1), strict=True))
    return {name: _unit(sum(views[view] for view in chosen)) for name, chosen in TEMPLATES.items()}, looks


def _session(threads: int) -> OpenVinoSession:
    """The bare network: whatever visavis makes of its outputs is left out."""
    manifest = find_manifest(DEFAULT_RECOGNISER, model_folder())
    return OpenVinoSession(load_weights(manifest, model_folder()), manifest, threads=threads)


def _look(analyzer: visavis.Analyzer, session: OpenVinoSession, path: str) -> tuple[Face, Floats]:
    """The face that is meant, and the outputs (views, dimension) for its views."""
    face = analyzer.subject(DATA / path)
    image, points = _picture(path, face)
    return face, np.stack([_output(session, image, points, view) for view in VIEWS])


def _picture(path: str, face: Face) -> tuple[Image.Image, NDArray[np.float64]]:
    """A picture of about the scale that the analyzer aligns from, and the landmarks in it."""
    photo, points = Photo(DATA / path), face.landmarks.as_array()
    matrix = similarity_transform(points, ALIGNED_POINTS_XY)
    image = photo.image(float(np.hypot(matrix[0, 0], matrix[1, 0])))
    return image, points * (image.width / photo.width)


def _output(session: OpenVinoSession, image: Image.Image, points: NDArray[np.float64], view: View) -> Floats:
    # Landmarks drawn together by a factor make the aligned face larger by it.
    centre = points.mean(axis=0)
    aligned = align(image, centre + (points - centre) / view.scale)
    seen = np.ascontiguousarray(aligned[:, ::-1]) if view.mirrored else aligned
    (output,) = session.run(seen[None]).values()
    return _unit(output[0])


def _unit(vectors: Any) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32)


def _parts(protocol: Protocol) -> dict[str, NDArray[np.bool_]]:
    pairs = read_protocol("lfw_pairs")[:CHOSEN_ON_PAIRS]
    chosen_on = {pair[side].split("/")[-2] for pair in pairs for side in ("probe", "reference")}
    subjects = [protocol.subjects[person] for person in protocol.people]
    held_out = np.array([subject not in chosen_on for subject in subjects])
    groups = {
        part: protocol.group == protocol.groups.index(name) for part, name in (("women", "F"), ("men", "M"))
    }
    return {"all": np.ones_like(held_out), "held_out": held_out, **groups}


def _table(protocol: Protocol, templates: dict[str, Floats]) -> dict[str, Any]:
    """FNMR of each, and the 95 % interval of its difference to plain when people are drawn again."""
    weights = draw_people(int(protocol.people.max()) + 1)
    table: dict[str, Any] = {"images": len(protocol.images)}
    plain: dict[float, NDArray[np.float64]] = {}
    for name, vectors in templates.items():
        found = compare_every_pair(protocol, vectors)
        resampled = Resampled(found, weights)
        table[name] = {}
        for fmr in FMRS:
            drawn = resampled.fnmr_at_fmr(fmr)
            difference = interval(drawn - plain.setdefault(fmr, drawn))
            fnmr = float(found.mated.rates(np.array([found.non_mated.threshold_at(fmr)]))[0])
            table[name][f"{fmr:g}"] = {"fnmr": round(fnmr, 5), "minus_plain_95": _rounded(difference)}
    return table


def _rounded(values: Sequence[float] | None) -> list[float] | None:
    return None if values is None else [round(value, 5) for value in values]


def _cells(lfw: Comparisons, utkface: Comparisons) -> dict[str, Any]:
    """FMR of the worst and the best cell at the threshold where LFW says 1e-3, and the worst over the best."""
    threshold = np.array([lfw.non_mated.threshold_at(1e-3)])
    fmrs = {name: float(utkface.within(name)[1].rates(threshold)[0]) for name in utkface.groups}
    worst, best = max(fmrs, key=lambda name: fmrs[name]), min(fmrs, key=lambda name: fmrs[name])
    return {
        "worst": worst,
        "worst_fmr": round(fmrs[worst], 5),
        "best_fmr": round(fmrs[best], 5),
        "ratio": round(fmrs[worst] / fmrs[best], 2),
    }


def _references(vectors: Floats, codes: Codes, quality: NDArray[np.float64]) -> dict[str, Any]:
    """A probe against up to five other images of a person; means over seeded draws."""
    people = np.flatnonzero(np.bincount(codes) >= MIN_IMAGES)
    other, mated = codes[:, None] != people[None, :], np.arange(len(people))
    rng = np.random.default_rng(0)
    figures: dict[str, list[list[float]]] = {}
    for _ in range(DRAWS):
        images = [rng.permutation(np.flatnonzero(codes == person)) for person in people]
        probes, references = [own[0] for own in images], [own[1 : 1 + MAX_REFERENCES] for own in images]
        single = np.float32(1)
        for name, scores in _combined(vectors, quality, references).items():
            falling = np.sort(scores[other])[::-1]
            strict, stricter = (falling[int(fmr * len(falling))] for fmr in (1e-3, 1e-4))
            single = strict if name == "random_one" else single
            fnmrs = [(scores[probes, mated] <= threshold).mean() for threshold in (strict, stricter)]
            figures.setdefault(name, []).append([*fnmrs, (falling > single).mean()])
    keys = ("fnmr_at_1e-3", "fnmr_at_1e-4", "fmr_at_random_one's_1e-3")
    means = {name: np.mean(values, axis=0).round(5).tolist() for name, values in figures.items()}
    return {"people": len(people), **{n: dict(zip(keys, v, strict=True)) for n, v in means.items()}}


def _combined(vectors: Floats, quality: NDArray[np.float64], references: list[Codes]) -> dict[str, Floats]:
    """Scores (images, people) of every image with every person, by how the references are combined."""
    weights = quality + 1e-6
    singles = {
        "random_one": [vectors[own[0]] for own in references],
        "best_one": [vectors[own[np.argmax(quality[own])]] for own in references],
        "mean": [vectors[own].sum(axis=0) for own in references],
        "quality_weighted_mean": [weights[own] @ vectors[own] for own in references],
    }
    scores = {name: np.asarray(vectors @ _unit(np.array(own)).T) for name, own in singles.items()}
    highest = [(vectors @ vectors[own].T).max(axis=1) for own in references]
    return scores | {"highest_score": np.stack(highest, axis=1)}


def _times(path: str, face: Face) -> dict[str, list[float]]:
    """Aligning and templates on one thread: median and quartiles of the ratio to the plain template."""
    session, (image, points) = _session(threads=1), _picture(path, face)

    def make(views: tuple[View, ...]) -> Floats:
        return _unit(sum(_output(session, image, points, view) for view in views))

    functions: dict[str, Callable[[], object]] = {n: partial(make, v) for n, v in TEMPLATES.items()}
    times = {name: np.array(ms) for name, ms in side_by_side(functions, TIMED_ROUNDS).items()}
    return {
        n: np.quantile(ms / times["plain"], (0.5, 0.25, 0.75)).round(2).tolist() for n, ms in times.items()
    }


if __name__ == "__main__":
    main()
