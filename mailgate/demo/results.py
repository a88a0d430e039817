"""What the demo leaves behind after its check: a decision, a digest, both registers, the public pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mailgate.core.digest import HTML, TEXT
from mailgate.core.registers import Extract, Register
from mailgate.core.thai import buddhist_year
from mailgate.demo.papers import pdf
from mailgate.edges.durable import replace_file
from mailgate.errors import MailgateError
from mailgate.jobs import decisions, digesting, dispatching, poll, publishing, register_files, registers
from mailgate.jobs.decisions import Wish
from mailgate.jobs.register_files import Wanted
from mailgate.model import Receipt
from mailgate.model_dispatch import Result
from mailgate.office import Office

_DECIDED, _DECIDED_AT_MOST = "homeschool", 6  # enough for the public pages to show how many
_WORDS = "สำนักงานอนุญาตให้ครอบครัวจัดการศึกษาขั้นพื้นฐานตามแผนที่เสนอ"


async def decide(office: Office, receipts: list[str], folder: Path) -> list[Receipt]:
    """Grant the first requests among these letters, each with a PDF, and send the decisions. Returns their numbers."""
    letter = folder / "decision.pdf"
    replace_file(letter, pdf("Permission granted"))
    given = []
    for wanted in [r for r in map(_receipt, receipts) if _is_request(office, r)][:_DECIDED_AT_MOST]:
        enclosed = dispatching.looked_into(office, [letter])
        out = decisions.outbound(office, wanted, Wish(result=Result.APPROVED, text=_WORDS), enclosed)
        dispatching.keep(office, [letter], enclosed)
        given.append(dispatching.enter(office, out))
    await poll.send(office)
    return given


def write(office: Office, folder: Path) -> Iterator[Path | str]:
    """Write digest, registers and pages. Yields each path, or a sentence about what could not be made."""
    yield from _digest(office, folder / "digest")
    site = publishing.folder(office)
    publishing.publish(office, site)
    yield site / "index.html"
    for register in ("receive", "dispatch"):
        for form in ("pdf", "xlsx"):
            try:
                yield _register(office, register, form, folder)
            except MailgateError as e:
                yield str(e)


def _digest(office: Office, folder: Path) -> Iterator[Path]:
    told = digesting.latest(office, "day")
    if told is None:
        return
    _, values, files = next(digesting.to_clerk(office, told))
    folder.mkdir(exist_ok=True)
    contents = {name: office.head.render(name, values).encode() for name in (HTML, TEXT)}
    contents |= {file.name: office.attachments.read(file.sha256) for file in files}
    for name, content in contents.items():
        replace_file(folder / name, content)
        yield folder / name


def _register(office: Office, register: Register, form: str, folder: Path) -> Path:
    today = office.clock.now().date()
    year = Extract(register, buddhist_year(today), today.replace(month=1, day=1), today.replace(month=12, day=31))
    chosen = registers.choose(office, year)
    path = folder / f"{register}-{year.year}.{form}"
    register_files.write(office, form, Wanted(path, chosen), registers.entries(office, chosen))
    return path


def _receipt(text: str) -> Receipt:
    number, _, year = text.partition("/")
    return Receipt(int(number), int(year))


def _is_request(office: Office, receipt: Receipt) -> bool:
    """A request of the service that the demo grants, whose sender was told its number."""
    row = office.store.reports.letter(receipt)
    return row is not None and row["service"] == _DECIDED and bool(row["acknowledged_at"]) and not row["paper"]
