#!/usr/bin/env python3
"""Make the pictures of the data set tests, and what Pillow decodes and resizes them to.

Run by hand, with Pillow 9.4 and numpy: python3 tests/unit/dataset/make_pictures.py
It writes pictures/*.jpg, pictures/*.png and pictures/pillow.csv: file, operation, width, height, channels, pixels as hexadecimal.
"""
import csv
import io
import pathlib
import struct
import zlib

import numpy
from PIL import Image, ImageDraw

HERE = pathlib.Path(__file__).parent / "pictures"


def scene(width, height):
    """Something with slopes, edges, thin lines and grain, as photographs have them."""
    y, x = numpy.mgrid[0:height, 0:width].astype(float)
    planes = [
        127 + 120 * numpy.sin(x / width * 5) * numpy.cos(y / height * 3),
        255 * x / width,
        255 * (1 - y / height) * (0.5 + 0.5 * numpy.sin(x * 0.9)),
    ]
    grain = numpy.random.RandomState(7).normal(0, 9, (height, width, 3))
    picture = Image.fromarray(numpy.clip(numpy.stack(planes, -1) + grain, 0, 255).astype("uint8"))
    draw = ImageDraw.Draw(picture)
    draw.ellipse([width * 0.2, height * 0.15, width * 0.6, height * 0.8], outline=(255, 255, 255), fill=(20, 60, 200))
    draw.line([0, height - 1, width - 1, 0], fill=(0, 0, 0))
    draw.rectangle([width * 0.7, height * 0.5, width * 0.95, height * 0.9], fill=(250, 240, 10))
    return picture


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write_png(name, width, height, depth, kind, interlace, rows, extra=b""):
    """What Pillow does not write: rows are bytes without the filter's number, all with filter 0."""
    data = b"".join(b"\0" + row for row in rows)
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlace)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", head), extra, chunk(b"IDAT", zlib.compress(data, 9)), chunk(b"IEND", b"")]
    (HERE / name).write_bytes(b"".join(parts))


def make_pictures():
    small = scene(24, 18)
    small.save(HERE / "colour.jpg", quality=85)
    small.save(HERE / "colour_444.jpg", quality=92, subsampling=0)
    small.save(HERE / "progressive.jpg", quality=80, progressive=True)
    small.convert("L").save(HERE / "grey.jpg", quality=85)
    small.convert("CMYK").save(HERE / "cmyk.jpg", quality=90)
    turned = Image.Exif()
    turned[0x0112] = 6
    small.save(HERE / "turned.jpg", quality=85, exif=turned)
    small.save(HERE / "colour.png")
    small.quantize(12).save(HERE / "palette.png", transparency=3)
    small.convert("1").save(HERE / "one_bit.png")
    alpha = Image.linear_gradient("L").resize(small.size)
    with_alpha = small.copy()
    with_alpha.putalpha(alpha)
    with_alpha.save(HERE / "alpha.png")
    grey_alpha = small.convert("L")
    grey_alpha.putalpha(alpha)
    grey_alpha.save(HERE / "grey_alpha.png")
    pixels = numpy.asarray(small).astype(">u2")
    deep = pixels * 256 + 77
    write_png("deep_colour.png", 24, 18, 16, 2, 0, [row.astype(">u2").tobytes() for row in deep])
    write_png("deep_grey.png", 24, 18, 16, 0, 0, [row.astype(">u2").tobytes() for row in deep[:, :, 1]])
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = []
    for left, top, across, down in passes:
        rows += [row.tobytes() for row in numpy.asarray(small)[top::down, left::across] if row.size]
    write_png("interlaced.png", 24, 18, 8, 2, 1, rows)
    scene(61, 47).save(HERE / "scene.png")


def rows_of(file, operation, picture):
    if picture.mode not in ("L", "RGB"):
        picture = picture.convert("RGB")
    channels = len(picture.getbands())
    return [file, operation, picture.width, picture.height, channels, picture.tobytes().hex()]


def lanczos_lines(pixels, target, lobes):
    """Resize along the last but one axis: Pillow's arithmetic (weights of 22 fractional bits, results of 8), for any number of lobes."""
    source = pixels.shape[-2]
    scale = source / target
    stretch = max(scale, 1.0)
    support = lobes * stretch
    lines = []
    for i in range(target):
        centre = (i + 0.5) * scale
        low = max(0, int(centre - support + 0.5))
        high = min(source, int(centre + support + 0.5))
        at = (numpy.arange(low, high) - centre + 0.5) * (1.0 / stretch)
        weights = numpy.where((at >= -lobes) & (at < lobes), numpy.sinc(at) * numpy.sinc(at / lobes), 0)
        weights = weights / sum(weights) * (1 << 22)
        weights = numpy.trunc(weights + numpy.where(weights < 0, -0.5, 0.5)).astype(numpy.int64)
        sums = numpy.einsum("...kc,k->...c", pixels[..., low:high, :].astype(numpy.int64), weights) + (1 << 21)
        assert abs(sums).max() < 1 << 31
        lines.append(numpy.clip(sums >> 22, 0, 255).astype("uint8"))
    return numpy.stack(lines, -2)


def lanczos(picture, size, lobes):
    pixels = numpy.asarray(picture).reshape(picture.height, picture.width, -1)
    if size[0] != picture.width:
        pixels = lanczos_lines(pixels, size[0], lobes)
    if size[1] != picture.height:
        pixels = lanczos_lines(pixels.swapaxes(0, 1), size[1], lobes).swapaxes(0, 1)
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def lanczos4(picture, size):
    """Pillow has three lobes only: the formula must give its pixels with three, and is then believed with four."""
    assert lanczos(picture, size, 3).tobytes() == picture.resize(size, Image.LANCZOS).tobytes()
    return lanczos(picture, size, 4)


def expected():
    for path in sorted(HERE.glob("*.*")):
        if path.suffix == ".csv":
            continue
        picture = Image.open(path)
        if path.name == "deep_grey.png":  # Pillow clips at 255; ours keeps the upper byte
            picture = Image.fromarray((numpy.asarray(picture) >> 8).astype("uint8"))
        elif path.name in ("one_bit.png", "grey_alpha.png"):
            picture = picture.convert("L")
        if path.name != "scene.png":
            yield rows_of(path.name, "decode", picture)
    big = Image.open(HERE / "scene.png")
    filters = {"nearest": Image.NEAREST, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "area": Image.BOX}
    ways = {name: lambda picture, size, kind=kind: picture.resize(size, kind) for name, kind in filters.items()}
    ways["lanczos4"] = lanczos4
    for name, way in ways.items():
        for size in [(16, 16), (20, 47), (61, 13)]:
            yield rows_of("scene.png", name, way(big, size))
        yield rows_of("colour.png", name, way(Image.open(HERE / "colour.png"), (33, 29)))
        yield rows_of("grey.jpg", name, way(Image.open(HERE / "grey.jpg"), (13, 31)))
    yield rows_of("colour.png", "grey", Image.open(HERE / "colour.png").convert("L"))


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    make_pictures()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["file", "operation", "width", "height", "channels", "pixels"])
    writer.writerows(expected())
    (HERE / "pillow.csv").write_text(out.getvalue())
