"""Pictures of 256 colours, chosen for each, as GIF holds them."""

from __future__ import annotations

import av
from av.filter import Graph

from visavis.video.colour import Colour


class Palettes:
    """Turns yuv420p pictures of these sides and colours into pal8, one after another."""

    def __init__(self, width: int, height: int, colour: Colour) -> None:
        self._graph = Graph()
        source = self._graph.add(
            "buffer",
            f"video_size={width}x{height}:pix_fmt=yuv420p:time_base=1/100"
            f":colorspace={colour.matrix}:range={colour.range}",
        )
        twice = self._graph.add("split")
        chosen = self._graph.add("palettegen", "stats_mode=single")
        used = self._graph.add("paletteuse", "new=1:dither=sierra2_4a")
        sink = self._graph.add("buffersink")
        source.link_to(twice)
        twice.link_to(used, 0, 0)
        twice.link_to(chosen, 1, 0)
        chosen.link_to(used, 0, 1)
        used.link_to(sink)
        self._graph.configure()

    def indexed(self, picture: av.VideoFrame) -> av.VideoFrame:
        """The picture in 256 colours."""
        self._graph.vpush(picture)
        return self._graph.vpull()
