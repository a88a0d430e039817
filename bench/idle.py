"""What the daemon costs while nothing happens: ``python -m bench.idle --seconds 120``. Memory and share of a core.

It runs against a real Dovecot and an SMTP sink, makes the checks that are due, and is then watched while it waits.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.e2e.daemon import Daemon, due_now
from tests.e2e.program import Program
from tests.servers.certs import Certs
from tests.servers.dovecot import Dovecot
from tests.servers.sink import ThreadedSink


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(prefix="mailgate-bench-") as name, ThreadedSink() as sink:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "dovecot").mkdir(mode=0o755)
        with Dovecot.run(folder / "dovecot", certs=Certs.write(folder / "certs")) as dovecot:
            office = due_now(Program.at(folder / "office", dovecot, sink.port))
            with Daemon(office, watchdog_seconds=120) as daemon:
                daemon.hears("READY=1")
                time.sleep(10)  # for the check that was due, and all that follows
                before, began = _cpu_seconds(daemon.pid), time.monotonic()
                time.sleep(seconds)
                share = (_cpu_seconds(daemon.pid) - before) / (time.monotonic() - began)
                print(f"memory             {_resident(daemon.pid) / 1024:.0f} MB resident")
                print(f"CPU                {share * 100:.3f} % of a core over {seconds:.0f} s")
                daemon.leaves()
    return 0


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # proc(5): utime, stime


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS")))


if __name__ == "__main__":
    sys.exit(main())
