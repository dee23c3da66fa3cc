"""Paths of sessions, worked by hand and against their definition in plain Python."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from opslib import Error, EventLog
from opslib.analyses.paths import event_title, paths
from opslib.charts import MOST_MARKS, export

START = pd.Timestamp("2026-03-01 09:00")


def log(*lines, timezone="UTC", until=None):
    """Events written as "user minute event [place]", from nine o'clock on 1 March."""
    rows = pd.DataFrame(
        [(*line.split(), None)[:4] for line in lines],
        columns=["user", "minute", "event", "place"],
    )
    rows["time"] = START + pd.to_timedelta(rows.pop("minute").astype(float), unit="min")
    return EventLog.from_frame(
        rows, user="user", event="event", time="time", timezone=timezone, until=until
    )


def flows(result):
    """(position, source, target) to sessions."""
    return {
        (
            row.position,
            row.source if isinstance(row.source, str) else None,
            row.target,
        ): (row.sessions)
        for row in result.table.itertuples()
    }


def whole(result):
    """Each whole path to its sessions."""
    return {
        " ".join(path): sessions
        for path, sessions in zip(
            result.common["path"], result.common["sessions"], strict=True
        )
    }


SHOP = (
    *("ann 0 visit", "ann 1 view", "ann 2 cart", "ann 3 pay"),
    *("bob 0 visit", "bob 1 view"),
    "cy 0 view",
)


def test_a_path_begins_with_the_session_and_ends_with_it():
    result = paths(log(*SHOP), depth=3)
    assert flows(result) == {
        (0, None, "view"): 1,
        (0, None, "visit"): 2,
        (1, "view", "$drop_off"): 1,
        (1, "visit", "view"): 2,
        (2, "view", "$drop_off"): 1,
        (2, "view", "cart"): 1,
        (2, "$drop_off", "$drop_off"): 1,
    }
    assert whole(result) == {"visit view cart": 1, "visit view": 1, "view": 1}
    assert result.sessions == (3, 3, 3, 3)


@pytest.mark.parametrize(
    ("minutes", "sessions"), [(29.99, 1), (30, 1), (30.01, 2), (300, 2)]
)
def test_a_gap_longer_than_the_limit_begins_a_session(minutes, sessions):
    result = paths(log("ann 0 view", f"ann {minutes} pay"))
    assert result.sessions.counted == sessions
    assert result.sessions.users == 1


def test_repeats_at_once_are_one_event_and_later_ones_are_another():
    lines = ("ann 0 view", "ann 1 view", "ann 2 view", "ann 3 cart", "ann 4 view")
    assert whole(paths(log(*lines))) == {"view cart view": 1}


def test_forward_goes_from_the_first_start():
    lines = ("ann 0 visit", "ann 1 view", "ann 2 pay", "ann 3 view", "bob 0 visit")
    result = paths(log(*lines), start="view")
    assert whole(result) == {"view pay view": 1}
    assert result.sessions == (2, 1, 1, 1)
    either = paths(log(*lines), start=["visit", "view"])
    assert whole(either) == {"visit view pay view": 1, "visit": 1}


def test_back_goes_from_the_last_end_to_what_came_before():
    lines = ("ann 0 visit", "ann 1 pay", "ann 2 view", "ann 3 pay", "ann 4 share")
    result = paths(log(*lines, "bob 0 pay"), end="pay", depth=3)
    assert whole(result) == {"pay view pay": 1, "pay": 1}
    assert flows(result) == {
        (-2, None, "pay"): 1,
        (-2, None, "$began"): 1,
        (-1, "pay", "view"): 1,
        (-1, "$began", "$began"): 1,
        (0, "view", "pay"): 1,
        (0, "$began", "pay"): 1,
    }


def test_between_takes_the_passage_of_fewest_events_then_the_first():
    lines = (
        "view",
        "help",
        "cart",
        "pay",
        "view",
        "cart",
        "pay",
        "view",
        "help",
        "pay",
    )
    events = log(*(f"ann {i} {event}" for i, event in enumerate(lines)))
    result = paths(events, start="view", end="pay")
    assert whole(result) == {"view cart pay": 1}
    assert flows(result)[3, "pay", "$arrived"] == 1
    assert whole(paths(events, start="view", end="pay", depth=2)) == {"view cart": 1}


def test_between_is_within_a_session_and_the_end_comes_after():
    events = log("ann 0 pay", "ann 1 view", "ann 90 pay", "bob 0 view", "bob 9 pay")
    result = paths(events, start="view", end="pay")
    assert whole(result) == {"view pay": 1}
    assert result.sessions == (3, 2, 1, 1)


def test_between_an_event_and_itself_something_else_happened():
    assert whole(paths(log("a 0 x", "a 1 y", "a 2 x"), start="x", end="x")) == {
        "x y x": 1
    }
    with pytest.raises(Error, match="goes on from “x” to “x”"):
        paths(log("a 0 x", "a 1 x", "a 2 y"), start="x", end="x")


def test_dates_choose_sessions_by_their_first_event():
    # 15 hours after nine is midnight.
    lines = ("ann 890 visit", "ann 910 view", "bob 905 visit", "cy 0 view")
    first = paths(log(*lines), dates=("2026-03-01", "2026-03-01"))
    assert whole(first) == {"visit view": 1, "view": 1}
    second = paths(log(*lines), dates=("2026-03-02", "2026-03-02"))
    assert whole(second) == {"visit": 1}
    there = paths(
        log(*lines, timezone="Asia/Shanghai"), dates=("2026-03-01", "2026-03-01")
    )
    assert whole(there) == {"visit view": 1, "view": 1}


def test_events_that_do_not_meet_the_conditions_are_not_there():
    lines = ("ann 0 view app", "ann 20 help web", "ann 25 view app", "ann 50 pay app")
    result = paths(log(*lines), where=[["place", "==", "app"]])
    assert whole(result) == {"view pay": 1}
    # Without it the gap is 50 minutes.
    apart = ("ann 0 view app", "ann 25 help web", "ann 50 pay app")
    assert whole(paths(log(*apart), where=[["place", "==", "app"]])) == {
        "view": 1,
        "pay": 1,
    }


def test_columns_name_the_most_frequent_events_and_equal_ones_in_order():
    lines = [f"u{i} {k} {e}" for i, path in enumerate(("ab", "ab", "cb", "bd", "dd"))
             for k, e in enumerate(path)]  # fmt: skip
    result = paths(log(*lines), depth=2, top=2)
    assert flows(result) == {
        (0, None, "a"): 2,
        (0, None, "b"): 1,
        (0, None, "$other"): 2,
        (1, "a", "b"): 2,
        (1, "b", "d"): 1,
        (1, "$other", "b"): 1,
        (1, "$other", "$drop_off"): 1,
    }
    assert result.users(0, "$other").tolist() == ["u2", "u4"]
    assert result.users(0, "c").tolist() == ["u2"]
    assert result.users(1, "$drop_off", "$other").tolist() == ["u4"]
    assert result.users(0, "a", "b").tolist() == []


def test_events_called_like_a_code_stay_apart_from_it():
    names = ("$other", "$drop_off", "$$other", "other", "$began")
    lines = [f"u{i} 0 {name}" for i, name in enumerate(names)]
    result = paths(log(*lines), depth=2, top=4)
    first = result.table[result.table["position"] == 0]
    assert first["target"].tolist() == [
        *("$$$other", "$$began", "$$drop_off", "$$other", "$other"),
    ]
    assert result.users(0, "$$other").tolist() == ["u0"]
    assert result.users(0, "$other").tolist() == ["u3"]
    assert result.users(1, "$drop_off").tolist() == [f"u{i}" for i in range(5)]
    assert event_title("$$other", "en") == "$other"
    assert event_title("$drop_off", "zh_CN") == "会话结束"


def test_users_are_counted_once_however_many_sessions_they_have():
    result = paths(log("ann 0 a", "ann 100 a", "ann 200 b", "bob 0 a"), depth=2)
    rows = result.table.set_index(["position", "target"])
    assert rows.loc[(0, "a"), ["sessions", "users"]].tolist() == [3, 2]
    ends = result.table[result.table["target"] == "$drop_off"]
    assert ends["users"].tolist() == [2, 1]
    assert result.common["users"].tolist() == [2, 1]


def many(*kinds):
    """Lines of users: (path of letters, users, first day) each, ten events a minute."""
    return [
        f"u{number}{i} {day * 1440 + k} {event}"
        for number, (path, users, day) in enumerate(kinds)
        for i in range(users)
        for k, event in enumerate(path)
    ]


def test_the_sentence_says_the_path_its_interval_and_where_most_leave():
    result = paths(log(*many(("abc", 60, 0), ("ab", 30, 0), ("b", 10, 0))))
    # Wilson of 60 of 100 and 30 of 90 who got to b at step 2.
    assert result.describe() == (
        "The most frequent path, “a” → “b” → “c” → session ended, is taken by 60.0% of "
        "100 sessions (95% interval 50.2% to 69.1%). Most leave after “c” at step 3: "
        "60 sessions, 100% of those that got there."
    )
    assert result.describe("zh_CN") == (
        "最常见的路径是「a」→「b」→「c」→会话结束，占 100 次会话的 60.0%"
        "（95% 置信区间 50.2% 至 69.1%）。离开最多的是第 3 步的「c」："
        "60 次会话到此结束，占到达这里的 100%。"
    )
    back = paths(log(*many(("abc", 60, 0), ("ac", 40, 0))), end="c", depth=2)
    assert back.describe() == (
        "The most frequent path, “b” → “c”, is taken by 60.0% of 100 sessions "
        "(95% interval 50.2% to 69.1%). Right before it “b” is most frequent: "
        "60 sessions, 60.0% of all."
    )
    between = paths(log(*many(("abc", 60, 0), ("a", 40, 0))), start="a", end="c")
    assert between.describe() == (
        "60.0% of 100 sessions with “a” go on to “c” (95% interval 50.2% to 69.1%). "
        "The most frequent path, “a” → “b” → “c”, is taken by 100% of 60 sessions "
        "(95% interval 94.0% to 100%)."
    )


def test_sessions_of_one_user_do_not_count_as_independent():
    lines = [
        f"u{i} {100 * session} {'a' if i < 30 else 'b'}"
        for i in range(50)
        for session in range(20)
    ]
    common = paths(log(*lines)).common.iloc[0]
    # All or none of a user's sessions: 1,000 sessions tell as much as 50 users.
    alone = paths(log(*lines), dates=("2026-03-01", "2026-03-01"), gap="30D").common
    assert common["sessions"] == 600
    assert common[["low", "high"]].tolist() == pytest.approx(
        alone.iloc[0][["low", "high"]].tolist()
    )


def test_under_thirty_users_no_share_is_stated():
    result = paths(log(*many(("ab", 29, 0))))
    said = "Only 29 sessions of 29 users: under 30 users no share is stated."
    assert result.describe() == said
    assert said in [note.text() for note in result.warnings]
    assert "不足 30 名用户" in result.describe("zh_CN")
    assert "taken by" in paths(log(*many(("ab", 30, 0)))).describe()


def test_the_period_before_stands_beside():
    lines = many(("ab", 40, 0), ("a", 60, 0), ("ab", 80, 1), ("a", 20, 1))
    days = ("2026-03-02", "2026-03-02")
    result = paths(log(*lines), dates=days, compare="previous")
    assert whole(result.previous) == {"a": 60, "a b": 40}
    # Newcombe from Wilson's 80/100 [0.711, 0.867] and 40/100 [0.309, 0.498].
    assert (
        "In the period before (Mar 1, 2026 to Mar 1, 2026) it was 40.0%: a change of "
        "+40.0 pp (95% interval +26.8 pp to +51.2 pp)."
    ) in result.describe()
    assert "上一周期" in result.describe("zh_CN")
    same = paths(log(*many(("ab", 50, 0), ("ab", 50, 1))), dates=days,
                 compare="previous")  # fmt: skip
    assert "no difference is shown" in same.describe()


def test_between_compares_how_many_arrive():
    lines = many(("acb", 40, 0), ("a", 60, 0), ("ab", 80, 1), ("a", 20, 1))
    days = ("2026-03-02", "2026-03-02")
    result = paths(log(*lines), dates=days, compare="previous", start="a", end="b")
    assert result.describe().startswith(
        "80.0% of 100 sessions with “a” go on to “b” (95% interval 71.1% to 86.7%). In "
        "the period before (Mar 1, 2026 to Mar 1, 2026) it was 40.0%: a change of "
        "+40.0 pp (95% interval +26.8 pp to +51.2 pp). The most frequent path"
    )


def test_a_path_of_the_period_before_is_found_whichever_way_it_goes():
    lines = many(("ab", 30, 0), ("b", 70, 0), ("ab", 90, 1), ("b", 10, 1))
    days = ("2026-03-02", "2026-03-02")
    back = paths(log(*lines), dates=days, compare="previous", end="b")
    assert "it was 30.0%: a change of +60.0 pp" in back.describe()


def test_too_few_users_in_the_period_before_are_told():
    lines = many(("ab", 29, 0), ("ab", 80, 1))
    days = ("2026-03-02", "2026-03-02")
    result = paths(log(*lines), dates=days, compare="previous")
    assert "The period before has sessions of only 29 users" in result.describe()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"compare": "previous"}, "periods.nothing_before"),
        (
            {"compare": "previous", "dates": ("2026-03-03", "2026-03-03")},
            "paths.no_previous",
        ),
    ],
)
def test_nothing_is_compared_where_there_is_nothing(options, code):
    result = paths(log("ann 0 a", "ann 2890 a"), **options)
    assert result.previous is None
    assert code in {note.code for note in result.warnings}


def test_a_reader_is_told_what_to_be_careful_about():
    result = paths(log("ann 0 a", "ann 0 b", "bob 20 a", "bob 60 a"))
    notes = {note.code: note.text() for note in result.warnings}
    assert notes["paths.tied"] == (
        "50.0% of the events share their instant with another of the same user: their "
        "order in a path is that of the file."
    )
    assert notes["paths.open"] == (
        "1 session may have gone on after the data end; it counts as ended."
    )
    assert all(note.text("zh_CN") for note in result.warnings)
    back = paths(log("ann 0 a", "bob 60 a"), end="a")
    assert "paths.open" not in {note.code for note in back.warnings}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"depth": 1}, "depth must lie between 2 and 10, got “1”"),
        ({"depth": 2.5}, "depth must lie between 2 and 10, got “2.5”"),
        ({"top": 0}, "top must lie between 1 and 20, got “0”"),
        ({"top": 21}, "top must lie between 1 and 20"),
        ({"gap": "30"}, "gap"),
        ({"compare": "next"}, "compare cannot be “next”"),
        ({"start": "veiw"}, "start names the event “veiw”.*“view”"),
        ({"end": []}, "end is missing"),
        ({"where": [["city", "==", "x"]]}, "where names the column “city”"),
        (
            {"dates": ("2026-04-01", "2026-04-02")},
            "No session begins from Apr 1, 2026 to Apr 2, 2026",
        ),
        (
            {"start": "pay", "dates": ("2026-03-02", "2026-03-02")},
            "None of the 1 sessions that begin from Mar 2, 2026 .* has “pay”",
        ),
        (
            {"end": "pay", "dates": ("2026-03-02", "2026-03-02")},
            "None of the 1 sessions .* has “pay”",
        ),
        ({"start": "pay", "end": "view"}, "goes on from “pay” to “view”"),
    ],
)
def test_wrong_options_are_told_in_a_sentence(options, sentence):
    with pytest.raises(Error, match=sentence) as caught:
        paths(log(*SHOP, "dee 1440 view"), **options)
    assert caught.value.text("zh_CN")


def test_asking_for_what_is_not_there_is_told():
    result = paths(log(*SHOP), end="pay", depth=3)
    with pytest.raises(Error, match="position must lie between -2 and 0, got “1”"):
        result.users(1, "view")
    with pytest.raises(Error, match="event names the event “veiw”"):
        result.users(0, "veiw")
    with pytest.raises(Error, match="source names the event “veiw”"):
        result.users(0, "pay", "veiw")


def test_a_table_serves_as_well_as_a_log_and_is_left_alone():
    frame = pd.DataFrame(
        {"user": [1, 1], "event": ["a", "b"], "time": ["2026-03-01"] * 2}
    )
    before = frame.copy()
    assert whole(paths(frame)) == {"a b": 1}
    pd.testing.assert_frame_equal(frame, before)


def test_paths_of_many_events_and_steps_are_told_apart():
    """More than fit into one number of 63 bits."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 511, (3000, 9))
    codes[1::2] = codes[::2]
    codes[1::2, 0] = (codes[::2, 0] + 1) % 511
    codes[:200] = codes[0]
    frame = pd.DataFrame(
        {
            "user": np.repeat(np.arange(3000), 9),
            "event": [f"e{code}" for code in codes.ravel()],
            "time": START + pd.to_timedelta(np.tile(np.arange(9), 3000), unit="min"),
        }
    )
    result = paths(frame, depth=10)
    collapsed = Counter(
        tuple(f"e{code}" for i, code in enumerate(row) if i == 0 or row[i - 1] != code)
        for row in codes.tolist()
    )
    assert len(result.common) == 50
    assert len(set(frame["event"])) == 511  # 9 bits each
    found = dict(zip(result.common["path"], result.common["sessions"], strict=True))
    assert found[tuple(f"e{code}" for code in codes[0])] == 200
    assert all(collapsed[path] == sessions for path, sessions in found.items())


@pytest.mark.parametrize("events", [254, 255, 256, 257])
def test_the_last_event_is_not_taken_for_none_however_many_there_are(events):
    rows = pd.DataFrame({"event": [f"e{i:03d}" for i in range(events)]})
    rows["user"] = rows["event"]
    result = paths(rows.assign(time=START), depth=2)
    assert result.sessions.entered == events
    last = result.users(0, f"e{events - 1:03d}")
    assert last.tolist() == [f"e{events - 1:03d}"]
    assert (
        result.table.loc[result.table["position"] == 1, "target"].eq("$drop_off").all()
    )


@pytest.mark.parametrize("room", [1, 30, 1_000])
def test_however_little_room_there_is_for_numbers_paths_are_the_same(room, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user": rng.integers(0, 300, 3_000),
            "event": [f"e{code}" for code in rng.integers(0, 5, 3_000)],
            "time": START + pd.to_timedelta(rng.integers(0, 900, 3_000), unit="min"),
        }
    )
    usual = paths(frame, depth=8).common
    monkeypatch.setattr("opslib.analyses._paths_walk.MOST_NUMBERS", room)
    pd.testing.assert_frame_equal(paths(frame, depth=8).common, usual)


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
@pytest.mark.parametrize(
    "options", [{}, {"end": "pay"}, {"start": "view", "end": "pay"}]
)
def test_charts_can_be_drawn(lang, options):
    result = paths(log(*SHOP), **options)
    chart = result.chart(lang)
    assert export(chart, "svg").startswith(b"<svg")
    assert chart.to_dict()["description"] == result.describe(lang)


def stacked(rows, top, bottom):
    """Where rows lie one on the other without a gap, from top to bottom."""
    piles = []
    for row in sorted(rows, key=lambda row: row[top]):
        if piles and row[top] == pytest.approx(piles[-1][1]):
            piles[-1][1] = row[bottom]
        else:
            piles.append([row[top], row[bottom]])
    return piles


def test_bands_fill_the_bars_at_both_ends_and_all_columns_are_equally_high():
    spec = paths(log(*SHOP, "dee 0 cart", "dee 1 view"), depth=3).chart().to_dict()
    flowing, blocks, _ = (
        spec["datasets"][one["data"]["name"]] for one in spec["layer"]
    )
    ends = sorted({row["c0"] for row in flowing})
    for at in (1, 2):
        came = [row for row in flowing if row["c0"] == at]
        left = [row for row in flowing if row["c0"] == ends[4 * (at - 1)]]
        for where, bands in ((at, came), (at - 1, left)):
            bars = [row for row in blocks if row["c0"] == where]
            np.testing.assert_allclose(
                stacked(bands, "c1", "c2"), stacked(bars, "c2", "c3")
            )
            assert len(bars) > 1
    high = pd.DataFrame(blocks)
    high = (high["c3"] - high["c2"]).groupby(high["c0"]).sum()
    assert high.tolist() == pytest.approx([high[0]] * 3)


@pytest.mark.parametrize(
    ("options", "heads"),
    [
        ({}, ["Step 1", "Step 2", "Step 3"]),
        ({"end": "c", "depth": 6}, ["3 before", "2 before", "1 before", "End"]),
    ],
)
def test_columns_without_any_event_but_the_first_are_not_drawn(options, heads):
    lines = many(("ab", 3, 0)) if not options else many(("abc", 3, 0))
    spec = paths(log(*lines), **options).chart().to_dict()
    words = spec["datasets"][spec["layer"][2]["data"]["name"]]
    assert [row["c2"] for row in words][-len(heads) :] == heads
    colours = {row["c4"] for row in spec["datasets"][spec["layer"][1]["data"]["name"]]}
    assert len(colours) == len(heads)


def test_a_chart_of_many_flows_says_how_many_it_draws():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user": np.repeat(np.arange(4000), 10),
            "event": rng.integers(0, 40, 40_000).astype(str),
            "time": START + pd.to_timedelta(np.tile(np.arange(10), 4000), unit="min"),
        }
    )
    result = paths(frame, depth=10, top=20)
    spec = result.chart().to_dict()
    drawn = int((result.table["position"] > 0).sum())
    said = " ".join(spec["title"])
    assert said.startswith(f"Drawn: the 1,000 widest of {drawn:,} flows")
    assert sum(len(rows) for rows in spec["datasets"].values()) <= MOST_MARKS


# Against the definition, one session at a time.


def met(rows, where):
    """The rows that meet the conditions: on the web, or of who did "a" twice."""
    if where == "web":
        return [row for row in rows if row[3] == "web"]
    if where == "did":
        times = Counter(row[0] for row in rows if row[2] == "a")
        return [row for row in rows if times[row[0]] >= 2]
    return rows


CONDITIONS = {
    "all": [],
    "web": [["place", "==", "web"]],
    "did": [{"did": "a", "times": 2}],
}


def sessions_of(rows, gap):
    """Each user's sessions as lists of (minute, event), in order."""
    found = []
    for user in sorted({row[0] for row in rows}):
        mine = sorted((row for row in rows if row[0] == user), key=lambda row: row[1])
        session = []
        for _, minute, event, *_ in mine:
            if session and minute - session[-1][0] > gap:
                found.append((user, session))
                session = []
            session.append((minute, event))
        found.append((user, session))
    return found


def path_of(events, start, end):
    """What a session's path is, None where it does not enter; in order of time."""
    events = [e for i, e in enumerate(events) if i == 0 or events[i - 1] != e]
    if start is None and end is None:
        return events
    if end is None:
        first = [i for i, e in enumerate(events) if e in start]
        return events[first[0] :] if first else None
    if start is None:
        last = max((i for i, e in enumerate(events) if e in end), default=-1)
        return events[: last + 1] if last >= 0 else None
    passages = []
    for i, event in enumerate(events):
        after = [j for j in range(i + 1, len(events)) if events[j] in end]
        if event in start and after:
            passages.append((after[0] - i, i, events[i : after[0] + 1]))
    return min(passages)[2] if passages else None


def defined(rows, *, start, end, depth, top, gap, days):
    """Flows to their sessions and users, by the words of the docstring."""
    entered = []
    for user, session in sessions_of(rows, gap):
        path = path_of([event for _, event in session], start, end)
        if path is not None and (days is None or session[0][0] // 1440 in days):
            entered.append((user, path))
    back = start is None and end is not None
    gone = "$began" if back else "$arrived" if start and end else "$drop_off"
    columns = []
    for at in range(depth):
        if back:
            left = depth - at
            column = [p[-left] if len(p) >= left else None for _, p in entered]
        else:
            column = [p[at] if len(p) > at else None for _, p in entered]
        counts = Counter(event for event in column if event is not None)
        named = sorted(counts, key=lambda event: (-counts[event], event))[:top]
        columns.append(
            [gone if e is None else e if e in named else "$other" for e in column]
        )
    found = {}
    for i, (user, _) in enumerate(entered):
        places = [None, *(column[i] for column in columns)]
        for at, (source, target) in enumerate(pairwise(places)):
            key = (at - (depth - 1 if back else 0), source, target)
            found.setdefault(key, []).append(user)
    common = Counter(
        tuple(path[-depth:] if back else path[:depth]) for _, path in entered
    )
    return {key: (len(u), len(set(u))) for key, u in found.items()}, common


ONE_EVENT = some.tuples(
    some.sampled_from(["ann", "bob", "cy"]),
    # Every ten minutes with a gap of twenty: ties, gaps at the limit and beyond it.
    some.one_of(some.integers(0, 12), some.integers(140, 150)).map(lambda i: 10 * i),
    some.sampled_from("abcd"),
    some.sampled_from(["web", "web", "app"]),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    rows=some.lists(ONE_EVENT, min_size=1, max_size=30),
    start=some.sampled_from([None, None, "a", "b", ["a", "d"]]),
    end=some.sampled_from([None, None, "b", "c", ["c", "d"]]),
    depth=some.integers(2, 5),
    top=some.integers(1, 4),
    days=some.sampled_from([None, [0], [1]]),
    where=some.sampled_from([*CONDITIONS]),
)
def test_agrees_with_the_definition(rows, start, end, depth, top, days, where):
    rows = [*rows, *(("zed", 3000 + i, e, "web") for i, e in enumerate("abcd"))]
    frame = pd.DataFrame(rows, columns=["user", "minute", "event", "place"])
    frame["time"] = pd.Timestamp("2026-03-01") + pd.to_timedelta(
        frame.pop("minute"), unit="min"
    )
    events = EventLog.from_frame(frame, user="user", event="event", time="time")
    dates = None if days is None else [f"2026-03-0{days[0] + 1}"] * 2
    options = {"start": start, "end": end, "depth": depth, "top": top}
    expected, common = defined(met(rows, where), **options, gap=20, days=days)
    options |= {"where": CONDITIONS[where]}
    if not expected:
        with pytest.raises(Error):
            paths(events, **options, gap="20min", dates=dates)
        return
    result = paths(events, **options, gap="20min", dates=dates)
    found = {
        (
            row.position,
            row.source if isinstance(row.source, str) else None,
            row.target,
        ): (row.sessions, row.users)
        for row in result.table.itertuples()
    }
    assert found == expected
    assert dict(
        zip(result.common["path"], result.common["sessions"], strict=True)
    ) == dict(common)
    check_identities(result)
    for row in result.table.itertuples():
        source = row.source if isinstance(row.source, str) else None
        assert len(result.users(row.position, row.target, source)) == row.users


def check_identities(result):
    table = result.table
    entered = result.sessions.entered
    columns = table.groupby("position")["sessions"].sum()
    assert (columns == entered).all()
    assert len(columns) == len(range(columns.index.min(), columns.index.max() + 1))
    comes = table.groupby(["position", "target"])["sessions"].sum()
    leaves = table.dropna(subset="source").groupby(["position", "source"])["sessions"]
    for (position, source), sessions in leaves.sum().items():
        assert comes[position - 1, source] == sessions
    assert leaves.ngroups == len(comes) - (comes.index.get_level_values(0) ==
                                           columns.index.max()).sum()  # fmt: skip
    assert result.common["share"].sum() <= 1 + 1e-9


@pytest.fixture(scope="module")
def taobao(samples):
    names = ["user", "item", "category", "event", "time"]
    path = samples / "events" / "taobao_815users_9days.csv.gz"
    frame = pd.read_csv(path, header=None, names=names, dtype={"user": "str"})
    frame = frame.dropna(subset="time")
    return frame.assign(time=pd.to_datetime(frame["time"], unit="s", utc=True))


@pytest.mark.parametrize("options", [{"end": "buy"}, {"start": "cart", "end": "buy"}])
def test_a_real_log_adds_up_and_agrees_with_plain_python(taobao, options):
    events = EventLog.from_frame(taobao, user="user", event="event", time="time")
    result = paths(events, **options, depth=4, top=3)
    check_identities(result)
    seconds = taobao["time"].dt.as_unit("s").astype("int64")
    rows = list(zip(taobao["user"], seconds, taobao["event"], strict=True))
    both = {"start": None, "end": None} | options
    expected, common = defined(rows, **both, depth=4, top=3, gap=1800, days=None)
    assert flows(result) == {key: sessions for key, (sessions, _) in expected.items()}
    best = result.common.iloc[0]
    assert common[best["path"]] == best["sessions"] == max(common.values())
