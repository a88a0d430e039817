"""The folder that a web server serves: a link to the newest edition, replaced as a whole or not at all.

/srv/www/mailgate                          ─▶ .mailgate.editions/3f2a…
/srv/www/.mailgate.editions/3f2a…          an edition: files that never change, those of the former one hard-linked
/srv/www/.mailgate.editions/status         the pages of letters, shared by all editions, replaced one by one
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from mailgate.edges import site_files
from mailgate.edges.durable import fsync_folder
from mailgate.errors import ConfigError, MailgateError

MANIFEST = "edition.json"
STATUS_LINK = "s"
_STATUS = "status"
_MADE = "made.json"
_NO_LIST = "index.html"
_DRAFT = ".new"
_MANY = 100  # files that are synced together rather than one by one


class Planned(NamedTuple):
    """A file of an edition: its path in it, a digest of what it is made from, and how."""

    path: str
    made_from: str
    make: Callable[[], bytes]


class Edition(NamedTuple):
    """An edition as it is on disk. ``written``: files that were made now; the others are those of the former one."""

    name: str
    files: int
    written: int
    events: int
    chain_head: str


class Site:
    """The published folder. Raises MailgateError for what a person must mend."""

    def __init__(self, directory: Path) -> None:
        self.link = directory.absolute()
        self._shelf = self.link.with_name(f".{self.link.name}.editions")
        self.status = self._shelf / _STATUS

    def prepare(self) -> None:
        """Make the folders; refuse a place where something else is. Raises ConfigError."""
        ours = self.link.is_symlink() and Path(os.readlink(self.link)).parent.name == self._shelf.name
        strange = self.link.is_symlink() or self.link.is_file() or (self.link.is_dir() and any(self.link.iterdir()))
        if strange and not ours:
            raise ConfigError(
                f"[publish] directory: {self.link} holds something that mailgate did not make",
                hint="Name a folder that does not exist yet, or an empty one",
            )
        with site_files.explained(self._shelf):
            self.link.parent.mkdir(parents=True, exist_ok=True)
            site_files.folder(self._shelf)
            site_files.folder(self.status)
            # A web server that lists folders would tell the addresses of all letters' pages (law 8).
            if not (self.status / _NO_LIST).exists():
                site_files.replaced(self.status / _NO_LIST, b"")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One writer at a time. Raises MailgateError where another is at work."""
        with site_files.explained(self._shelf), (self._shelf / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise MailgateError(
                    f"another mailgate is writing to {self.link}", "Let it finish and try again"
                ) from None
            yield

    @contextmanager
    def pages_alone(self) -> Iterator[None]:
        """One writer of letters' pages at a time; waits, for each writes but a few."""
        with site_files.explained(self._shelf), (self._shelf / "pages.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def write(self, files: Iterable[Planned], facts: Mapping[str, Any]) -> Edition:
        """Make an edition and put it in place of the former one; ``facts`` go into its manifest."""
        former, before = self._current(), self.manifest()["files"]
        draft = self._shelf / _DRAFT
        with site_files.explained(draft):
            shutil.rmtree(draft, ignore_errors=True)
            site_files.folder(draft)
            listed, written = {}, 0
            for file in files:
                known = before.get(file.path, {})
                content = None if file.made_from and file.made_from == known.get("made_from") else file.make()
                same = content is None or hashlib.sha256(content).hexdigest() == known.get("sha256")
                if former and same and site_files.link(former / file.path, draft / file.path, draft):
                    listed[file.path] = {**known, "made_from": file.made_from}
                else:
                    listed[file.path] = _written(file, content, draft)
                    written += 1
            return self._put(draft, {**facts, "files": dict(sorted(listed.items()))}, written)

    def differences(self, files: Iterable[Planned]) -> list[str]:
        """The files of the current edition that are not what they should be, are missing, or do not belong there."""
        there, found, right = self._files(), [], {}
        for file in files:
            content = file.make()
            right[file.path] = hashlib.sha256(content).hexdigest()
            if file.path not in there or (self.link / file.path).read_bytes() != content:
                found.append(file.path)
            there.discard(file.path)
        listed = {path: file.get("sha256") for path, file in self.manifest()["files"].items()}
        found += [MANIFEST] if listed != right else []
        return sorted({*found, *(there - {MANIFEST})})

    def manifest(self) -> dict[str, Any]:
        """What the current edition says of itself; without files where there is none."""
        try:
            found: dict[str, Any] = json.loads((self.link / MANIFEST).read_bytes())
        except (OSError, ValueError):
            return {"files": {}}
        return found if isinstance(found.get("files"), dict) else {"files": {}}

    def noted(self, name: str = _MADE) -> dict[str, Any]:
        """What is remembered beside the editions, where no web server looks."""
        try:
            found: dict[str, Any] = json.loads((self._shelf / name).read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def note(self, name: str = _MADE, **values: Any) -> None:
        """Remember something beside the editions."""
        with site_files.explained(self._shelf):
            site_files.replaced(self._shelf / name, json.dumps(values, sort_keys=True).encode())
            fsync_folder(self._shelf)

    def put_pages(self, pages: Mapping[str, bytes]) -> None:
        """Write pages of letters, by name; durable when this returns, however many there are."""
        many = len(pages) > _MANY
        with site_files.explained(self.status):
            for name, content in pages.items():
                site_files.replaced(self.status / name, content, sync=not many)
            if many:
                os.sync()
            if pages:
                fsync_folder(self.status)

    def drop_page(self, name: str) -> None:
        with site_files.explained(self.status):
            (self.status / name).unlink(missing_ok=True)

    def drop_all_pages(self) -> None:
        with site_files.explained(self.status):
            for path in self.status.glob("*.html"):
                path.unlink()
            site_files.replaced(self.status / _NO_LIST, b"")

    def _put(self, draft: Path, manifest: Mapping[str, Any], written: int) -> Edition:
        content = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
        site_files.replaced(draft / MANIFEST, content)
        (draft / STATUS_LINK).symlink_to(Path("..") / _STATUS)
        for folder in [path for path in draft.rglob("*") if path.is_dir() and not path.is_symlink()]:
            fsync_folder(folder)
        fsync_folder(draft)
        name = hashlib.sha256(content).hexdigest()[:16]
        former, made = self._current(), self._shelf / name
        if made != former:
            shutil.rmtree(made, ignore_errors=True)
            draft.rename(made)
            fsync_folder(self._shelf)
            self._point_to(made)
            self._tidy(keep={made, former})
        else:
            shutil.rmtree(draft)
        return Edition(name, len(manifest["files"]), written, manifest["events"], manifest["chain_head"])

    def _point_to(self, made: Path) -> None:
        """The instant at which readers see the new edition: one rename."""
        if self.link.is_dir() and not self.link.is_symlink():
            self.link.rmdir()
        link = self._shelf / f"{_DRAFT}.link"
        link.unlink(missing_ok=True)
        link.symlink_to(Path(self._shelf.name) / made.name)
        link.replace(self.link)
        fsync_folder(self.link.parent)

    def _tidy(self, keep: set[Path | None]) -> None:
        for path in self._shelf.iterdir():
            if path.is_dir() and path not in keep and path != self.status:
                shutil.rmtree(path)

    def _current(self) -> Path | None:
        return self._shelf / Path(os.readlink(self.link)).name if self.link.is_symlink() else None

    def _files(self) -> set[str]:
        found = (path for path in self.link.rglob("*") if path.is_file())
        return {path.relative_to(self.link).as_posix() for path in found if _top(path, self.link) != STATUS_LINK}


def _top(path: Path, folder: Path) -> str:
    return path.relative_to(folder).parts[0]


def _written(file: Planned, content: bytes | None, folder: Path) -> dict[str, Any]:
    content = file.make() if content is None else content
    path = folder / file.path
    site_files.parents(path, folder)
    site_files.replaced(path, content)
    return {"made_from": file.made_from, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
