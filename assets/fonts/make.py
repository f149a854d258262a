#!/usr/bin/env python3
"""Makes unifont.bin from the OpenType files of GNU Unifont; README.md says where they come from.

    pip install fonttools
    python3 make.py DIR/unifont.otf DIR/unifont_upper.otf unifont.bin

The outlines of these files are the font's pixels (4 units each), so nothing is lost. With a third font,
`unifont.hex`, behind the output, every glyph that stands in it is compared.

Format, numbers little-endian: "GLY1", the number of pages (u16), per page its number (code >> 8, u16),
the place of its data (u32, from the end of this table) and their length (u16); then the data, zlib. A page:
32 bytes with a bit for each code that has a glyph, 32 bytes with a bit for each that is 16 pixels wide,
then the glyphs in order, 16 rows each of one byte, or two where it is wide, the left pixel the highest bit.
"""
import struct
import sys
import zlib

from fontTools.pens.recordingPen import RecordingPen
from fontTools.ttLib import TTFont

UNIT = 4  # units of a pixel
TOP = 14  # pixels above the baseline
ROWS = 16


def edges(glyph_set, name):
    """Vertical edges (x, low, high) of a glyph, in units."""
    pen = RecordingPen()
    glyph_set[name].draw(pen)
    found, start, at = [], None, None
    for what, points in pen.value:
        if what == "moveTo":
            start = at = points[0]
            continue
        target = start if what in ("closePath", "endPath") else points[0]
        if at and target and at[0] == target[0] and at[1] != target[1]:
            found.append((at[0], min(at[1], target[1]), max(at[1], target[1])))
        at = target
    return found


def bitmap(glyph_set, name):
    """Width in pixels (8 or 16) and 16 rows of bits."""
    found = edges(glyph_set, name)
    advance = glyph_set[name].width
    left = min((x for x, _, _ in found), default=0)
    # A mark without a width stands over what comes before it.
    shift = 0 if advance or left >= 0 else (8 if left >= -8 * UNIT else 16)
    right = max((x for x, _, _ in found), default=0) // UNIT + shift
    width = 16 if advance == 16 * UNIT or right > 8 else 8
    rows = []
    for row in range(ROWS):
        middle = (TOP - row) * UNIT - UNIT / 2
        crossings = sorted(x for x, low, high in found if low < middle < high)
        bits = 0
        for begin, end in zip(crossings[::2], crossings[1::2]):
            for pixel in range(begin // UNIT + shift, end // UNIT + shift):
                bits |= 1 << (width - 1 - pixel) if 0 <= pixel < width else 0
        rows.append(bits)
    return width, rows


def wanted(code):
    """No control characters, no surrogates, no private use: those are no text."""
    return code >= 0x20 and not 0x7F <= code < 0xA0 and not 0xD800 <= code < 0xF900 and code < 0x20000


def main():
    lower, upper, out = sys.argv[1:4]
    glyphs = {}
    for path, first, last in ((lower, 0, 0xFFFF), (upper, 0x10000, 0x1FFFF)):
        font = TTFont(path)
        glyph_set = font.getGlyphSet()
        for code, name in font.getBestCmap().items():
            if first <= code <= last and wanted(code):
                glyphs[code] = bitmap(glyph_set, name)
    if len(sys.argv) > 4:
        compare(glyphs, sys.argv[4])
    pages = sorted({code >> 8 for code in glyphs})
    table, data = b"", b""
    for page in pages:
        there, wide, rows = bytearray(32), bytearray(32), b""
        for low in range(256):
            glyph = glyphs.get(page << 8 | low)
            if glyph is None:
                continue
            width, bits = glyph
            there[low // 8] |= 1 << low % 8
            wide[low // 8] |= (width == 16) << low % 8
            rows += b"".join(row.to_bytes(width // 8, "big") for row in bits)
        packed = zlib.compress(bytes(there) + bytes(wide) + rows, 9)
        table += struct.pack("<HIH", page, len(data), len(packed))
        data += packed
    with open(out, "wb") as file:
        file.write(b"GLY1" + struct.pack("<H", len(pages)) + table + data)
    print(f"{len(glyphs)} glyphs on {len(pages)} pages, {6 + len(table) + len(data)} bytes")


def compare(glyphs, path):
    same = other = 0
    with open(path) as file:
        for line in file:
            code, rows = line.strip().split(":")
            glyph = glyphs.get(int(code, 16))
            if glyph is None:
                continue
            width, bits = glyph
            ours = "".join(f"{row:0{width // 4}X}" for row in bits)
            same, other = (same + 1, other) if ours == rows else (same, other + 1)
    print(f"{same} glyphs are those of {path}, {other} are not (marks that were moved)")


if __name__ == "__main__":
    main()
