"""Turns: a few imports at once, the others wait in line and see their place."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition

import streamlit as st

AT_ONCE = 2
BEAT = 0.2


class Turns:
    """A line of which the first few are at work; all sessions of a server share it.

    Args:
        at_once: How many may be at work.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self.at_once = at_once
        self._line: list[object] = []
        self._moved = Condition()

    @contextmanager
    def turn(self, wait: Callable[[int, int], None]) -> Iterator[None]:
        """Wait for a turn, and have it until the block ends, however it ends.

        Args:
            wait: Called every 0.2 s of waiting with how many are at work and the place
                behind them, from 1. If it raises, the place is given up.
        """
        ticket = object()
        with self._moved:
            self._line.append(ticket)
        try:
            while place := self._place(ticket):
                wait(self.at_once, place)
                with self._moved:
                    self._moved.wait_for(lambda: not self._place(ticket), BEAT)
            yield
        finally:
            with self._moved:
                self._line.remove(ticket)
                self._moved.notify_all()

    def _place(self, ticket: object) -> int:
        with self._moved:
            return max(0, self._line.index(ticket) + 1 - self.at_once)


@st.cache_resource(show_spinner=False)
def imports() -> Turns:
    """Return the line of imports of this server."""
    return Turns()
