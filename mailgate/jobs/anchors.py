"""Reading the anchor before the first number of a check is given, and writing it anew after the last."""

from __future__ import annotations

from mailgate.core import anchor as anchors
from mailgate.core.anchor import Anchor
from mailgate.edges.mailbox import Mailbox
from mailgate.errors import MailboxError, MailboxGone, RegistryError
from mailgate.model import CheckReport
from mailgate.office import Office


async def check(office: Office, mailbox: Mailbox) -> None:
    """Raises RegistryError if the newest anchor shows that this registry is an old copy."""
    folder = office.config.imap.anchor_folder
    raw = await mailbox.newest(folder) if folder else None
    anchor = anchors.read(raw, office.head.key) if raw else None
    if anchor is not None:
        ours = await office.registry(_ours, office)
        link = await office.registry(office.store.chain.link_at, anchor.seq)
        why = anchors.fault(anchor, ours, link)
        if why:
            raise RegistryError(
                f"this registry is older than the anchor in the mailbox folder {folder} ({why})",
                "It is probably a restored old copy and would give numbers twice: restore the newest. If that is lost, "
                "name another [imap] anchor_folder and enter the missing numbers by hand",
            )


async def write(office: Office, mailbox: Mailbox, report: CheckReport) -> None:
    """Leave an anchor. That it cannot be left is a problem for a person, and stops nothing."""
    folder = office.config.imap.anchor_folder
    if not folder:
        return
    anchor = await office.registry(_ours, office)
    raw = anchors.compose(anchor, office.head.key, office.config.office.address, office.clock.now())
    try:
        await mailbox.leave(folder, raw)
    except MailboxGone:
        raise
    except MailboxError as e:
        report.problems.append(f"the anchor could not be left in {folder}: {e}")


def _ours(office: Office) -> Anchor:
    seq, head = office.store.chain.head()
    last = {f"{r['register']} {r['year']}": r["last"] for r in office.store.reports.counters()}
    return Anchor(office.store.registry_id(), seq, head, last)
