"""Opening a sealed letter with the officer's key: decrypted in memory, read in the child, written only where asked."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from mailgate.core.submission import file_name
from mailgate.edges import sealing
from mailgate.edges.parser_cell import Cell
from mailgate.edges.store.database import Row
from mailgate.errors import MailgateError
from mailgate.jobs import letters, looking, views
from mailgate.jobs import sealing as sealed_letters
from mailgate.model import Receipt
from mailgate.office import Office

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - memory of this machine, so that nothing in clear gets to a disk
_SHOWN = ("from_name", "from_address", "to", "subject", "dated", "text", "quoted", "attachments", "forwarded", "report",
          "problem")  # fmt: skip

_AGE = b"age-encryption.org/v1\n"
_NOT_BY_THIS = "cannot be opened with this key"


class Plain(NamedTuple):
    """The bytes of a sealed mail, and the private key that opened it."""

    raw: bytes
    key: str


async def opened(office: Office, receipt: Receipt, key: Path, folder: Path | None, cell: Cell) -> list[dict[str, Any]]:
    """The letter and what was filed with it, as documents; their files too, into ``folder``.

    Raises MailgateError: not sealed, wrong key, a file is there already. The event comes before anything is shown.
    """
    letter, private = letters.existing(office, receipt), sealing.read_key(key)
    paths = [(m, sealed_letters.path_of(office, m["sha256"])) for m in office.store.sealing.mails(letter["id"])]
    sealed = [(mail, path) for mail, path in paths if _is_sealed(path)]  # not what came while there was no key
    if not sealed:
        raise MailgateError(f"letter {receipt} is not encrypted", f"See: mailgate letter show {receipt}")
    plain = [(mail, _decrypted(path, private)) for mail, path in sealed]
    by = sorted({sealing.public_of(one.key) for _, one in plain if one})
    if not by:
        raise MailgateError(_NOT_BY_THIS, "Use the key of the officer it was sealed to")
    office.store.sealing.opened(letter, " ".join(by), folder is not None, office.clock.now())
    try:
        return [await _document(office, mail, one, n, folder, cell) for n, (mail, one) in enumerate(plain)]
    finally:
        await cell.close()


def _is_sealed(path: Path) -> bool:
    with _explained(path), path.open("rb") as file:
        return file.read(len(_AGE)) == _AGE


def _decrypted(path: Path, private: list[str]) -> Plain | None:
    """What stands in a sealed file, and the one of these keys that opened it; None if none does."""
    for key in private:
        plain = BytesIO()
        try:
            with _explained(path), path.open("rb") as file:
                sealing.unseal(file, plain, [key])
        except sealing.WrongKeyError:
            continue
        return Plain(plain.getvalue(), key)
    return None


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise MailgateError(f"cannot read {path}: {e.strerror}", "Run mailgate verify") from None


async def _document(
    office: Office, mail: Row, plain: Plain | None, number: int, folder: Path | None, cell: Cell
) -> dict[str, Any]:
    when = {"fate": mail["fate"], "arrived_at": views.local(mail["arrived_at"], office.config.zone)}
    if plain is None:  # such as one of the time before the officer's key was replaced
        return when | dict.fromkeys(_SHOWN, "") | {"attachments": [], "forwarded": [], "problem": _NOT_BY_THIS}
    with _place() as name:
        path, parts = Path(name) / "letter.eml", Path(name) / "files"
        path.write_bytes(plain.raw)
        parts.mkdir()
        document = await looking.read(path, parts, cell)
        if folder is not None:
            _write(folder, number, plain.raw, parts, [a["name"] for a in document["attachments"]])
    return when | {name: document[name] for name in _SHOWN}


def _write(folder: Path, number: int, raw: bytes, parts: Path, names: list[str]) -> None:
    """The mail as it came and its files, for the owner alone. Raises MailgateError where one is there already."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    contents = {f"{number:03}-letter.eml": raw}
    for n, name in enumerate(names):
        contents[f"{number:03}-{n + 1:02}-{file_name(name)}"] = (parts / str(n)).read_bytes()
    for name, content in contents.items():
        try:
            handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as e:
            raise MailgateError(f"cannot write {folder / name}: {e.strerror}", "Choose another folder") from None
        with os.fdopen(handle, "wb") as file:
            file.write(content)


def _place() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="mailgate-open-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None)
