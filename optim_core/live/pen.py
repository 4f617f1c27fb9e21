"""How a matplotlib picture gets to a browser: as SVG, and as pixels where there is no kernel.

A live figure's lines, markers and contours are a few thousand numbers. Written as SVG they are ready in a few
milliseconds, small on the wire, drawn by the browser at once, and sharp on every screen; as pixels they would have to
be drawn, packed and unpacked.
"""

import base64
import struct
import zlib

import numpy as np
from matplotlib.backend_bases import RendererBase
from matplotlib.colors import to_hex
from matplotlib.transforms import Affine2D

# What each vertex of a path becomes, by matplotlib's code; the vertex beside a STOP or a CLOSEPOLY means nothing.
VERTEX = {0: "%.0s%.0s", 1: "M%d %d", 2: "l%d %d", 3: "Q%d %d", 4: "C%d %d", 79: "Z%.0s%.0s"}
CAPS = {"butt": "butt", "round": "round", "projecting": "square"}
GRAIN = 10  # coordinates are whole numbers, tenths of a pixel: short to write, and finer than any screen


class Pen(RendererBase):
    """Draws matplotlib artists as SVG: `artist.draw(pen)`, then `pen.svg(…)`.

    figure: its size and its dots per inch; scale: how many of its pixels make one pixel on the page.

    >>> from matplotlib.figure import Figure
    >>> figure = Figure((1, 1), dpi=100)
    >>> line = figure.add_axes([0, 0, 1, 1], xlim=(0, 1), ylim=(0, 1)).plot([0, 1], [0, 0.5], color="red")[0]
    >>> pen = Pen(figure)
    >>> line.draw(pen)
    >>> 'd="M0 1000l1000-500' in pen.svg() and 'stroke="#ff0000"' in pen.svg()
    True
    """

    def __init__(self, figure, scale=1):
        super().__init__()
        self.width, self.height = figure.bbox.size
        self.dpi, self.unit = figure.dpi, GRAIN / scale
        self.parts, self.clip = [], None

    def svg(self, attributes=""):
        """Everything drawn so far, as one <svg> element."""
        self._clip_to(None)
        w, h = round(self.width * self.unit), round(self.height * self.unit)
        size = f'width="{w / GRAIN:g}" height="{h / GRAIN:g}" viewBox="0 0 {w} {h}"'
        return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {attributes}>{"".join(self.parts)}</svg>'

    # What matplotlib asks of a renderer

    def get_canvas_width_height(self):
        return self.width, self.height

    def points_to_pixels(self, points):
        return points * self.dpi / 72

    def draw_path(self, gc, path, transform, rgbFace=None):
        room = self.points_to_pixels(gc.get_linewidth()) + 1
        # A line is cut at the picture's edge; a shape that is filled would lose its form.
        edge = (-room, -room, self.width + room, self.height + room) if rgbFace is None else None
        simplify = path.should_simplify and rgbFace is None
        path = path.cleaned(transform=transform, remove_nans=True, clip=edge, simplify=simplify, curves=True)
        if len(path.vertices) > 1:  # a path ends with one vertex that only says so
            self._clip_to(gc.get_clip_rectangle())
            self.parts.append(f'<path d="{self._outline(path)}"{self._paint(gc, rgbFace)}/>')

    def draw_markers(self, gc, marker_path, marker_trans, path, trans, rgbFace=None):
        marker = marker_path.cleaned(transform=marker_trans, curves=True)
        size = np.abs(marker.vertices).max(initial=0.0)
        points = trans.transform(path.vertices)  # (N, 2)
        with np.errstate(invalid="ignore"):
            points = points[((points > -size) & (points < [self.width + size, self.height + size])).all(-1)]
        points = self._whole(points)
        points = points[(np.diff(points, axis=0, prepend=points[:1] - 1) != 0).any(-1)]  # one where a run stands still
        if len(points):
            self._clip_to(gc.get_clip_rectangle())
            each = ("M%d %d" + self._relative(marker)) * len(points)
            self.parts.append(f'<path d="{each % tuple(points.ravel().tolist())}"{self._paint(gc, rgbFace)}/>')

    def draw_quad_mesh(self, gc, transform, columns, rows, corners, offsets, shift, faces, antialiased, edges):
        """Quadrilaterals, row by row; each covers those before it."""
        at = self._whole(transform.transform(corners.reshape(-1, 2))).reshape(rows + 1, columns + 1, 2)
        quads = np.stack([at[:-1, :-1], at[:-1, 1:], at[1:, 1:], at[1:, :-1]], 2).reshape(-1, 8)
        colors = {tuple(face): self._colour(gc, "fill", face) for face in np.unique(faces, axis=0).tolist()}
        self._clip_to(gc.get_clip_rectangle())
        if len(edges):
            gc.set_foreground(edges[0], isRGBA=True)
        else:
            gc.set_linewidth(0)
        sharp = "" if antialiased else ' shape-rendering="crispEdges"'
        self.parts.append(f"<g{self._stroke(gc)}{sharp}>")
        for (a, b, *others), face in zip(quads.tolist(), np.broadcast_to(faces, (len(quads), 4)).tolist(), strict=True):
            self.parts.append(f'<path d="M{a} {b}L{" ".join(map(str, others))}Z"{colors[tuple(face)]}/>')
        self.parts.append("</g>")

    def option_scale_image(self):
        return True  # an image with interpolation="none" is sent as it is, and enlarged by the browser

    def option_image_nocomposite(self):
        return True

    def draw_image(self, gc, x, y, im, transform=None):
        """An image (h, w, 4), its first row below, from (x, y) on; as large as `transform` makes the unit square."""
        h, w = im.shape[:2]
        place = Affine2D() if transform is None else Affine2D().scale(1 / w, 1 / h) + transform
        place = (
            Affine2D(place.get_matrix())
            .translate(x, y)
            .scale(self.unit, -self.unit)
            .translate(0, self.height * self.unit)
        )
        a, b, c, d, e, f = place.to_values()
        self._clip_to(gc.get_clip_rectangle())
        data = base64.b64encode(png(np.ascontiguousarray(im))).decode()
        where = f'width="{w}" height="{h}" transform="matrix({a:g} {b:g} {c:g} {d:g} {e:g} {f:g})"'
        self.parts.append(f'<image {where} style="image-rendering: pixelated" href="data:image/png;base64,{data}"/>')

    # How it is written

    def _whole(self, points):
        """Points (N, 2), in pixels and y upwards, as whole numbers, y downwards."""
        points = points * [self.unit, -self.unit] + [0, self.height * self.unit]
        return np.rint(np.clip(points, -1e7, 1e7)).astype(int)

    def _outline(self, path):
        """A path's `d`: the letters from its codes, the numbers from its vertices, put together in one go.

        The points of a line are written as steps from the one before: half as long.
        """
        at, codes = self._whole(path.vertices), path.codes.tolist()
        line = path.codes[1:] == path.LINETO
        at[1:][line] -= at[:-1][line]
        same = [c == last and c in (2, 3, 4) for c, last in zip(codes, [0, *codes], strict=False)]  # one letter will do
        text = [" %d %d" if again else VERTEX[c] for c, again in zip(codes, same, strict=True)]
        return ("".join(text) % tuple(at.ravel().tolist())).replace(" -", "-")

    def _relative(self, path):
        """A marker's `d` in steps from the place it stands on, so that it can be written after any `M x y`."""
        corners = np.rint(path.vertices * [self.unit, -self.unit]).astype(int)
        text, here, first, i = "", 0, 0, 0
        while path.codes[i]:
            code, n = path.codes[i], {3: 2, 4: 3}.get(path.codes[i], 1)
            if code == path.CLOSEPOLY:
                text, here = text + "z", first
            else:
                steps = corners[i : i + n] - here
                text += "mlqc"[code - 1] + " ".join(map(str, steps.ravel().tolist()))
                here = corners[i + n - 1]
                first = here if code == path.MOVETO else first
            i += n
        return text

    def _paint(self, gc, face):
        """Fill and stroke as SVG attributes."""
        return (' fill="none"' if face is None else self._colour(gc, "fill", face)) + self._stroke(gc)

    def _colour(self, gc, kind, rgba):
        alpha = gc.get_alpha() if gc.get_forced_alpha() else None
        opacity = alpha if alpha is not None else rgba[3] if len(rgba) > 3 else 1
        return f' {kind}="{to_hex(rgba[:3])}"' + (f' {kind}-opacity="{opacity:g}"' if opacity < 1 else "")

    def _stroke(self, gc):
        def length(points):
            return f"{self.points_to_pixels(points) * self.unit:.4g}"

        if not gc.get_linewidth() > 0:
            return ""
        ends = f'stroke-linejoin="{gc.get_joinstyle()}" stroke-linecap="{CAPS[gc.get_capstyle()]}"'
        stroke = f'{self._colour(gc, "stroke", gc.get_rgb())} stroke-width="{length(gc.get_linewidth())}" {ends}'
        offset, dashes = gc.get_dashes()
        if dashes is not None:
            pattern = " ".join(map(length, dashes))
            stroke += f' stroke-dasharray="{pattern}" stroke-dashoffset="{length(offset)}"'
        return stroke

    def _clip_to(self, box):
        """Put what follows into an <svg> of its own, which shows nothing outside `box`."""
        box = None if box is None else tuple(np.rint(np.multiply(box.bounds, self.unit)).astype(int).tolist())
        if box == self.clip:
            return
        if self.clip is not None:
            self.parts.append("</svg>")
        if box is not None:
            x, y, w, h = box
            y = round(self.height * self.unit) - y - h
            self.parts.append(f'<svg x="{x}" y="{y}" width="{w}" height="{h}" viewBox="{x} {y} {w} {h}">')
        self.clip = box


def target(box, figure, scale=1):
    """An invisible SVG rectangle over `box`, in the figure's pixels, that shows that one can click there."""
    left, bottom, width, height = np.multiply(box.bounds, GRAIN / scale)
    top = figure.bbox.height * GRAIN / scale - bottom - height
    place = f'x="{left:.0f}" y="{top:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<rect {place} fill="transparent" style="cursor: crosshair"/>'


def png(rgba):
    """Pixels (height, width, 4) as a PNG: unfiltered rows at zlib's fastest level, in a third of Pillow's time."""
    h, w, _ = rgba.shape
    rows = np.zeros((h, 1 + 4 * w), np.uint8)  # a row: filter type 0, then its pixels
    rows[:, 1:] = rgba.reshape(h, -1)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">2I5B", w, h, 8, 6, 0, 0, 0)  # 8 bits, RGBA
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")
