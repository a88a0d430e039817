"""HTML becomes what a person would read of it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.mime.bodytext import MAX_HTML
from mailgate.core.mime.htmlguard import crude, tame
from mailgate.core.mime.htmltext import text_of, without_data


def text(source: str) -> str:
    return text_of(source, [])


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("<p>หนึ่ง</p><p>สอง</p>", "หนึ่ง\n\nสอง"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb"),
        ("a   b\n c", "a b c"),
        ("<ul><li>a<li>b</ul>", "- a\n- b"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>", "a | b\nc | d"),
        ("<table><tr><td><p>a</p></td><td><p>b</p></td></tr></table>", "a | b"),
        ("<table><tr><td><table><tr><td>a<td>b</table><td></table>", "a | b"),
        ("<table><tr><td><p>a</p><p>b</p></td></tr></table>", "a\nb"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<blockquote type=cite>a<br>b</blockquote>c", "> a\n> b\n\nc"),
        ("<blockquote>indented</blockquote>", "indented"),
        ('<div class="gmail_quote"><blockquote class="gmail_quote">a</blockquote></div>', "> a"),
        ("&lt;b&gt; &amp;&nbsp;&#3585;&#xe01;", "<b> & กก"),
        ("<h1>a</h1>b", "a\n\nb"),
        ("", ""),
        ("<", "<"),
        ("plain", "plain"),
    ],
)
def test_blocks(source: str, wanted: str) -> None:
    assert text(source) == wanted


@pytest.mark.parametrize(
    "hidden",
    [
        '<div style="display:none">X</div>',
        '<div style="DISPLAY : none !important">X</div>',
        '<div style="display:/**/none">X</div>',
        "<div hidden>X</div>",
        '<div style="visibility:hidden">X</div>',
        '<span style="font-size:0">X</span>',
        '<span style="font-size:0px;line-height:0">X</span>',
        '<span style="font-size:1px">X</span>',
        '<span style="font:0/0 a">X</span>',
        '<span style="color:#fff">X</span>',
        '<span style="color:white">X</span>',
        '<font color="#FFFFFF">X</font>',
        '<span style="color:rgb(255,255,254)">X</span>',
        '<span style="color:rgba(0,0,0,0)">X</span>',
        '<span style="color:transparent">X</span>',
        '<div style="background:#000"><span style="color:black">X</span></div>',
        '<table><tr><td bgcolor="#fefefe"><font color=white>X</font></td></tr></table>',
        '<div style="opacity:0">X</div>',
        '<div style="max-height:0;overflow:hidden">X</div>',
        '<div style="mso-hide:all">X</div>',
        "<script>X</script>",
        "<style>X</style>",
        "<head><title>X</title></head>",
        "<template>X</template>",
        "<!-- X -->",
        "<!--[if mso]>X<![endif]-->",
        "<iframe>X</iframe>",
        '<img alt="X" src="http://tracker.example/1.gif">',
        '<div style="display:none"><div style="display:block">X</div></div>',
    ],
)
def test_what_nobody_sees_is_not_read(hidden: str) -> None:
    assert "X" not in text(f"<p>a</p>{hidden}<p>b</p>")
    assert text(f"<p>a</p>{hidden}<p>b</p>").replace("\n", "") == "ab"


@pytest.mark.parametrize(
    "shown",
    [
        '<div style="font-size:0"><span style="font-size:14px">X</span></div>',
        '<div style="visibility:hidden"><b style="visibility:visible">X</b></div>',
        '<div style="background-color:#1a73e8;color:#fff">X</div>',
        '<table><tr><td bgcolor="navy"><font color="white">X</font></td></tr></table>',
        '<div style="background:url(a.png)"><span style="color:white">X</span></div>',
        '<div style="color:#fff"><span style="color:red">X</span></div>',
        '<div style="max-height:0">X</div>',
        '<div style="font-size:small">X</div>',
        '<div style="font-size:11.0pt">X</div>',
        "<noscript>X</noscript>",
        "<object data=x>X</object>",
        "<p style='color:red' style='display:none'>X</p>",
        "<p title='style=\"display:none\"'>X</p>",
        "<p don't style=color:red>X</p>",
        "<o:p>X</o:p>",
    ],
)
def test_what_is_seen_is_read(shown: str) -> None:
    assert text(f"<p>a</p>{shown}") == "a\n\nX"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ('<a href="https://forms.gle/abc">คลิก</a>', "คลิก <https://forms.gle/abc>"),
        ('<a href="http://evil.test/x">https://www.bank.co.th</a>', "https://www.bank.co.th <http://evil.test/x>"),
        ('<a href="http://bank.co/x">bank.co.th</a>', "bank.co.th <http://bank.co/x>"),
        ('<a href="https://www.bank.co.th/long?x=1">bank.co.th</a>', "bank.co.th"),
        ('<a href="http://bank.co.th@evil.test/">bank.co.th</a>', "bank.co.th <http://bank.co.th@evil.test/>"),
        ('<a href="http:\\\\evil.test">bank.co.th</a>', "bank.co.th <http:\\\\evil.test>"),
        ('<a href=" ht\ntp://evil.test ">x</a>', "x <http://evil.test>"),
        ('<a href="mailto:a@b.go.th?subject=x">เขียนถึงเรา</a>', "เขียนถึงเรา <a@b.go.th>"),
        ('<a href="mailto:a@b.go.th">a@b.go.th</a>', "a@b.go.th"),
        ('<a href="javascript:alert(1)">x</a>', "x"),
        ('<a href="data:text/html,x">x</a>', "x"),
        ('<a href="#top">x</a>', "x"),
        ('<a href="https://a.test"><img src=x></a>', "<https://a.test>"),
        ("<a>x</a>", "x"),
    ],
)
def test_links_show_where_they_lead(source: str, wanted: str) -> None:
    assert text(source) == wanted


BOMBS = {
    "divs": "<div>x" * 20_000,
    "lists": "<ul><li>x" * 20_000,
    "tables": "<table><tr><td>x" * 20_000,
    "formatting": "<b>" * 200_000,
    "repeated": "<p>" + "".join(f"<font size={n}>" for n in range(1000)) + "<p>x" * 50_000,
    "attributes": "<p " + " ".join(f"a{n}=1" for n in range(50_000)) + ">x",
    "comments": "<!--" * 300_000,
    "scripts": "<script>" * 200_000,
    "entities": "&amp;" * 300_000,
    "styles": '<p style="' + "/*" * 500 + '">x</p>' * 2000,
    "quotes": "<blockquote type=cite>x" * 5000,
    "breaks": "<br>" * 400_000,
    "links": "<a href=http://x.test>y" * 60_000,
    "cells": "<table><tr>" + "<td>a" * 300_000,
    "colours": '<i style="color:#fff">x</i>' * 50_000,
    "spaces": "<p>" + " " * 1_400_000,
    "less than": "<" * 1_400_000,
    "quoted attributes": "<p " + " ".join(f'a{n}=">"' for n in range(60_000)) + ">x",
    "less in attributes": "<p " + " ".join(f'a{n}="<"' for n in range(60_000)) + ">x",
    "open quotes": "<p a='" * 100_000 + '<p a="' * 50_000,
    "kept attributes": "<p " + "style=a " * 100_000 + ">x",
    "options": "<select>" + "<option>x" * 90_000,
    "misnested": "<b style=x><p></b>" * 50_000,
    "fonts": "<p>" + "<font color=red>" * 60 + "<p>x" * 7000,
    "ends": "<i style=x>" * 5000 + "</u>" * 200_000,
    "starts": "<span style=x>" * 5000 + "<i style=x></i>" * 50_000,
    "declarations": "<!" * 500_000,
    "ends of nothing": "</ " * 400_000,
    "rows in rows": "<table><tr><td><b>" * 40 + "<p>x" * 100_000,
    "image": '<p><img src="data:image/png;base64,' + "A" * 1_000_000 + '">x',
}


@pytest.mark.parametrize("source", BOMBS.values(), ids=BOMBS)
def test_bombs_are_read_in_bounded_time(source: str) -> None:
    start = time.perf_counter()
    text(source[:MAX_HTML])
    assert time.perf_counter() - start < 1.5


def test_an_image_in_the_page_is_not_in_the_way() -> None:
    assert text(without_data(BOMBS["image"])) == "x"


def test_the_plain_way_leaves_out_what_is_silent_and_nothing_else() -> None:
    source = "a<script>X</script>b<!-- X -->c<STYLE>X</STYLE >d<script>e<p>f&lt;g"
    assert "".join(crude(source).split()) == "abcdef<g"


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a < b <3 <é", "a &lt; b &lt;3 &lt;é"),
        ('<P Style=\'x:"y"\' ID=z onclick="evil()">', '<p style="x:&quot;y&quot;">'),
        ("<b>x</b><b style=y>z</b></b>", 'x<b style="y">z</b>'),
        ("<o:p>x</o:p><select><option>1</select>", "x<div>1"),
        ("a<!-- <p> -->b<!-->c<!--->d<![if x]>e<?php x?>f</ >g", "abcdefg"),
        ("<script>a</scripty></script >b", "b"),
        ("<a href=x/y>z", '<a href="x/y">z'),
        ("<a href='x>y'>z", '<a href="x>y">z'),
        ("<p", "<p>"),
        ('<p a="', "<p>"),
    ],
)
def test_tags_are_rewritten(source: str, wanted: str) -> None:
    assert tame(source) == wanted


def test_intricate_pages_are_noticed() -> None:
    assert tame("<p>x" * 10_000) == "<p>x" * 10_000
    assert tame(BOMBS["divs"]) is None
    limits: list[str] = []
    assert "x" in text_of(BOMBS["divs"], limits)
    assert limits


@given(st.text(alphabet=st.sampled_from("<>/ \"'=abpdivtrl&;!-#ก0\n"), max_size=200))
def test_nothing_is_too_broken(source: str) -> None:
    text(source)
    crude(source)
