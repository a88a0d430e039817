"""Migration 0002: what was read in a mail, its attachments, limits of replies, reports on deliveries, trust."""

from __future__ import annotations

from sqlite_utils import Database

from mailgate.edges.store import m0001_registers as before
from mailgate.edges.store.guards import Guards, guard, migrations, rebuild, statements

_MAIL = """
CREATE TABLE mail_new (
  id INTEGER PRIMARY KEY,
  mailbox TEXT NOT NULL, uidvalidity INTEGER NOT NULL, uid INTEGER NOT NULL,
  size INTEGER NOT NULL, arrived_at TEXT NOT NULL, seen_at TEXT NOT NULL,
  kind TEXT NOT NULL, fate TEXT NOT NULL CHECK (
    fate IN ('registered', 'duplicate', 'automatic', 'bounce', 'list', 'follow_up', 'set_aside')),
  answered INTEGER NOT NULL CHECK (answered IN (0, 1)),
  rule TEXT NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL,
  sender TEXT NOT NULL, subject TEXT NOT NULL,
  sha256 TEXT, letter_id INTEGER REFERENCES letter (id), filed_at TEXT,
  UNIQUE (mailbox, uidvalidity, uid)) STRICT
"""

_OUTBOX = """
CREATE TABLE outbox_new (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, letter_id INTEGER REFERENCES letter (id),
  sender TEXT NOT NULL, recipient TEXT NOT NULL, message_id TEXT NOT NULL UNIQUE, envid TEXT NOT NULL,
  raw BLOB NOT NULL,
  original TEXT NOT NULL DEFAULT '', original_as TEXT NOT NULL DEFAULT '', tail BLOB NOT NULL DEFAULT x'',
  state TEXT NOT NULL CHECK (state IN
    ('queued', 'trying', 'accepted', 'delivered', 'bounced', 'refused', 'unsure', 'held', 'cancelled', 'expired')),
  attempts INTEGER NOT NULL DEFAULT 0, resent INTEGER NOT NULL DEFAULT 0 CHECK (resent IN (0, 1)),
  created_at TEXT NOT NULL, next_at TEXT NOT NULL, ended_at TEXT, note TEXT NOT NULL DEFAULT '') STRICT
"""

# The columns that 0001 made; those new in this version start with their defaults.
_MAIL_COLUMNS = (
    "id, mailbox, uidvalidity, uid, size, arrived_at, seen_at, kind, fate, answered, rule, reason, evidence, sender, "
    "subject, sha256, letter_id, filed_at"
)
_OUTBOX_COLUMNS = (
    "id, kind, letter_id, sender, recipient, message_id, envid, raw, state, attempts, resent, created_at, next_at, "
    "ended_at, note"
)

_TABLES = """
CREATE INDEX mail_raw ON mail (sha256);
CREATE INDEX mail_unfiled ON mail (mailbox, uidvalidity) WHERE filed_at IS NULL;
CREATE INDEX mail_seen ON mail (seen_at);
CREATE INDEX mail_letter ON mail (letter_id);
CREATE INDEX mail_old ON mail (mailbox, uidvalidity, uid) WHERE rule = 'before-go-live';
CREATE INDEX outbox_letter ON outbox (letter_id);
CREATE UNIQUE INDEX outbox_one_acknowledgement ON outbox (letter_id) WHERE kind = 'acknowledgement';
CREATE INDEX outbox_due ON outbox (next_at, id) WHERE state = 'queued';
CREATE INDEX outbox_state ON outbox (state) WHERE state <> 'accepted';

ALTER TABLE letter ADD COLUMN summary TEXT NOT NULL DEFAULT '';
ALTER TABLE letter ADD COLUMN trust TEXT NOT NULL DEFAULT '';
ALTER TABLE letter ADD COLUMN trust_reasons TEXT NOT NULL DEFAULT '';

CREATE TABLE reading (
  mail_id INTEGER PRIMARY KEY REFERENCES mail (id),
  state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'unreadable')),
  tries INTEGER NOT NULL DEFAULT 0, read_at TEXT, problem TEXT NOT NULL DEFAULT '',
  text TEXT NOT NULL DEFAULT '', quoted_from INTEGER NOT NULL DEFAULT 0, summary TEXT NOT NULL DEFAULT '',
  forwarded TEXT NOT NULL DEFAULT '[]', report TEXT, repairs TEXT NOT NULL DEFAULT '[]',
  complete INTEGER NOT NULL DEFAULT 1 CHECK (complete IN (0, 1))) STRICT;
CREATE INDEX reading_waiting ON reading (tries, mail_id) WHERE state = 'waiting';
CREATE INDEX reading_unreadable ON reading (mail_id) WHERE state = 'unreadable';
INSERT INTO reading (mail_id, state) SELECT id, 'waiting' FROM mail WHERE sha256 IS NOT NULL;

CREATE TABLE attachment (
  mail_id INTEGER NOT NULL REFERENCES mail (id), position INTEGER NOT NULL,
  name TEXT NOT NULL, declared TEXT NOT NULL, found TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
  flags TEXT NOT NULL, notes TEXT NOT NULL, virus TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (mail_id, position)) STRICT, WITHOUT ROWID;

CREATE TABLE contact (
  id INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL CHECK (what IN ('answer', 'return', 'echo')),
  address TEXT NOT NULL, domain TEXT NOT NULL) STRICT;
CREATE INDEX contact_at ON contact (what, at);
CREATE INDEX contact_address ON contact (what, address, at);
CREATE INDEX contact_domain ON contact (what, domain, at);

CREATE TABLE busy_hour (hour TEXT PRIMARY KEY, answers INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE brake (address TEXT PRIMARY KEY, until TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE deferred (
  letter_id INTEGER PRIMARY KEY REFERENCES letter (id), recipient TEXT NOT NULL, address TEXT NOT NULL,
  due_at TEXT NOT NULL, why TEXT NOT NULL, item_id INTEGER REFERENCES outbox (id)) STRICT;
CREATE INDEX deferred_due ON deferred (due_at) WHERE item_id IS NULL;
CREATE INDEX deferred_address ON deferred (address) WHERE item_id IS NULL;
CREATE INDEX deferred_item ON deferred (item_id) WHERE item_id IS NOT NULL;

CREATE TABLE delivery (
  item_id INTEGER NOT NULL REFERENCES outbox (id), mail_id INTEGER NOT NULL REFERENCES mail (id),
  at TEXT NOT NULL, action TEXT NOT NULL, recipient TEXT NOT NULL, status TEXT NOT NULL, diagnostic TEXT NOT NULL,
  PRIMARY KEY (item_id, mail_id, recipient)) STRICT, WITHOUT ROWID;
"""

NEVER_DELETED = [*before.NEVER_DELETED, *"reading attachment deferred delivery".split()]

FINAL = before.FINAL | {
    "outbox": before.FINAL["outbox"] + " original original_as tail",
    "mail": "id mailbox uidvalidity uid arrived_at seen_at",
    "attachment": "mail_id position name found size sha256 flags",
    "deferred": "letter_id recipient address",
    "delivery": "item_id mail_id at action recipient status diagnostic",
}

# A mail without a number may be taken up later by a person's word, never the other way round.
GUARDS = (
    before.GUARDS.rstrip()
    + """
CREATE TRIGGER mail_fate BEFORE UPDATE OF fate, answered, rule, kind ON mail
WHEN OLD.fate = 'registered' AND (NEW.fate <> OLD.fate OR NEW.answered <> OLD.answered OR NEW.rule <> OLD.rule)
BEGIN SELECT RAISE(ABORT, 'what is registered is final'); END;
CREATE TRIGGER mail_bytes BEFORE UPDATE OF sha256, size ON mail
WHEN OLD.sha256 IS NOT NULL AND (NEW.sha256 IS NOT OLD.sha256 OR NEW.size <> OLD.size)
BEGIN SELECT RAISE(ABORT, 'what is registered is final'); END;
CREATE TRIGGER reading_done_once BEFORE UPDATE ON reading WHEN OLD.state = 'done'
BEGIN SELECT RAISE(ABORT, 'a mail is read once'); END;
CREATE TRIGGER deferred_told_once BEFORE UPDATE ON deferred WHEN OLD.item_id IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'a receipt number is told once'); END;
"""
)


@migrations(name="0002_readings")
def readings(db: Database) -> None:
    rebuild(db, "mail", _MAIL, _MAIL_COLUMNS)
    rebuild(db, "outbox", _OUTBOX, _OUTBOX_COLUMNS)
    for statement in statements(_TABLES):
        db.execute(statement)
    guard(db, Guards(GUARDS, NEVER_DELETED, FINAL))
