"""Mail that was in the mailbox before mailgate went to work: left alone until a person says what to do with it.

The moment is [replies] go_live, or else a week before the first check, kept in the registry: an office that begins on a
Monday has the letters of the weekend and of a holiday still before it, and the mail of years behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from mailgate.edges.store.database import moment, stamp
from mailgate.errors import UsageError
from mailgate.jobs.deciding import Mode
from mailgate.office import Office

REASON = "เข้าสู่ระบบก่อนวันเริ่มใช้งาน รอคำสั่งจากผู้ดูแล (mailgate adopt)"
Word = Literal["register", "silent", "leave"]
_STILL_NEW = timedelta(days=7)
_MODES: dict[str, Mode] = {"register": "screen", "silent": "silent"}


def state(office: Office) -> tuple[datetime, Mode]:
    """The moment of going live, and how older mail is registered if it is."""
    return _moment(office), _MODES.get(word(office), "screen")


def word(office: Office) -> str:
    """What a person said about old mail: register, silent, leave, or "" if nothing yet."""
    return office.store.cases.noted("adopt")


def adopt(office: Office, said: Word, now: datetime) -> int:
    """Remember what is to be done with old mail; the next check does it. Returns how many wait."""
    count = waiting(office)
    if not count:
        raise UsageError("there is no mail from before the go-live moment", "See: mailgate mail list --fate set_aside")
    with office.store.db.immediate("adopt"):
        office.store.cases.note("adopt", said, "adopt", now)
    return count


def waiting(office: Office) -> int:
    """How many old mails were seen and have no number."""
    return office.store.journal.old_mail_waiting()


def is_adopting(office: Office) -> bool:
    """Whether old mail is still to be registered."""
    return word(office) in _MODES and waiting(office) > 0


def adopted(office: Office, uidvalidity: int, uids: Iterable[int]) -> dict[int, int]:
    """By UID the journal's row of each old mail that is now to be registered."""
    if word(office) not in _MODES:
        return {}
    rows = office.store.journal.old_mail(office.config.imap.mailbox, uidvalidity)
    there = set(uids)
    return {row["uid"]: row["id"] for row in rows if row["uid"] in there}


def _moment(office: Office) -> datetime:
    configured = office.config.replies.go_live
    if configured is not None:
        return configured if configured.tzinfo else configured.replace(tzinfo=office.config.zone)
    known = moment(office.store.cases.noted("go_live"))
    if known is None:
        now = office.clock.now()
        known = now - _STILL_NEW
        with office.store.db.immediate("go_live"):
            office.store.cases.note("go_live", stamp(known), "go live", now)
    return known
