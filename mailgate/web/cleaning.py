"""Metadata of evidence are taken out: of pictures here, of PDFs in a child that may die, for the files are strangers'.

What cannot be cleaned goes on as it is, and the visitor is told which that is.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from mailgate.core import metadata
from mailgate.edges.veil import Veil
from mailgate.model_website import Shown
from mailgate.web.upload import Received

_SECONDS = 20.0
_PICTURES: dict[str, Callable[[bytes], bytes]] = {"jpeg": metadata.jpeg, "png": metadata.png}


class Cleaner:
    """Cleans the files of a submission, one after the other."""

    async def clean(self, received: Received) -> list[str]:
        """Put cleaned files in the place of those that can be cleaned. Returns the names of the others."""
        left = []
        for n, (shown, veil) in enumerate(received.files):
            made = await _cleaned(b"".join(veil.pieces()))
            if made is None:
                left.append(shown.name)
                continue
            fresh = Veil()
            fresh.write(made)
            received.files[n] = (Shown(shown.name, fresh.size), fresh)
            veil.close()
        return left


async def _cleaned(content: bytes) -> bytes | None:
    """The file without metadata; None if it is of a kind, or in a state, that cannot be cleaned."""
    kind = metadata.kind(content[:1024])
    if kind == "pdf":
        return await _in_child(content)
    try:
        return await asyncio.to_thread(_PICTURES[kind], content) if kind else None
    except metadata.DamagedError:
        return None


async def _in_child(content: bytes) -> bytes | None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-m", "mailgate.pdf_cell", "clean",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, env={},
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS):
            made, _ = await child.communicate(content)
    except TimeoutError:
        child.kill()
        await child.wait()
        return None
    return made if child.returncode == 0 and made else None
