"""Opening the registry and writing to it: strangers, damage, locks, a full or read-only disk, each with a remedy."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlite_utils import Database

from mailgate.core.identity import judge
from mailgate.edges.store import Lock, Store, database, schema
from mailgate.errors import RegistryError
from tests.builders import NOW, draft, entry
from tests.servers.process import as_root

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "registry.db"


@pytest.fixture
def written(path: Path) -> Path:
    """A registry with one letter, closed."""
    made = Store(path)
    made.receipts.enter(entry(1), judge, draft)
    made.close()
    return path


def refused(path: Path) -> RegistryError:
    """The error of opening it, which has a remedy and is one sentence."""
    with pytest.raises(RegistryError) as error:
        Store(path)
    assert error.value.hint
    assert "\n" not in str(error.value)
    assert str(path) in str(error.value)
    return error.value


def child(code: str, *arguments: object, user: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, without root's rights if ``user`` is given; it prints what it found."""
    drop = f"import os; os.setgroups([]); os.setgid({user}); os.setuid({user})\n" if user and os.getuid() == 0 else ""
    imports = "import sys, resource\nfrom mailgate.edges.store import Store, Lock\nfrom mailgate.errors import MailgateError\n"  # noqa: E501
    imports += "from mailgate.core.identity import judge\nfrom tests.builders import NOW, draft, entry\n"
    return subprocess.run(
        [sys.executable, "-c", imports + drop + textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )


# -- a new file -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.touch()], ids=["missing", "empty"])
def test_a_missing_or_empty_file_becomes_a_registry(path: Path, make: object) -> None:
    make(path)  # type: ignore[operator]
    Store(path).close()
    Store(path).close()
    assert path.read_bytes()[68:72] == schema.APPLICATION_ID.to_bytes(4, "big")


def test_it_is_durable_checked_and_for_its_owner_only(path: Path) -> None:
    made = Store(path / ".." / "new" / "registry.db")
    settings = {name: made.db.value(f"PRAGMA {name}") for name in ("synchronous", "journal_mode", "foreign_keys")}
    assert settings == {"synchronous": 2, "journal_mode": "wal", "foreign_keys": 1}
    assert made.db.value("PRAGMA trusted_schema") == 0
    folder = path.parent / "new"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(p.stat().st_mode) & 0o077 for p in folder.iterdir()} == {0}
    strict = made.db.all("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    assert {r["name"] for r in strict if not r["strict"]} <= {"sqlite_schema", "_sqlite_migrations", "sqlite_sequence"}
    made.close()


def test_the_umask_is_left_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to the whole process: two threads that open a registry would leave each other's behind."""
    monkeypatch.setattr(os, "umask", None)
    Store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# -- what is no registry --------------------------------------------------------------------------------------------


def _foreign(path: Path, application_id: int) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (a)")
        other.execute(f"PRAGMA application_id = {application_id}")
    other.close()


STRANGERS = {
    "sqlite": lambda p: _foreign(p, 0),
    "stamped sqlite": lambda p: _foreign(p, 0x12345678),
    "stamped as ours": lambda p: _foreign(p, schema.APPLICATION_ID),
    "text": lambda p: p.write_text("Dear Sir or Madam,\n" * 20),
    "one byte": lambda p: p.write_bytes(b"S"),
    "header only": lambda p: p.write_bytes(b"SQLite format 3\0"),
    "zeros": lambda p: p.write_bytes(bytes(4096)),
}


@pytest.mark.parametrize("kind", STRANGERS)
def test_a_file_of_another_program_is_refused_and_not_touched(path: Path, kind: str) -> None:
    STRANGERS[kind](path)
    before = path.read_bytes()
    refused(path)
    assert path.read_bytes() == before


def test_a_folder_is_refused(path: Path) -> None:
    path.mkdir()
    refused(path)


def test_a_registry_of_a_newer_version_is_refused_and_not_touched(written: Path) -> None:
    newer = Database(str(written))
    newer["_sqlite_migrations"].insert({"migration_set": "mailgate", "name": "0999_future", "applied_at": "2030"})
    newer.conn.commit()
    newer.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    newer.close()
    before = written.read_bytes()
    assert "newer version" in str(refused(written))
    assert written.read_bytes() == before


def test_a_first_start_cut_off_between_stamp_and_tables_is_gone_on_with(path: Path) -> None:
    """sqlite-utils commits its own table before the first migration begins."""
    begun = Database(str(path))
    begun.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    schema.migrations.ensure_migrations_table(begun)
    begun.conn.commit()
    begun.close()
    made = Store(path)
    made.receipts.enter(entry(1), judge, draft)
    made.close()


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: raw[:100] + b"\xff" * 400 + raw[500:],
        lambda raw: raw[:5000],
        lambda raw: b"",
    ],
    ids=["overwritten", "cut off", "emptied"],
)
def test_a_damaged_registry_is_an_error_with_a_remedy_or_new(written: Path, damage: object) -> None:
    written.write_bytes(damage(written.read_bytes()))  # type: ignore[operator]
    try:
        made = Store(written)
        made.receipts.enter(entry(2), judge, draft)
        made.close()
    except RegistryError as e:
        assert e.hint  # noqa: PT017 - a damage that SQLite does not mind is no error


# -- transactions ---------------------------------------------------------------------------------------------------


def test_a_transaction_inside_another_is_refused(path: Path) -> None:
    made = Store(path)
    with pytest.raises(RuntimeError, match="already in a transaction"), made.db.immediate("a"), made.db.immediate("b"):
        pass
    assert not made.db.sql.in_transaction
    with made.db.immediate("c"):
        pass
    made.close()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_any_error_undoes_all_of_it(path: Path, error: type[BaseException]) -> None:
    made = Store(path)
    with pytest.raises(error), made.db.immediate("a"):  # noqa: PT012
        made.db.sql.execute("INSERT INTO meta VALUES ('a', 'b')")
        raise error("x")
    assert made.db.value("SELECT count(*) FROM meta") == 0
    assert not made.db.sql.in_transaction
    made.close()


def test_after_sqlite_rolled_back_by_itself_nothing_is_written(path: Path) -> None:
    """SQLITE_FULL rolls back; what follows in the block would be written outside the transaction."""
    made = Store(path)
    made.db.sql.execute(f"PRAGMA max_page_count = {made.db.value('PRAGMA page_count') + 1}")
    with pytest.raises(RegistryError, match="full") as error, made.db.immediate("a"):  # noqa: PT012
        made.db.sql.execute("INSERT INTO meta VALUES ('a', 'b')")
        made.db.sql.execute("INSERT INTO meta VALUES ('big', ?)", ("x" * 100_000,))
    assert "space" in error.value.hint
    assert made.db.value("SELECT count(*) FROM meta") == 0
    made.close()


def test_a_lock_held_by_another_process_is_an_error_with_a_remedy(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(written, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    made = Store(written)
    before = made.db.value("SELECT count(*) FROM letter")
    with pytest.raises(RegistryError, match="locked") as error:
        made.receipts.enter(entry(2), judge, draft)
    assert "Another program" in error.value.hint
    assert made.db.value("SELECT count(*) FROM letter") == before
    holder.execute("ROLLBACK")
    holder.close()
    assert made.receipts.enter(entry(2), judge, draft)
    made.close()


def test_the_daemons_lock_keeps_a_second_process_out_and_dies_with_its_owner(path: Path) -> None:
    code = """
        from pathlib import Path
        try:
            with Lock(Path(sys.argv[1])):
                print("free")
        except MailgateError as e:
            print(e)
    """
    with Lock(path):
        assert "another mailgate" in child(code, path).stdout
        with pytest.raises(RegistryError), Lock(path):
            pass
    assert child(code, path).stdout == "free\n"
    killed = child(
        "import os, signal\nfrom pathlib import Path\nLock(Path(sys.argv[1])).__enter__()\nos.kill(os.getpid(), 9)",
        path,
    )
    assert killed.returncode == -9
    with Lock(path):
        pass


# -- disks ----------------------------------------------------------------------------------------------------------

OPEN_AND_WRITE = """
    from pathlib import Path
    try:
        store = Store(Path(sys.argv[1]))
        store.receipts.enter(entry(2), judge, draft)
    except MailgateError as e:
        print("refused:", e)
    else:
        print("written")
"""


@contextmanager
def shared_folder() -> Iterator[Path]:
    """A folder that an account without rights may enter; pytest's are closed to it."""
    with tempfile.TemporaryDirectory(prefix="mailgate-test-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


def assert_said(done: subprocess.CompletedProcess[str]) -> None:
    assert done.stdout.startswith("refused: "), done.stdout + done.stderr
    assert ". " in done.stdout, "a remedy follows the sentence"
    assert "Traceback" not in done.stderr


def test_a_read_only_file_is_an_error_with_a_remedy() -> None:
    with shared_folder() as folder:
        path = folder / "registry.db"
        Store(path).close()
        os.chmod(path, 0o444)
        assert_said(child(OPEN_AND_WRITE, path, user=NOBODY))


def test_a_file_that_cannot_be_read_is_an_error_with_a_remedy() -> None:
    with shared_folder() as folder:
        path = folder / "registry.db"
        Store(path).close()
        os.chmod(path, 0o000)
        assert_said(child(OPEN_AND_WRITE, path, user=NOBODY))


def test_a_read_only_folder_is_an_error_with_a_remedy() -> None:
    with shared_folder() as folder:
        os.chmod(folder, 0o555)
        assert_said(child(OPEN_AND_WRITE, folder / "registry.db", user=NOBODY))
        assert_said(child(OPEN_AND_WRITE, folder / "deeper" / "registry.db", user=NOBODY))
        assert list(folder.iterdir()) == []
        os.chmod(folder, 0o755)


def test_a_lock_that_cannot_be_made_is_an_error_with_a_remedy() -> None:
    code = """
        from pathlib import Path
        try:
            Lock(Path(sys.argv[1])).__enter__()
        except MailgateError as e:
            print("refused:", e)
    """
    with shared_folder() as folder:
        os.chmod(folder, 0o555)
        assert_said(child(code, folder / "registry.db", user=NOBODY))
        os.chmod(folder, 0o755)


def test_a_disk_that_fills_up_leaves_whole_letters_only(tmp_path: Path) -> None:
    """As a file size limit, which the disk's own refusal looks like to SQLite."""
    code = """
        from pathlib import Path
        store = Store(Path(sys.argv[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_200_000, 1_200_000))
        for n in range(1, 2000):
            try:
                store.receipts.enter(entry(n), judge, draft)
            except MailgateError as e:
                print("refused:", e)
                break
        try:
            store.receipts.enter(entry(5000), judge, draft)
        except MailgateError as e:
            print("refused:", e)
    """
    path = tmp_path / "registry.db"
    done = child(code, path)
    assert_said(done)
    assert done.returncode == 0, done.stderr
    assert_whole(path)


def test_a_really_full_disk_leaves_whole_letters_only() -> None:
    code = """
        from pathlib import Path
        store = Store(Path(sys.argv[1]))
        for n in range(1, 2000):
            try:
                store.receipts.enter(entry(n), judge, draft)
            except MailgateError as e:
                print("refused:", e)
                break
    """
    with shared_folder() as folder:
        as_root("mount", "-t", "tmpfs", "-o", f"size=3000k,uid={os.geteuid()}", "tmpfs", str(folder))
        try:
            done = child(code, folder / "registry.db")
            assert_said(done)
            assert "space" in done.stdout
            assert_whole(folder / "registry.db")
        finally:
            as_root("umount", str(folder))


def assert_whole(path: Path) -> None:
    made = Store(path)
    count = made.db.value("SELECT count(*) FROM letter")
    assert count > 0
    for table in ("mail", "outbox", "event"):
        assert made.db.value(f"SELECT count(*) FROM {table}") == count
    assert made.db.value("SELECT max(number) FROM letter") == made.db.value("SELECT last FROM counter") == count
    assert made.db.value("PRAGMA integrity_check") == "ok"
    made.close()


def test_moments_come_back_as_they_were() -> None:
    assert database.moment(database.stamp(NOW)) == NOW
    assert database.moment(None) is None
    assert database.moment("") is None
    assert database.stamp(NOW) == "2026-11-23T02:00:00.000000+00:00"
