"""Figures for Prometheus: over HTTP on this machine, or as a file for node_exporter's textfile collector.

The daemon's step takes a snapshot of counts; what is served is that snapshot. Counts only: nothing of a letter.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Metric, ProcessCollector, generate_latest, write_to_textfile
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.registry import Collector

from mailgate import __version__
from mailgate.config import Config
from mailgate.edges import copies
from mailgate.edges.durable import explained
from mailgate.edges.metrics_server import MetricsServer
from mailgate.edges.store.database import moment
from mailgate.errors import ConfigError
from mailgate.office import Office

Snapshot = Mapping[str, Any]

# Key of the snapshot, name, what it is. Labelled ones are mappings by the label's value.
_GAUGES = (
    ("taken", "snapshot_timestamp_seconds", "When these figures were taken."),
    ("check_started", "last_check_start_timestamp_seconds", "When the last check of the mailbox began."),
    ("check_ended", "last_check_end_timestamp_seconds", "When the last check ended, done or not; none while it runs."),
    ("check_success", "last_check_success_timestamp_seconds", "When the last check that was done ended."),
    ("unaccounted", "unaccounted_mails", "Mails that the last check could not account for; must be 0."),
    ("outbox_oldest", "outbox_oldest_age_seconds", "How long the oldest mail that is not done with waits."),
    ("backup", "last_backup_timestamp_seconds", "When the last checked copy was made."),
    ("alarms", "alarms_up", "Alarms that are raised and not solved."),
)
_LABELLED = (
    ("mails", "mails", "Mails seen, by what became of them.", "fate"),
    ("outbox", "outbox_items", "Outgoing mails, by state.", "state"),
    ("slots", "slots", "Mandated checks, by what came of them.", "state"),
    ("readings", "readings", "Mails that wait to be read, or could not be.", "state"),
    ("disk_free", "disk_free_bytes", "Free space where the registry and the archive are.", "of"),
)


class Metrics:
    """Off unless ``[metrics]`` says where to. To be started once; a change of ``[metrics]`` needs a restart."""

    def __init__(self, config: Config) -> None:
        self._settings = config.metrics
        self._figures = _Latest()
        self._server: MetricsServer | None = None
        self._counted: tuple[int, Snapshot] = (-1, {})
        self._registry = CollectorRegistry()
        self._registry.register(self._figures)
        # A name of our own, for node_exporter has process_… metrics of its own.
        ProcessCollector(namespace="mailgate", registry=self._registry)

    def start(self) -> None:
        """Raises ConfigError if the figures cannot be offered where the config says."""
        if self._settings.textfile:
            _usable(self._settings.textfile)
        if self._settings.listen:
            self._server = MetricsServer(self._settings.listen, self.render)

    @property
    def port(self) -> int:
        """The port that is answered at; 0 if none."""
        return self._server.port if self._server else 0

    def render(self) -> bytes:
        """The last figures in Prometheus's text format."""
        return generate_latest(self._registry)

    async def update(self, office: Office, alarms: int | None = None) -> None:
        """Take the figures anew. ``alarms``: how many are up, None if nobody looks. Raises MailgateError."""
        if not (self._settings.listen or self._settings.textfile):
            return
        self._figures.snapshot = await office.registry(self._taken, office) | {"alarms": alarms}
        if self._settings.textfile:
            await office.disk(self._write, self._settings.textfile)

    def close(self) -> None:
        if self._server:
            self._server.close()

    def _taken(self, office: Office) -> dict[str, Any]:
        now = office.clock.now()
        return {"taken": now.timestamp(), **self._counts(office), **_checks(office), **_places(office, now)}

    def _counts(self, office: Office) -> Snapshot:
        """Counted anew only when something happened since: each change of what is counted is an event."""
        seq, _ = office.store.chain.head()
        if seq != self._counted[0]:
            self._counted = (seq, _counted(office) | {"events": seq})
        return self._counted[1]

    def _write(self, path: Path) -> None:
        with explained(f"cannot write {path}"):
            write_to_textfile(str(path), self._registry)
            path.chmod(0o644)  # node_exporter is another user


def _usable(path: Path) -> None:
    if path.suffix != ".prom":
        raise ConfigError(f"[metrics] textfile {path} must end in .prom", hint="node_exporter reads no other files")
    if not path.parent.is_dir():
        raise ConfigError(f"[metrics] textfile: there is no folder {path.parent}", hint="Make it, or leave it empty")


def _counted(office: Office) -> dict[str, Any]:
    figures = office.store.figures
    return {
        "letters": figures.letters(),
        "mails": figures.mails(),
        "outbox": figures.outbox(),
        "readings": office.store.readings.counts(),
    }


def _checks(office: Office) -> dict[str, Any]:
    figures = office.store.figures
    last, (success, unaccounted) = figures.last_check(), figures.last_success()
    return {
        "slots": office.store.slots.counts(),
        "check_started": _seconds(moment(last["started_at"]) if last else None),
        "check_ended": _seconds(moment(last["ended_at"]) if last else None),
        "check_success": _seconds(success),
        "unaccounted": unaccounted,
    }


def _places(office: Office, now: datetime) -> dict[str, Any]:
    oldest, folder = moment(office.store.outbox.oldest()), office.config.backup.directory
    with explained("cannot look at the disks"):
        free = {
            "registry": shutil.disk_usage(office.config.registry.path.parent).free,
            "archive": office.archive.free(),
        }
    return {
        "outbox_oldest": (now - oldest).total_seconds() if oldest else 0,
        "disk_free": free,
        "backup": _seconds(copies.last_made(folder) if folder else None),
    }


def _seconds(at: datetime | None) -> float | None:
    return at.timestamp() if at else None


class _Latest(Collector):
    """The last snapshot as metrics; what is not known is left out."""

    def __init__(self) -> None:
        self.snapshot: Snapshot = {}

    def collect(self) -> Iterator[Metric]:
        snapshot = self.snapshot
        yield InfoMetricFamily("mailgate_build", "This program.", value=_build())
        yield from _counters(snapshot)
        for key, name, text in _GAUGES:
            if snapshot.get(key) is not None:
                yield GaugeMetricFamily(f"mailgate_{name}", text, value=snapshot[key])
        for key, name, text, label in _LABELLED:
            if key in snapshot:
                yield _labelled(f"mailgate_{name}", text, label, snapshot[key])


def _build() -> dict[str, str]:
    return {"version": __version__, "python": platform.python_version()}


def _counters(snapshot: Snapshot) -> Iterator[Metric]:
    if "letters" in snapshot:
        letters = CounterMetricFamily(
            "mailgate_letters_registered", "Letters, by register.", labels=("register", "year")
        )
        for (register, year), last in snapshot["letters"].items():
            letters.add_metric((register, str(year)), last)
        yield letters
        yield CounterMetricFamily("mailgate_chain_events", "Events in the chain.", value=snapshot["events"])


def _labelled(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=(label,))
    for value, n in values.items():
        family.add_metric((value,), n)
    return family
