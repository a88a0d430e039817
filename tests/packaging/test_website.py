"""The website under a real systemd: a user of its own, a socket of systemd's, and nothing else of mailgate's."""

from __future__ import annotations

import json

import pytest

from mailgate.edges import sealing
from tests.packaging.office import ServiceOffice
from tests.web.visitor import services

pytestmark = pytest.mark.timeout(120, func_only=True)
PYTHON = "/usr/lib/mailgate/bin/python"
# What a browser does: fetch the form, bring cookie and token back.
VISIT = r"""
import http.client, re, html
def ask(method, path, body=None, headers={}):
    line = http.client.HTTPConnection("127.0.0.1", 8025, timeout=30)
    line.request(method, path, body, headers)
    answer = line.getresponse()
    return answer.getheader("set-cookie") or "", answer.read().decode()
cookie, page = ask("GET", "/form/corruption")
token = html.unescape(re.search('name="token" value="([^"]*)"', page)[1])
fields = {"token": token, "facts": "เรียกรับเงิน"}
parts = [f'--b\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()]
kind = {"Content-Type": "multipart/form-data; boundary=b", "Cookie": cookie.partition(";")[0]}
page = ask("POST", "/form/corruption", "".join([*parts, "--b--\r\n"]).encode(), kind)[1]
print(re.search('data-plain="([^"]*)"', page)[1])
"""


@pytest.fixture
def website(office: ServiceOffice) -> ServiceOffice:
    """An office with a complaint form, started as the guide says."""
    office._program.values["services"] = services(sealing.new_key().public)
    office.set("website", desk="/run/mailgate/desk.sock")
    for unit in ("mailgate-desk.socket", "mailgate", "mailgate-web"):
        office.machine("systemctl", "start", unit)
    office.machine.wait(PYTHON, "-c", "import socket; socket.create_connection(('127.0.0.1', 8025)).close()")
    return office


def test_a_complaint_is_registered_through_the_socket(website: ServiceOffice) -> None:
    machine = website.machine
    assert machine(PYTHON, "-c", VISIT).strip() == "1/2569"
    [letter] = json.loads(machine("mailgate", "letter", "list", "--json"))
    assert (letter["channel"], letter["subject"]) == ("website", "(ปกปิด)")
    assert machine.show("mailgate-web", "ActiveState", "NRestarts") == {"ActiveState": "active", "NRestarts": "0"}
    machine("systemctl", "restart", "mailgate")
    assert machine(PYTHON, "-c", VISIT).strip() == "2/2569"
    assert "เรียกรับเงิน" not in machine.journal()
    assert "127.0.0.1" not in machine("journalctl", "--unit=mailgate-web", "--output=cat").replace(
        "mailgate web: http://127.0.0.1:8025/", ""
    )


def test_its_user_can_read_nothing_and_reach_nobody(website: ServiceOffice) -> None:
    machine = website.machine
    pid = machine.show("mailgate-web", "MainPID")["MainPID"]
    status = dict(line.split(":\t", 1) for line in machine("cat", f"/proc/{pid}/status").splitlines() if ":\t" in line)
    assert (status["CapEff"], status["NoNewPrivs"], status["Seccomp"]) == ("0" * 16, "1", "2")
    assert machine("stat", "--format=%U", f"/proc/{pid}").strip() == "mailgate-web"
    for closed in ("/var/lib/mailgate", "/etc/mailgate/credentials"):
        assert machine.run("runuser", "--user=mailgate-web", "--", "ls", closed).returncode != 0
    assert "0.0.0.0/0" in machine("systemctl", "show", "mailgate-web", "--property=IPAddressDeny")


def test_it_ends_when_told(website: ServiceOffice) -> None:
    website.machine("systemctl", "stop", "mailgate-web")
    assert website.machine.show("mailgate-web", "ActiveState", "Result") == {
        "ActiveState": "inactive",
        "Result": "success",
    }
