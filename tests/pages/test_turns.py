"""Two imports at once: the others wait, see their place, and can leave the line."""

import threading

import pytest

from pages._frame.turns import Turns


class Import(threading.Thread):
    """An import that works until it is told to end, or fails then."""

    def __init__(self, turns, *, fails=False):
        super().__init__(daemon=True)
        self.turns, self.fails = turns, fails
        self.working, self.done = threading.Event(), threading.Event()
        self.places, self.moved = [], threading.Condition()
        self.left = False
        self.start()

    def run(self):
        try:
            with self.turns.turn(self.wait):
                self.working.set()
                self.done.wait(30)
                assert not self.fails
        except (InterruptedError, AssertionError):
            self.done.set()

    def wait(self, running, place):
        with self.moved:
            self.places.append((running, place))
            self.moved.notify_all()
        if self.left:
            raise InterruptedError

    def sees(self, place):
        with self.moved:
            return self.moved.wait_for(lambda: self.places[-1:] == [(2, place)], 30)

    def end(self):
        self.done.set()
        self.join(30)
        assert not self.is_alive()


@pytest.fixture
def line():
    """Two imports at work and two waiting behind them, in this order."""
    turns = Turns()
    everyone = [Import(turns), Import(turns)]
    assert all(one.working.wait(30) for one in everyone)
    for place in (1, 2):
        everyone.append(Import(turns))
        assert everyone[-1].sees(place)
    yield everyone
    for one in everyone:
        one.end()


def test_two_work_and_the_others_see_their_place(line):
    first, second, third, fourth = line
    assert not first.places
    assert not second.places
    assert not third.working.is_set()
    assert not fourth.working.is_set()


def test_the_first_in_line_is_next_and_the_others_move_up(line):
    first, _, third, fourth = line
    first.end()
    assert third.working.wait(30)
    assert fourth.sees(1)
    assert not fourth.working.is_set()


def test_who_leaves_the_line_makes_room_for_those_behind(line):
    first, _, third, fourth = line
    third.left = True
    third.join(30)
    assert not third.is_alive()
    assert fourth.sees(1)
    first.end()
    assert fourth.working.wait(30)
    assert not third.working.is_set()


def test_an_import_that_fails_gives_its_turn_on(line):
    first, second, third, fourth = line
    first.fails = second.fails = True
    first.end()
    second.end()
    assert third.working.wait(30)
    assert fourth.working.wait(30)
