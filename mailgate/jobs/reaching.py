"""Whether addresses can be reached by our mail server at all, asked before a decision is numbered."""

from __future__ import annotations

from collections.abc import Sequence

from mailgate.errors import MailgateError
from mailgate.office import Office


async def check(office: Office, addresses: Sequence[str]) -> None:
    """Raises MailgateError for an address that needs SMTPUTF8 where the server does not offer it (RFC 6531).

    The server is only asked where there is such an address.
    """
    beyond = [address for address in addresses if not address.rpartition("@")[0].isascii()]
    if not beyond:
        return
    courier = office.courier()
    try:
        await courier.ready()
        if not courier.takes_utf8:
            raise MailgateError(
                f"the address {beyond[0]} needs SMTPUTF8, which the mail server does not offer",
                "Give another address with --to, or use --paper",
            )
    finally:
        await courier.close()
