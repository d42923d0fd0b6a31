"""The templates of a gallery in memory, and those of them that may be closest to a probe.

The index keeps templates in half precision (fp16) and only proposes: whoever asks scores the proposed rows
again from what the tables hold. Nothing is missed, because the two scores differ by less than a bound. For a template t
and a probe p of D numbers and unit length, u = 2**-24 (half a unit in the last place of fp32) and any order of summation:

- fp16 moves a component by at most 2**-11 of itself or, among the subnormals, by 2**-25. So it moves t by at most
  2**-11 + 2**-25 sqrt(D), and by Cauchy-Schwarz the score by no more. The probe stays in fp32.
- An fp32 sum of D products is off by at most D u / (1 - D u) times the sum of the products' magnitudes (Higham, Accuracy and
  Stability of Numerical Algorithms, 2nd ed., section 3.1), which is at most |t| |p|: once for the score
  here, once for the exact one, whose error would be the same if it were summed in another order.

Together 2**-11 + 2**-25 sqrt(D) + 2 D u. A hundredth more covers lengths that differ from 1 by up to LENGTH_TOLERANCE, the
products of these terms, underflow, and the rounding of the thresholds themselves. See `score_error`.

If `count` rows score T or more here, their exact scores are at least T - error; a row that scores less than T - 2 error
here has an exact score below T - error, and is not among the best `count`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from visavis.store.sharing import SharedLock

LENGTH_TOLERANCE = 1e-3
"""How far the length of a template or a probe may be from 1."""

BLOCK_ROWS = 65_536
"""Templates in a large block: 16 MB of 128 numbers each."""

_SMALL_BLOCK_ROWS = 1_024
_SPARE = 8  # Read beyond `count`, so that near ties seldom need a second scan.


def score_error(dimensions: int) -> float:
    """The most by which the index's score and the exact fp32 score of a row differ."""
    return 1.01 * (2**-11 + 2**-25 * math.sqrt(dimensions) + 2 * dimensions * 2**-24)


class TemplateIndex:
    """Templates of unit length by the numbers of their rows; exact, and safe to use from several threads.

    Searches run side by side, without the GIL. A change waits for the searches that run, a search for the change: it sees the index
    before or after it. Memory: a template takes 2 bytes for each number and 8 for its row, and up to a quarter of all stands ready.
    """

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self._error = score_error(dimensions)
        self._lock = SharedLock()
        self._blocks: list[_Block] = []  # All but the last are full; none is empty.
        self._highest = np.iinfo(np.int64).min  # of all rows there ever were

    def __len__(self) -> int:
        with self._lock.shared():
            return sum(block.size for block in self._blocks)

    def __contains__(self, row: int) -> bool:
        with self._lock.shared():
            return any(bool((block.held == row).any()) for block in self._blocks)

    def add(self, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Add templates (N, D) of unit length under their rows' numbers (N,), in any order.

        Rows above all earlier ones are the fastest: others are first looked for among all.

        Raises ValueError, and adds nothing, if a row is there already or twice, or a length is not 1.
        """
        if rows.shape != (len(vectors),):
            raise ValueError("each template needs one row")
        self._check(vectors)
        if not len(rows):
            return
        with self._lock.exclusive():
            if len(np.unique(rows)) < len(rows) or self._holds_any(rows):
                raise ValueError("a row can be in the index only once")
            self._highest = max(self._highest, int(rows.max()))
            self._append(rows, vectors)

    def remove(self, rows: NDArray[np.int64]) -> None:
        """Remove the templates of these rows (N,); their bytes are overwritten before this returns.

        Rows that are not there are ignored. The numbers of all rows are compared with those given; no map of them is kept.
        """
        with self._lock.exclusive():
            # From the end on: then the last template is one that stays, or the very one to remove.
            for block in reversed(self._blocks):
                for place in np.flatnonzero(np.isin(block.held, rows, kind="sort"))[::-1]:
                    self._remove_at(block, place)

    def propose(self, probe: NDArray[np.float32], count: int, min_score: float = -1.0) -> NDArray[np.int64]:
        """The rows that may be among the `count` best for a probe (D,) of unit length.

        That is every row with an exact score of at least min_score for which fewer than `count` others score higher, and
        some that come close to that. The highest first, by the index's own score. At least 1 must be asked for.

        Raises ValueError if the probe's shape or length or the count is wrong.
        """
        if count < 1:
            raise ValueError("at least one row must be asked for")
        asked = np.ascontiguousarray(probe, np.float32)[np.newaxis]
        self._check(asked)
        with self._lock.shared():
            found = [block.best(asked, count + _SPARE) for block in self._blocks]
            floor = self._floor([scores for scores, _ in found], count, min_score)
            for i, block in enumerate(self._blocks):
                while len(found[i][0]) < block.size and found[i][0][-1] >= floor:
                    found[i] = block.best(asked, 16 * len(found[i][0]))
        scores = np.concatenate([np.zeros(0, np.float32), *(scores for scores, _ in found)])
        rows = np.concatenate([np.zeros(0, np.int64), *(rows for _, rows in found)])
        order = np.argsort(-scores, kind="stable")
        return rows[order[: np.count_nonzero(scores >= floor)]]

    def _floor(self, scores: list[NDArray[np.float32]], count: int, min_score: float) -> float:
        """The lowest score here that a row may have; scores: at least the `count` best of each block."""
        floor = min_score - self._error
        if sum(map(len, scores)) < count:
            return floor
        last = np.partition(np.concatenate(scores), -count)[-count]
        return max(floor, float(last) - 2 * self._error)

    def _check(self, vectors: NDArray[np.float32]) -> None:
        if vectors.ndim != 2 or vectors.shape[1] != self._dimensions:
            raise ValueError(f"a template here has {self._dimensions} numbers")
        lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))
        # Asked this way round, NaN is refused too.
        if not (np.abs(lengths - 1) <= LENGTH_TOLERANCE).all():
            raise ValueError("a template's length must be 1")

    def _holds_any(self, rows: NDArray[np.int64]) -> bool:
        return rows.min() <= self._highest and any(np.isin(rows, block.held).any() for block in self._blocks)

    def _append(self, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        start = self._blocks[-1].append(rows, vectors) if self._blocks else 0
        size = sum(block.size for block in self._blocks)
        while start < len(rows):
            # Blocks grow with the index, so that a small gallery is small; none is ever copied into a larger one.
            block = _Block(min(max(size // 4, _SMALL_BLOCK_ROWS), BLOCK_ROWS), self._dimensions)
            taken = block.append(rows[start:], vectors[start:])
            self._blocks.append(block)
            start, size = start + taken, size + taken

    def _remove_at(self, block: _Block, place: np.intp) -> None:
        """Move the last template of all to this place, and overwrite where it was."""
        last = self._blocks[-1]
        block.vectors[place], block.rows[place] = last.vectors[last.size - 1], last.rows[last.size - 1]
        last.drop_last()
        if not last.size:
            self._blocks.pop()


class _Block:
    """Room for a fixed number of templates, of which the first `size` are in use; the rest is zero.

    The memory is FAISS's, never moved nor copied; vectors: a view of it, (capacity, D). rows: (capacity,).
    """

    def __init__(self, capacity: int, dimensions: int) -> None:
        import faiss  # takes half a second

        self._faiss = faiss
        self._scan = faiss.IndexScalarQuantizer(
            dimensions, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
        )
        byte_count = capacity * dimensions * np.dtype(np.float16).itemsize
        self._scan.codes.resize(byte_count)
        memory = faiss.rev_swig_ptr(self._scan.codes.data(), byte_count)
        self.vectors: NDArray[np.float16] = memory.view(np.float16).reshape(capacity, dimensions)
        self.rows = np.zeros(capacity, np.int64)

    @property
    def size(self) -> int:
        """How many templates are in it."""
        return int(self._scan.ntotal)

    @property
    def held(self) -> NDArray[np.int64]:
        """The rows in use, (size,)."""
        return self.rows[: self.size]

    def append(self, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> int:
        """Take as many of these as there is room for, and say how many."""
        start = self.size
        taken = min(len(rows), len(self.rows) - start)
        # NumPy rounds here, halves to even. FAISS would round halves up, and would take copies on the way.
        self.vectors[start : start + taken] = vectors[:taken]
        self.rows[start : start + taken] = rows[:taken]
        self._scan.ntotal = start + taken
        return taken

    def drop_last(self) -> None:
        """Overwrite the last template and its row."""
        self.vectors[self.size - 1], self.rows[self.size - 1] = 0, 0
        self._scan.ntotal = self.size - 1

    def best(self, probe: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Scores and rows of the best `count`, or of all if there are fewer; the highest first. probe: (1, D)."""
        # For this thread alone: otherwise FAISS wakes a thread for each core, and one probe leaves all but one idle.
        self._faiss.omp_set_num_threads(1)
        scores, places = self._scan.search(probe, min(count, self.size))
        return scores[0], self.rows[places[0]]
