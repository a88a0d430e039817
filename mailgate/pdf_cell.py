"""The child that opens PDFs: ``python -I -m mailgate.pdf_cell``. Started by ``edges.pdf_files``.

``check FILE`` says "+pages" or "-why"; ``join OUT FILE…`` writes one PDF of all pages; ``clean`` takes one from
standard input and gives it back on standard output without what it says of its making. A PDF is a stranger's program as
much as a mail is, so it is read in a process that has limits and may die.
"""

from __future__ import annotations

import logging
import resource
import sys
from io import BytesIO
from pathlib import Path

from mailgate.cell import confine

MEMORY = 512 * 1024 * 1024
CPU_SECONDS = 20
_MOST_PAGES = 5000
ENCRYPTED = "it is encrypted, or needs a password"
NO_PDF = "it is not a PDF"
NO_PAGES = "it has no pages"


def main() -> None:
    """One command; what goes wrong is an answer, not a traceback, which could hold words of the file."""
    confine(MEMORY)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    logging.disable(logging.CRITICAL)
    verb, *names = sys.argv[1:]
    if verb == "clean":
        _clean()
        return
    try:
        print("+" + (_joined(Path(names[0]), names[1:]) if verb == "join" else str(_pages(Path(names[0])))))
    except ValueError as e:
        print(f"-{e}")
    except (Exception, MemoryError, RecursionError) as e:
        print(f"-it cannot be read ({type(e).__name__})")


def _pages(path: Path) -> int:
    """How many pages there are, each of them found. Raises ValueError saying what is wrong with the file."""
    from pypdf import PdfReader
    from pypdf.errors import PdfReadError

    with path.open("rb") as file:
        if file.read(5) != b"%PDF-":
            raise ValueError(NO_PDF)
        try:
            reader = PdfReader(file)
            if reader.is_encrypted:
                raise ValueError(ENCRYPTED)
            count = len(reader.pages)
            if not 0 < count <= _MOST_PAGES:
                raise ValueError(NO_PAGES if not count else f"it has more than {_MOST_PAGES} pages")
            for page in reader.pages:
                page.mediabox  # noqa: B018 - that each page can be reached is what is asked
        except PdfReadError:
            raise ValueError("it is damaged") from None
    return count


def _joined(out: Path, names: list[str]) -> str:
    from pypdf import PdfWriter

    writer = PdfWriter()
    for name in names:
        writer.append(name)
    with out.open("wb") as file:
        writer.write(file)
    return str(len(writer.pages))


def _clean() -> None:
    """Exits with 1, and writes nothing, where it cannot be done: encrypted, signed, damaged."""
    from pypdf import PdfReader, PdfWriter

    try:
        reader = PdfReader(BytesIO(sys.stdin.buffer.read()))
        if reader.is_encrypted or "/SigFlags" in reader.root_object.get("/AcroForm", {}):
            sys.exit(1)
        writer, made = PdfWriter(clone_from=reader), BytesIO()
        writer.metadata = None
        for holder in (writer.root_object, *writer.pages):
            for said in ("/Metadata", "/PieceInfo"):
                holder.pop(said, None)
        writer.compress_identical_objects(remove_unreferenced=True)  # else what was taken out is still in the file
        writer.write(made)
    except (Exception, MemoryError, RecursionError):
        sys.exit(1)
    sys.stdout.buffer.write(made.getvalue())


if __name__ == "__main__":
    main()
