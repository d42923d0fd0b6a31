"""From high dynamic range and wide gamut to what 8 bits of BT.709 show, as a table of colours.

Levels above diffuse white's neighbourhood are rolled off by the curve of ITU-R BT.2390 (5.4.1), applied to the largest of
red, green and blue, so that hues stay; what then lies outside BT.709's gamut is clipped.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PQ, HLG = 16, 18
"""ITU-T H.273's code points of the transfer characteristics of SMPTE ST 2084 and ARIB STD-B67."""

LEVEL = 6
"""Of the Hald table: LEVEL**2 steps of red, green and blue, laid out in LEVEL**3 rows and columns."""

_STEPS = LEVEL**2
_PEAK, _WHITE = (
    1000.0,
    203.0,
)  # cd/m2: of most HDR films, and of diffuse white in them (ITU-R BT.2408), here that of SDR
_GAMMA = 2.4  # ITU-R BT.1886
_LUMINANCE = np.array([0.2627, 0.6780, 0.0593])  # ITU-R BT.2020
_TO_BT709 = np.array(  # ITU-R BT.2087, the inverse of its matrix M2
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]]
)
_M1, _M2 = 2610 / 16384, 2523 / 32
_C1, _C2, _C3 = 3424 / 4096, 2413 / 128, 2392 / 128
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073

Values = NDArray[np.float64]


def table(transfer: int) -> NDArray[np.uint16]:
    """A Hald table (LEVEL**3, LEVEL**3, 3) from R'G'B' of BT.2020 with this transfer to R'G'B' of BT.709, full range.

    A transfer other than PQ and HLG is taken for that of SDR.
    """
    number = np.arange(_STEPS**3)
    coded = np.stack([number % _STEPS, number // _STEPS % _STEPS, number // _STEPS**2], axis=-1) / (
        _STEPS - 1
    )
    shown = np.clip(_light(coded, transfer) @ _TO_BT709.T, 0, 1) ** (1 / _GAMMA)
    colours: NDArray[np.uint16] = np.round(shown * 65535).astype(np.uint16)
    return colours.reshape(LEVEL**3, LEVEL**3, 3)


def _light(coded: Values, transfer: int) -> Values:
    """Light of BT.2020's primaries, 1 at the white of SDR."""
    if transfer not in (PQ, HLG):
        return np.power(coded, _GAMMA)
    light = _from_pq(coded) if transfer == PQ else _from_hlg(coded)
    largest = light.max(axis=-1, keepdims=True)
    scale: Values = _rolled_off(largest) / np.maximum(largest, 1e-6) / _WHITE
    return light * scale


def _rolled_off(light: Values) -> Values:
    """BT.2390's curve, from 0 to _PEAK cd/m2 to 0 to _WHITE."""
    peak = _to_pq(np.array(_PEAK))
    level = np.minimum(_to_pq(light) / peak, 1)
    most = _to_pq(np.array(_WHITE)) / peak
    knee = 1.5 * most - 0.5
    t = np.clip((level - knee) / (1 - knee), 0, 1)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (-2 * t**3 + 3 * t**2) * most
    )
    return _from_pq(np.where(level < knee, level, spline) * peak)


def _from_pq(coded: Values) -> Values:
    """The light of SMPTE ST 2084's levels, in cd/m2."""
    power = np.clip(coded, 0, 1) ** (1 / _M2)
    return 10_000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1)


def _to_pq(light: Values) -> Values:
    power = np.clip(light / 10_000, 0, 1) ** _M1
    return np.power((_C1 + _C2 * power) / (1 + _C3 * power), _M2)


def _from_hlg(coded: Values) -> Values:
    """The light that a screen of _PEAK cd/m2 shows for ARIB STD-B67's levels (ITU-R BT.2100, table 5), in cd/m2."""
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - _C) / _A) + _B) / 12)
    system: Values = np.power(np.maximum(scene @ _LUMINANCE, 1e-9), 0.2)
    return _PEAK * system[..., np.newaxis] * scene
