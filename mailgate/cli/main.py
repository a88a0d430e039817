"""The command line: ``mailgate --config PATH COMMAND``. One place turns errors into a sentence and an exit code."""

from __future__ import annotations

import logging
import sys

import click

from mailgate import __version__
from mailgate.cli import (
    alarm,
    backup,
    calendar,
    cases,
    decide,
    dispatches,
    install,
    letters,
    outbox,
    passwords,
    setup,
    status,
    switches,
    work,
)
from mailgate.cli.context import Settings
from mailgate.edges import journal_log
from mailgate.errors import MailgateError

_EPILOG = "Exit codes: 0 done; 1 could not do it; 2 wrong usage or config; 3 done, but something needs a person."


@click.group(epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", "path", metavar="PATH", help="Configuration; default ./config.toml, /etc/mailgate/config.toml."
)
@click.option("-v", "--verbose", is_flag=True, help="Say on standard error what is being done.")
@click.version_option(__version__, prog_name="mailgate")
@click.pass_context
def cli(context: click.Context, path: str | None, verbose: bool) -> None:
    """The e-mail gateway of a Thai government office: receive register, receipt numbers, replies."""
    context.obj = Settings(path)
    level = logging.INFO if verbose or context.invoked_subcommand == "run" else logging.ERROR
    journal_log.setup(level)
    for noisy in ("aioimaplib", "aiosmtplib", "asyncio", "pymap", "mail.log"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)


for command in (
    setup.init,
    setup.demo,
    passwords.set_password,
    install.install_service,
    work.doctor,
    work.poll,
    work.run,
    status.status,
    work.verify,
    alarm.alarm,
    alarm.watch,
    backup.backup,
    backup.restore,
    calendar.calendar,
    letters.letter,
    letters.mail,
    outbox.outbox,
    decide.decide,
    dispatches.dispatch,
    switches.pause,
    switches.resume,
    switches.adopt,
):
    cli.add_command(command)
for command in (cases.register, cases.assign, cases.void):
    letters.letter.add_command(command)


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
