"""The socket between the website and the daemon: a question in JSON, then its bytes; an answer the same way.

4 bytes length · JSON with "size" · size bytes
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from mailgate.errors import MailgateError

PIECE = 1 << 18
_LONGEST_HEAD = 1 << 20
_FIRST = 3  # file descriptor: SD_LISTEN_FDS_START


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


def listening(path: Path) -> socket.socket:
    """The socket that the service manager hands over for this path, or one made there. Raises MailgateError."""
    try:
        return _handed_over(path) or _made(path)
    except OSError as e:
        raise MailgateError(f"cannot make the socket {path}: {e.strerror}", "See [website] desk") from None


def _handed_over(path: Path) -> socket.socket | None:
    """Socket activation (sd_listen_fds(3)): the manager gives it its owner and group, which we could not."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    for number in range(_FIRST, _FIRST + int(os.environ.get("LISTEN_FDS", "0"))):
        found = socket.socket(fileno=number)
        if found.family == socket.AF_UNIX and found.getsockname() == str(path):
            return found
        found.detach()
    return None


def _made(path: Path) -> socket.socket:
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # that of an earlier daemon
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(path))
    os.chmod(path, 0o660)
    return made
