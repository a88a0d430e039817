"""A real MariaDB in a private directory, by its socket only, with the tables of AMSS++ 6.1 as they are described."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql

from tests.servers import process

PACKAGES = "mariadb-server"
READER, PASSWORD = "mailgate", "amss-secret-4"
# As they stand in offices: MyISAM, three-byte utf8, dates that may be zero.
SCHEMA = """
CREATE TABLE permission_main (id INT AUTO_INCREMENT PRIMARY KEY, person_id VARCHAR(13), ref_id VARCHAR(50) UNIQUE,
  subject VARCHAR(150), place VARCHAR(150), vehicle VARCHAR(50), document VARCHAR(50), rec_date DATETIME,
  officer_sign VARCHAR(13), officer_date DATETIME, grant_x INT, grant_comment VARCHAR(150), grant_person VARCHAR(13),
  grant_date DATETIME, school_code VARCHAR(11), receipt VARCHAR(20)) ENGINE=MyISAM CHARACTER SET {charset};
CREATE TABLE la_main (id INT AUTO_INCREMENT PRIMARY KEY, person_id VARCHAR(13), la_type INT, because VARCHAR(250),
  la_start DATE, la_finish DATE, la_total FLOAT, contact VARCHAR(250), rec_date DATETIME, officer_sign VARCHAR(13),
  officer_date DATETIME, group_sign VARCHAR(13), group_date DATETIME, commander_grant INT,
  commander_comment VARCHAR(250), commander_sign VARCHAR(13), grant_date DATETIME,
  school_code VARCHAR(11)) ENGINE=MyISAM CHARACTER SET {charset};
CREATE TABLE outing (no INT PRIMARY KEY, about VARCHAR(200), goes_to VARCHAR(200), made DATETIME, result VARCHAR(10),
  result_day DATE, school VARCHAR(11)) ENGINE=MyISAM CHARACTER SET {charset};
CREATE TABLE system_school (school_code VARCHAR(11), school_name VARCHAR(150)) ENGINE=MyISAM CHARACTER SET {charset};
CREATE TABLE bookregister_receive (ms_id INT AUTO_INCREMENT PRIMARY KEY, year INT, register_number INT,
  book_no VARCHAR(50), signdate DATE, book_from VARCHAR(200), book_to VARCHAR(200), subject VARCHAR(150),
  operation VARCHAR(150),
  workgroup VARCHAR(50), record_type INT, comment VARCHAR(100), register_date DATE, ref_id VARCHAR(50),
  officer VARCHAR(13), book_link INT, secret INT, level INT) ENGINE=MyISAM CHARACTER SET {charset};
"""


class MariaDb:
    """A running database server; made by ``run``."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.socket = directory / "db.sock"
        self._log = directory / "mariadb.log"

    @classmethod
    @contextlib.contextmanager
    def run(cls, directory: Path) -> Iterator[MariaDb]:
        """Makes an empty server in ``directory`` and starts it; ends it by its process id."""
        server, install = process.program("mariadbd", PACKAGES), process.program("mariadb-install-db", PACKAGES)
        made = cls(directory)
        data = directory / "data"
        data.mkdir()
        user = []
        if os.geteuid() == 0:  # it refuses to run as root; the package has made an account
            subprocess.run(["chown", "mysql", str(directory), str(data)], check=True)
            user = ["--user=mysql"]
        common = ["--no-defaults", f"--datadir={data}", *user]
        done = subprocess.run(
            [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise process.ServerError(f"mariadb-install-db failed: {done.stderr[-500:]}")
        options = [f"--socket={made.socket}", "--skip-networking", "--sql-mode=", "--innodb-flush-log-at-trx-commit=0"]
        running = process.spawn([server, *common, *options, f"--pid-file={directory}/pid"], made._log)
        try:
            made._await(running)
            yield made
        finally:
            process.end(running)

    def database(self, name: str, charset: str = "utf8") -> None:
        """An AMSS++ without a request, and an account that may only read it."""
        self.sql(f"DROP DATABASE IF EXISTS {name}", f"CREATE DATABASE {name}")
        self.sql(*SCHEMA.format(charset=charset).strip().rstrip(";").split(";\n"), database=name)
        self.sql(
            f"CREATE USER IF NOT EXISTS {READER} IDENTIFIED BY '{PASSWORD}'",
            f"CREATE USER IF NOT EXISTS {READER}@localhost IDENTIFIED BY '{PASSWORD}'",
            f"GRANT SELECT ON {name}.* TO {READER}, {READER}@localhost",
        )

    def sql(
        self, *statements: str, database: str | None = None, rows: list[tuple[Any, ...]] | None = None
    ) -> list[Any]:
        """Run statements as root, the last with each of ``rows``; the answer of the last."""
        with contextlib.closing(self.connect(database)) as connection, connection.cursor() as cursor:
            for statement in statements:
                if rows is not None and statement is statements[-1]:
                    cursor.executemany(statement, rows)
                else:
                    cursor.execute(statement)
            connection.commit()
            return list(cursor.fetchall() or [])

    def connect(self, database: str | None = None) -> Any:
        return pymysql.connect(unix_socket=str(self.socket), user="root", database=database, charset="utf8mb4")

    def _await(self, running: subprocess.Popen[bytes]) -> None:
        for _ in range(600):
            if running.poll() is not None:
                raise process.ServerError(f"mariadbd ended: {process.tail(self._log)}")
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
                if probe.connect_ex(str(self.socket)) == 0:
                    return
            time.sleep(0.05)
        raise process.ServerError(f"mariadbd did not answer: {process.tail(self._log)}")
