"""The socket between the website and the daemon: a question in JSON, then its bytes; an answer the same way.

4 bytes length · JSON with "size" · size bytes
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mailgate.errors import MailgateError

PIECE = 1 << 18
_LONGEST_HEAD = 1 << 20


async def write(writer: asyncio.StreamWriter, head: dict[str, Any], body: Iterator[bytes], size: int) -> None:
    """Send a head, and a body of this many bytes. Raises OSError."""
    packed = json.dumps(head | {"size": size}, ensure_ascii=False).encode("utf-8")
    writer.write(len(packed).to_bytes(4, "big") + packed)
    for piece in body:
        writer.write(piece)
        await writer.drain()
    await writer.drain()


async def read_head(reader: asyncio.StreamReader) -> dict[str, Any]:
    """Read a head. Raises EOFError, OSError; MailgateError for what is none."""
    length = int.from_bytes(await reader.readexactly(4), "big")
    if length > _LONGEST_HEAD:
        raise MailgateError("a message on the desk's socket is too long")
    found = json.loads(await reader.readexactly(length))
    if not isinstance(found, dict) or not isinstance(found.get("size"), int):
        raise MailgateError("a message on the desk's socket cannot be read")
    return found


async def connect(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Raises MailgateError where nobody listens."""
    try:
        return await asyncio.open_unix_connection(str(path), limit=PIECE)
    except OSError as e:
        raise MailgateError(
            f"the daemon does not answer at {path}: {e.strerror}", "Start it: systemctl start mailgate"
        ) from None


def in_pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(PIECE):
        yield piece


def free_place(path: Path) -> None:
    """Make the socket's folder; take away a socket that an earlier daemon left. Raises MailgateError."""
    try:
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
    except OSError as e:
        raise MailgateError(f"cannot make the socket {path}: {e.strerror}", "See [website] desk") from None


def open_to_group(path: Path) -> None:
    """The website's user is in the group of the daemon's socket, and in nothing else of the daemon's."""
    os.chmod(path, 0o660)
