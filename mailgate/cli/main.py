"""The command line: ``mailgate --config PATH COMMAND``. One place turns errors into a sentence and an exit code."""

from __future__ import annotations

import importlib
import logging
import sys

import click

from mailgate import __version__
from mailgate.errors import MailgateError

# Each command by its name, in its module of ``mailgate.cli``: a command loads no more than it needs.
COMMANDS = {
    "init": "setup.init",
    "demo": "setup.demo",
    "set-password": "passwords.set_password",
    "install-service": "install.install_service",
    "doctor": "work.doctor",
    "poll": "work.poll",
    "run": "work.run",
    "web": "web.web",
    "status": "status.status",
    "verify": "work.verify",
    "alarm": "alarm.alarm",
    "watch": "alarm.watch",
    "backup": "backup.backup",
    "restore": "backup.restore",
    "calendar": "calendar.calendar",
    "letter": "letters.letter",
    "officer": "officer.officer",
    "amss": "amss.amss",
    "mail": "letters.mail",
    "outbox": "outbox.outbox",
    "decide": "decide.decide",
    "dispatch": "dispatches.dispatch",
    "register": "registers.register",
    "digest": "digests.digest",
    "publish": "publish.publish",
    "pause": "switches.pause",
    "resume": "switches.resume",
    "adopt": "switches.adopt",
}

_EPILOG = "Exit codes: 0 done; 1 could not do it; 2 wrong usage or config; 3 done, but something needs a person."


class Commands(click.Group):
    """The commands, loaded when they are asked for."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[name].partition(".")
        command: click.Command = getattr(importlib.import_module(f"mailgate.cli.{module}"), attribute)
        return command


@click.group(cls=Commands, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", "path", metavar="PATH", help="Configuration; default ./config.toml, /etc/mailgate/config.toml."
)
@click.option("-v", "--verbose", is_flag=True, help="Say on standard error what is being done.")
@click.version_option(__version__, prog_name="mailgate")
@click.pass_context
def cli(context: click.Context, path: str | None, verbose: bool) -> None:
    """The e-mail gateway of a Thai government office: receive register, receipt numbers, replies."""
    from mailgate.cli.context import Settings  # loads the configuration, which --version and --help do not need

    context.obj = Settings(path)
    level = logging.INFO if verbose or context.invoked_subcommand == "run" else logging.ERROR
    from mailgate.edges import journal_log

    journal_log.setup(level)
    for noisy in ("aioimaplib", "aiosmtplib", "asyncio", "pymap", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


def main() -> None:
    """Entry point of the ``mailgate`` program."""
    try:
        code = cli(standalone_mode=False)
    except click.ClickException as e:
        e.show()
        code = 2
    except click.Abort:
        code = 130
    except MailgateError as e:
        click.echo(f"mailgate: {e}", err=True)
        code = e.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away, as with "| head"; nothing to say
        code = 0
    sys.exit(code if isinstance(code, int) else 0)
