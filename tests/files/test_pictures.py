"""Tests of picture files: what decodes, and what its pixels are in 8 bits."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ptmbench.files.pictures import PLAIN, Tones, look_at, rgb, tones_of

GREY = np.arange(256, dtype=np.uint8).reshape(16, 16)


def save(path, values, **options):
    """A picture of these values."""
    Image.fromarray(values).save(path, **options)
    return path


def seen(*paths):
    """The pictures [n, h, w] that files give as a set, one channel of them."""
    tones = tones_of(look_at(path) for path in paths)
    return np.stack([rgb(path, tones)[..., 0] for path in paths])


@pytest.mark.parametrize(
    ("name", "deep"),
    [
        ("16 bits.png", GREY.astype(np.uint16) * 257),
        ("16 bits, shifted.png", GREY.astype(np.uint16) << 8),
        ("12 bits in 16.png", GREY.astype(np.uint16) << 4),
        ("8 bits in 16.png", GREY.astype(np.uint16)),
        ("16 bits.tif", GREY.astype(np.uint16) * 257),
        ("32 bits.tif", GREY.astype(np.int32)),
        ("to 1.tif", (GREY / 255).astype(np.float32)),
        ("to 255.tif", GREY.astype(np.float32)),
        ("to 65535.tif", GREY.astype(np.float32) * 257),
    ],
)
def test_deep_pictures_are_their_8_bit_copies(tmp_path, name, deep):
    """Whole numbers of any depth and fractions are scaled by their range, and give what an 8-bit copy gives."""
    assert "" == look_at(save(tmp_path / name, deep)).fault
    assert GREY.tolist() == seen(tmp_path / name)[0].tolist()


def test_a_set_has_one_scale(tmp_path):
    """A dark picture of a deep set stays dark beside a bright one."""
    bright = save(tmp_path / "a.png", GREY.astype(np.uint16) * 257)
    dark = save(tmp_path / "b.png", np.full((16, 16), 257, dtype=np.uint16))

    assert [255, 1] == [picture.max() for picture in seen(bright, dark)]
    assert ("deep pictures are scaled from 16 bits to 8",) == tones_of([look_at(dark), look_at(bright)]).told()


def test_plain_pictures_are_as_they_were(tmp_path):
    """8-bit pictures have plain tones, which change no digest."""
    tones = tones_of([look_at(save(tmp_path / "a.png", GREY))])

    assert (PLAIN, b"", ()) == (tones, tones.content(), tones.told())
    assert b"" != Tones(12).content()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_is_white(tmp_path, mode):
    """The colour stored beneath full transparency never shows; a solid picture with an alpha channel is as without."""
    pixels = np.zeros((2, 2, 4), dtype=np.uint8)
    pixels[0, :, 3] = 255
    picture = Image.fromarray(pixels)
    picture = picture.convert("LA") if mode == "LA" else picture.quantize() if mode == "P" else picture
    picture.save(tmp_path / "a.png")
    look = look_at(tmp_path / "a.png")

    assert (True, 0, 255) == (look.transparent, *rgb(tmp_path / "a.png")[:, 0, 0].tolist())
    assert not look_at(save(tmp_path / "b.png", np.full((2, 2, 4), 255, dtype=np.uint8))).transparent


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((2, 2), -1, dtype=np.int32), "holds values from -1 to -1: expected 0 to 65535"),
        (np.full((2, 2), 70_000, dtype=np.int32), "holds values from 70000 to 70000"),
        (np.full((2, 2), np.nan, dtype=np.float32), "holds values from nan"),
    ],
)
def test_values_without_a_scale_are_refused(tmp_path, values, message):
    """Negative values, and those beyond 16 bits, have no black and white that could be guessed."""
    assert message in look_at(save(tmp_path / "a.tif", values)).fault


@pytest.mark.parametrize("form", ["png", "bmp", "gif", "tiff", "jpeg", "ppm", "webp"])
def test_pictures_cut_off_are_told(tmp_path, form):
    """A file that ends in the middle of its pixels is a fault in every form, since all are decoded whole."""
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = save(tmp_path / f"a.{form}", noise)
    assert "" == look_at(path).fault
    path.write_bytes(path.read_bytes()[:-2500])

    assert look_at(path).fault


def test_a_broken_stream_is_told(tmp_path):
    """A PNG whose checksums are right and whose stream is not is found when it is decoded."""
    path = save(tmp_path / "a.png", GREY)
    head, _, tail = path.read_bytes().partition(b"IDAT")
    length = struct.unpack(">I", head[-4:])[0]
    body = b"IDAT" + bytes(length)
    path.write_bytes(head + body + struct.pack(">I", zlib.crc32(body)) + tail[length + 4 :])

    assert look_at(path).fault


def test_bytes_behind_the_end_of_a_jpeg_are_none_of_the_picture(tmp_path):
    """Cameras append thumbnails and sound: the picture is whole."""
    path = save(tmp_path / "a.jpg", GREY)
    path.write_bytes(path.read_bytes() + b"\0" * 5_000)

    assert "" == look_at(path).fault


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_large_photograph_keeps_its_size(tmp_path, mode):
    """JPEG is decoded at an eighth to be looked at: its size is its own, and a byte that is missing is missed."""
    pixels = np.random.default_rng(0).integers(0, 256, (90, 130, len(mode))).astype(np.uint8)
    Image.fromarray(pixels.squeeze(), mode).save(tmp_path / "a.jpg")
    assert ((130, 90), "") == (look_at(tmp_path / "a.jpg").size, look_at(tmp_path / "a.jpg").fault)

    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(content[:-40])
    assert "truncated" == look_at(tmp_path / "b.jpg").fault


def test_a_picture_bomb_is_not_decoded(tmp_path):
    """A file of a few kilobytes that would fill the memory is told by its size."""
    scanline = zlib.compress(bytes(100))
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in ((b"IHDR", header), (b"IDAT", scanline), (b"IEND", b"")):
        parts.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)))
    (tmp_path / "a.png").write_bytes(b"".join(parts))
    Image.new("1", (10_000, 10_000)).save(tmp_path / "b.png")

    assert "too large (3,600,000,000 pixels): more than 89,478,485 are not decoded" == look_at(tmp_path / "a.png").fault
    with pytest.warns(Image.DecompressionBombWarning):
        assert look_at(tmp_path / "b.png").fault.startswith("too large (10000x10000)")


def test_what_is_no_regular_file_is_not_opened(tmp_path):
    """A pipe would wait for ever, and a device never end."""
    os.mkfifo(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to("/dev/zero")
    (tmp_path / "c.png").write_bytes(b"")
    (tmp_path / "d.png").write_text("no picture")

    faults = [look_at(tmp_path / f"{name}.png").fault for name in "abcd"]
    assert ["cannot be read: it is no regular file"] * 2 + ["empty", "no picture that Pillow can read"] == faults


def test_a_picture_is_turned_where_asked(tmp_path):
    """The rotation that metadata notes is done for whole pictures, and not where boxes lie on the stored pixels."""
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.new("RGB", (4, 2)).save(buffer, "JPEG", exif=exif)
    (tmp_path / "a.jpg").write_bytes(buffer.getvalue())

    assert [(2, 4, 3), (4, 2, 3)] == [rgb(tmp_path / "a.jpg", upright=turn).shape for turn in (False, True)]


def png_of_16_bits(path, values):
    """Writes colours [h, w, 3] of 16 bits as PNG, which Pillow itself cannot write."""
    height, width = values.shape[:2]

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    )
    return path


@pytest.mark.parametrize("bits", [10, 12, 14])
def test_colours_of_few_bits_in_16_are_refused(tmp_path, bits):
    """Pillow keeps the upper half of 16 bits a colour: of fewer, nearly black is left."""
    colours = np.stack([GREY.astype(np.uint16) * 257] * 3, axis=-1)

    assert "" == look_at(png_of_16_bits(tmp_path / "16.png", colours)).fault
    told = look_at(png_of_16_bits(tmp_path / "few.png", colours >> (16 - bits))).fault
    assert f"16 bits a colour, of which the lower {bits} are used: convert it to 8 bits" == told
