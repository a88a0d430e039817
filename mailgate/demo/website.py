"""The demo's complaint: handed in as the website's form does it, encrypted to an officer whose key lies beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mailgate.config import Service
from mailgate.demo.papers import jpeg
from mailgate.edges import sealing
from mailgate.edges.secrets import token_key
from mailgate.edges.veil import Veil
from mailgate.jobs.desk import Desk
from mailgate.model_website import Shown, Written
from mailgate.office import Office
from mailgate.web.cleaning import Cleaner
from mailgate.web.counter import Here
from mailgate.web.handing import Given, Hands
from mailgate.web.tokens import Tokens
from mailgate.web.upload import Received

KEY = "officer.key"
_SAID = Written(
    facts="พบเห็นการเรียกรับเงินจากผู้ปกครองเพื่อแลกกับการรับนักเรียนเข้าเรียน (เรื่องสมมุติ)",
    place="หน้าห้องธุรการ โรงเรียนตัวอย่างพัฒนา",
    when="สัปดาห์ที่ผ่านมา ช่วงเช้า",
)


def give_keys(services: list[dict[str, Any]], folder: Path) -> None:
    """A key for the officers of what is confidential, made once: the private part lies in the demo's folder."""
    path = folder / KEY
    if not path.exists():
        sealing.write_key(path, sealing.new_key(), "the demo's officer")
    public = sealing.public_of(sealing.read_key(path)[0])
    for service in services:
        if service.get("confidential"):
            service["officers"] = [officer | {"key": public} for officer in service["officers"]]


async def complain(office: Office, service: Service, run: int) -> Given:
    """One anonymous complaint with a picture."""
    tokens = Tokens(token_key(office.config.website.key_file))
    hands = Hands(office.config, Here(Desk(lambda: office)), tokens, Cleaner())
    received = Received(files=[_picture()])
    try:
        return await hands.hand_in(service, f"demo-{run}", _SAID, received, clean=True)
    finally:
        received.close()


def _picture() -> tuple[Shown, Veil]:
    veil = Veil()
    veil.write(jpeg("evidence"))
    return Shown("หลักฐาน.jpg", veil.size), veil
