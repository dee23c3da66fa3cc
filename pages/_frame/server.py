"""What surrounds the pages: warm-up, headers, the page's language, failures."""

import base64
import gc
import hashlib
import logging
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pandas as pd
import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import opslib as ops
from pages._frame.text import HTML, SPEAKS, from_browser, t

LOG = logging.getLogger("opslib.app")
HEAVY = ("altair", "sklearn.cluster", "opslib.workspace", "opslib.kernels")
SHELL = (Path(st.__file__).parent / "static" / "index.html").read_text("utf-8")


@asynccontextmanager
async def warm_up(_app: st.App) -> AsyncIterator[None]:
    """Have ready what the first page would wait for."""
    load()
    Thread(target=compile_kernels, name="opslib-compile", daemon=True).start()
    yield


def load() -> None:
    """Load what every page needs, once, and take it out of garbage collection.

    Streamlit collects garbage after every run of a page; with the libraries frozen
    that takes a tenth of the time.
    """
    for name in HEAVY:
        import_module(name)
    # Every part of a chart would be checked again whenever one is made; tests do it.
    import_module("altair.utils.schemapi").disable_debug_mode()
    gc.collect()
    gc.freeze()


def compile_kernels() -> None:
    """Have the loops over events compiled before somebody waits for them.

    They are kept on disk: only the first start after an installation takes long.
    """
    rows = {"user": ["a", "a"], "event": ["x", "y"], "time": ["2026-03-01"] * 2}
    log = pd.DataFrame(rows).assign(amount=1.0)
    ops.funnel(log, steps=["x", "y"])
    ops.funnel(log, steps=["x", "y"], order="strict")
    ops.retention(log)
    ops.retention(log, start="x", back="y", amount="amount")
    ops.retention(log, cohort="recurring")
    # The events of paths are told apart by one byte, or where there are more by two.
    more = {"user": "a", "event": [str(n) for n in range(300)], "time": "2026-03-01"}
    for one in (log, pd.DataFrame(more)):
        ops.paths(one)
    ops.lifecycle(log, birth="x")
    for event in (None, "x"):
        ops.lifecycle(log, event=event)
        ops.activity(log, event=event).hours  # noqa: B018  what it compiles is meant
    ops.user_features(log)
    units = pd.DataFrame({"variant": [*"ABAB"], "paid": range(4)})
    ops.ab_test(units, metrics=["paid"])


def policy(shell: str) -> str:
    """Allow only what the pages themselves need: no foreign host, no eval.

    Args:
        shell: HTML whose inline scripts are allowed, by their hashes.
    """
    hashes = (
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        for script in re.findall(r"<script>(.*?)</script>", shell, re.DOTALL)
    )
    scripts = " ".join(f"'sha256-{digest}'" for digest in hashes)
    return (
        f"default-src 'self'; script-src 'self' {scripts} 'wasm-unsafe-eval'; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self' ws: wss:; worker-src 'self' blob:; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )


HEADERS = {
    "Content-Security-Policy": policy(SHELL + "".join(SPEAKS.values())),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    # Links carry ids of data sets: they must not reach other sites.
    "Referrer-Policy": "same-origin",
}


def page_language(scope: Scope) -> str:
    """Return the language of the page asked for, as HTML spells it."""
    query = parse_qs(scope["query_string"].decode("latin-1"))
    accepted = Headers(scope=scope).get("accept-language")
    lang = query.get("lang", [from_browser(accepted)])[-1]
    return HTML.get(lang, "en")


class Shell:
    """Adds the headers to every answer and the language to Streamlit's page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "text/html" in Headers(scope=scope).get("accept", ""):
            # A compressed or remembered page could not be given its language.
            unwanted = {b"accept-encoding", b"if-none-match", b"if-modified-since"}
            headers = [(k, v) for k, v in scope["headers"] if k not in unwanted]
            scope = {**scope, "headers": headers}
        opening = b'<html lang="en"'
        localised = f'<html lang="{page_language(scope)}"'.encode()
        start: Message = {}

        async def reply(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
                MutableHeaders(raw=message["headers"]).update(HEADERS)
                return
            if start:
                body: bytes = message.get("body", b"")
                headers = MutableHeaders(raw=start["headers"])
                # Somebody's download may hold the same words.
                page = headers.get("content-type", "").startswith("text/html")
                if page and opening in body:
                    grown = len(localised) - len(opening)
                    message["body"] = body.replace(opening, localised, 1)
                    if "content-length" in headers:
                        length = int(headers["content-length"]) + grown
                        headers["content-length"] = str(length)
                await send(start)
                start = {}
            await send(message)

        await self.app(scope, receive, reply)


MIDDLEWARE = [Middleware(Shell)]


def report(error: Exception) -> bool:
    """Tell the person a reference, and the log what happened under it."""
    reference = secrets.token_hex(4)
    LOG.error("Page failed, reference %s", reference, exc_info=error)
    st.error(t("frame.failed", reference=reference))
    return True
