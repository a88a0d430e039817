"""The pictures of the clerk's guide, of real mails and registers: ``python -m docs.pictures [--demo FOLDER]``.

The demo is run, a clerk's day is lived through in its registry, and what came of it is drawn by a browser (mails) and
by poppler (PDFs). Needs chromium, poppler-utils and the fonts of fonts-thai-tlwg.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import html
import json
import os
import subprocess
import sys
import tempfile
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

from PIL import Image, ImageChops

FOLDER = Path(__file__).parent / "pictures"
_PAGE = """<!doctype html><html lang="th"><meta charset="utf-8"><style>
body {{ font: 15px/1.5 Laksaman, Sarabun, sans-serif; margin: 0; padding: 14px 18px; color: #111; background: #fff }}
table {{ border-bottom: 1px solid #bbb; width: 100%; margin-bottom: 10px }}
th {{ text-align: left; color: #555; width: 4em }}
pre {{ font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 }}</style><body>{}</body></html>"""
_WIDTH = 780
_TALL = 6000


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, help="A folder that `mailgate demo` has filled; else it is run.")
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="mailgate-pictures-") as temporary:
        work = Path(temporary)
        demo = options.demo or work / "demo"
        if options.demo is None:
            mailgate("demo", "--dir", str(demo))
        draw(Office(demo), work)
    return 0


class Office:
    """The demo's office, on the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str) -> str:
        return mailgate("--config", str(self.folder / "config.toml"), *arguments)

    def day(self) -> str:
        """The day of the check, for the demo's clock stands at a mandated time of a working day."""
        return str(json.loads(self("letter", "list", "--json"))[0]["registered_at"])[:10]

    def mails(self) -> list[EmailMessage]:
        """What was sent, in order."""
        files = sorted((self.folder / "mails").glob("*.eml"))
        return [email.message_from_bytes(f.read_bytes(), policy=email.policy.default) for f in files]


def draw(office: Office, work: Path) -> None:
    mails, day = office.mails(), office.day()
    picture(mail_page(_first(mails, "แจ้งเลขรับ")), work, "acknowledgement")
    picture(mail_page(_first(mails, "เลขรับ ")), work, "referral")
    live_a_day(office)
    digest_of(office, day, work)
    for register in ("receive", "dispatch"):
        pdf = work / f"{register}.pdf"
        office("register", "export", register, "--out", str(pdf))
        pages(pdf, register, top=0.95 if register == "receive" else 0.6)
    pdf = work / "month.pdf"
    office("status", "--month", day[:7], "--pdf", str(pdf))
    pages(pdf, "month", top=0.35)


def live_a_day(office: Office) -> None:
    """What a clerk does: answers, a second address that waits for a release, void numbers."""
    office("letter", "void", "5/2569", "--reason", "ผู้ส่งแจ้งว่าส่งผิดหน่วยงาน")
    text = "โรงเรียนเปิดทำการวันจันทร์ที่ ๓๐ พฤศจิกายน ๒๕๖๙"
    office("decide", "19/2569", "--result", "information", "--text", text, "--paper", "--post-to", "นายแดง", "--yes")
    office("decide", "2/2569", "--result", "information", "--text", "โปรดติดต่อโรงเรียนเดิม", "--paper",
           "--post-to", "นางวิไลวรรณ", "--yes")  # fmt: skip
    last = json.loads(office("dispatch", "list", "--json"))[-1]["dispatch"]
    office("dispatch", "void", last, "--reason", "พิมพ์เนื้อหาผิด")
    office("decide", "23/2569", "--result", "information", "--text", "โทรศัพท์ ๐ ๔๓๗๐ ๖๐๐๐", "--to",
           "other@example.org", "--yes")  # fmt: skip


def digest_of(office: Office, day: str, work: Path) -> None:
    """The daily digest in two pictures: how it begins, how it ends."""
    folder = work / "digest"
    office("digest", "--period", "day", "--date", day, "--to-dir", str(folder))
    whole = shot((folder / "digest.html").read_text("utf-8"), work)
    save(whole.crop((0, 0, whole.width, min(whole.height, 740))), "digest-top")
    save(whole.crop((0, max(0, whole.height - 1080), whole.width, whole.height)), "digest-end")


def mail_page(mail: EmailMessage) -> str:
    """A mail as a mail program shows it: whom it is from, and the plain text."""
    names = (("จาก", "From"), ("ถึง", "To"), ("เรื่อง", "Subject"), ("วันที่", "Date"))
    # Of a name in several encoded words the newer parser leaves spaces between them (RFC 2047 6.2 has them removed).
    raw = dict(mail.raw_items())
    shown = {name: str(make_header(decode_header(str(raw[name])))) for _, name in names}
    head = "".join(f"<tr><th>{thai}</th><td>{html.escape(shown[name])}</td></tr>" for thai, name in names)
    body = mail.get_body(("plain",))
    text = html.escape(body.get_content()) if body else ""
    return _PAGE.format(f"<table>{head}</table><pre>{text}</pre>")


def picture(page: str, work: Path, name: str, most: int = _TALL) -> None:
    drawn = shot(page, work)
    save(drawn.crop((0, 0, drawn.width, min(drawn.height, most))), name)


def shot(page: str, work: Path) -> Image.Image:
    """What a browser shows of a page, without the empty space below it."""
    source, target = work / "page.html", work / "page.png"
    source.write_text(page, "utf-8")
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command = [*browser, f"--window-size={_WIDTH},{_TALL}", f"--screenshot={target}", source.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    with Image.open(target) as image:
        return without_margin(image.convert("RGB"))


def without_margin(image: Image.Image) -> Image.Image:
    """Without the white space below."""
    found = ImageChops.difference(image, Image.new("RGB", image.size, "white")).getbbox()
    return image.crop((0, 0, image.width, min(image.height, (found[3] if found else 0) + 16)))


def pages(pdf: Path, name: str, top: float = 1.0) -> None:
    """The first page of a PDF; ``top``: how much of it from above."""
    stem = pdf.with_suffix("")
    subprocess.run(["pdftoppm", "-png", "-r", "110", "-l", "1", "-singlefile", str(pdf), str(stem)], check=True)
    with Image.open(stem.with_suffix(".png")) as image:
        page = image.convert("RGB")
    save(page.crop((0, 0, page.width, int(page.height * top))), name)


def save(image: Image.Image, name: str) -> None:
    """As a small PNG: sixteen colours are enough for black on white."""
    image.quantize(32).save(FOLDER / f"{name}.png", optimize=True)
    print(FOLDER / f"{name}.png")


def mailgate(*arguments: str) -> str:
    """Run the program; what it says. 3 is "done, but something needs a person"."""
    command = [sys.executable, "-m", "mailgate", *arguments]
    environment = os.environ | {"MAILGATE_IMAP_PASSWORD": "demo", "MAILGATE_SMTP_PASSWORD": "demo"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    if done.returncode not in (0, 3):
        raise SystemExit(f"mailgate {' '.join(arguments)}: {done.stderr or done.stdout}")
    return done.stdout


def _first(mails: list[EmailMessage], subject: str) -> EmailMessage:
    return next(mail for mail in mails if str(mail["Subject"]).startswith(subject))


if __name__ == "__main__":
    raise SystemExit(main())
