"""The ways an alarm takes: a program, a webhook, another mail server; and a paper one."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from typing import Protocol

from mailgate.edges.clock import Clock
from mailgate.edges.courier import Courier
from mailgate.errors import AlarmError, CourierError
from mailgate.model import Attempt, Verdict

SECONDS = 30.0
_LINE_LIMIT = 5000  # LINE Messaging API: characters of a text message
_MOST_ANSWER = 64 * 1024


class Way(Protocol):
    """One way to a person."""

    name: str

    async def send(self, subject: str, text: str) -> None:
        """Send now. Raises AlarmError, which says why it did not arrive."""
        ...


class PaperWay:
    """A way for tests: keeps what it is given; ``broken`` lets it refuse."""

    name = "paper"

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.broken = False

    async def send(self, subject: str, text: str) -> None:
        if self.broken:
            raise AlarmError("the paper is torn")
        self.sent.append((subject, text))


class Command:
    """A program: text on standard input, subject as last argument; never through a shell."""

    name = "command"

    def __init__(self, argv: Sequence[str]) -> None:
        self._argv = argv

    async def send(self, subject: str, text: str) -> None:
        await asyncio.to_thread(self._run, subject, text)

    def _run(self, subject: str, text: str) -> None:
        # No credential of ours is in its environment.
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        try:
            subprocess.run(  # noqa: S603 - the sysadmin's own command
                [*self._argv, subject],
                input=text.encode(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=True,
                timeout=SECONDS,
                env=environment,
            )
        except subprocess.CalledProcessError as e:
            raise AlarmError(f"{self._argv[0]} ended with {e.returncode}", "Run it by hand to see why") from None
        except (OSError, subprocess.SubprocessError) as e:
            raise AlarmError(f"{self._argv[0]} cannot be run: {type(e).__name__}", "Check [alarm] command") from None


class Webhook:
    """An HTTP POST in the style of ntfy, LINE's Messaging API or plain JSON; TLS is verified, no redirect followed."""

    name = "webhook"

    def __init__(self, url: str, style: str, to: str, token: Callable[[], str]) -> None:
        self._url, self._style, self._to, self._token = url, style, to, token

    async def send(self, subject: str, text: str) -> None:
        await asyncio.to_thread(self._post, subject, text)

    def _post(self, subject: str, text: str) -> None:
        body, headers = self._content(subject, text)
        if token := self._token():
            headers["Authorization"] = f"Bearer {token}"
        fetch(urllib.request.Request(self._url, data=body, headers=headers, method="POST"))  # noqa: S310 - checked

    def _content(self, subject: str, text: str) -> tuple[bytes, dict[str, str]]:
        if self._style == "ntfy":
            # ntfy reads titles by RFC 2047.
            title = Header(subject, "utf-8", maxlinelen=10_000).encode()
            return text.encode(), {"Title": title, "Priority": "high", "Tags": "warning"}
        if self._style == "line":
            message = {"type": "text", "text": f"{subject}\n{text}"[:_LINE_LIMIT]}
            document: dict[str, object] = {"to": self._to, "messages": [message]}
        else:
            document = {"subject": subject, "text": text}
        return json.dumps(document, ensure_ascii=False).encode(), {"Content-Type": "application/json"}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token is not carried to where a redirect points."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def fetch(request: urllib.request.Request) -> None:
    """One request, its answer thrown away. Raises AlarmError; the address, which may be secret, is not told."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(request, timeout=SECONDS) as answer:
            answer.read(_MOST_ANSWER)
    except urllib.error.HTTPError as e:
        e.close()
        hint = "Check the address and the credential alarm-token"
        raise AlarmError(f"{request.host} answered {e.code}", hint) from None
    except (OSError, ValueError) as e:
        raise AlarmError(f"{request.host} cannot be reached: {type(e).__name__}", "Check the address") from None


class Mail:
    """A mail through another server than that of the letters."""

    name = "mail"

    def __init__(self, courier: Courier, sender: str, to: Sequence[str], clock: Clock) -> None:
        self._courier, self._sender, self._to, self._clock = courier, sender, to, clock

    async def send(self, subject: str, text: str) -> None:
        try:
            await self._courier.ready()
            for address in self._to:
                await self._deliver(address, subject, text)
        except CourierError as e:
            raise AlarmError(e.what, "Check [alarm] smtp_host and its kin") from None
        finally:
            await self._courier.close()

    async def _deliver(self, address: str, subject: str, text: str) -> None:
        now = self._clock.now()
        mail = EmailMessage(SMTP.clone(cte_type="7bit"))
        mail["From"], mail["To"], mail["Subject"] = self._sender, address, subject
        mail["Date"], mail["Message-ID"] = format_datetime(now), make_msgid(domain=self._sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 5
        mail.set_content(text)
        attempt = Attempt(0, None, now, 1, self._sender, address, "", mail.as_bytes(), kind="alarm")
        outcome = await self._courier.deliver(attempt)
        if outcome.verdict is not Verdict.ACCEPTED:
            raise AlarmError(f"{address}: {outcome.stage} {outcome.code} {outcome.text}")
