"""What is wrong with an attachment: by its name, by its first bytes, by the directory of an archive."""

from __future__ import annotations

from collections.abc import Iterator

from mailgate.core.mime import locked, ole, sniff, zips
from mailgate.core.source import Source
from mailgate.model_reading import Flag

_DANGEROUS = frozenset(
    # programs and their parts
    "exe scr com pif dll sys cpl ocx drv msi msp msix msixbundle appx appxbundle appinstaller application gadget jar "
    "jnlp class apk xapk aab ipa dmg pkg app deb rpm run elf so "
    # scripts
    "bat cmd vbs vbe js jse mjs wsf wsh ws wsc sct hta ps1 ps2 psm1 psd1 ps1xml psc1 msh sh bash csh py pyc pyw pyz pl "
    "rb php ahk au3 reg inf "
    # what opens something else
    "lnk url scf desktop website webloc library-ms search-ms searchconnector-ms settingcontent-ms themepack theme "
    "diagcab xll wll iqy slk ade adp mde accde accda mda chm hlp its one onepkg rdp vsto xnk cab "
    # disks
    "iso img vhd vhdx vmdk udf daa toast".split()
)
_MACROS = frozenset("docm dotm xlsm xltm xlam xlsb pptm potm ppam ppsm sldm".split())
_DANGEROUS_TYPES = frozenset((
    sniff.PROGRAM, sniff.SCRIPT, sniff.SHORTCUT, sniff.DISK, "application/java-archive",
    "application/vnd.android.package-archive", "application/vnd.ms-htmlhelp", "application/vnd.ms-cab-compressed",
))  # fmt: skip
_OFFICE = ("application/vnd.openxmlformats", "application/msword", "application/vnd.ms-", "application/x-ole-storage")
_OLD_OFFICE = (*_OFFICE, "application/rtf", "text/", "application/xml", "application/zip")
# What content an ending promises. Old office files are often web pages, tables or RTF with the name of the program.
_PROMISED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pdf", ("application/pdf",)),
    ("jpg jpeg jpe jfif png gif bmp webp tif tiff heic heif ico", ("image/",)),
    ("docx xlsx pptx docm xlsm pptm", _OFFICE),
    ("doc dot xls xlt ppt pps", _OLD_OFFICE),
    ("zip", ("application/zip", "application/vnd.", "application/java-archive", "application/epub")),
    ("rar", ("application/vnd.rar", "application/x-rar")),
    ("7z", ("application/x-7z",)),
    ("mp3 wav m4a ogg amr wma", ("audio/", "video/", "application/ogg")),
    ("mp4 avi mov mpg mpeg mkv wmv 3gp", ("video/", "audio/")),
    ("txt csv htm html", ("text/", "application/xml", "application/json", "application/xhtml")),
)
_PROMISES = {ending: kinds for endings, kinds in _PROMISED for ending in endings.split()}
_LOCKED = {
    "application/pdf": locked.pdf,
    "application/vnd.rar": locked.rar,
    "application/x-7z-compressed": locked.seven_zip,
}
_SILENT = (sniff.UNKNOWN, "application/x-empty")


def flags(source: Source, name: str, declared: str, found: str) -> tuple[list[Flag], list[str]]:
    """The flags in a fixed order, and notes for the clerk. Never raises."""
    notes: list[str] = []
    raised = (
        set(_by_name(name, notes)) | set(_by_type(name, declared, found, notes)) | set(_inside(source, found, notes))
    )
    return sorted(raised, key=list(Flag).index), notes


def endings(name: str) -> list[str]:
    """The endings of a name, last first, in lower case."""
    return [part.strip().lower() for part in reversed(name.split(".")[1:])]


def _by_name(name: str, notes: list[str]) -> Iterator[Flag]:
    parts = endings(name)
    if parts and parts[0] in _MACROS:
        yield Flag.MACROS
    if parts and parts[0] in _DANGEROUS:
        yield Flag.DANGEROUS
        if len(parts) > 1 and parts[1] in _PROMISES:
            notes.append("double extension")


def _by_type(name: str, declared: str, found: str, notes: list[str]) -> Iterator[Flag]:
    dangerous = found in _DANGEROUS_TYPES
    ending = (endings(name) or [""])[0]
    if dangerous:
        yield Flag.DANGEROUS
    promised = _PROMISES.get(ending)
    if found in _SILENT:
        return
    # A label of the sender's program alone is often wrong; as a picture or a PDF it is believed by those who show it.
    label = ("image/",) if declared.startswith("image/") else (declared,) if declared == "application/pdf" else ()
    broken = [p for p in (promised, label) if p and not found.startswith(p)]
    if broken or (dangerous and found != sniff.SCRIPT and ending not in _DANGEROUS):
        notes.append(f"the content is {found}")
        yield Flag.MISLABELLED


def _inside(source: Source, found: str, notes: list[str]) -> Iterator[Flag]:
    if source.read(0, 2) == b"PK":
        yield from _in_zip(zips.directory(source), notes)
    elif source.read(0, 8) == ole.MAGIC:
        names = ole.streams(source)
        if ole.is_encrypted(names):
            yield Flag.ENCRYPTED
        if ole.has_macros(names):
            yield Flag.MACROS
    elif found in _LOCKED and _LOCKED[found](source):
        yield Flag.ENCRYPTED
    elif found == "application/gzip" and _is_gzip_bomb(source):
        yield Flag.BOMB


def _in_zip(directory: zips.Directory, notes: list[str]) -> Iterator[Flag]:
    if not directory.readable:
        notes.append("the directory of the archive cannot be read")
    if directory.encrypted:
        yield Flag.ENCRYPTED
    if directory.bomb:
        yield Flag.BOMB
    if any(name.endswith("vbaproject.bin") for name in directory.names):
        yield Flag.MACROS
    if any((endings(name) or [""])[0] in _DANGEROUS for name in directory.names):
        notes.append("a program is in the archive")
        yield Flag.DANGEROUS


def _is_gzip_bomb(source: Source) -> bool:
    """The last four bytes are the size of what was packed (RFC 1952 s.2.3.1)."""
    size = int.from_bytes(source.read(max(source.size - 4, 0), 4), "little")
    return size > 50 * source.size and size > 100 * 1024 * 1024
