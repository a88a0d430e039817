"""The office's mailbox over IMAP."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

from mailgate.config_servers import Imap
from mailgate.edges import imap_text
from mailgate.edges.imap_wire import Lines, Refused, Wire
from mailgate.edges.mailbox import PIECE
from mailgate.edges.secrets import Secret
from mailgate.edges.tls import client_context, explain
from mailgate.errors import MailboxError, MailboxGone
from mailgate.model import Stub

_AT_ONCE = 200  # messages in one command
_DONE_FLAG = "$MailgateDone"
_CODE = re.compile(r": \[([A-Z]{3,30})\]")


class ImapPost:
    """Opens the mailbox of the configuration. ``secret`` gives the password or token when it is needed."""

    def __init__(self, settings: Imap, secret: Secret) -> None:
        self._settings = settings
        self._secret = secret

    @asynccontextmanager
    async def open(self) -> AsyncIterator[ImapMailbox]:
        """Connect, log in, select. Raises MailboxError with what to mend; MailboxGone if the line breaks."""
        wire = await self.connect()
        try:
            mailbox = ImapMailbox(wire, self._settings)
            await mailbox.select()
            yield mailbox
            with suppress(MailboxError):
                await wire.command("LOGOUT", timeout=5)
        finally:
            wire.abort()

    async def connect(self) -> Wire:
        """A logged-in connection; TLS before anything secret, verified."""
        s = self._settings
        where = f"{s.host}:{s.real_port}"
        try:
            context = client_context(s.ca_file) if s.security != "none" else None
            implicit = context if s.security == "tls" else None
            wire = await Wire.connect(s.host, s.real_port, implicit, s.timeout.total_seconds())
        except (OSError, TimeoutError, ssl.SSLError, UnicodeError) as e:
            raise MailboxGone(f"cannot reach the IMAP server {where}: {explain(e)[0]}", explain(e)[1]) from None
        except MailboxGone as e:
            raise MailboxGone(f"IMAP server {where}: {e.what}", "Check [imap] port and security") from None
        try:
            if s.security == "starttls" and context is not None:
                await self._starttls(wire, context)
            await self._login(wire)
        except BaseException:
            wire.abort()
            raise
        return wire

    async def _starttls(self, wire: Wire, context: ssl.SSLContext) -> None:
        try:
            await wire.starttls(context)
        except (ssl.SSLError, OSError) as e:
            what, hint = explain(e)
            raise MailboxError(f"STARTTLS with the IMAP server {self._settings.host} failed: {what}", hint) from None

    async def _login(self, wire: Wire) -> None:
        s = self._settings
        secret = await asyncio.to_thread(self._secret)
        try:
            if s.xoauth2:
                await wire.authenticate("XOAUTH2", f"user={s.username}\1auth=Bearer {secret}\1\1")
            elif s.auth == "plain" or (s.auth == "auto" and "AUTH=PLAIN" in wire.capabilities):
                await wire.authenticate("PLAIN", f"\0{s.username}\0{secret}")
            elif "LOGINDISABLED" in wire.capabilities:
                raise MailboxError(
                    f"the IMAP server {s.host} forbids logging in here", "Check [imap] security and auth"
                )
            else:
                await wire.command("LOGIN", imap_text.quoted(s.username), imap_text.quoted(secret))
        except Refused as e:
            # Only the response code (RFC 5530): the server's words may repeat the command, and so the password.
            code = _CODE.search(e.what)
            raise MailboxError(
                f"the IMAP server {s.host} refuses the login of {s.username}{f' ({code[1]})' if code else ''}",
                "Check [imap] username and the password (see README, Secrets)",
            ) from None
        await wire.ask_capabilities()


class ImapMailbox:
    """The selected mailbox. Never judges by flags or dates: only UIDs count."""

    def __init__(self, wire: Wire, settings: Imap) -> None:
        self._wire = wire
        self._settings = settings
        self._prefix = ""
        self._separator = "/"
        self._made: set[str] = set()
        self._keywords = True
        self.uidvalidity = 0

    async def select(self) -> None:
        await self._learn_namespace()
        name = self._settings.mailbox
        try:
            lines = await self._wire.command("SELECT", self._name(name))
        except Refused as e:
            raise MailboxError(f"cannot open the mailbox {name}: {e.what}", "Check [imap] mailbox") from None
        validity = imap_text.code(lines, "UIDVALIDITY")
        number = int(validity) if validity.isascii() and validity.isdigit() else 0
        if self.uidvalidity and number != self.uidvalidity:
            raise MailboxGone("the server has numbered the mailbox anew in the middle of the check")
        self.uidvalidity = number
        self._keywords = r"\*" in (imap_text.code(lines, "PERMANENTFLAGS") or r"\*")
        if self.uidvalidity == 0:
            raise MailboxError(f"the server gives no UIDVALIDITY for {name}", "Such a server cannot be used safely")

    async def waiting(self, from_uid: int = 1) -> list[int]:
        await self._wire.command("NOOP")  # some servers hide new mail until they are asked
        lines = await self._wire.command("SEARCH", f"UID {from_uid}:*", uid=True)
        # "n:*" always names the last message, even one below n (RFC 3501 6.4.8).
        return [uid for uid in imap_text.searched(lines) if uid >= from_uid]

    async def stubs(self, uids: list[int]) -> list[Stub]:
        now, found = datetime.now(UTC), {}
        for start in range(0, len(uids), _AT_ONCE):
            asked = set(uids[start : start + _AT_ONCE])
            for answer in imap_text.fetched(await self._fetch(asked, "(UID RFC822.SIZE INTERNALDATE)")):
                if answer.uid in asked and answer.uid not in found and b"RFC822.SIZE" in answer.text.upper():
                    found[answer.uid] = Stub(self.uidvalidity, answer.uid, answer.size, answer.arrived(now))
        return [found[uid] for uid in sorted(found)]

    async def fetch(self, uids: list[int]) -> dict[int, bytes]:
        if not uids:
            return {}
        lines = await self._fetch(set(uids), "(UID BODY.PEEK[])")
        answers = {a.uid: a.body for a in imap_text.fetched(lines) if a.uid in uids and a.body is not None}
        return {uid: bytes(body) for uid, body in answers.items() if uid is not None and body is not None}

    async def fetch_pieces(self, uid: int, write: Callable[[bytes], object]) -> bool:
        start = 0
        while True:
            lines = await self._fetch({uid}, f"(UID RFC822.SIZE BODY.PEEK[]<{start}.{PIECE}>)")
            answer = next((a for a in imap_text.fetched(lines) if a.uid == uid and a.body is not None), None)
            if answer is None or answer.body is None:  # gone, perhaps between two pieces: half a letter is none
                return False
            if answer.origin not in (start, None) or (answer.origin is None and start):
                raise MailboxError("the server gives another piece of a message than it was asked for")
            write(bytes(answer.body))
            start += len(answer.body)
            if not answer.body or answer.origin is None or (len(answer.body) < PIECE and start >= answer.size):
                return True

    async def done(self, uids: list[int], folder: str) -> None:
        for start in range(0, len(uids), _AT_ONCE):
            some = imap_text.uid_set(uids[start : start + _AT_ONCE])
            if self._settings.done == "move" and {"MOVE", "UIDPLUS"} & self._wire.capabilities:
                await self._move(some, await self._folder(folder))
            else:
                await self._flag(some)

    async def newest(self, folder: str) -> bytes | None:
        raw = None
        try:
            lines = await self._wire.command("EXAMINE", self._name(folder))
        except Refused:
            lines = [b"0 EXISTS"]  # it is not there yet; and now nothing is selected (RFC 3501 6.3.1)
        if not any(line.upper() == b"0 EXISTS" for line in lines):
            answers = imap_text.fetched(await self._wire.command("FETCH", "*", "(UID BODY.PEEK[])"))
            raw = next((bytes(a.body) for a in answers if a.body is not None), None)
        await self.select()
        return raw

    async def leave(self, folder: str, raw: bytes) -> None:
        await self._wire.append(await self._folder(folder), r"(\Seen)", raw)

    async def prepare(self, folder: str) -> str:
        """Make sure that done mail can be moved to the folder; says how. Raises MailboxError."""
        if not {"MOVE", "UIDPLUS"} & self._wire.capabilities:
            return "flagged, for the server offers neither MOVE nor UIDPLUS"
        try:
            await self._wire.command("STATUS", await self._folder(folder), "(MESSAGES)")
        except Refused as e:
            raise MailboxError(f"the folder {folder} cannot be made: {e.what}", "Check [imap] done_folder") from None
        return f"moved to {folder}"

    async def _move(self, uids: str, folder: str) -> None:
        if "MOVE" in self._wire.capabilities:  # RFC 6851
            await self._wire.command("MOVE", uids, folder, uid=True)
            return
        # Without MOVE: copy first, and expunge exactly these (RFC 4315), never what others marked \Deleted.
        await self._wire.command("COPY", uids, folder, uid=True)
        await self._wire.command("STORE", uids, r"+FLAGS.SILENT (\Deleted)", uid=True)
        await self._wire.command("EXPUNGE", uids, uid=True)

    async def _flag(self, uids: str) -> None:
        flag = _DONE_FLAG if self._keywords else r"\Flagged"
        await self._wire.command("STORE", uids, f"+FLAGS.SILENT ({flag})", uid=True)

    async def _folder(self, folder: str) -> str:
        """The folder's name for this server; made on first use."""
        name = self._name(folder)
        if name not in self._made:
            with suppress(Refused):  # it exists already; if not, the MOVE says so
                await self._wire.command("CREATE", name)
                await self._wire.command("SUBSCRIBE", name)
            self._made.add(name)
        return name

    def _name(self, folder: str) -> str:
        return imap_text.mailbox_name(folder, self._prefix, self._separator)

    async def _learn_namespace(self) -> None:
        """Prefix and separator of our own folders (RFC 2342): "INBOX." and "." on many hosts."""
        if "NAMESPACE" not in self._wire.capabilities:
            lines = await self._wire.command("LIST", '""', '""')
            self._prefix, self._separator = "", imap_text.list_separator(lines) or "/"
            return
        self._prefix, self._separator = imap_text.personal_namespace(await self._wire.command("NAMESPACE"))

    async def _fetch(self, uids: set[int], items: str) -> Lines:
        return await self._wire.command("FETCH", imap_text.uid_set(uids), items, uid=True)
