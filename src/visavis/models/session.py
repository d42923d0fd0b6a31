"""Running a network on the processor, through OpenVINO.

OpenVINO is the runtime by measurement: see benchmarks/README.md. What was found
about it on the way is written where it matters below.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from visavis.models.manifest import Manifest

if TYPE_CHECKING:
    import openvino

_PREPARED_LAYERS = 300
"""How many layers OpenVINO keeps prepared for sizes that it has seen: those of a few photos. By default it keeps 5,000, which
photos of all sizes fill with a gigabyte; what is kept beyond these made detection 2 % faster at most where sizes recur."""

Outputs = dict[str, NDArray[np.float32]]


class Session(Protocol):
    """A loaded network: images (N, H, W, 3) of uint8 RGB in, named float32 arrays (N, ...) out."""

    @property
    def precision(self) -> str:
        """What the network computes in: "bf16" or "f32"."""

    def run(self, images_rgb: NDArray[np.uint8]) -> Outputs:
        """Run the network. Any number of threads may call it at once."""


class OpenVinoSession:
    """A network compiled for this processor, shared by all threads of the process.

    Up to `threads` calls run side by side, each on one core: for many photos
    that is faster than several cores on one call, and a single call of these
    small networks gains little from a second core.
    """

    def __init__(
        self, weights: bytes, manifest: Manifest, *, threads: int, precision: str | None = None
    ) -> None:
        self.precision = precision or best_precision()
        model = _prepared_model(weights, manifest)
        self._names = [min(output.get_names(), key=len) for output in model.outputs]
        self._compiled = _core().compile_model(
            model,
            "CPU",
            {
                # OpenVINO takes bf16 by itself where it can; it is asked for by
                # name, since a template's identity records the precision.
                "INFERENCE_PRECISION_HINT": self.precision,
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": threads,
                "CPU_RUNTIME_CACHE_CAPACITY": _PREPARED_LAYERS,
            },
        )
        self._local = threading.local()

    def run(self, images_rgb: NDArray[np.uint8]) -> Outputs:
        """Run the network. Any number of threads may call it at once."""
        request = getattr(self._local, "request", None)
        if request is None:
            request = self._local.request = self._compiled.create_infer_request()
        results = request.infer([images_rgb])
        return {name: results[i] for i, name in enumerate(self._names)}


@cache
def best_precision() -> str:
    """Return "bf16" where the processor computes it natively, else "f32"."""
    return "bf16" if "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def available_cpus() -> int:
    """How many cores this process may use, by its affinity and its control group's quota.

    Threads beyond a container's quota are throttled, which costs far more than
    they bring.
    """
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text("ascii").split()
        return max(1, min(cpus, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # no control group, or its quota is "max"
        return cpus


def _prepared_model(weights: bytes, manifest: Manifest) -> openvino.Model:
    """Read a network and put the conversion from RGB bytes to its own input in front of it."""
    import openvino as ov
    from openvino.preprocess import ColorFormat, PrePostProcessor

    network = _core().read_model(weights)
    # Some files list every weight as an input too: the picture is the first.
    picture = network.inputs[0]
    network = ov.Model(network.outputs, [picture.get_node()])
    side = -1 if manifest.kind == "detector" else picture.partial_shape[2]
    network.reshape(ov.PartialShape([-1, 3, side, side]))
    steps = PrePostProcessor(network)
    tensor = steps.input().tensor()
    tensor.set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC")).set_color_format(ColorFormat.RGB)
    steps.input().model().set_layout(ov.Layout("NCHW"))
    conversion = steps.input().preprocess().convert_element_type(ov.Type.f32)
    if manifest.colour_order == "BGR":
        conversion.convert_color(ColorFormat.BGR)
    if any(manifest.mean) or manifest.std != (1.0, 1.0, 1.0):
        conversion.mean(list(manifest.mean)).scale(list(manifest.std))
    return steps.build()


@cache
def _core() -> openvino.Core:
    """The runtime, made once: imported late, since it costs a quarter of a second."""
    ov = _import_openvino()
    from openvino.frontend.onnx import ConversionExtension

    core = ov.Core()
    core.add_extension(ConversionExtension("DequantizeLinear", _dequantize))
    return core


def _import_openvino() -> Any:
    """Import OpenVINO without its telemetry.

    `import openvino` reports each import to its makers, over the network and
    under an id it stores on the disk, unless the user opted out. It leaves that
    be where the telemetry package cannot be imported, so for the length of the
    import it cannot.
    """
    blocked = "openvino_telemetry"
    already = sys.modules.get(blocked)
    sys.modules[blocked] = None  # type: ignore[assignment]
    try:
        import openvino
    finally:
        del sys.modules[blocked]
        if already is not None:
            sys.modules[blocked] = already
    return openvino


def _dequantize(node: Any) -> Any:
    """Turn block-quantised weights into float32 constants while the file is read.

    ONNX operator DequantizeLinear, version 21: (quantised - zero point) x scale,
    each scale serving `block_size` values along `axis`. OpenVINO's own reading of
    it rejects SFace's bias; and where it leaves the arithmetic in the network,
    compiling for more than one stream sometimes yields a network of wrong
    weights (seen with 2026.4: 6 in 8 processes), for the streams fold it at once.
    """
    from openvino import opset13 as ops

    quantised, scale, zero_point = (node.get_input(i).get_node().data for i in range(3))
    axis, block = node.get_attribute("axis", 1), node.get_attribute("block_size", 0)

    def spread(values: NDArray[Any]) -> NDArray[np.float32]:
        values = values.astype(np.float32)
        if values.ndim == 0 or not block:
            shape = [1] * quantised.ndim
            if values.ndim:
                shape[axis] = -1
            return values.reshape(shape)
        return np.repeat(values, block, axis)[tuple(slice(n) for n in quantised.shape)]

    weights = (quantised.astype(np.float32) - spread(zero_point)) * spread(scale)
    return ops.constant(weights).outputs()
