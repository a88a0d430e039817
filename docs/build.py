"""The clerk's guide as a page and a PDF, from docs/clerk.th.md: ``python -m docs.build``.

Pictures are inside the files (``docs/pictures.py`` draws them), so that each can be mailed on and read alone.
"""

from __future__ import annotations

import base64
import re
from pathlib import Path

from markdown_it import MarkdownIt
from weasyprint import HTML

from mailgate.edges.durable import replace_file
from mailgate.edges.pdf_words import held

FOLDER = Path(__file__).parent
SOURCE = FOLDER / "clerk.th.md"
_PICTURE = re.compile(r'src="(pictures/[a-z-]+\.png)"')
_PAGE = """<!doctype html>
<html lang="th">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 18mm 16mm; @bottom-center {{
  content: "หน้า " counter(page, thai) " จาก " counter(pages, thai); font: 10pt Laksaman, sans-serif }} }}
body {{ font: 13pt/1.45 Laksaman, Sarabun, sans-serif; color: #111; max-width: 46rem; margin: 0 auto }}
h1 {{ font-size: 20pt; text-align: center; line-height: 1.3 }}
h2 {{ font-size: 17pt; margin: 1.4em 0 .3em; border-bottom: 1pt solid #1f3a5f; color: #1f3a5f; break-after: avoid }}
h3 {{ font-size: 14pt; margin: 1em 0 .2em; break-after: avoid }}
table {{ border-collapse: collapse; width: 100%; margin: .5em 0 }}
th, td {{ border: .5pt solid #777; padding: .15em .4em; vertical-align: top; text-align: left }}
th {{ background: #eef3f8 }}
tr {{ break-inside: avoid }}
code {{ font: .82em 'DejaVu Sans Mono', Laksaman, monospace; background: #f2f2f2; overflow-wrap: anywhere }}
pre {{ background: #f2f2f2; padding: .4em .6em; white-space: pre-wrap; break-inside: avoid }}
img {{ max-width: 100%; max-height: 150mm; border: .5pt solid #999; display: block; margin: .3em auto }}
figure {{ margin: .8em 0; break-inside: avoid }}
figcaption {{ text-align: center; font-size: 11pt; color: #444 }}
blockquote {{ margin: .5em 0; padding: .2em .8em; border-left: 3pt solid #b3261e; background: #fdf3f2 }}
@media screen {{ body {{ padding: 1rem }} table {{ display: block; overflow-x: auto }} }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def main() -> int:
    html = page(SOURCE.read_text("utf-8"))
    replace_file(SOURCE.with_suffix(".html"), html.encode())
    replace_file(SOURCE.with_suffix(".pdf"), HTML(string=held(html)).write_pdf() or b"")
    return 0


def page(source: str) -> str:
    """The guide as one HTML page with its pictures in it."""
    body = MarkdownIt("commonmark").enable("table").render(source)
    # A picture that stands alone in a paragraph has its words below it.
    body = re.sub(
        r'<p>(<img src="[^"]+" alt="([^"]+)" />)</p>', r"<figure>\1<figcaption>\2</figcaption></figure>", body
    )
    title = source.partition("\n")[0].removeprefix("# ")
    return _PAGE.format(title=title, body=_PICTURE.sub(_embedded, body))


def _embedded(found: re.Match[str]) -> str:
    data = base64.b64encode((FOLDER / found[1]).read_bytes()).decode()
    return f'src="data:image/png;base64,{data}"'


if __name__ == "__main__":
    raise SystemExit(main())
