"""The pages in a real browser: layout on phone and desktop, dark, printed; axe-core; links, switch, keyboard."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from mailgate.edges.site import Site
from mailgate.jobs import publishing, status_pages
from tests import builders
from tests.public import conftest

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
PAGES = (
    "index.html",
    "en/index.html",
    "year-2568.html",
    "year-2569.html",
    "en/year-2568.html",
    "permissions-2568.html",
    "en/permissions-2569.html",
    "data.html",
    "en/data.html",
    "s",
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A web server like any other, before a site of two years; the address ends with a slash."""
    folder = tmp_path_factory.mktemp("served")
    base = "https://www.example.go.th/letters"
    with builders.office(conftest.config(folder, base_url=base)) as office:  # type: ignore[arg-type]
        conftest.fill(office, 300)
        directory = office.config.publish.directory
        assert directory
        publishing.publish(office, directory)
        assert status_pages.refresh(office) == 0
    handler = functools.partial(Quiet, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        status = next(p.name for p in Site(directory).status.glob("*.html") if len(p.stem) == 26)
        yield f"http://127.0.0.1:{server.server_port}/ {status}"
        server.shutdown()


def url(address: str, name: str) -> str:
    base, status = address.split()
    return f"{base}s/{status}" if name == "s" else f"{base}{name}"


def opened(browser: Browser, where: str, width: int, scheme: str = "light") -> tuple[Page, list[str]]:
    """A page and what the console and the network complained about."""
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("requestfailed", lambda request: problems.append(request.url))
    page.on("request", lambda r: None if r.url.startswith(("http://127.0.0.1", "data:")) else problems.append(r.url))
    response = page.goto(where)
    assert response is not None
    assert response.ok
    return page, problems


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 360, 1200])
def test_nothing_is_cut_off_and_nothing_complains(browser: Browser, address: str, name: str, width: int) -> None:
    page, problems = opened(browser, url(address, name), width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = "[...document.querySelectorAll('svg text')].filter(t => t.getBoundingClientRect().right > innerWidth).length"
    assert page.evaluate(cut) == 0
    small = "Math.min(...[...document.querySelectorAll('body *')].map(e => parseFloat(getComputedStyle(e).fontSize)))"
    assert page.evaluate(small) >= 12
    assert problems == []
    page.close()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, address: str, name: str, scheme: str) -> None:
    page, _ = opened(browser, url(address, name), 360, scheme)
    found = Axe().run(page, options=RULES)
    assert found.response["violations"] == [], found.generate_report()
    page.close()


@pytest.mark.parametrize("name", [n for n in PAGES if not n.startswith("en/") and n != "s"])
def test_the_switch_leads_to_the_same_page_in_the_other_language(browser: Browser, address: str, name: str) -> None:
    page, _ = opened(browser, url(address, name), 360)
    page.get_by_role("link", name="English").click()
    assert page.url == url(address, f"en/{name}")
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("link", name="ภาษาไทย").click()
    assert page.url == url(address, name)
    page.close()


def test_the_keyboard_reaches_content_and_tables(browser: Browser, address: str) -> None:
    page, _ = opened(browser, url(address, "year-2568.html"), 360)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "scroll"
    page.close()


def test_it_prints_with_every_column_and_without_the_menu(browser: Browser, address: str, tmp_path: Path) -> None:
    page, _ = opened(browser, url(address, "year-2568.html"), 1200)
    page.pdf(path=str(tmp_path / "page.pdf"), prefer_css_page_size=True)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})  # A4 less its margins
    wide = "[...document.querySelectorAll('table')].filter(t => t.getBoundingClientRect().right > innerWidth).length"
    assert page.evaluate(wide) == 0
    text = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True, check=True).stdout.decode()
    assert "จำแนกตามเรื่อง" in text.replace("ำ", "ำ")
    assert "English" not in text
    page.close()


def test_without_style_and_script_everything_is_still_read(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(url(address, "index.html"))
    assert "mailgate publish --check" in page.content()
    context.close()
