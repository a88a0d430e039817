"""Migration 0004: the dispatch register, decisions proposed by officers, paper, service clocks, notices, reminders."""

from __future__ import annotations

from sqlite_utils import Database

from mailgate.edges.store import m0003_duty as before
from mailgate.edges.store.guards import Guards, guard, migrations, rebuild, statements

_DISPATCH = """
CREATE TABLE dispatch (
  id INTEGER PRIMARY KEY,
  register TEXT NOT NULL CHECK (register = 'dispatch'),
  year INTEGER NOT NULL CHECK (year BETWEEN 2500 AND 2700), number INTEGER NOT NULL,
  letter_id INTEGER REFERENCES letter (id), result TEXT, circular INTEGER NOT NULL CHECK (circular IN (0, 1)),
  book_no TEXT NOT NULL, dated TEXT NOT NULL, sender TEXT NOT NULL, addressee TEXT NOT NULL, subject TEXT NOT NULL,
  text TEXT NOT NULL, way TEXT NOT NULL CHECK (way IN ('email', 'paper', 'amss', 'website')),
  decided_by TEXT NOT NULL, postal_address TEXT NOT NULL, registered_at TEXT NOT NULL,
  action TEXT NOT NULL, remarks TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'void')),
  confidential INTEGER NOT NULL CHECK (confidential IN (0, 1)),
  posted_on TEXT, posted_number TEXT NOT NULL DEFAULT '', posted_to TEXT NOT NULL DEFAULT '',
  UNIQUE (register, year, number)) STRICT;
CREATE INDEX dispatch_letter ON dispatch (letter_id) WHERE letter_id IS NOT NULL;

CREATE TABLE dispatch_file (
  dispatch_id INTEGER NOT NULL REFERENCES dispatch (id), position INTEGER NOT NULL,
  name TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (dispatch_id, position)) STRICT, WITHOUT ROWID;

CREATE TABLE carried (
  item_id INTEGER NOT NULL REFERENCES outbox (id), position INTEGER NOT NULL,
  shelf TEXT NOT NULL CHECK (shelf IN ('archive', 'attachments')), sha256 TEXT NOT NULL,
  encoding TEXT NOT NULL CHECK (encoding IN ('7bit', '8bit', 'base64')), behind BLOB NOT NULL,
  PRIMARY KEY (item_id, position)) STRICT, WITHOUT ROWID;
INSERT INTO carried SELECT id, 0, 'archive', original, original_as, tail FROM outbox WHERE original <> '';
"""

_OUTBOX = """
CREATE TABLE outbox_new (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, letter_id INTEGER REFERENCES letter (id), dispatch_id INTEGER REFERENCES dispatch (id),
  sender TEXT NOT NULL, recipient TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE, envid TEXT NOT NULL,
  raw BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('queued', 'trying', 'accepted', 'delivered', 'bounced', 'refused', 'unsure', 'held', 'cancelled', 'expired')),
  attempts INTEGER NOT NULL DEFAULT 0, resent INTEGER NOT NULL DEFAULT 0 CHECK (resent IN (0, 1)),
  created_at TEXT NOT NULL, next_at TEXT NOT NULL, ended_at TEXT, note TEXT NOT NULL DEFAULT '') STRICT
"""
_OUTBOX_COLUMNS = (
    "id, kind, letter_id, sender, recipient, message_id, envid, raw, state, attempts, resent, created_at, next_at, "
    "ended_at, note"
)

_CONTACT = """
CREATE TABLE contact_new (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL CHECK (what IN ('answer', 'return', 'echo', 'warned')),
  address TEXT NOT NULL, domain TEXT NOT NULL) STRICT
"""
_CONTACT_INDEXES = """
CREATE INDEX contact_at ON contact (what, at);
CREATE INDEX contact_address ON contact (what, address, at);
CREATE INDEX contact_domain ON contact (what, domain, at);
"""

# outbox_counted covers the count of every state: it must not read the rows, which hold whole mails.
_TABLES = """
CREATE INDEX outbox_letter ON outbox (letter_id);
CREATE INDEX outbox_dispatch ON outbox (dispatch_id) WHERE dispatch_id IS NOT NULL;
CREATE UNIQUE INDEX outbox_one_acknowledgement ON outbox (letter_id) WHERE kind = 'acknowledgement';
CREATE INDEX outbox_due ON outbox (next_at, id) WHERE state = 'queued';
CREATE INDEX outbox_state ON outbox (state, created_at);
CREATE INDEX outbox_ended_badly ON outbox (id)
  WHERE kind = 'decision' AND state IN ('refused', 'expired', 'bounced', 'unsure');

CREATE INDEX event_dispatch ON event (seq)
  WHERE kind IN ('dispatched', 'dispatched again', 'posted', 'dispatch void', 'on paper');

ALTER TABLE letter ADD COLUMN paper TEXT NOT NULL DEFAULT '' CHECK (paper IN ('', 'proposed', 'yes', 'no'));
ALTER TABLE letter ADD COLUMN postal_address TEXT NOT NULL DEFAULT '';
CREATE INDEX letter_due ON letter (due_on) WHERE state = 'open' AND due_on IS NOT NULL;

CREATE TABLE proposal (
  mail_id INTEGER PRIMARY KEY REFERENCES mail (id), referral INTEGER NOT NULL REFERENCES outbox (id),
  letter_id INTEGER NOT NULL REFERENCES letter (id), officer TEXT NOT NULL, at TEXT NOT NULL,
  result TEXT, text TEXT NOT NULL, paper INTEGER NOT NULL CHECK (paper IN (0, 1)),
  item_id INTEGER REFERENCES outbox (id), code_item INTEGER REFERENCES outbox (id), tries INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'sent', 'rejected', 'set aside')),
  why TEXT NOT NULL) STRICT;
CREATE INDEX proposal_letter ON proposal (letter_id);
CREATE INDEX proposal_referral ON proposal (referral);
CREATE INDEX proposal_waiting ON proposal (state, mail_id) WHERE state IN ('waiting', 'confirmed');
CREATE INDEX proposal_code ON proposal (code_item) WHERE code_item IS NOT NULL;
CREATE INDEX proposal_item ON proposal (item_id) WHERE item_id IS NOT NULL;
CREATE INDEX proposal_at ON proposal (at);

CREATE TABLE proposal_file (
  mail_id INTEGER NOT NULL REFERENCES proposal (mail_id), position INTEGER NOT NULL,
  name TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  PRIMARY KEY (mail_id, position)) STRICT, WITHOUT ROWID;

CREATE TABLE suspicion (
  mail_id INTEGER PRIMARY KEY REFERENCES mail (id), referral INTEGER NOT NULL REFERENCES outbox (id),
  letter_id INTEGER REFERENCES letter (id), at TEXT NOT NULL, why TEXT NOT NULL) STRICT;
CREATE INDEX suspicion_at ON suspicion (at);

CREATE TABLE notice (
  item_id INTEGER NOT NULL REFERENCES outbox (id), state TEXT NOT NULL, attempts INTEGER NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (item_id, state, attempts)) STRICT, WITHOUT ROWID;

CREATE TABLE clock (
  id INTEGER PRIMARY KEY, letter_id INTEGER NOT NULL REFERENCES letter (id),
  at TEXT NOT NULL, what TEXT NOT NULL CHECK (what IN ('stopped', 'started')),
  due_before TEXT, due_after TEXT, why TEXT NOT NULL) STRICT;
CREATE INDEX clock_letter ON clock (letter_id, id);
"""

NEVER_DELETED = [
    *before.NEVER_DELETED,
    *"dispatch dispatch_file carried proposal proposal_file suspicion notice clock".split(),
]

FINAL = {k: v for k, v in before.FINAL.items() if k != "outbox"} | {
    "outbox": "id kind letter_id sender recipient message_id envid created_at",
    "dispatch": "id register year number letter_id result circular book_no dated sender addressee subject text way "
    "decided_by postal_address registered_at confidential",
    "dispatch_file": "dispatch_id position name sha256 size",
    "carried": "item_id position shelf sha256 encoding behind",
    "proposal": "mail_id referral letter_id officer at result text paper",
    "proposal_file": "mail_id position name sha256 size",
    "suspicion": "mail_id referral letter_id at why",
    "notice": "item_id state attempts at",
    "clock": "id letter_id at what due_before due_after why",
}

# A decision that an officer proposed has no bytes before a person releases it: they are frozen then.
_NEW_GUARDS = """
CREATE TRIGGER dispatch_without_gap BEFORE INSERT ON dispatch
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM dispatch
  WHERE register = NEW.register AND year = NEW.year)
BEGIN SELECT RAISE(ABORT, 'dispatch numbers run without a gap'); END;
CREATE TRIGGER outbox_frozen BEFORE UPDATE OF raw, dispatch_id ON outbox
WHEN length(OLD.raw) > 0 AND (NEW.raw IS NOT OLD.raw OR NEW.dispatch_id IS NOT OLD.dispatch_id)
BEGIN SELECT RAISE(ABORT, 'what is registered is final'); END;
CREATE TRIGGER outbox_nothing_goes BEFORE UPDATE OF state ON outbox
WHEN length(NEW.raw) = 0 AND NEW.state NOT IN ('held', 'cancelled')
BEGIN SELECT RAISE(ABORT, 'a mail that is not written yet cannot go out'); END;
CREATE TRIGGER dispatch_void_stays BEFORE UPDATE OF state ON dispatch WHEN OLD.state = 'void' AND NEW.state <> 'void'
BEGIN SELECT RAISE(ABORT, 'a void number stays void'); END;
CREATE TRIGGER proposal_ends_once BEFORE UPDATE OF state ON proposal
WHEN OLD.state NOT IN ('waiting', 'confirmed')
BEGIN SELECT RAISE(ABORT, 'what came of a proposal is final'); END;
"""
GUARDS = before.GUARDS.rstrip() + _NEW_GUARDS


@migrations(name="0004_dispatch")
def dispatch(db: Database) -> None:
    for statement in statements(_DISPATCH):
        db.execute(statement)
    rebuild(db, "outbox", _OUTBOX, _OUTBOX_COLUMNS)
    rebuild(db, "contact", _CONTACT, "id, at, what, address, domain")
    for statement in statements(_CONTACT_INDEXES + _TABLES):
        db.execute(statement)
    guard(db, Guards(GUARDS, NEVER_DELETED, FINAL))
