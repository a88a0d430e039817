"""Migration 0006: what comes in by the website and by AMSS++; letters that only their officer can read."""

from __future__ import annotations

from sqlite_utils import Database

from mailgate.edges.store import m0005_public as before
from mailgate.edges.store.guards import Guards, guard, migrations, statements

# ``sealed``: the bytes are encrypted to the officers; the register's row says no more than number, date and service.
# ``reply_to``: the address that the form gave for the answer.
_LETTER = """
ALTER TABLE letter ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0 CHECK (sealed IN (0, 1));
ALTER TABLE letter ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';
"""

# A submission of a form, by the SHA-256 of the form's own number, so that one pressed twice is registered once.
# A visitor's case is opened by number and passphrase: ``salt`` and ``recipient`` are made of the latter by Argon2id.
_WEBSITE = """
CREATE TABLE submission (
  form TEXT PRIMARY KEY, mail_id INTEGER NOT NULL UNIQUE REFERENCES mail (id)) STRICT, WITHOUT ROWID;

CREATE TABLE visitor (
  letter_id INTEGER PRIMARY KEY REFERENCES letter (id), salt BLOB NOT NULL, recipient TEXT NOT NULL) STRICT;

CREATE TABLE sealed_file (
  sha256 TEXT PRIMARY KEY, sealed_sha256 TEXT NOT NULL, mail_id INTEGER NOT NULL REFERENCES mail (id),
  removed_at TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX sealed_file_left ON sealed_file (sha256) WHERE removed_at IS NULL;
"""

# ``fingerprint``: of the row as it was last read there, so that a reading fetches only what is new or changed.
_AMSS = """
CREATE TABLE amss_request (
  id INTEGER PRIMARY KEY, source TEXT NOT NULL CHECK (source IN ('travel', 'leave', 'outing')), key TEXT NOT NULL,
  letter_id INTEGER REFERENCES letter (id), fingerprint TEXT NOT NULL,
  outcome TEXT NOT NULL DEFAULT '' CHECK (outcome IN ('', 'granted', 'refused')), outcome_on TEXT,
  seen_at TEXT NOT NULL, referred_at TEXT, changed_at TEXT, gone_at TEXT, written_at TEXT,
  UNIQUE (source, key)) STRICT;
CREATE INDEX amss_letter ON amss_request (letter_id) WHERE letter_id IS NOT NULL;
CREATE INDEX amss_unreferred ON amss_request (id) WHERE referred_at IS NULL AND outcome = '' AND letter_id IS NOT NULL;
"""

NEVER_DELETED = [*before.NEVER_DELETED, *"submission visitor sealed_file amss_request".split()]

_SEALABLE = "dated from_name from_address addressee subject message_id".split()
_LETTER_FINAL = " ".join(c for c in before.FINAL["letter"].split() if c not in _SEALABLE)
FINAL = before.FINAL | {
    "letter": _LETTER_FINAL,
    "submission": "form mail_id",
    "visitor": "letter_id salt recipient",
    "sealed_file": "sha256 sealed_sha256 mail_id",
    "amss_request": "id source key seen_at",
}

# Sealing takes away what the register says of a letter, once, and nothing else does. What comes by AMSS++ has no mail
# that is read, so it is found by what stands in the register; a sealed letter is not found by words at all.
_NEW_GUARDS = """
CREATE TRIGGER letter_sealed_only
BEFORE UPDATE OF dated, from_name, from_address, addressee, subject, message_id ON letter
WHEN NOT (OLD.sealed = 0 AND NEW.sealed = 1)
BEGIN SELECT RAISE(ABORT, 'what is registered is final'); END;
CREATE TRIGGER letter_stays_sealed BEFORE UPDATE OF sealed ON letter WHEN OLD.sealed = 1 AND NEW.sealed = 0
BEGIN SELECT RAISE(ABORT, 'a sealed letter stays sealed'); END;
CREATE TRIGGER index_unmailed AFTER INSERT ON letter WHEN NEW.channel = 'amss'
BEGIN INSERT OR IGNORE INTO unindexed VALUES (NEW.id, 0); END;
"""
_OLD_GUARDS = "\n".join(s for s in statements(before.GUARDS) if "index_unmailed" not in s) + "\n"
GUARDS = _OLD_GUARDS.rstrip() + _NEW_GUARDS


@migrations(name="0006_channels")
def channels(db: Database) -> None:
    for statement in statements(_LETTER + _WEBSITE + _AMSS):
        db.execute(statement)
    guard(db, Guards(GUARDS, NEVER_DELETED, FINAL))
