"""A file without a name whose bytes on the disk nobody can read: encrypted under a key that lives in memory alone.

What a visitor uploads waits in it until it is known whom it is to be encrypted for. A thief of the disk, or of its
free blocks later, finds noise.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_CHUNK = 1 << 16
_TAG = 16


class Veil:
    """Write pieces, then read them back, any number of times. Raises OSError where the disk is full."""

    def __init__(self) -> None:
        self.size = 0
        self._cipher = AESGCM(AESGCM.generate_key(128))
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by close()
        self._waiting = bytearray()
        self._chunks = 0

    def write(self, piece: bytes | memoryview) -> None:
        self._waiting += piece
        self.size += len(piece)
        while len(self._waiting) >= _CHUNK:
            self._put(_CHUNK)

    def pieces(self) -> Iterator[bytes]:
        """All that was written, in pieces of 64 KiB."""
        if self._waiting:
            self._put(len(self._waiting))
        for number in range(self._chunks):
            yield self._cipher.decrypt(_nonce(number), self._read(number), None)

    def close(self) -> None:
        self._file.close()

    def _put(self, length: int) -> None:
        sealed = self._cipher.encrypt(_nonce(self._chunks), bytes(self._waiting[:length]), None)
        view = memoryview(sealed)
        while view:
            view = view[self._file.write(view) or 0 :]
        del self._waiting[:length]
        self._chunks += 1

    def _read(self, number: int) -> bytes:
        return os.pread(self._file.fileno(), _CHUNK + _TAG, number * (_CHUNK + _TAG))


def _nonce(number: int) -> bytes:
    # A key has one file, and each chunk of it its own number: none is ever used twice (NIST SP 800-38D 8).
    return number.to_bytes(12, "big")
