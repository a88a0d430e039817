"""Migration 0001: the registers, the journal, the outbox, the event chain and the ledger of checks."""

from __future__ import annotations

from sqlite_utils import Database

from mailgate.edges.store.guards import Guards, guard, migrations, statements

_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE counter (
  register TEXT NOT NULL, year INTEGER NOT NULL, last INTEGER NOT NULL CHECK (last >= 1),
  PRIMARY KEY (register, year)) STRICT, WITHOUT ROWID;

CREATE TABLE letter (
  id INTEGER PRIMARY KEY,
  register TEXT NOT NULL, year INTEGER NOT NULL CHECK (year BETWEEN 2500 AND 2700), number INTEGER NOT NULL,
  channel TEXT NOT NULL CHECK (channel IN ('email', 'website', 'amss')),
  book_no TEXT NOT NULL, dated TEXT, from_name TEXT NOT NULL, from_address TEXT NOT NULL, addressee TEXT NOT NULL,
  subject TEXT NOT NULL, service TEXT, officer TEXT NOT NULL, action TEXT NOT NULL, remarks TEXT NOT NULL,
  arrived_at TEXT NOT NULL, legally_received_at TEXT NOT NULL, registered_at TEXT NOT NULL, due_on TEXT,
  state TEXT NOT NULL CHECK (state IN ('open', 'closed', 'void')),
  confidential INTEGER NOT NULL CHECK (confidential IN (0, 1)),
  sha256 TEXT NOT NULL, content_digest TEXT NOT NULL, message_id TEXT NOT NULL,
  size INTEGER NOT NULL, enclosures INTEGER NOT NULL,
  follows INTEGER REFERENCES letter (id),
  UNIQUE (register, year, number)) STRICT;
CREATE UNIQUE INDEX letter_raw ON letter (sha256) WHERE channel = 'email';
CREATE INDEX letter_content ON letter (content_digest);
CREATE INDEX letter_registered ON letter (registered_at);
CREATE INDEX letter_message_id ON letter (message_id) WHERE message_id <> '';

CREATE TABLE mail (
  id INTEGER PRIMARY KEY,
  mailbox TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
  size INTEGER NOT NULL, arrived_at TEXT NOT NULL, seen_at TEXT NOT NULL,
  kind TEXT NOT NULL, fate TEXT NOT NULL CHECK (
    fate IN ('registered', 'duplicate', 'automatic', 'bounce', 'list', 'set_aside')),
  answered INTEGER NOT NULL CHECK (answered IN (0, 1)),
  rule TEXT NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL,
  sender TEXT NOT NULL, subject TEXT NOT NULL,
  sha256 TEXT, letter_id INTEGER REFERENCES letter (id), filed_at TEXT,
  UNIQUE (mailbox, uidvalidity, uid)) STRICT;
CREATE INDEX mail_raw ON mail (sha256);
CREATE INDEX mail_unfiled ON mail (mailbox, uidvalidity) WHERE filed_at IS NULL;
CREATE INDEX mail_seen ON mail (seen_at);
CREATE INDEX mail_letter ON mail (letter_id);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, letter_id INTEGER REFERENCES letter (id),
  sender TEXT NOT NULL, recipient TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE, envid TEXT NOT NULL,
  raw BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN
    ('queued', 'trying', 'accepted', 'refused', 'unsure', 'held', 'cancelled', 'expired')),
  attempts INTEGER NOT NULL DEFAULT 0, resent INTEGER NOT NULL DEFAULT 0 CHECK (resent IN (0, 1)),
  created_at TEXT NOT NULL, next_at TEXT NOT NULL, ended_at TEXT, note TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX outbox_letter ON outbox (letter_id);
CREATE UNIQUE INDEX outbox_one_acknowledgement ON outbox (letter_id) WHERE kind = 'acknowledgement';
CREATE INDEX outbox_due ON outbox (next_at, id) WHERE state = 'queued';
CREATE INDEX outbox_state ON outbox (state) WHERE state <> 'accepted';

CREATE TABLE attempt (
  item_id INTEGER NOT NULL REFERENCES outbox (id), number INTEGER NOT NULL,
  started_at TEXT NOT NULL, ended_at TEXT, verdict TEXT, stage TEXT, code INTEGER, text TEXT,
  PRIMARY KEY (item_id, number)) STRICT, WITHOUT ROWID;

CREATE TABLE event (
  seq INTEGER PRIMARY KEY, at TEXT NOT NULL, kind TEXT NOT NULL, letter_id INTEGER REFERENCES letter (id),
  payload TEXT, salt BLOB, leaf BLOB NOT NULL, link BLOB NOT NULL UNIQUE) STRICT;
CREATE INDEX event_letter ON event (letter_id) WHERE letter_id IS NOT NULL;

CREATE TABLE poll (
  id INTEGER PRIMARY KEY, slot_at TEXT, started_at TEXT NOT NULL, ended_at TEXT,
  report TEXT, problem TEXT NOT NULL DEFAULT '') STRICT;
CREATE INDEX poll_slot ON poll (slot_at) WHERE slot_at IS NOT NULL;

CREATE TABLE mailbox_mark (
  mailbox TEXT NOT NULL, uidvalidity INTEGER NOT NULL, all_below INTEGER NOT NULL, reconciled_at TEXT NOT NULL,
  PRIMARY KEY (mailbox, uidvalidity)) STRICT, WITHOUT ROWID;
"""

FINAL = {  # table: columns that never change once written
    "letter": "id register year number channel arrived_at legally_received_at registered_at sha256 content_digest "
    "message_id size enclosures dated from_name from_address addressee subject",
    "outbox": "id kind letter_id sender message_id envid raw created_at",
    "mail": "id mailbox uidvalidity uid size arrived_at seen_at sha256 fate answered rule",
    "event": "seq at kind letter_id leaf link",
}

GUARDS = """
CREATE TRIGGER letter_without_gap BEFORE INSERT ON letter
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM letter WHERE register = NEW.register AND year = NEW.year)
BEGIN SELECT RAISE(ABORT, 'receipt numbers run without a gap'); END;
CREATE TRIGGER counter_only_up BEFORE UPDATE ON counter WHEN NEW.last <> OLD.last + 1
BEGIN SELECT RAISE(ABORT, 'a register counts up by one'); END;
CREATE TRIGGER event_in_order BEFORE INSERT ON event
WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM event)
BEGIN SELECT RAISE(ABORT, 'events are appended in order'); END;
CREATE TRIGGER event_payload_only_erased BEFORE UPDATE OF payload, salt ON event
WHEN NEW.payload IS NOT NULL OR NEW.salt IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an event may only be erased, never rewritten'); END;
CREATE TRIGGER attempt_closed_once BEFORE UPDATE ON attempt WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what came of an attempt is final'); END;
CREATE TRIGGER poll_closed_once BEFORE UPDATE ON poll WHEN OLD.ended_at IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'what came of a check is final'); END;
CREATE TRIGGER mail_registered_once BEFORE UPDATE OF letter_id ON mail WHEN OLD.fate = 'registered'
BEGIN SELECT RAISE(ABORT, 'a registered mail stays with its letter'); END;
"""


NEVER_DELETED = "counter letter mail outbox attempt event poll".split()


@migrations(name="0001_registers")
def registers(db: Database) -> None:
    for statement in statements(_TABLES):
        db.execute(statement)
    guard(db, Guards(GUARDS, NEVER_DELETED, FINAL))
