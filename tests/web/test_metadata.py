"""What pictures and PDFs say beside what they show is gone; what they show is the same."""

from __future__ import annotations

import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from mailgate.core import metadata
from mailgate.edges.veil import Veil
from mailgate.model_website import Shown
from mailgate.web.cleaning import Cleaner
from mailgate.web.upload import Received

SECRET = "กล้องของสมหญิง somying"


def picture() -> Image.Image:
    made = Image.effect_noise((160, 90), 80).convert("RGB")
    made.putpixel((3, 4), (255, 0, 0))
    return made


def jpeg(**more: object) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "SECRETCAMERA"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    made = io.BytesIO()
    picture().save(made, "JPEG", exif=exif, comment=SECRET.encode(), icc_profile=b"profile" * 20, **more)
    return made.getvalue()


def png() -> bytes:
    said = PngInfo()
    said.add_itxt("Author", SECRET)
    said.add_text("Comment", "SECRETCAMERA")
    made = io.BytesIO()
    picture().save(made, "PNG", pnginfo=said, exif=Image.Exif())
    return made.getvalue()


def pdf() -> bytes:
    made = pikepdf.new()
    made.add_blank_page()
    with made.open_metadata() as said:
        said["dc:creator"] = ["SECRETCAMERA"]
    made.docinfo["/Author"] = "SECRETCAMERA"
    out = io.BytesIO()
    made.save(out, compress_streams=False)
    return out.getvalue()


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_says_nothing_but_the_way_up(progressive: bool) -> None:
    content = jpeg(progressive=progressive)
    cleaned = metadata.jpeg(content + b"SECRETCAMERA behind the end")
    before, after = Image.open(io.BytesIO(content)), Image.open(io.BytesIO(cleaned))
    assert b"SECRETCAMERA" in content
    assert b"SECRETCAMERA" not in cleaned
    assert SECRET.encode() not in cleaned
    assert after.tobytes() == before.tobytes()
    assert dict(after.getexif()) == {0x0112: 6}
    assert after.info["icc_profile"] == before.info["icc_profile"]


def test_a_png_says_nothing() -> None:
    content = png()
    cleaned = metadata.png(content + b"SECRETCAMERA")
    assert b"SECRETCAMERA" in content
    assert b"SECRETCAMERA" not in cleaned
    assert Image.open(io.BytesIO(cleaned)).tobytes() == Image.open(io.BytesIO(content)).tobytes()
    assert Image.open(io.BytesIO(cleaned)).info.keys() <= {"dpi", "gamma"}


@pytest.mark.parametrize("content", [jpeg(), png()])
def test_a_damaged_picture_is_left_alone(content: bytes) -> None:
    clean = metadata.jpeg if metadata.kind(content) == "jpeg" else metadata.png
    for cut in range(3, len(content) - 1, 97):
        with pytest.raises(metadata.DamagedError):
            clean(content[:cut])


@given(st.binary(max_size=200), st.sampled_from([jpeg()[:400], png()[:200], b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]))
def test_noise_raises_nothing_else(noise: bytes, begins: bytes) -> None:
    for clean in (metadata.jpeg, metadata.png):
        try:
            clean(begins + noise)
        except metadata.DamagedError:
            continue


async def test_files_are_cleaned_and_those_that_cannot_be_are_named() -> None:
    received = Received()
    given_files = {"a.jpg": jpeg(), "b.png": png(), "c.pdf": pdf(), "d.docx": b"PK\3\4", "e.pdf": b"%PDF-1.7 damaged"}
    for name, content in given_files.items():
        veil = Veil()
        veil.write(content)
        received.files.append((Shown(name, len(content)), veil))
    assert await Cleaner().clean(received) == ["d.docx", "e.pdf"]
    kept = {shown.name: b"".join(veil.pieces()) for shown, veil in received.files}
    assert kept["d.docx"] == given_files["d.docx"]
    assert not any(b"SECRETCAMERA" in content for content in kept.values())
    opened = pikepdf.open(io.BytesIO(kept["c.pdf"]))
    assert "/Metadata" not in opened.Root
    assert not set(opened.docinfo) - {"/Producer"}
    assert all(shown.size == veil.size for shown, veil in received.files)
    received.close()
