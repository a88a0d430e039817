"""The doctor's look at what guards the duty: the ways of the alarm, the folders of backup and public pages, signing."""

from __future__ import annotations

import os
from datetime import datetime

from mailgate.config import Config
from mailgate.edges import amss as tables
from mailgate.edges.clock import Clock
from mailgate.edges.secrets import token
from mailgate.errors import MailgateError
from mailgate.jobs import alarms, officer_keys

_SOON = 30  # days


async def alarm(config: Config, clock: Clock) -> str:
    """Which ways are set; nothing is sent. That none is set is no fault of a check, so it is only said."""
    names = [way.name for way in alarms.ways(config, clock)]
    return f"by {', '.join(names)} (try: mailgate alarm test)" if names else "no way is set ([alarm]): nobody is called"


async def backup(config: Config, clock: Clock) -> str:
    folder = config.backup.directory
    if folder is None:
        return "no folder is set ([backup] directory): no copies are made"
    if not os.access(folder, os.W_OK | os.X_OK):
        raise MailgateError(f"{folder} cannot be written", "Make it, owned by the user of mailgate, or mount its disk")
    return str(folder)


async def publish(config: Config, clock: Clock) -> str:
    """Whether the link to the public pages can be made and changed; nothing is written."""
    link = config.publish.directory
    if link is None:
        return "no folder is set ([publish] directory): no public pages are made"
    if not os.access(link.parent, os.W_OK | os.X_OK):
        raise MailgateError(
            f"{link.parent}, where {link.name} is to be a link, cannot be written",
            "Make it, owned by the user of mailgate; then: mailgate install-service",
        )
    return f"{link}, at {config.publish.base_url or 'no address: acknowledgements bear no link'}"


async def amss(config: Config, clock: Clock) -> str:
    """Whether the requests of AMSS++ can be read: its tables and columns, those of a fork too."""
    opened = tables.opener(config.amss, os.environ)
    if opened is None:
        return "AMSS++ is not read ([amss] host)"
    with opened() as requests:
        wrong = [p for source in config.amss.tables for p in requests.problems(source)]
        if wrong:
            raise MailgateError("\n".join(wrong), "Name the columns in [amss.travel], [amss.leave], [amss.outing]")
        counts = {s: len(requests.fingerprints(s)) for s in config.amss.tables}
    services = {s.key for s in config.services}
    strange = [t.service for t in config.amss.tables.values() if t.service not in services]
    if strange:
        raise MailgateError(f"no service has the key {', '.join(strange)}", "See [[services]]; the clerk gets these")
    return ", ".join(f"{source} {count}" for source, count in counts.items())


async def sealing(config: Config, clock: Clock) -> str:
    """Whether what is confidential is encrypted to somebody; a form of the website is not offered else."""
    found = officer_keys.without_key(config)
    said = f"no officer has a key: {', '.join(found)}; letters of these are kept in clear (mailgate officer key)"
    if any(s.key in found and s.channel == "website" for s in config.services):
        raise MailgateError(said, "Their form is not offered. Make a key: mailgate officer key --help")
    return said if found else "what is confidential is encrypted to its officers"


async def signing(config: Config, clock: Clock) -> str:
    """Whether decisions can be signed, for how long, and whether the certificate is that of the sender."""
    path = config.signing.pkcs12_file
    if path is None:
        return "no certificate is set ([signing] pkcs12_file): decisions are not signed"
    from mailgate.edges import smime  # loads cryptography, which an office without a certificate does not need

    who = smime.identity(path, token("signing-password", os.environ), clock.now())
    ends, names = who.certificate.not_valid_after_utc, who.addresses
    if names and config.sender.lower() not in (name.lower() for name in names):
        raise MailgateError(
            f"the certificate of {path} is for {', '.join(names)}, and mail goes out from {config.sender}",
            "Readers would show the signature as another's: use one for this address, or set [smtp] from",
        )
    return f"{', '.join(names) or 'a certificate without an address'}, until {ends:%Y-%m-%d} ({_days(ends, clock)})"


def _days(ends: datetime, clock: Clock) -> str:
    left = (ends - clock.now()).days
    return f"{left} day(s) left" if left >= _SOON else f"only {left} day(s) left: have it renewed"
