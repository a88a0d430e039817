"""A decision on a letter before anything is touched: what a person wishes becomes what goes out, or a sentence why not.

wish ─▶ letter is there and open ─▶ result fits ─▶ files are PDFs ─▶ e-mail or paper ─▶ to whom ─▶ Outbound
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mailgate.config import Service
from mailgate.core.address import valid_recipient, wire_domain
from mailgate.edges.store.database import Row
from mailgate.errors import MailgateError, UsageError
from mailgate.jobs import deciding
from mailgate.model import Receipt
from mailgate.model_dispatch import Enclosed, Outbound, Paper, Result, Way
from mailgate.office import Office

_MOST_TEXT = 20_000
_SUBJECTS = {
    Result.MORE_DOCUMENTS: "ขอเอกสารเพิ่มเติมประกอบการพิจารณา",
    Result.FORWARDED: "แจ้งการส่งต่อเรื่อง",
    Result.INFORMATION: "แจ้งข้อมูลเรื่อง",
}
OTHER_ADDRESS = "ส่งไปยังที่อยู่อื่นจากที่ผู้ส่งหนังสือใช้ รอการยืนยันจากบุคคลที่สอง"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to be answered. ``paper``: None leaves it to the citizen's wish; ``by``: who decided."""

    result: Result
    text: str = ""
    note: str = ""
    subject: str = ""
    addressee: str = ""
    to: str = ""
    copies: Sequence[str] = ()
    paper: bool | None = None
    postal_address: str = ""
    again: bool = False
    by: str = ""


def outbound(office: Office, receipt: Receipt, wish: Wish, files: Sequence[Enclosed]) -> Outbound:
    """What goes out. Raises MailgateError with a sentence for whatever forbids it; nothing has been changed then."""
    letter = answerable(office, receipt, wish.result, again=wish.again)
    service = deciding.service_by_key(office, letter["service"])
    text = words(wish.text, "--text", several=True)
    if not files and not text:
        raise UsageError("a decision needs --file or --text: there is nothing to tell the citizen")
    way = _way(letter, receipt, wish.paper)
    addresses, is_other = _addresses(office, letter, receipt, wish) if way is Way.EMAIL else ([], False)
    return Outbound(
        way=way,
        addressee=words(wish.addressee, "--addressee") or letter["from_name"] or letter["from_address"] or "ผู้ส่งหนังสือ",
        greeting=wish.addressee or "ผู้ส่งหนังสือ",
        subject=words(wish.subject, "--subject") or _subject(letter, receipt, service, wish.result),
        text=text,
        files=files,
        addresses=addresses,
        decided_by=words(wish.by, "--by") or letter["officer"],
        result=wish.result,
        letter=receipt,
        letter_id=letter["id"],
        confidential=bool(letter["confidential"]),
        remarks=_remarks(office, letter, wish),
        postal_address=words(wish.postal_address, "--post-to", several=True) or letter["postal_address"],
        again=wish.again,
        hold=OTHER_ADDRESS if is_other else "",
    )


def answerable(office: Office, receipt: Receipt, result: Result, *, again: bool = False) -> Row:
    """The letter, if such an answer may be given to it. Raises MailgateError."""
    letter = office.store.reports.letter(receipt)
    if letter is None:
        raise MailgateError(f"there is no letter {receipt}", "See: mailgate letter list")
    if letter["state"] == "void":
        raise MailgateError(f"letter {receipt} is void", "A void letter is not answered")
    given = [row for row in office.store.dispatches.of_letter(letter["id"]) if row["state"] == "open"]
    asked = result is Result.MORE_DOCUMENTS and any(row["result"] == result for row in given)
    if (letter["state"] == "closed" or asked) and not again:
        done = letter["action"] if letter["action"] and not letter["confidential"] else _number_of(given)
        raise MailgateError(f"letter {receipt} has been answered already ({done})", "To answer once more, add --again")
    service = deciding.service_by_key(office, letter["service"])
    if service is not None and result not in service.results:
        fitting = ", ".join(service.results)
        raise MailgateError(f"{result} is no result of the service {service.key}; those are: {fitting}")
    return letter


def _number_of(given: Sequence[Row]) -> str:
    return f"ที่ {given[-1]['book_no']}" if given else "closed"


def examined(office: Office, sizes: Sequence[tuple[str, int]]) -> None:
    """Raises MailgateError for files that are too large to go out."""
    most = office.config.decisions.max_size
    for name, size in sizes:
        if size > most:
            raise MailgateError(f"{name} has {size:,} bytes; at most {most:,} go out", "See [decisions] max_size")
        if not size:
            raise MailgateError(f"{name} is empty")


def _way(letter: Row, receipt: Receipt, paper: bool | None) -> Way:
    """Annex item 4: by the channel it came by, except where the citizen asked for paper or, on the website, for a mail.

    Nothing confidential goes by plain e-mail.
    """
    wish = Paper(letter["paper"])
    if paper is None and wish is Paper.PROPOSED:
        raise MailgateError(
            f"letter {receipt} seems to ask for an answer on paper", "Read it, then say --paper or --email"
        )
    if paper is False and wish is Paper.YES:
        raise MailgateError(
            f"letter {receipt} asks for an answer on paper",
            f"If that has changed: mailgate letter assign {receipt} --no-paper",
        )
    if paper or (paper is None and wish is Paper.YES):
        return Way.PAPER
    if letter["channel"] == "website" and paper is None and not letter["reply_to"]:
        return Way.WEBSITE
    if letter["confidential"]:
        raise MailgateError(
            f"letter {receipt} is confidential: nothing of it goes out by plain e-mail", "Dispatch it with --paper"
        )
    return Way.EMAIL


def _addresses(office: Office, letter: Row, receipt: Receipt, wish: Wish) -> tuple[list[str], bool]:
    """Whom a mail goes to, and whether the first is another address than that of the letter."""
    own = office.store.cases.told_to(letter["id"])
    if not own and not wish.to:
        raise MailgateError(
            f"letter {receipt} has no address to answer ({letter['answer_reason']})",
            "Give one with --to, or use --paper",
        )
    wanted = [address(a) for a in (wish.to or own, *wish.copies)]
    return list(dict.fromkeys(wanted)), wire_domain(wanted[0]).lower() != wire_domain(own).lower()


def address(text: str) -> str:
    """An address that can be written to. Raises MailgateError."""
    if not valid_recipient(text):
        raise MailgateError(f"{text!r} is not an e-mail address that can be sent to", "Check it, or use --paper")
    return text


def _subject(letter: Row, receipt: Receipt, service: Service | None, result: Result) -> str:
    begin = _SUBJECTS.get(result, "แจ้งผลการพิจารณา")
    if service is None or letter["confidential"]:
        return f"{begin} ตามเลขรับ {receipt}"
    return begin + service.title


def _remarks(office: Office, letter: Row, wish: Wish) -> str:
    before = [row["book_no"] for row in office.store.dispatches.of_letter(letter["id"]) if row["state"] == "open"]
    earlier = f"แจ้งเพิ่มเติมจากที่ {before[-1]}" if before and wish.again else ""
    return "; ".join(filter(None, (words(wish.note, "--note"), earlier)))


def words(text: str, option: str, *, several: bool = False) -> str:
    """What a person typed, NFC is theirs; no control characters, which no register shows and no printer prints."""
    kept = text.replace("\r\n", "\n").strip()
    odd = [c for c in kept if not (c.isprintable() or "\u0e00" <= c <= "\u0e7f" or (several and c in "\n\t"))]
    if odd:
        raise UsageError(f"{option} has a control character or line break that cannot stand there")
    if len(kept) > _MOST_TEXT:
        raise UsageError(f"{option} has {len(kept):,} characters; at most {_MOST_TEXT:,}", "Put it into a PDF")
    return kept
