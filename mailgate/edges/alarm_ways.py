"""The ways an alarm takes: a program, a webhook, another mail server; and a paper one."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from functools import partial
from types import MappingProxyType
from typing import Protocol

from mailgate.edges.clock import Clock
from mailgate.edges.courier import Courier
from mailgate.edges.detached import detached
from mailgate.errors import AlarmError, CourierError
from mailgate.model import Attempt, Verdict

SECONDS = 30.0  # of each way
LONGEST = SECONDS + 2.0  # leaves room to say what took so long
_LINE_LIMIT = 5000  # LINE Messaging API: characters of a text message

Facts = Mapping[str, object]  # what a program that reads JSON is told beside the text
_NO_FACTS: Facts = MappingProxyType({})


class Way(Protocol):
    """One way to a person."""

    name: str

    async def send(self, subject: str, text: str, facts: Facts = _NO_FACTS) -> None:
        """Send now. Raises AlarmError, which says why it did not arrive, or TimeoutError."""
        ...


class PaperWay:
    """A way for tests: keeps what it is given; ``broken`` lets it refuse."""

    name = "paper"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.facts: list[Facts] = []
        self.broken = False

    async def send(self, subject: str, text: str, facts: Facts = _NO_FACTS) -> None:
        if self.broken:
            raise AlarmError("the paper is torn")
        self.sent.append((subject, text))
        self.facts.append(facts)


class Command:
    """A program: text on standard input, subject as last argument; never through a shell."""

    name = "command"

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = argv

    async def send(self, subject: str, text: str, facts: Facts = _NO_FACTS) -> None:
        await detached(partial(self._run, subject, text), LONGEST)

    def _run(self, subject: str, text: str) -> None:
        # No credential of ours is in its environment.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        try:
            with subprocess.Popen(  # noqa: S603 - the sysadmin's own command
                [*self._argv, subject],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            ) as process:
                code = _fed(process, text.encode())
        except subprocess.TimeoutExpired:
            hint = "It was ended; run it by hand to see why"
            raise AlarmError(f"{self._argv[0]} took more than {SECONDS:g} seconds", hint) from None
        except OSError as e:
            raise AlarmError(f"{self._argv[0]} cannot be run: {e.strerror}", "Check [alarm] command") from None
        if code:
            raise AlarmError(f"{self._argv[0]} ended with {code}", "Run it by hand to see why")


def _fed(process: subprocess.Popen[bytes], text: bytes) -> int:
    """Its exit code. Raises TimeoutExpired, and then it and whatever it started are ended."""
    try:
        process.communicate(text, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return process.returncode


class Webhook:
    """An HTTP POST in the style of ntfy, LINE's Messaging API or plain JSON; TLS is verified, no redirect followed."""

    name = "webhook"

    def __init__(self, url: str, style: str, to: str, token: Callable[[], str]) -> None:
        self._url, self._style, self._to, self._token = url, style, to, token

    async def send(self, subject: str, text: str, facts: Facts = _NO_FACTS) -> None:
        await detached(partial(self._post, subject, text, facts), LONGEST)

    def _post(self, subject: str, text: str, facts: Facts) -> None:
        body, headers = self._content(subject, text, facts)
        if token := self._token():
            headers["Authorization"] = f"Bearer {token}"
        fetch(urllib.request.Request(self._url, data=body, headers=headers, method="POST"))  # noqa: S310 - checked

    def _content(self, subject: str, text: str, facts: Facts) -> tuple[bytes, dict[str, str]]:
        if self._style == "ntfy":
            # ntfy reads titles by RFC 2047.
            title = Header(subject, "utf-8", maxlinelen=10_000).encode()
            return text.encode(), {"Title": title, "Priority": "high", "Tags": "warning"}
        if self._style == "line":
            message = {"type": "text", "text": f"{subject}\n{text}"[:_LINE_LIMIT]}
            document: dict[str, object] = {"to": self._to, "messages": [message]}
        else:
            document = {"subject": subject, "text": text} | dict(facts)
        return json.dumps(document, ensure_ascii=False).encode(), {"Content-Type": "application/json"}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is not carried to where a redirect points."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def fetch(request: urllib.request.Request) -> None:
    """One request; of its answer only the status is read. Raises AlarmError, which keeps the address secret."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        opener.open(request, timeout=SECONDS).close()
    except urllib.error.HTTPError as e:
        e.close()
        hint = "Check the address and the credential alarm-token"
        raise AlarmError(f"{request.host} answered {e.code}", hint) from None
    except (OSError, ValueError, http.client.HTTPException) as e:  # the last: an answer that is no HTTP
        raise AlarmError(f"{request.host} cannot be reached: {type(e).__name__}", "Check the address") from None


class Mail:
    """A mail to one address through another server than that of the letters."""

    def __init__(self, courier: Courier, sender: str, to: str, clock: Clock) -> None:
        self._courier, self._sender, self._to, self._clock = courier, sender, to, clock
        self.name = f"mail {to}"

    async def send(self, subject: str, text: str, facts: Facts = _NO_FACTS) -> None:
        try:
            await self._courier.ready()
            await self._deliver(subject, text)
        except CourierError as e:
            raise AlarmError(e.what, "Check [alarm] smtp_host and its kin") from None
        finally:
            await self._courier.close()

    async def _deliver(self, subject: str, text: str) -> None:
        now = self._clock.now()
        mail = EmailMessage(SMTP.clone(cte_type="7bit"))
        mail["From"], mail["To"], mail["Subject"] = self._sender, self._to, subject
        mail["Date"], mail["Message-ID"] = format_datetime(now), make_msgid(domain=self._sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 5
        mail.set_content(text)
        attempt = Attempt(0, None, now, 1, self._sender, self._to, "", mail.as_bytes(), kind="alarm")
        outcome = await self._courier.deliver(attempt)
        if outcome.verdict is not Verdict.ACCEPTED:
            raise AlarmError(f"{self._to}: {outcome.stage} {outcome.code} {outcome.text}")
