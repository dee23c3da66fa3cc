"""A Parquet file is understood as its CSV would be, or refused with a sentence."""

import contextlib
import datetime as dt
import decimal
import gzip
import io
import random
import uuid
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import opslib as ops
from opslib.ingest import archive, child, footer, parquet, rows, spool
from opslib.ingest.spool import TEXT
from opslib.tables import File
from tests.ingest.hostile import LIMITS, events

LOG = pd.read_csv(io.StringIO(events(300)), parse_dates=["time"])
NULL = None


def parquet_of(table, **options):
    target = io.BytesIO()
    if isinstance(table, pd.DataFrame):
        table = pa.Table.from_pandas(table, preserve_index=False)
    pq.write_table(table, target, **options)
    return target.getvalue()


def one(values, name="x"):
    """The column that a Parquet file of an Arrow array is read as."""
    n = pa.array(range(1, len(values) + 1))
    return ops.read_table(parquet_of(pa.table({"n": n, name: values})))


def said(source, lang="en", **options):
    with pytest.raises(ops.Error) as caught:
        ops.read_table(source, **options)
    return caught.value.text(lang)


TABLES = {
    "events": LOG,
    "orders": pd.DataFrame(
        {
            "订单号": np.arange(10_000, 10_060),
            "用户ID": [f"{i % 11:05}" for i in range(60)],
            "下单时间": pd.date_range("2025-01-01 08:30", periods=60, freq="7h"),
            "实付金额": [i * 1.25 for i in range(60)],
            "渠道": pd.Categorical(["抖音", None, "微信"] * 20),
        }
    ),
    "users": pd.DataFrame(
        {
            "user_id": np.arange(9_000_000_000_000_000, 9_000_000_000_000_040),
            "signup_date": pd.date_range("2025-01-01", periods=40).date,
            "vip": [True, False] * 20,
            "visits": [float(i) if i % 7 else None for i in range(40)],
            "phone": [f"138{i:08}" for i in range(40)],
        }
    ),
    "daily": pd.DataFrame(
        {
            "date": pd.date_range("2025-01-01", periods=30),
            "gmv": np.arange(30) * 10.5,
            "dau": np.arange(30) + 100,
        }
    ),
    # What a lake exports: everything as text.
    "texts": LOG.astype("str"),
    "counts": pd.DataFrame({"step": ["visit", "cart", "pay"], "users": [90, 40, 7]}),
}
FACTS = (
    *("kind", "roles", "confidence", "runner_up", "rows", "blank", "header_rows"),
    *("columns", "personal", "changes", "warnings", "offers", "fits", "others"),
)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_the_same_saved_as_csv_or_as_parquet(name):
    table = TABLES[name]
    text = ops.read_table(table.to_csv(index=False).encode())
    found = ops.read_table(parquet_of(table, row_group_size=7))
    pd.testing.assert_frame_equal(found.frame, text.frame)
    for fact in FACTS:
        mine, its = getattr(found.report, fact), getattr(text.report, fact)
        if fact == "columns":
            # True of a data frame is true in Parquet.
            mine, its = ([low(c) for c in columns] for columns in (mine, its))
        assert mine == its, fact
    assert not len(found.report.set_aside)
    assert found.report.encoding == found.report.delimiter == ""


def low(column):
    return vars(column) | {"examples": [text.lower() for text in column.examples]}


def test_rows_that_are_no_part_of_a_table_are_told_as_in_csv():
    table = pd.DataFrame(
        {
            "id": [*map(str, range(50)), None, "合计"],
            "day": [*["2025-01-01"] * 49, "soon", None, None],
            "n": [*range(50), None, 1225],
        }
    )
    text = ops.read_table(table.to_csv(index=False).encode())
    found = ops.read_table(parquet_of(table))
    pd.testing.assert_frame_equal(found.frame, text.frame)
    assert (found.report.rows, found.report.blank) == (50, 1)
    assert found.report.set_aside["reason"].tolist() == ["total"]
    assert found.report.set_aside["row"].tolist() == [53]
    assert found.report.cells.to_dict("records") == [
        {"column": "day", "row": 51, "text": "soon"}
    ]


def test_a_note_below_the_table_is_told_as_in_csv():
    table = pd.DataFrame(
        {
            "id": [*map(str, range(50)), None, "来源：后台导出"],
            "n": [*range(50)] + [None] * 2,
        }
    ).astype({"n": "Int64"})
    table["day"] = ["2025-01-01"] * 50 + [None] * 2
    text = ops.read_table(table.to_csv(index=False).encode())
    found = ops.read_table(parquet_of(table))
    pd.testing.assert_frame_equal(found.frame, text.frame)
    (aside,) = found.report.set_aside.itertuples(index=False, name=None)
    assert aside == (53, "note", "来源：后台导出\t\t")


DAY = pd.Timestamp("2025-03-01 10:30").to_pydatetime()


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (pa.array([1, NULL, -3], pa.int8()), "integer", [1, NULL, -3]),
        (pa.array([1, 2**64 - 1], pa.uint64()), "text", ["1", str(2**64 - 1)]),
        (pa.array([1.0, 2.0, 3.0]), "number", [1, 2, 3]),
        (pa.array([0.1, -2, 1e20], pa.float32()), "number", [0.1, -2, 1e20]),
        (pa.array([0.5, 2.0], pa.float16()), "number", [0.5, 2]),
        (pa.array([1.5, float("nan"), 3]), "number", [1.5, NULL, 3]),
        (pa.array([True, NULL, False]), "boolean", [True, NULL, False]),
        (pa.array([decimal.Decimal("12.50"), decimal.Decimal(0)]), "number", [12.5, 0]),
        (pa.array([DAY.date(), NULL]), "date", [pd.Timestamp("2025-03-01"), NULL]),
        (pa.array([DAY, NULL], pa.timestamp("s")), "date", [DAY, NULL]),
        (
            pa.array([1_740_825_000_000_000_001], pa.timestamp("ns")),
            "date",
            [DAY],
        ),
        (
            pa.array([1_740_825_000_500], pa.timestamp("ms", "UTC")),
            "date",
            [pd.Timestamp("2025-03-01T10:30:00.5Z")],
        ),
        (pa.array([dt.time(1, 2, 3)]), "text", ["01:02:03.000000"]),
        (pa.array(["007", "08"]), "text", ["007", "08"]),
        (pa.array(["a", NULL], pa.large_string()), "text", ["a", NULL]),
        (pa.array(["b", "a", "b"]).dictionary_encode(), "text", ["b", "a", "b"]),
        (pa.array(["微信".encode(), b"a\xff"]), "text", ["微信", r"a\xff"]),
        (pa.array([b"\0\1", b"ab"], pa.binary(2)), "text", ["\0\1", "ab"]),
        (
            pa.array([uuid.UUID(int=5).bytes, NULL], pa.uuid()),
            "text",
            ["00000000-0000-0000-0000-000000000005", NULL],
        ),
        (pa.array([["a", "b"], NULL, []]), "text", ['["a", "b"]', NULL, "[]"]),
        (
            pa.array([{"sku": 7, "颜色": "红", "at": DAY}]),
            "text",
            ['{"sku": 7, "颜色": "红", "at": "2025-03-01 10:30:00"}'],
        ),
        (
            pa.array([[("k", b"v")]], pa.map_(pa.string(), pa.binary())),
            "text",
            ['{"k": "v"}'],
        ),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else None,
)
def test_every_type_becomes_what_its_csv_would(values, kind, expected):
    table = one(values)
    column = table.report.columns[1]
    assert (column.name, column.type) == ("x", kind)
    got = table.frame["x"].tolist()
    assert [NULL if pd.isna(cell) else cell for cell in got] == expected


def test_the_zone_of_an_instant_need_not_be_known():
    times = pa.array([1_740_825_000_000_000], pa.timestamp("us", "Mars/Olympus"))
    assert parquet.as_text(times).to_pylist() == ["2025-03-01 10:30:00Z"]


def test_ids_stay_as_they_are_whatever_their_type():
    for ids in (pa.array([17850, NULL, 9]), pa.array([17850.0, NULL, 9.0])):
        assert one(ids, "user_id").frame["user_id"].tolist()[::2] == ["17850", "9"]


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string()])
def test_a_text_that_is_none_is_escaped(type_):
    """Nobody checks that the texts of a Parquet file are texts."""
    raw = pa.array([b"a\xc3("]).cast(
        pa.large_binary() if type_ == TEXT else pa.binary()
    )
    bad = pa.Array.from_buffers(type_, 1, raw.buffers())
    assert one(bad).frame["x"].tolist() == [r"a\xc3("]


def test_a_key_that_a_map_holds_twice_is_not_lost():
    twice = pa.array([[("k", 1), ("k", 2)]], pa.map_(pa.string(), pa.int64()))
    assert said(parquet_of(pa.table({"n": [1], "x": twice}))) == BROKEN


def test_far_dates_of_old_writers_are_not_other_dates():
    far = pa.array(["9999-12-31", "2025-01-01"]).cast(pa.timestamp("us"))
    content = parquet_of(
        pa.table({"n": [1, 2], "x": far}), use_deprecated_int96_timestamps=True
    )
    table = ops.read_table(content, types=False)
    assert table.frame["x"].tolist() == ["9999-12-31", "2025-01-01"]


def test_cells_can_be_left_as_texts():
    found = ops.read_table(parquet_of(LOG[:2]), types=False)
    assert found.frame.to_dict("list") == {
        "user_id": ["u0", "u1"],
        "event": ["view", "cart"],
        "time": ["2025-01-01 10:00:00", "2025-01-02 10:00:00"],
    }


def test_names_may_be_empty_twice_or_none():
    columns = [pa.array([1, 2]), pa.array([3, 4]), pa.array([5, 6])]
    content = parquet_of(pa.Table.from_arrays(columns, ["a", "a", ""]))
    assert ops.read_table(content).frame.columns.tolist() == ["a", "a_2", "column_3"]
    nameless = ops.read_table(content, header_rows=0)
    assert nameless.frame.columns.tolist() == ["column_1", "column_2", "column_3"]
    assert nameless.report.rows == 2
    assert ops.read_table(content, header_rows=2).frame["a 1"].tolist() == [2]


def test_a_table_without_rows_has_columns_and_one_without_columns_is_empty():
    found = ops.read_table(parquet_of(LOG[:0]))
    assert (found.report.rows, found.frame.columns.tolist()) == (0, [*LOG.columns])
    assert said(parquet_of(pa.table({}))) == "The file holds no rows."


def test_it_is_told_by_its_first_and_last_bytes_and_not_by_its_name(tmp_path):
    content = parquet_of(LOG)
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("readme.md", "read me")
        made.writestr("log.parquet", content)
    file = io.BytesIO(content)
    for source in (path, str(path), file, gzip.compress(content), target.getvalue()):
        pd.testing.assert_frame_equal(
            ops.read_table(source).frame, ops.read_table(content).frame
        )
    assert not file.closed
    text = ops.read_table(b"PAR1,b\n1,2\n")
    assert text.frame.columns.tolist() == ["PAR1", "b"]


def test_of_an_archive_another_table_is_taken_first():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("a.parquet", parquet_of(LOG))
        made.writestr("b.csv", "x,y\n1,2\n")
    found = ops.read_table(target.getvalue())
    assert (found.report.member, found.report.members) == ("b.csv", ("b.csv",))
    assert ops.read_table(target.getvalue(), member="a.parquet").report.rows == 300


def test_a_large_table_waits_on_disk(monkeypatch):
    whole = ops.read_table(parquet_of(LOG))
    monkeypatch.setattr(spool, "MEMORY", 1_000)
    monkeypatch.setattr(spool, "ROWS", 20)
    monkeypatch.setattr(parquet, "ROWS", 20)
    told = []
    spilled = ops.read_table(
        parquet_of(LOG, row_group_size=64),
        on_progress=lambda stage, share: told.append((stage, share)),
    )
    assert isinstance(spilled.columns, File)
    pd.testing.assert_frame_equal(spilled.frame, whole.frame)
    shares = [share for stage, share in told if stage == "rows"]
    assert shares == sorted(shares)
    assert len(shares) > 10
    assert shares[-1] == 1


def test_few_rows_of_a_wide_table_are_held_at_a_time(monkeypatch):
    monkeypatch.setattr(parquet, "CELLS", 30)
    content = parquet_of(LOG)
    batches = parquet.read_columns(io.BytesIO(content), most_bytes=10**6).batches
    assert {len(batch.lines) for batch in batches} == {10}


@pytest.mark.parametrize("codec", ["none", "snappy", "gzip", "zstd", "lz4"])
def test_usual_ways_of_packing_are_read(codec):
    assert len(ops.read_table(parquet_of(LOG, compression=codec)).frame) == 300


def test_brotli_is_refused_before_it_is_unpacked():
    content = parquet_of(LOG, compression={"user_id": "snappy", "time": "brotli"})
    assert said(content) == (
        "The column “time” of the Parquet file is compressed with Brotli, which is "
        "not read. Write the file with one of “none”, “snappy”, “gzip”, “lz4”, “zstd”."
    )
    assert said(content, "zh_CN") == (
        "Parquet 文件的「time」列采用 Brotli 压缩，暂不支持。请改用以下压缩方式之一"
        "重新导出：「none」「snappy」「gzip」「lz4」「zstd」。"
    )


BROKEN = (
    "The Parquet file is damaged, cut off or encrypted. Export it again without "
    "encryption, or save the table as CSV."
)


def test_a_codec_that_nobody_knows_is_damage():
    """Arrow would end the process."""
    content = parquet_of(pa.table({"a": [1]}), compression="snappy")
    # Path of the column, then the field of its codec: 1, as zigzag 2.
    mark = b"\x19\x18\x01a\x15\x02"
    assert content.count(mark) == 1
    assert said(content.replace(mark, mark[:-1] + b"\x52")) == BROKEN


@pytest.mark.parametrize("plain", [True, False])
def test_an_encrypted_file_is_refused(plain):
    encryption = pytest.importorskip("pyarrow.parquet.encryption")

    class Keys(encryption.KmsClient):
        def __init__(self, _config):
            super().__init__()

        def wrap_key(self, key, _name):
            return key

        def unwrap_key(self, key, _name):
            return key

    properties = encryption.CryptoFactory(Keys).file_encryption_properties(
        encryption.KmsConnectionConfig(),
        encryption.EncryptionConfiguration(
            footer_key="f", column_keys={"k": ["user_id"]}, plaintext_footer=plain
        ),
    )
    content = parquet_of(LOG, encryption_properties=properties)
    assert content[:4] == (b"PAR1" if plain else b"PARE")
    assert said(content) == BROKEN


def test_a_file_that_is_cut_off_is_refused_wherever_it_is_cut():
    content = parquet_of(LOG)
    for cut in (5, 8, 12, 100, len(content) // 2, len(content) - 1):
        assert said(content[:cut]) == BROKEN
    assert said(content[:100], "zh_CN") == (
        "Parquet 文件已损坏、不完整或已加密。请不加密重新导出，或另存为 CSV。"
    )


NESTED = pa.table(
    {"i": [*range(90)], "s": ["a", "b", None] * 30, "n": [{"k": [1, 2]}] * 90}
)


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_is_more_than_a_sentence(seed):
    draw = random.Random(seed)
    whole = parquet_of(NESTED, compression=("none", "zstd")[seed % 2])
    for _ in range(100):
        broken = bytearray(whole)
        for _ in range(draw.choice((1, 3))):
            # Half of it where the file describes itself.
            last = draw.choice((len(whole), 900))
            broken[-1 - draw.randrange(last)] = draw.randrange(256)
        with contextlib.suppress(ops.Error):
            assert ops.read_table(bytes(broken)).report.rows <= 90


def footed(*fields):
    """A file of nothing but a footer: its fields, and the mark of its end."""
    told = b"".join(fields) + b"\0"
    return b"PAR1" + told + len(told).to_bytes(4, "little") + b"PAR1"


# Field 2, a list of two structures; field 3, the number 7; field 4, an empty list.
SCHEMA, ROWS, GROUPS = b"\x29\x2c\0\0", b"\x16\x0e", b"\x19\x0c"


def test_a_footer_is_read_field_by_field():
    whole = io.BytesIO(footed(SCHEMA, ROWS, GROUPS))
    assert footer.read_footer(whole) == (7, 1)
    # A text, a yes and a number of eight bytes in fields that nobody knows.
    unknown = (b"\x68\x02ab", b"\x11", b"\x17" + bytes(8))
    more = io.BytesIO(footed(SCHEMA, ROWS, GROUPS, *unknown))
    assert footer.read_footer(more) == (7, 1)


@pytest.mark.parametrize(
    "fields",
    {
        "negative": (SCHEMA, b"\x16\x0d", GROUPS),
        "text": (SCHEMA, b"\x18\x01a", GROUPS),
        "twice": (SCHEMA, ROWS, GROUPS, b"\x09\x08\x0c"),
        "missing": (SCHEMA, GROUPS),
        "endless": (SCHEMA, ROWS, b"\x19\xfc\xff\xff\xff\xff\x7f"),
        "long": (SCHEMA, ROWS, GROUPS, b"\x18\x7f"),
        "kind": (SCHEMA, ROWS, GROUPS, b"\x1b\0"),
        # A list of two texts where its reader takes them for structures.
        "disguised": (b"\x29\x28\x01a\x01b", ROWS, GROUPS),
        "numbers": (SCHEMA, ROWS, b"\x19\x15\x02"),
        "encrypted": (SCHEMA, ROWS, GROUPS, b"\x4c\0"),
        # One group of one column, of which only field 8 is there.
        "column": (SCHEMA, ROWS, b"\x19\x1c\x19\x1c\x8c\0\0\0"),
    }.items(),
    ids=lambda case: case[0],
)
def test_a_footer_that_is_none_is_damage(fields):
    with pytest.raises(ops.Error) as caught:
        footer.read_footer(io.BytesIO(footed(*fields[1])))
    assert str(caught.value) == BROKEN


def test_more_rows_than_there_are_is_damage():
    content = parquet_of(pa.table({"a": [*range(100)]}))
    # The field of the rows in the footer: 100, as zigzag 200.
    place = content.index(b"\x16\xc8\x01", len(content) - 600)
    assert said(content[:place] + b"\x16\xca\x01" + content[place + 3 :]) == BROKEN
    assert said(content[:place] + b"\x16\xc9\x01" + content[place + 3 :]) == BROKEN


def test_absurd_sizes_are_refused(monkeypatch):
    wide = pa.table({f"c{i}": [1] for i in range(rows.MOST_COLUMNS + 1)})
    assert "2,001 columns" in said(parquet_of(wide))
    monkeypatch.setattr(archive, "FREE", 1 << 20)
    many = parquet_of(pa.table({"a": pa.nulls(5_000_000)}))
    assert "unpacks to more than 400 times its size" in said(many)
    long = parquet_of(pa.table({"a": ["x" * 1_000] * 20_000}))
    assert "unpacks to more than 400 times its size" in said(long)
    with pytest.raises(ops.Error, match=r"at most 0\.002 MB are read"):
        [*parquet.read_columns(io.BytesIO(parquet_of(LOG)), most_bytes=2_000).batches]
    monkeypatch.setattr(footer, "MOST_BYTES", 500)
    assert said(parquet_of(LOG)).startswith("The Parquet file needs 0.00")


def test_deep_nesting_is_no_way_to_end_the_process():
    deep = b"\x1c" * 100_000 + b"\0" * 100_001
    content = b"PAR1" + deep + len(deep).to_bytes(4, "little") + b"PAR1\x15"[:4]
    assert said(content) == BROKEN


@pytest.fixture
def path(tmp_path):
    place = tmp_path / "log.parquet"
    place.write_bytes(parquet_of(LOG))
    return place


def test_an_upload_is_refused_until_whoever_runs_the_server_allows_it(
    path, tmp_path, monkeypatch
):
    monkeypatch.setenv(child.ALLOW_PARQUET, "0")
    with pytest.raises(ops.Error) as caught:
        ops.import_file(path, tmp_path / "into", **LIMITS)
    assert str(caught.value) == (
        "The file is Parquet, which is not taken here. Save the table as CSV or .xlsx; "
        "or have whoever runs this server allow Parquet by the environment variable "
        "OPSLIB_ALLOW_PARQUET=1."
    )
    assert caught.value.text("zh_CN") == (
        "这是 Parquet 文件，此处不接受上传。请另存为 CSV 或 .xlsx，或请服务器管理员设置"
        "环境变量 OPSLIB_ALLOW_PARQUET=1 以允许上传 Parquet。"
    )
    monkeypatch.setenv(child.ALLOW_PARQUET, "1")
    table = ops.import_file(path, tmp_path / "into", **LIMITS)
    pd.testing.assert_frame_equal(table.frame, ops.read_table(path).frame)


def test_scripts_and_the_command_line_read_it(path, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("OPSLIB_HOME", str(tmp_path / "home"))
    assert len(ops.open(str(path)).events) == 300
    assert child.main([str(path)]) == 0
    assert "300 rows and 3 columns" in capsys.readouterr().out
