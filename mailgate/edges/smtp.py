"""Sends over SMTP and tells "not sent" from "may have been sent" (law 4).

The dialogue is driven step by step: aiosmtplib's own send calls do not say whether a line was lost before or after the
final dot. One recipient per transaction; the connection is reused.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import suppress

import aiosmtplib

from mailgate.config_servers import Smtp
from mailgate.edges.points import point
from mailgate.edges.secrets import Secret
from mailgate.edges.tls import client_context, explain
from mailgate.errors import ConfigError, CourierError
from mailgate.model import Attempt, Outcome, Verdict

FINAL_DOT_SECONDS = 600.0  # RFC 5321 4.5.3.2.6: a shorter wait delivers mail twice
_ONE_ADDRESS = re.compile(r"[^\x00-\x20\x7f-\xa0\s<>()\[\],;:\\\"@]{1,64}@[A-Za-z0-9.-]{1,253}\Z")


class SmtpCourier:
    """One connection to the configured server, opened when needed."""

    def __init__(self, settings: Smtp, secret: Secret, dot_seconds: float = FINAL_DOT_SECONDS) -> None:
        self._settings = settings
        self._secret = secret
        self._dot_seconds = dot_seconds
        self._client: aiosmtplib.SMTP | None = None
        self.at_final_dot = False

    async def ready(self) -> None:
        if self._client is not None and self._client.is_connected:
            return
        s = self._settings
        where = f"the SMTP server {s.host}:{s.real_port}"
        try:
            secret = await asyncio.to_thread(self._secret) if s.username else ""
            self._client = self._make_client()
            await self._client.connect()
            if self._client.last_ehlo_response is None:
                await self._client.ehlo()  # what it offers decides what is asked for
            await self._log_in(self._client, secret)
        except ConfigError as e:
            raise CourierError(e.what, e.hint) from None
        except aiosmtplib.SMTPAuthenticationError as e:
            await self.close()
            raise CourierError(
                f"{where} refuses the login of {s.username} ({e.code})", "Check [smtp] username and password"
            ) from None
        except aiosmtplib.SMTPNotSupported as e:
            await self.close()
            raise CourierError(f"{where} lacks what is needed: {e}", "Check [smtp] security and username") from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, UnicodeError) as e:
            await self.close()
            what, hint = _explained(e)
            raise CourierError(f"cannot use {where}: {what}", hint or "Check [smtp] host, port and security") from None

    async def deliver(self, attempt: Attempt) -> Outcome:
        client = self._client
        if client is None:
            return Outcome(Verdict.LATER, "connect", 0, "not connected")
        stage, self.at_final_dot = ["mail"], False
        try:
            refused = _unsendable(attempt, client)
            return refused or await self._transaction(client, attempt, stage)
        except aiosmtplib.SMTPResponseException as e:
            # The server answered, so the dialogue is in step; 421 means it is about to close (RFC 5321 3.8).
            meant = 400 <= e.code < 600
            if not meant or e.code == 421 or not await self._reset(client):
                client.close()
            if not meant:
                return Outcome(_lost(stage[0]), stage[0], 0, f"no answer of SMTP: {e.code} {_line(e.message)}")
            verdict = Verdict.REFUSED if e.code >= 500 else Verdict.LATER
            return Outcome(verdict, stage[0], e.code, _line(e.message))
        except ValueError:  # aiosmtplib will not write such an address or option
            client.close()
            return Outcome(Verdict.REFUSED, "gateway", 0, "the address cannot be sent to")
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as e:
            client.close()
            return Outcome(_lost(stage[0]), stage[0], 0, f"connection lost ({type(e).__name__})")
        except BaseException:
            client.close()  # cancelled: aiosmtplib would give the next message this one's answer
            raise

    @property
    def usable(self) -> bool:
        return self._client is not None and self._client.is_connected

    @property
    def takes_utf8(self) -> bool:
        return self._client is not None and self._client.supports_extension("smtputf8")

    async def close(self) -> None:
        """Leave; what QUIT brings changes nothing about mails already answered."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
                if client.is_connected:
                    await client.quit(timeout=min(2.0, self._settings.timeout.total_seconds()))
            client.close()

    def _make_client(self) -> aiosmtplib.SMTP:
        s = self._settings
        return aiosmtplib.SMTP(
            hostname=s.host,
            port=s.real_port,
            timeout=s.timeout.total_seconds(),
            use_tls=s.security == "tls",
            start_tls=s.security == "starttls",  # never None: that would go on in clear text
            tls_context=client_context(s.ca_file) if s.security != "none" else None,
            local_hostname=s.local_hostname or "localhost",  # else a DNS lookup of our own name
        )

    async def _log_in(self, client: aiosmtplib.SMTP, secret: str) -> None:
        s = self._settings
        if not s.username:
            return
        if s.xoauth2:
            await client.auth_xoauth2(s.username, secret)
        else:
            await client.login(s.username, secret)

    async def _transaction(self, client: aiosmtplib.SMTP, attempt: Attempt, stage: list[str]) -> Outcome:
        """MAIL, RCPT, DATA, body, dot. ``stage`` tells the caller how far it came."""
        mail_options, rcpt_options = _options(attempt, client)
        encoding = "utf-8" if _needs_utf8(attempt) else "ascii"
        point("smtp.mail")
        await client.mail(attempt.sender, options=mail_options, encoding=encoding)
        stage[0] = "rcpt"
        point("smtp.rcpt")
        await client.rcpt(attempt.recipient, options=rcpt_options, encoding=encoding)
        stage[0] = "data"
        point("smtp.data")
        go_ahead = await client.execute_command(b"DATA")
        if go_ahead.code != 354:
            raise aiosmtplib.SMTPDataError(go_ahead.code, go_ahead.message)
        await self._body(client, attempt.raw)
        stage[0] = "dot"
        answer = await self._dot(client)
        if not 200 <= answer.code < 300:
            raise aiosmtplib.SMTPDataError(answer.code, answer.message)
        return Outcome(Verdict.ACCEPTED, "dot", answer.code, _line(answer.message))

    async def _body(self, client: aiosmtplib.SMTP, raw: bytes) -> None:
        protocol = _protocol(client)
        protocol._response_pending = True  # an answer may come before the end of the body
        protocol.write(_stuffed(raw))
        async with asyncio.timeout(self._settings.timeout.total_seconds()):
            await protocol._drain_helper()
        await asyncio.sleep(0)  # a loss the transport knows of by now is a loss before the dot: provably not sent
        if not client.is_connected:
            raise aiosmtplib.SMTPServerDisconnected("lost in the body")

    async def _dot(self, client: aiosmtplib.SMTP) -> aiosmtplib.SMTPResponse:
        protocol = _protocol(client)
        point("smtp.dot")
        self.at_final_dot = True
        protocol.write(b".\r\n")
        answer = await protocol.read_response(timeout=self._dot_seconds)
        self.at_final_dot = False
        point("smtp.answered")
        return answer

    async def _reset(self, client: aiosmtplib.SMTP) -> bool:
        try:
            return (await client.rset()).code == 250
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            return False


def _stuffed(raw: bytes) -> bytes:
    """A dot before each line that begins with one (RFC 5321 4.5.2), and a line end at the end."""
    stuffed = raw.replace(b"\n.", b"\n..")
    begin, end = b"." if raw.startswith(b".") else b"", b"" if raw.endswith(b"\r\n") else b"\r\n"
    return b"".join((begin, stuffed, end)) if begin or end else stuffed


def _dotted(raw: bytes) -> bytes:
    """RFC 5321 4.5.2: a line that begins with a dot gets another. A regular expression takes six times as long."""
    rest = raw.replace(b"\n.", b"\n..")
    return b"." + rest if raw.startswith(b".") else rest


def _lost(stage: str) -> Verdict:
    """After the dot the mail may have been taken; before it, it was provably not."""
    return Verdict.UNSURE if stage == "dot" else Verdict.LATER


def _protocol(client: aiosmtplib.SMTP) -> aiosmtplib.protocol.SMTPProtocol:
    if client.protocol is None:
        raise aiosmtplib.SMTPServerDisconnected("not connected")
    return client.protocol


def _options(attempt: Attempt, client: aiosmtplib.SMTP) -> tuple[list[str], list[str]]:
    """SIZE, SMTPUTF8 and DSN parameters, only where the server offers them (RFC 1870, 6531, 6152, 3461)."""
    mail = [f"SIZE={len(attempt.raw)}"] if client.supports_extension("size") else []
    rcpt: list[str] = []
    if _needs_utf8(attempt):
        mail.append("SMTPUTF8")
    if not attempt.raw.isascii():
        mail.append("BODY=8BITMIME")  # RFC 6152
    if client.supports_extension("dsn") and attempt.sender:
        mail += ["RET=HDRS", f"ENVID={xtext(attempt.envid)}"]
        # RFC 3834 3.3 recommends NOTIFY=NEVER for replies; the office must learn that a citizen was not reached, and
        # of a decision also that it was delivered: that is the proof of service.
        rcpt.append("NOTIFY=SUCCESS,FAILURE,DELAY" if attempt.kind == "decision" else "NOTIFY=FAILURE")
        if attempt.recipient.isascii():
            rcpt.append(f"ORCPT=rfc822;{xtext(attempt.recipient)}")
    return mail, rcpt


def _needs_utf8(attempt: Attempt) -> bool:
    return not (attempt.sender + attempt.recipient).isascii()


def xtext(text: str) -> str:
    """RFC 3461 4: printable ASCII but "+", "=" and brackets as they are, the rest as +XX."""
    return "".join(c if "!" <= c <= "~" and c not in "+=<>" else f"+{ord(c):02X}" for c in text)


def _unsendable(attempt: Attempt, client: aiosmtplib.SMTP) -> Outcome | None:
    """What must not reach aiosmtplib, which repairs addresses silently, or a server that cannot take it."""
    if not _ONE_ADDRESS.match(attempt.recipient) or not _ONE_ADDRESS.match(attempt.sender or "null@path"):
        return Outcome(Verdict.REFUSED, "gateway", 0, "the address cannot be sent to")
    if _needs_utf8(attempt) and not client.supports_extension("smtputf8"):
        return Outcome(Verdict.REFUSED, "gateway", 0, "the address needs SMTPUTF8, which the server does not offer")
    if not attempt.raw.isascii() and not client.supports_extension("8bitmime"):
        return Outcome(Verdict.REFUSED, "gateway", 0, "the mail has 8-bit text, which the server does not take")
    return None


def _line(message: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in message).split())[:500]


def _explained(error: BaseException) -> tuple[str, str]:
    cause = error.__cause__ or error
    if isinstance(cause, (ssl.SSLError, OSError)) and not isinstance(cause, aiosmtplib.SMTPException):
        return explain(cause)
    return _line(str(error)), ""
