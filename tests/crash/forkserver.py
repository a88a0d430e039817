"""Runs the real program many times without paying for its start: a process that has imported it, and forks.

Reads one JSON job a line on standard input (argv, environment, mutant), answers each with the child's exit code
(negative: the signal that ended it).
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from mailgate import office as offices
from mailgate.cell import read_file
from mailgate.cli.main import main
from mailgate.edges import points
from mailgate.edges.parser_cell import PaperCell
from tests.crash import mutants


def child(job: dict[str, Any]) -> None:
    """Become the program: never returns to the loop below."""
    with open(job["log"], "ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.update(job["environment"])
    points.arm(os.environ)
    # Read in the same process: a child of its own has its own tests, and would start anew in each of these thousand.
    offices.ParserCell = lambda: PaperCell(read_file)  # type: ignore[assignment,misc]
    if job.get("mutant"):
        mutants.apply(job["mutant"])
    sys.argv = ["mailgate", *job["argv"]]
    code: Any = 1
    try:
        main()
    except SystemExit as e:
        code = e.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 1)


def serve() -> None:
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(job)
        print(json.dumps({"pid": pid}), flush=True)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)


if __name__ == "__main__":
    serve()
