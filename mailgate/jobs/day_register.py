"""The day's receive register as a spreadsheet, kept among the files that go out with mails."""

from __future__ import annotations

from mailgate.core.periods import Told
from mailgate.core.registers import Extract
from mailgate.core.thai import buddhist_year
from mailgate.jobs import register_files, registers
from mailgate.jobs.register_files import Wanted
from mailgate.model_dispatch import Enclosed
from mailgate.office import Office


def keep(office: Office, told: Told) -> Enclosed:
    """Write the register of the day that a span ends on, and keep it. Raises MailgateError."""
    day = told.until.astimezone(office.config.zone).date()
    chosen = registers.choose(office, Extract("receive", buddhist_year(day), day, day))
    name = f"receive-{buddhist_year(day)}-{day:%m-%d}.xlsx"
    with office.archive.workplace() as folder:
        wanted = Wanted(folder / name, chosen)
        register_files.write(office, "xlsx", wanted, registers.entries(office, chosen))
        return office.attachments.keep_file(wanted.path, name)
