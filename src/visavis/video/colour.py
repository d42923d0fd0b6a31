"""Any decoded picture as 8 bits of 4:2:0 in the standard dynamic range, and what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np
from av.filter import Graph
from av.video.reformatter import VideoReformatter

from visavis.video import tone

_BT2020 = 9  # of primaries and of matrices; BT.709's 8 bits cannot hold its gamut
_BT709 = 1
_LIMITED, _FULL = 1, 2
_UNKNOWN = 2
_SCALED_MATRICES = (1, 4, 5, 6, 7, 9)  # those that swscale knows


@dataclass(frozen=True, slots=True)
class Colour:
    """What a picture's numbers mean, in the code points of ITU-T H.273; 2 leaves the last three open, 0 the range.

    range: 1 limited, 2 full.
    """

    range: int
    primaries: int
    transfer: int
    matrix: int


def colour_of(picture: av.VideoFrame) -> Colour:
    """What is said of a picture's numbers."""
    return Colour(picture.color_range, picture.color_primaries, picture.color_trc, picture.colorspace)


class Converter:
    """Turns the decoded pictures of one film into yuv420p. Not for sharing between threads."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._mapping: tuple[Graph, tuple[object, ...]] | None = None
        self._mapped = 0

    def convert(self, picture: av.VideoFrame) -> av.VideoFrame:
        """The picture in yuv420p. High dynamic range and wide gamuts come out in BT.709, other colours as they are.

        What is transparent shows white behind it.
        """
        layout = picture.format
        if layout.has_palette or any(component.is_alpha for component in layout.components):
            return self._yuv_of_rgb(self._on_white(picture))
        if layout.is_rgb:
            return self._yuv_of_rgb(picture)
        if picture.color_trc in (tone.PQ, tone.HLG) or picture.color_primaries == _BT2020:
            return self._tone_mapped(picture)
        if layout.name == "yuv420p":
            return picture
        return self._subsampled(picture)

    def _subsampled(self, picture: av.VideoFrame) -> av.VideoFrame:
        """Another layout or depth of YUV; what its numbers mean stays."""
        matrix = picture.colorspace
        if picture.format.name.startswith("yuvj"):
            picture.color_range = _FULL
        if matrix not in _SCALED_MATRICES:
            picture.colorspace = _UNKNOWN
        result = self._reformatter.reformat(picture, format="yuv420p", threads=1)
        result.colorspace = matrix
        return result

    def _yuv_of_rgb(self, picture: av.VideoFrame) -> av.VideoFrame:
        result = self._reformatter.reformat(
            picture, format="yuv420p", dst_colorspace=_BT709, dst_color_range=_LIMITED, threads=1
        )
        result.color_primaries = result.color_trc = _BT709
        return result

    def _on_white(self, picture: av.VideoFrame) -> av.VideoFrame:
        rgba = self._reformatter.reformat(picture, format="rgba", threads=1).to_ndarray()
        darkness = (255 - rgba[..., :3]).astype(np.uint16) * rgba[..., 3:]
        return av.VideoFrame.from_ndarray(255 - ((darkness + 127) // 255).astype(np.uint8), "rgb24")

    def _tone_mapped(self, picture: av.VideoFrame) -> av.VideoFrame:
        picture.color_range = picture.color_range or _LIMITED
        if picture.colorspace not in _SCALED_MATRICES:
            picture.colorspace = _BT2020
        key = (picture.width, picture.height, picture.format.name, colour_of(picture))
        if self._mapping is None or self._mapping[1] != key:
            self._mapping = _tone_mapping(picture), key
        graph = self._mapping[0]
        # Filters expect times that rise.
        self._mapped += 1
        picture.pts, pts = self._mapped, picture.pts
        graph.push(picture, at=0)
        picture.pts = pts
        result = graph.vpull()
        result.color_range, result.colorspace = _LIMITED, _BT709
        result.color_primaries = result.color_trc = _BT709
        return result


def _tone_mapping(picture: av.VideoFrame) -> Graph:
    """A graph that takes pictures like this one through a table of colours; by swscale it takes three times as long."""
    graph = Graph()
    pictures = graph.add(
        "buffer",
        f"video_size={picture.width}x{picture.height}:pix_fmt={picture.format.name}:time_base=1/1000"
        f":colorspace={picture.colorspace}:range={picture.color_range}",
    )
    side = tone.LEVEL**3
    colours = graph.add("buffer", f"video_size={side}x{side}:pix_fmt=rgb48le:time_base=1/1000")
    mapping = graph.add("haldclut", "clut=first")
    # Of floating point: with planes of integers, FFmpeg 8's haldclut mixes up the colours.
    rgb, table = graph.add("format", "gbrpf32le"), graph.add("format", "gbrpf32le")
    back, layout = (
        graph.add("scale", "out_color_matrix=bt709:out_range=limited"),
        graph.add("format", "yuv420p"),
    )
    pictures.link_to(rgb)
    rgb.link_to(mapping, 0, 0)
    colours.link_to(table)
    table.link_to(mapping, 0, 1)
    graph.link_nodes(mapping, back, layout, graph.add("buffersink")).configure()
    graph.push(av.VideoFrame.from_ndarray(tone.table(picture.color_trc), "rgb48le"), at=1)
    graph.push(None, at=1)
    return graph
