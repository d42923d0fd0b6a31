"""A video with its faces covered, in two passes over the file: where are they, and then, knowing that of all of it, cover and write.

A face is often found in some frames of a row and not in others, so what is covered in one is only known once its neighbours were
looked at. Both passes take the frames in their order, in parts of `PART_FRAMES`; a part that is finished is kept in the workshop,
and the same video comes out whether or not the work was cut off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import batched, islice
from pathlib import Path
from typing import IO, TypeVar

import numpy as np
from numpy.typing import NDArray

from visavis.redaction.covering import Covering
from visavis.redaction.masks import Region
from visavis.redaction.planes import cover_planes
from visavis.redaction.sightings import Look
from visavis.redaction.workshop import Workshop

PART_FRAMES = 250
