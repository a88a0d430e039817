"""A virus scanner: clamd over its socket, and its paper twin.

Protocol: clamd(8), INSTREAM. Commands with "z" in front, and their answers, end with NUL; a file goes over in chunks,
each after its length in four bytes, and a chunk of length 0 ends it. clamd needs no access to our files that way.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import closing
from pathlib import Path
from typing import BinaryIO, Protocol

from mailgate.errors import ConfigError, ScanError

CHUNK = 256 * 1024
MOST_ANSWER = 4096
MOST_NAME = 120
# In two pieces, so that no scanner takes this file for an infected one (eicar.org: the test file).
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_SIZE_HINT = "Raise StreamMaxLength (and MaxFileSize, MaxScanSize) in clamd.conf"
_HINT = "Check that clamd runs and [scan] clamd_socket"

Where = Path | tuple[str, int]


class Scanner(Protocol):
    """Looks at one file."""

    async def scan(self, path: Path) -> str:
        """ "" if nothing was found, else the name of the virus. Raises ScanError."""


class Clamd:
    """clamd at a Unix socket, or at (host, port) of this machine; ``timeout``: seconds for one file, all in all."""

    def __init__(self, where: Where, timeout: float) -> None:
        # What is scanned goes over in the clear: citizens' letters stay on this machine.
        if isinstance(where, tuple) and not _loopback(where[0]):
            raise ConfigError(f"clamd at {where[0]} is not on this machine", hint="Use its Unix socket or 127.0.0.1")
        self._where, self._timeout = where, timeout

    async def scan(self, path: Path) -> str:
        try:
            file = path.open("rb")
        except OSError as e:
            raise ScanError(f"{path} cannot be scanned: {e.strerror}") from None
        with file:
            return _verdict(await self._asked(b"INSTREAM", file))

    async def version(self) -> str:
        """What the doctor shows: its version and that of its signatures. Raises ScanError."""
        if (answer := await self._asked(b"PING")) != "PONG":
            raise ScanError(f"what listens at {self._shown} is not clamd: {answer}", _HINT)
        return await self._asked(b"VERSION")

    async def _asked(self, command: bytes, file: BinaryIO | None = None) -> str:
        try:
            async with asyncio.timeout(self._timeout):
                return await self._talk(command, file)
        except TimeoutError:
            raise ScanError(f"clamd at {self._shown} gave no answer within {self._timeout:g} s", _HINT) from None
        except OSError as e:
            raise ScanError(f"clamd at {self._shown} cannot be used: {e.strerror or e}", _HINT) from None

    async def _talk(self, command: bytes, file: BinaryIO | None) -> str:
        # Bare sockets: a stream of asyncio drops a waiting answer once a write has failed, and clamd closes the line
        # right after "size limit exceeded", in the middle of our writing.
        loop = asyncio.get_running_loop()
        family, address = _address(self._where)
        with closing(socket.socket(family, socket.SOCK_STREAM)) as line:
            line.setblocking(False)
            await loop.sock_connect(line, address)
            try:
                await loop.sock_sendall(line, b"z" + command + b"\0")
                if file is not None:
                    await _send(line, file)
            except (BrokenPipeError, ConnectionResetError):
                pass  # the answer says why
            return _shown(await _answer(line))

    @property
    def _shown(self) -> str:
        return str(self._where) if isinstance(self._where, Path) else f"{self._where[0]}:{self._where[1]}"


class PaperScanner:
    """A scanner for tests: finds EICAR and what ``viruses`` names by its bytes; raises ``error`` if that is set."""

    def __init__(self, viruses: dict[bytes, str] | None = None, *, most: int = 1 << 20) -> None:
        self.viruses = {EICAR: "Eicar-Test-Signature"} | (viruses or {})
        self.most = most
        self.error: ScanError | None = None
        self.scanned: list[Path] = []

    async def scan(self, path: Path) -> str:
        if self.error is not None:
            raise self.error
        try:
            content = path.read_bytes()  # noqa: ASYNC240 - small files of tests
        except OSError as e:
            raise ScanError(f"{path} cannot be scanned: {e.strerror}") from None
        if len(content) > self.most:
            raise ScanError("the file is larger than the scanner takes", _SIZE_HINT)
        self.scanned.append(path)
        return next((name for sign, name in self.viruses.items() if sign in content), "")


async def _send(line: socket.socket, file: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    while piece := await asyncio.to_thread(file.read, CHUNK):
        await loop.sock_sendall(line, len(piece).to_bytes(4) + piece)
    await loop.sock_sendall(line, bytes(4))


async def _answer(line: socket.socket) -> bytes:
    """Everything up to the first NUL. Without it the line was lost, and half a "FOUND" must not pass for an OK."""
    loop, answer = asyncio.get_running_loop(), b""
    while b"\0" not in answer:
        piece = await loop.sock_recv(line, MOST_ANSWER)
        if not piece:
            raise ScanError("clamd closed the line before its answer was whole", _HINT)
        answer += piece
        if len(answer) > MOST_ANSWER:
            raise ScanError("clamd's answer is longer than any real one", _HINT)
    return answer.partition(b"\0")[0]


def _verdict(answer: str) -> str:
    """Only the two answers of clamd(8) are one; whatever else it may say, the file was not scanned."""
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        name = answer.removeprefix("stream: ").removesuffix(" FOUND").strip()
        return _cut(name) or "unnamed"
    hint = _SIZE_HINT if "size limit exceeded" in answer else "See clamd's log"
    raise ScanError(f"clamd could not scan: {_cut(answer) or 'empty answer'}", hint)


def _shown(answer: bytes) -> str:
    """Printable ASCII only: a name may come from a file, and this ends in a terminal and in the register."""
    return "".join(c if " " <= c <= "~" else "?" for c in answer.decode("latin-1"))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_NAME else text[: MOST_NAME - 3] + "..."


def _address(where: Where) -> tuple[socket.AddressFamily, str | tuple[str, int]]:
    if isinstance(where, Path):
        return socket.AF_UNIX, str(where)
    return (socket.AF_INET6 if ":" in where[0] else socket.AF_INET), where


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name can be made to mean another machine
