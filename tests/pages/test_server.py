"""What goes around Streamlit: its page in the right language, with strict headers."""

import asyncio
import base64
import hashlib
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest

from pages._frame import server

PAGE = b'<!doctype html><html lang="en"><script>go()</script></html>'


def ask(query="", kind="text/html; charset=utf-8", **headers):
    """Ask the shell around an application that answers with PAGE."""
    seen, sent = {}, []

    async def page(scope, receive, send):
        seen.update(scope)
        length = str(len(PAGE)).encode()
        start = {"type": "http.response.start", "status": 200}
        told = [(b"content-length", length), (b"content-type", kind.encode())]
        await send({**start, "headers": told})
        await send({"type": "http.response.body", "body": PAGE})

    async def send(message):
        sent.append(message)

    given = [
        (name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()
    ]
    scope = {"type": "http", "query_string": query.encode(), "headers": given}
    # A browser under test leaves its own loop running in this thread.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, server.Shell(page)(scope, None, send)).result()
    answer = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return answer, sent[1]["body"], dict(seen["headers"])


@pytest.mark.parametrize(
    ("query", "accepted", "lang"),
    [
        ("lang=zh_CN", "en-US", "zh-CN"),
        ("lang=en", "zh-CN", "en"),
        ("", "zh-TW,en;q=0.5", "zh-CN"),
        ("", "de", "en"),
        ("lang=%22%3E%3Cscript%3E", "zh-CN", "en"),
    ],
)
def test_the_page_says_its_language(query, accepted, lang):
    headers, body, _ = ask(query, accept="text/html", accept_language=accepted)
    assert f'<html lang="{lang}">'.encode() in body
    assert headers["content-length"] == str(len(body))


def test_a_download_is_passed_on_as_it_is():
    assert ask("lang=zh_CN", kind="text/csv", accept="*/*")[1] == PAGE


def test_the_page_is_asked_for_uncompressed_and_fresh():
    asked = {"accept_encoding": "gzip", "if_none_match": "x", "accept": "text/html"}
    assert set(ask(**asked)[2]) == {b"accept"}
    assert b"accept-encoding" in ask(accept_encoding="gzip", accept="*/*")[2]


def test_only_streamlits_own_scripts_may_run():
    headers, _, _ = ask()
    policy = headers["content-security-policy"]
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert "script-src 'self' 'sha256-" in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"


def test_an_inline_script_is_allowed_by_its_hash():
    digest = base64.b64encode(hashlib.sha256(b"go()").digest()).decode()
    assert f"'sha256-{digest}'" in server.policy(PAGE.decode())


def test_a_failure_shows_the_reference_that_the_log_has(monkeypatch, caplog):
    shown = []
    monkeypatch.setattr(server.st, "error", shown.append)
    monkeypatch.setattr(server, "t", lambda code, reference: reference)
    with caplog.at_level(logging.ERROR):
        assert server.report(RuntimeError("secret detail"))
    assert shown[0] in caplog.text
    assert "secret detail" in caplog.text
    assert "secret" not in shown[0]
