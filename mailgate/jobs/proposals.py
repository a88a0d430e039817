"""Officers answer by e-mail: what counts becomes a proposal that waits for a second act; nothing is sent by a mail.

token of a mail to an officer ─▶ claim ─▶ core.officer_rules ─▶ proposal: planned mail, held
                                              │                    ├─▶ the clerk is shown it (outbox release)
                                              ▼                    └─▶ or the officer gets a one-time code
                                          set aside: the officer is told at the registered address
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mailgate.core import letterhead, officers, thai
from mailgate.core.notice import Notice
from mailgate.core.officer_rules import Claim, Refusal, refusal
from mailgate.edges.store.database import Row, moment
from mailgate.jobs import codes, deciding, forgeries, routing, threads
from mailgate.jobs.hearing import Heard
from mailgate.jobs.telling import person, receipt_of, tell, warn
from mailgate.model import Fate, State
from mailgate.model_dispatch import THAI_RESULTS, Answer, Paper, Proposed, Result
from mailgate.model_reading import Reading
from mailgate.office import Office

_A_DAY = timedelta(days=1)
_UNTHREADED = "ข้อความมิได้ตอบหนังสือที่ระบบส่งถึงท่าน จึงไม่มีรหัสตอบกลับ โปรดตอบหนังสือที่ระบบส่งถึงท่านโดยตรง"
_PAPER_SAID = "ผู้ส่งหนังสืออาจประสงค์ขอรับเป็นเอกสาร โปรดเลือก --paper หรือ --email"


def consider(office: Office, row: Row, heard: Heard | None, reading: Reading, now: datetime) -> None:
    """What follows from a mail that was read, if it is about a decision; inside the reading's transaction."""
    thread = threads.thread_of(office, heard.mail) if heard else None
    if heard and thread and thread.officer == "valid" and thread.item and row["fate"] == Fate.FOLLOW_UP:
        if thread.item["kind"] == "code":
            codes.answered(office, thread.item, heard, _own_words(reading), now)
        else:
            _judge(office, row, thread.item, heard, reading, now)
        return
    if not (thread and thread.officer) and (forged := forgeries.in_text(office, reading.text)) is not None:
        office.store.proposals.suspect(row["id"], forged, now)
    suspicion = office.store.proposals.suspected(row["id"])
    if suspicion is not None:
        _warn_of(office, suspicion, now)
    elif heard and officers.read(_own_words(reading)):
        to = person(office, heard.mail.from_shown.address)
        _not_taken(office, "notice", to.email, None, None, Refusal(_UNTHREADED), now)


def _judge(office: Office, row: Row, item: Row, heard: Heard, reading: Reading, now: datetime) -> None:
    """An officer answered the mail that brought the letter."""
    letter = office.store.reports.letter_by_id(item["letter_id"])
    assert letter is not None
    claim = _claim(office, letter, item, heard, officers.read(_own_words(reading)), now)
    if claim.answer is None and not (claim.by_mail and claim.checked):  # a remark, filed with the case as ever
        return
    why_not = refusal(claim)
    proposed = Proposed(
        row["id"], item["id"], letter["id"], item["recipient"], now, claim.answer, heard.files,
        why_not.why if why_not else "",
    )  # fmt: skip
    if why_not is None:
        _accept(office, letter, proposed, heard, now)
        return
    lately = office.store.proposals.refused_since(item["id"], now - _A_DAY)
    office.store.proposals.keep(proposed, None)
    if not lately:
        kind = "referral" if why_not.retry else "notice"
        _not_taken(office, kind, item["recipient"], item, letter["id"], why_not, now)


def _claim(office: Office, letter: Row, item: Row, heard: Heard, answer: Answer | None, now: datetime) -> Claim:
    decisions, store = office.config.decisions, office.store
    created = moment(store.outbox.get(item["id"])["created_at"])
    service = deciding.service_by_key(office, letter["service"])
    given = [r for r in store.dispatches.of_letter(letter["id"]) if r["state"] == "open"]
    asked = answer is not None and answer.result is Result.MORE_DOCUMENTS
    on_paper = letter["paper"] == Paper.YES or (answer is not None and answer.paper)
    return Claim(
        by_mail=decisions.by_mail,
        checked=bool(office.config.trust.authserv_id),
        confirmed=heard.results.confirmed,
        expired=created is None or created + decisions.token_for < now,
        used=store.proposals.used(item["id"]),
        responsible=any(p.email.lower() == item["recipient"].lower() for p in routing.recipients(office, letter)),
        void=letter["state"] == "void",
        answered=letter["state"] == "closed" or (asked and any(r["result"] == Result.MORE_DOCUMENTS for r in given)),
        confidential=bool(letter["confidential"]),
        waits=store.proposals.waiting_for(letter["id"]) is not None,
        answer=answer,
        fits=answer is None or service is None or answer.result in service.results,
        files=len(heard.files),
        problem=heard.problem,
        reachable=on_paper or bool(store.cases.told_to(letter["id"])),
    )


def _accept(office: Office, letter: Row, proposed: Proposed, heard: Heard, now: datetime) -> None:
    """Plan the decision's mail, held; and ask for the second act."""
    answer = proposed.answer
    assert answer is not None
    store, receipt = office.store, receipt_of(letter)
    item = store.outbox.next_id()
    recipient = store.cases.told_to(letter["id"]) or office.config.office.address
    officer = person(office, proposed.officer)
    planned = letterhead.planned(office.head, "decision", item, str(receipt), recipient)
    note = f"ข้อเสนอของ {officer.name}: {THAI_RESULTS[answer.result]}"
    store.outbox.add(item, "decision", letter["id"], planned, now, State.HELD, note)
    store.proposals.keep(proposed, item)
    if office.config.decisions.release == "code" and letter["paper"] != Paper.PROPOSED:
        codes.send(office, letter, proposed, answer, recipient, now)
        return
    clerk = office.config.office.clerk
    shown = {
        "officer": officer.name,
        "result": THAI_RESULTS[answer.result],
        "text": answer.text,
        "recipient": recipient,
        "paper": answer.paper or letter["paper"] == Paper.YES,
        "files": [f"{f.name} ({f.size:,} ไบต์)" for f in proposed.files],
        "others": heard.others,
        "item": item,
        "wish": _PAPER_SAID if letter["paper"] == Paper.PROPOSED else "",
    }
    tell(office, Notice("notice", "proposal", clerk.email, clerk.name, receipt, shown, "", proposed.files),
         letter["id"], now)  # fmt: skip


def _warn_of(office: Office, suspicion: Row, now: datetime) -> None:
    """Tell the officer whose token was used, once a day for each."""
    if office.store.proposals.suspected_before(suspicion, now - _A_DAY):
        return
    item = office.store.reports.item_of_message(suspicion["referral"])
    assert item is not None
    _not_taken(office, "notice", suspicion["officer"], item, item["letter_id"], Refusal(suspicion["why"]), now, False)


def _not_taken(
    office: Office, kind: str, address: str, item: Row | None, letter_id: int | None, why: Refusal, now: datetime,
    known: bool = True,
) -> None:  # fmt: skip
    to = person(office, address)
    seen = thai.long_moment(now, thai_digits=office.config.office.thai_digits)
    shown = {"why": why.why, "retry": why.retry, "seen": seen, "known": known}
    receipt = receipt_of(item) if item else None
    answers = item["message_id"] if item else ""
    warn(office, Notice(kind, "not-taken", to.email, to.name, receipt, shown, answers), letter_id, now)  # type: ignore[arg-type]


def _own_words(reading: Reading) -> str:
    return reading.text[: reading.quoted_from]
