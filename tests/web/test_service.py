"""The website as it is run: a daemon and ``mailgate web`` as processes of their own, a browser, age; no mail server."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from weasyprint import HTML

from mailgate.edges import sealing
from mailgate.edges.sealing import KeyPair
from tests.e2e.daemon import Daemon
from tests.e2e.program import Program
from tests.servers.process import free_ports
from tests.servers.process import program as installed
from tests.web.visitor import services

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FACTS = "ผู้อำนวยการเรียกรับเงินค่าอาหารกลางวัน ๗๗๑๑"


class Web:
    """``mailgate web`` of an office, and the daemon it hands in at."""

    def __init__(self, folder: Path, program: Program | None = None, pair: KeyPair | None = None) -> None:
        self.pair = pair or sealing.new_key()
        self.office = program or self._office(folder)
        folder = self.office.folder
        (folder / "officer.key").write_text(self.pair.private + "\n", "ascii")
        [self.port] = free_ports(1)
        self.office.set("website", listen=f"127.0.0.1:{self.port}", desk=str(folder / "desk.sock"))
        self.daemon = Daemon(self.office)
        self.daemon.hears("READY=1")
        self._log = (folder / "web.log").open("w")
        command = [sys.executable, "-m", "mailgate", "--config", str(folder / "config.toml"), "web"]
        self._process = subprocess.Popen(command, stderr=self._log, stdout=self._log)
        self._wait()

    def _office(self, folder: Path) -> Program:
        """An office whose mail servers are away."""
        [nowhere] = free_ports(1)
        server = {"host": "127.0.0.1", "port": nowhere, "security": "none", "username": "office", "timeout": "1s"}
        values = {
            "office": {
                "name": "สำนักงานตัวอย่าง", "name_en": "Example Office", "address": "saraban@example.go.th",
                "clerk": {"name": "สารบรรณกลาง", "email": "clerk@example.go.th"},
            },
            "imap": server, "smtp": server, "registry": {"path": "registry.db", "archive": "archive"},
            "digests": {"to_clerk": [], "to_officers": []},
            "services": services(self.pair.public),
        }  # fmt: skip
        return Program(folder, values, "imap-secret-7")

    @classmethod
    @contextmanager
    def opened(cls, program: Program, pair: KeyPair) -> Iterator[Web]:
        """For an office that is there already."""
        made = cls(program.folder, program, pair)
        try:
            yield made
        finally:
            made.end()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def restart_daemon(self) -> None:
        self.daemon = Daemon(self.office)
        self.daemon.hears("READY=1")

    def stop_daemon(self) -> None:
        self.daemon.signal(signal.SIGKILL)
        self.daemon.__exit__(None, None, None)

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._log.close()
        self.daemon.__exit__(None, None, None)

    def _wait(self) -> None:
        for _ in range(200):
            try:
                httpx.get(f"{self.url}/healthz")
                return
            except httpx.TransportError:
                assert self._process.poll() is None, Path(self._log.name).read_text()
                time.sleep(0.05)
        raise AssertionError("mailgate web did not come up")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    made = Web(tmp_path_factory.mktemp("web"))
    yield made
    made.end()


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A telephone; with JavaScript and without, which makes no difference."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=request.param)
    made = context.new_page()
    problems: list[str] = []
    made.on("console", lambda m: None if "the server responded" in m.text else problems.append(m.text))
    made.on("request", lambda r: None if r.url.startswith(("http://127.0.0.1", "data:")) else problems.append(r.url))
    yield made
    assert problems == []
    context.close()


def complain(page: Page, web: Web, files: list[Path] | None = None) -> tuple[str, str]:
    """Fill the form in as a person does; receipt and passphrase."""
    page.goto(web.url)
    page.click("text=ร้องเรียนการทุจริต")
    page.get_by_label("เกิดอะไรขึ้น").fill(FACTS)
    if files:
        page.get_by_label("เอกสารหรือภาพถ่าย").set_input_files(files)
    page.get_by_role("button", name="ส่งเรื่อง").click()
    receipt = page.get_attribute("#receipt", "data-plain")
    assert receipt
    return receipt, page.inner_text("#passphrase-given")


def open_case(page: Page, web: Web, receipt: str, passphrase: str) -> None:
    page.goto(f"{web.url}/case")
    page.fill("#number", receipt)
    page.fill("#passphrase", passphrase)
    page.get_by_role("button", name="เปิดดู").click()


def test_a_complaint_its_answer_and_more_evidence(page: Page, web: Web, tmp_path: Path) -> None:
    evidence = tmp_path / "หลักฐาน.bin"
    evidence.write_bytes(b"\0canary7744\xff" * 5000)
    receipt, passphrase = complain(page, web, [evidence])
    answer = tmp_path / "answer.pdf"
    HTML(string="<p>answer</p>").write_pdf(answer)
    words = ("--text", "ขอทราบวันที่ ๗๗๒๒", "--file", str(answer))
    done = web.office("decide", receipt, "--result", "more-documents", *words, "--yes", "--json")
    assert done.code == 0, done.err
    open_case(page, web, receipt, passphrase)
    assert "ขอทราบวันที่ ๗๗๒๒" in page.inner_text("main")
    assert "เจ้าหน้าที่ขอข้อมูลเพิ่มเติม" in page.inner_text("main")
    with page.expect_download() as download:
        page.get_by_role("button", name="answer.pdf").click()
    assert Path(download.value.path()).read_bytes() == answer.read_bytes()
    page.get_by_label("ข้อความ").fill("วันที่ ๗๗๓๓")
    page.get_by_role("button", name="ส่งข้อมูลหรือเอกสารเพิ่มเติม").click()
    assert "ได้รับข้อมูลเพิ่มเติมแล้ว" in page.inner_text("main")
    shown = web.office("letter", "show", receipt, "--json").json
    assert (shown["channel"], shown["subject"], shown["reading"]) == ("website", "(ปกปิด)", "(ปกปิด)")
    assert len(shown["follow_ups"]) == 1
    assert web.office("verify").code == 0
    assert_sealed(web, [FACTS, "๗๗๒๒", "๗๗๓๓", "canary7744", passphrase, passphrase.replace("-", "")])


def assert_sealed(web: Web, secrets: list[str]) -> None:
    """Nothing of it is on the disk or in a log; age opens what the archive has, with the officer's key."""
    everything = {p: p.read_bytes() for p in web.office.folder.rglob("*") if p.is_file() and p.name != "officer.key"}
    for secret in secrets:
        for written in (secret.encode(), secret.encode("cp874", "ignore"), secret.encode("utf-16-le")):
            assert not [p for p, content in everything.items() if written in content]
    sealed = [
        p
        for p, content in everything.items()
        if content.startswith(b"age-encryption.org/v1") and "attach" not in str(p)
    ]
    assert len(sealed) >= 2
    age, opened = installed("age", "age"), []
    for path in sealed:
        command = [age, "-d", "-i", str(web.office.folder / "officer.key"), str(path)]
        opened.append(subprocess.run(command, capture_output=True, check=True).stdout)
    assert any(b"Content-Disposition: attachment" in mail for mail in opened)


def test_while_the_daemon_is_away_nothing_is_promised_and_the_form_can_be_sent_again(page: Page, web: Web) -> None:
    page.goto(f"{web.url}/form/corruption")
    page.fill("#facts", FACTS)
    web.stop_daemon()
    page.get_by_role("button", name="ส่งเรื่อง").click()
    assert "ยังไม่ได้รับเรื่อง" in page.inner_text("main")
    web.restart_daemon()
    page.go_back()
    if page.input_value("#facts") == "":  # a page that is not stored is fetched anew
        page.fill("#facts", FACTS)
    page.get_by_role("button", name="ส่งเรื่อง").click()
    assert re.fullmatch(r"\d+/\d{4}", page.get_attribute("#receipt", "data-plain") or "")


def test_a_thousand_files_get_a_page(browser: Browser, web: Web, tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.txt" for n in range(1000)]
    for file in files:
        file.write_bytes(b"x")
    page = browser.new_page()
    page.goto(f"{web.url}/form/corruption")
    page.fill("#facts", FACTS)
    page.set_input_files("#files", files)
    page.get_by_role("button", name="ส่งเรื่อง").click()
    assert "แนบไฟล์มากเกินกำหนด" in page.inner_text("main")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1200])
def test_everybody_can_use_it(browser: Browser, web: Web, width: int, scheme: str) -> None:
    context = browser.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    seen = [f"{web.url}{path}" for path in ("/", "/form/corruption", "/case", "/en/", "/en/form/transfer", "/en/case")]
    for url in seen:
        page.goto(url)
        assert_usable(page, width)
    page.goto(f"{web.url}/form/corruption")
    page.get_by_role("button", name="ส่งเรื่อง").click()  # with what is to be mended
    assert_usable(page, width)
    receipt, passphrase = complain(page, web)
    assert_usable(page, width)
    open_case(page, web, receipt, passphrase)
    assert_usable(page, width)
    open_case(page, web, receipt, "1" * 24)
    assert_usable(page, width)
    context.close()


def assert_usable(page: Page, width: int) -> None:
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_form_is_filled_in_by_keyboard_alone(browser: Browser, web: Web) -> None:
    page = browser.new_page()
    page.goto(f"{web.url}/form/corruption")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "facts":
            page.keyboard.type("facts")
        assert page.evaluate("document.activeElement.id") != "website"  # the trap is for programs
        if page.evaluate("document.activeElement.type") == "submit":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#receipt")
    page.close()


def test_it_leaves_when_told(tmp_path: Path) -> None:
    made = Web(tmp_path)
    began = time.monotonic()
    made.end()
    assert time.monotonic() - began < 10
    assert made._process.returncode in (0, -signal.SIGTERM)


def test_a_port_that_is_taken_is_told(web: Web) -> None:
    done = web.office("web")
    assert done.code == 1
    assert "cannot listen" in done.err


def test_without_a_form_it_says_so(web: Web, tmp_path: Path) -> None:
    values = web.office.values | {"services": [s for s in web.office.values["services"] if s["key"] == "none"]}
    done = Program(tmp_path, values, "x")("web")
    assert done.code == 2
    assert "channel" in done.err
