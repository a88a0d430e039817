"""The registry: one SQLite file behind a small interface, so that another engine may stand here one day."""

from __future__ import annotations

import secrets
from pathlib import Path

from mailgate.edges.store.amss import AmssRequests
from mailgate.edges.store.calendar import Calendar
from mailgate.edges.store.cases import Cases
from mailgate.edges.store.chain import Chain
from mailgate.edges.store.contacts import Contacts
from mailgate.edges.store.database import Connection, Lock
from mailgate.edges.store.digests import Digests
from mailgate.edges.store.dispatches import Dispatches
from mailgate.edges.store.figures import Figures
from mailgate.edges.store.journal import Journal
from mailgate.edges.store.ledger import Ledger
from mailgate.edges.store.notices import Notices
from mailgate.edges.store.outbox import Outbox
from mailgate.edges.store.proposals import Proposals
from mailgate.edges.store.public import Public
from mailgate.edges.store.readings import Readings
from mailgate.edges.store.receipts import Receipts
from mailgate.edges.store.registers import Registers
from mailgate.edges.store.reports import Reports
from mailgate.edges.store.sealing import Sealing
from mailgate.edges.store.search import Search
from mailgate.edges.store.slots import Slots
from mailgate.edges.store.website import Website

__all__ = ["Lock", "Store"]


class Store:
    """Everything the registry can do, by part."""

    def __init__(self, path: Path) -> None:
        self.db = Connection(path)
        self.chain = Chain(self.db)
        self.outbox = Outbox(self.db, self.chain)
        self.contacts = Contacts(self.db, self.chain)
        self.proposals = Proposals(self.db, self.chain)
        self.receipts = Receipts(self.db, self.chain, self.outbox, self.contacts, self.proposals)
        self.public = Public(self.db)
        self.readings = Readings(self.db, self.chain)
        self.cases = Cases(self.db, self.chain, self.outbox, self.contacts)
        self.dispatches = Dispatches(self.db, self.chain, self.outbox)
        self.digests = Digests(self.db)
        self.notices = Notices(self.db)
        self.calendar = Calendar(self.db, self.chain)
        self.figures = Figures(self.db)
        self.journal = Journal(self.db, self.chain)
        self.ledger = Ledger(self.db, self.chain)
        self.slots = Slots(self.db, self.chain)
        self.reports = Reports(self.db)
        self.registers = Registers(self.db)
        self.search = Search(self.db, self.chain)
        self.website = Website(self.db)
        self.amss = AmssRequests(self.db, self.chain)
        self.sealing = Sealing(self.db, self.chain)

    def registry_id(self) -> str:
        """A random name given to this registry when it was made."""
        found = self.db.value("SELECT value FROM meta WHERE key = 'registry_id'")
        if found is None:
            with self.db.immediate("registry_id"):
                self.db.sql.execute("INSERT INTO meta VALUES ('registry_id', ?)", (secrets.token_hex(8),))
            found = self.registry_id()
        return str(found)

    def close(self) -> None:
        self.db.close()
