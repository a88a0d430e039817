"""Ten mails for the crash tests: of each fate one, one of several pieces, the rest ordinary letters."""

from __future__ import annotations

ANSWERED = 6

_REPORT = """Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

could not be delivered
--b--
"""


def letter(n: int, *, subject: str = "ขอข้อมูล", size: int = 200, extra: str = "", body: str = "") -> bytes:
    """A letter of a citizen of its own."""
    text = (
        f"Return-Path: <citizen{n}@example.org>\nFrom: Citizen {n} <citizen{n}@example.org>\n"
        f"To: mkarea3@example.go.th\nSubject: {subject} {n}\nMessage-ID: <crash.{n}@example.org>\n"
        f"Date: Mon, 23 Nov 2026 08:{n % 60:02d}:00 +0700\n{extra}\n"
    )
    return (text + (body or ("ข้อความ " + "x" * 60 + "\n") * (size // 68 + 1))).replace("\n", "\r\n").encode()


def ten() -> list[bytes]:
    """Six letters that are answered (one of them of 2.5 MB), and a duplicate, a bounce, a list's post, a silent one."""
    plain = [letter(n) for n in range(1, 6)]
    large = letter(6, size=2_500_000)
    again = plain[0].replace(b"To:", b"Received: from other.example.org; Mon, 23 Nov 2026 09:00:00 +0700\r\nTo:", 1)
    bounce = letter(7).replace(b"<citizen7@example.org>\r\nFrom", b"<>\r\nFrom").split(b"\r\n\r\n")[0]
    bounce += b"\r\n" + _REPORT.replace("\n", "\r\n").encode()
    post = letter(8, extra="List-Id: <news.example.org>\nList-Unsubscribe: <mailto:x@example.org>\n")
    silent = letter(9, extra="Auto-Submitted: auto-generated\n")
    return [*plain, large, again, bounce, post, silent]
