"""The README's walk on real servers: Dovecot and Postfix on loopback, with an office of mailgate in front of them.

    python -m tests.servers.walk FOLDER             start both, write FOLDER/config.toml, stay until Ctrl-C
    python -m tests.servers.walk FOLDER --answer    the officer answers the newest letter by mail, with a PDF

What the office's own server does and Postfix alone does not, the second command does too: it writes the DMARC result.
"""

from __future__ import annotations

import argparse
import email
import email.policy
import json
import signal
import smtplib
from pathlib import Path

from mailgate import config_file
from mailgate.edges import pdf
from tests.e2e.program import Program
from tests.jobs.officers import AUTHSERV, OFFICER, officers_mail
from tests.servers.dovecot import PASSWORD, Dovecot
from tests.servers.postfix import Postfix

CITIZEN = "parent@citizen.test"
LETTER = f"""From: Parent <{CITIZEN}>
To: {Dovecot.address}
Subject: =?utf-8?b?4LiC4Lit4LiI4Lix4LiU4LiB4Liy4Lij4Lio4Li24LiB4Lip4Liy4LmB4Lia4Lia4LmC4Liu4Lih4Liq4LiE4Li54Lil?=
Message-ID: <walk.1@citizen.test>
Content-Type: text/plain; charset=utf-8

ขอจัดการศึกษาโดยครอบครัว
"""


def serve(folder: Path) -> None:
    """Run both servers until interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        Dovecot.run(_made(folder / "dovecot")) as mailbox,
        Postfix.run(_made(folder / "postfix"), lmtp_port=mailbox.lmtp_port) as relay,
    ):
        office = Program.at(folder, mailbox, relay.smtp_port)
        office.set("office", letter_code="ศธ ๐๔๐๕๙").set("trust", authserv_id=AUTHSERV).set("imap", done="flag")
        (folder / "config.toml").write_text(config_file.render(office.values), "utf-8")
        (folder / "letter.eml").write_text(LETTER, "utf-8")
        (folder / "ports.json").write_text(json.dumps({"lmtp": mailbox.lmtp_port, "maildir": str(mailbox.maildir)}))
        print(f"export MAILGATE_CONFIG={folder}/config.toml MAILGATE_IMAP_PASSWORD={PASSWORD}")
        print(f"curl --url smtp://127.0.0.1:{relay.smtp_port} --mail-from {CITIZEN} --mail-rcpt {mailbox.address} "
              f"--upload-file {folder}/letter.eml", flush=True)  # fmt: skip
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


def answer(folder: Path) -> None:
    """What the officer's mail program would send, as the office's server hands it on."""
    known = json.loads((folder / "ports.json").read_text())
    found = [path.read_bytes() for path in sorted(Path(known["maildir"]).glob("*/*")) if path.is_file()]
    mails = [email.message_from_bytes(raw, policy=email.policy.default) for raw in found]
    referrals = [m for m in mails if m["To"] == OFFICER and str(m["Message-ID"]).startswith("<r.")]
    raw = officers_mail(referrals[-1], "ผล: อนุมัติ\nให้เริ่มจัดการศึกษาได้", pdf=pdf.render("<h1>อนุมัติ</h1>"))
    with smtplib.LMTP("127.0.0.1", known["lmtp"]) as lmtp:
        lmtp.sendmail(OFFICER, [Dovecot.address], raw)
    print(f"{OFFICER} answered {referrals[-1]['Subject']}")


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o755, exist_ok=True)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--answer", action="store_true")
    given = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    answer(given.folder.absolute()) if given.answer else serve(given.folder.absolute())


if __name__ == "__main__":
    main()
