"""web: the forms and the pages of cases, behind the office's web server."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import click

from mailgate.cli.context import Settings
from mailgate.config import Config
from mailgate.edges.secrets import token_key
from mailgate.errors import ConfigError, MailgateError, UsageError
from mailgate.office import Office


@dataclass(frozen=True, slots=True)
class _Place:
    host: str
    port: int


@click.command()
@click.option("--listen", default="", metavar="HOST:PORT", help="Instead of [website] listen; on this machine only.")
@click.pass_obj
def web(settings: Settings, /, listen: str) -> None:
    """Serve the forms of the services with channel "website", and the page of each case.

    The office's web server stands in front and speaks HTTPS; see the guide. Nothing that a visitor sends is logged,
    nor from where. Needs the extra: pip install "mailgate[web]".
    """
    config = settings.config
    place = _place(listen or config.website.listen)
    _look(config)
    with _office(settings) as office:
        _serve(config, place, office)


def _serve(config: Config, place: _Place, office: Office | None) -> None:
    """Until SIGTERM or SIGINT."""
    try:
        import uvicorn

        from mailgate.web import app, counter
    except ImportError as e:
        raise MailgateError(f"the website's extra is not installed ({e.name})", 'pip install "mailgate[web]"') from None
    from mailgate.jobs.desk import Desk

    assert office is not None or config.website.desk is not None
    desk = counter.Here(Desk(lambda: office)) if office else counter.Remote(config.website.desk or Path())
    made = app.app(config, desk, token_key(_key_file(config)))
    settings = uvicorn.Config(
        made, log_config=None, access_log=False, server_header=False, proxy_headers=True,
        forwarded_allow_ips="127.0.0.1,::1", timeout_keep_alive=15, limit_concurrency=512,
        timeout_graceful_shutdown=30, lifespan="off",
    )  # fmt: skip
    with _listening(place) as listening:
        click.echo(f"mailgate web: http://{place.host}:{place.port}/", err=True)
        uvicorn.Server(settings).run(sockets=[listening])


def _listening(place: _Place) -> socket.socket:
    """Raises MailgateError where another program has the port."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        return socket.create_server((place.host, place.port), family=family, backlog=512)
    except OSError as e:
        raise MailgateError(
            f"cannot listen at {place.host}:{place.port}: {e.strerror}", "See [website] listen"
        ) from None


@contextmanager
def _office(settings: Settings) -> Iterator[Office | None]:
    """The registry of this process, where the daemon has no socket for us."""
    with settings.office() if settings.config.website.desk is None else nullcontext() as office:
        yield office


def _look(config: Config) -> None:
    """Raises ConfigError if there is nothing to serve."""
    ours = [s for s in config.services if s.channel == "website"]
    if not ours:
        raise ConfigError('no service has channel = "website": there is no form to show', hint="See [[services]]")
    for service in ours:
        if service.confidential and not any(p.key for p in config.officers_of(service)):
            click.echo(
                f"mailgate: {service.key} is not offered: none of its officers has a key (mailgate officer key)",
                err=True,
            )


def _place(listen: str) -> _Place:
    host, _, port = listen.rpartition(":")
    host = host.strip("[]")
    if host not in ("127.0.0.1", "::1", "localhost") or not port.isdigit():
        raise UsageError(f"{listen!r} is not an address of this machine and a port", "Such as 127.0.0.1:8025")
    return _Place(host, int(port))


def _key_file(config: Config) -> Path:
    """As a service, the key lies in the service's own folder: its user can write nowhere else."""
    state = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(state) / "web.key" if state else config.website.key_file
