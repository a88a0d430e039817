"""Migration 0005: the search index, and what lists, digests and the public database ask for quickly."""

from __future__ import annotations

from sqlite_utils import Database

from mailgate.edges.store import m0004_dispatch as before
from mailgate.edges.store.guards import Guards, guard, migrations, statements

# A document per letter (10,000 x its id), and per mail filed with one (and its place among those), of folded text.
# ``found`` has trigrams and answers from three characters on; ``grams`` the single characters and pairs of each
# document, for Thai words are short and a trigram index silently finds nothing of less. Neither holds the text itself.
_SEARCH = """
CREATE VIRTUAL TABLE found USING fts5(subject, sender, text, names,
  content='', tokenize='trigram case_sensitive 1');
CREATE VIRTUAL TABLE grams USING fts5(gram, content='', detail=none,
  tokenize="unicode61 remove_diacritics 0 categories 'L* M* N* P* S* Co Cn'");

CREATE TABLE unindexed (
  letter_id INTEGER NOT NULL, mail_id INTEGER NOT NULL, PRIMARY KEY (letter_id, mail_id)) STRICT, WITHOUT ROWID;

CREATE INDEX letter_service ON letter (service, id);
CREATE INDEX letter_officer ON letter (officer, id);
CREATE INDEX outbox_failed ON outbox (ended_at) WHERE state IN ('refused', 'expired');
CREATE INDEX delivery_at ON delivery (at);
CREATE INDEX reading_read ON reading (read_at) WHERE read_at IS NOT NULL;
CREATE INDEX letter_unfinished ON letter (state, id) WHERE state <> 'closed';
"""

# What was acknowledged in a month, without reading the rows, which hold whole mails.
_PUBLIC = """
CREATE INDEX outbox_acknowledged ON outbox (ended_at, kind, letter_id)
  WHERE kind IN ('acknowledgement', 'summary') AND state IN ('accepted', 'delivered', 'bounced');
CREATE INDEX dispatch_dated ON dispatch (dated);

CREATE TABLE published_month (
  month TEXT PRIMARY KEY, rules TEXT NOT NULL, seq INTEGER NOT NULL, document TEXT NOT NULL) STRICT, WITHOUT ROWID;
"""

# Letters of before, and what was filed with them.
_EARLIER = """
INSERT INTO unindexed SELECT letter_id, mail.id FROM mail JOIN reading ON reading.mail_id = mail.id
  WHERE letter_id IS NOT NULL AND fate IN ('registered', 'follow_up') AND reading.state <> 'waiting';
"""

NEVER_DELETED = before.NEVER_DELETED
FINAL = before.FINAL

# What is read is to be indexed; a letter that comes in without a mail is so when it is registered.
_NEW_GUARDS = """
CREATE TRIGGER index_read AFTER UPDATE OF state ON reading WHEN NEW.state <> 'waiting'
BEGIN INSERT OR IGNORE INTO unindexed SELECT letter_id, id FROM mail
  WHERE id = NEW.mail_id AND letter_id IS NOT NULL AND fate IN ('registered', 'follow_up'); END;
CREATE TRIGGER index_taken_up AFTER UPDATE OF fate ON mail
WHEN NEW.fate = 'registered' AND OLD.fate <> 'registered'
BEGIN INSERT OR IGNORE INTO unindexed SELECT NEW.letter_id, NEW.id FROM reading
  WHERE mail_id = NEW.id AND state <> 'waiting'; END;
CREATE TRIGGER index_unmailed AFTER INSERT ON letter WHEN NEW.channel <> 'email'
BEGIN INSERT OR IGNORE INTO unindexed VALUES (NEW.id, 0); END;
"""
GUARDS = before.GUARDS.rstrip() + _NEW_GUARDS


@migrations(name="0005_public")
def public(db: Database) -> None:
    for statement in statements(_SEARCH + _PUBLIC + _EARLIER):
        db.execute(statement)
    guard(db, Guards(GUARDS, NEVER_DELETED, FINAL))
