"""Kinds and roles are recognised by names in two languages and by the values."""

import itertools
from pathlib import Path

import pytest

import opslib as ops
from opslib.ingest.roles import KINDS, Recognised

ROOT = Path(__file__).parents[2]


def table(header, *rows, **overrides):
    text = "\n".join([header, *rows])
    return ops.read_table(text.encode(), **overrides)


def events(header):
    rows = [
        f"u{i % 20},{('pv', 'cart', 'buy')[i % 3]},2025-01-{i % 28 + 1:02} 10:00"
        for i in range(90)
    ]
    return table(header, *rows)


@pytest.mark.parametrize(
    "header",
    [
        "user_id,event,timestamp",
        "distinct_id,$event,#event_time",
        "uid,action,created_at",
        "用户ID,行为类型,时间",
        "会员编号,事件名称,发生时间",
        "用戶編號,事件類型,時間",
        "User ID,Event Name,Event Time",
    ],
)
def test_events_are_known_by_their_names(header):
    report = events(header).report
    assert report.kind == "events"
    names = header.split(",")
    assert report.roles == {"user": names[0], "event": names[1], "time": names[2]}
    assert report.confidence > 0.9


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_the_order_of_columns_does_not_matter(order):
    names = ["user_id", "event", "time"]
    values = [("a", "pv", "2025-01-01"), ("b", "buy", "2025-01-02")] * 20
    rows = [",".join(row[i] for i in order) for row in values]
    report = table(",".join(names[i] for i in order), *rows).report
    assert report.roles == {"user": "user_id", "event": "event", "time": "time"}


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        (
            "买家ID,订单编号,付款时间,实付金额",
            {"user": 0, "time": 2, "amount": 3, "order": 1},
        ),
        (
            "customer_id,order_id,order_date,revenue",
            {"user": 0, "time": 2, "amount": 3, "order": 1},
        ),
    ],
)
def test_orders_are_known(header, roles):
    rows = [f"c{i % 7},o{i},2025-03-{i % 28 + 1:02},{i * 1.5}" for i in range(50)]
    report = table(header, *rows).report
    names = header.split(",")
    assert report.kind == "orders"
    assert report.roles == {role: names[i] for role, i in roles.items()}


def test_an_amount_is_computed_from_quantity_and_price():
    rows = [f"c{i % 7},2025-03-{i % 28 + 1:02},{i % 4 + 1},2.5" for i in range(50)]
    rows.append("c1,2025-03-01,2,3.5")
    found = table("客户编号,下单时间,数量,单价", *rows)
    assert found.report.roles["amount"] == "amount"
    assert found.frame["amount"].tolist()[-1] == 7.0
    assert any("was computed" in note.text() for note in found.report.changes)


def test_users_keep_their_zeros():
    found = table("会员编号,年龄,城市", *(f"{i:04},{i % 50},北京" for i in range(60)))
    assert found.report.kind == "users"
    assert found.report.roles == {"user": "会员编号"}
    assert found.frame["会员编号"].iloc[7] == "0007"


def test_an_experiment_is_known_and_its_unit_is_text():
    rows = [f"{i},{'AB'[i % 2]},{i % 3 == 0}" for i in range(200)]
    found = table("用户ID,实验分组,是否转化", *rows)
    assert found.report.kind == "experiment"
    assert found.report.roles == {"unit": "用户ID", "variant": "实验分组"}
    assert found.frame["用户ID"].dtype == "str"


def test_rows_without_an_id_are_units_of_their_own():
    rows = [f"{'AB'[i % 2]},{i % 5},{i % 3}" for i in range(200)]
    found = table("variant,visits,orders", *rows)
    assert found.report.roles == {"unit": "unit", "variant": "variant"}
    assert found.frame["unit"].tolist()[:2] == ["1", "2"]


@pytest.mark.parametrize(
    ("header", "rows", "roles"),
    [
        (
            "step,users",
            ["visit,1000", "cart,400", "pay,90"],
            {"step": "step", "users": "users"},
        ),
        (
            "步骤,人数,渠道",
            ["访问,1000,搜索", "支付,90,搜索", "访问,500,广告", "支付,20,广告"],
            {"step": "步骤", "users": "人数", "group": "渠道"},
        ),
    ],
)
def test_an_exported_funnel_is_known(header, rows, roles):
    report = table(header, *rows).report
    assert (report.kind, report.roles) == ("counts", roles)


@pytest.mark.parametrize("header", ["date,dau,revenue", "日期,活跃用户,收入"])
def test_an_exported_dashboard_is_known(header):
    rows = [f"2025-01-{day:02},{1000 + day},{day * 9.5}" for day in range(1, 29)]
    report = table(header, *rows).report
    assert report.kind == "daily"
    assert report.roles == {"date": header.split(",")[0]}


@pytest.mark.parametrize(
    "header",
    [
        "日期,活跃用户,新增用户,支付人数,订单数,成交额",
        "日期,支付用户,下单用户,支付人数,订单数,成交额",
        "date,active_user,new_user,payers,orders,gmv",
    ],
)
def test_numbers_of_users_per_day_are_no_users(header):
    rows = [
        f"2026-03-{day:02},{25 + day % 9},{3 + day % 2},{2 + day % 3},4,{day * 99.7}"
        for day in range(1, 31)
    ]
    report = table(header, *rows).report
    assert report.kind == "daily"
    assert report.roles == {"date": header.split(",")[0]}
    assert report.confidence > 0.9
    assert report.runner_up_confidence < 0.5


def test_a_log_with_amounts_is_events_beyond_doubt():
    rows = [
        f"u{i % 20},{('view', 'cart', 'buy')[i % 3]},2025-01-{i % 28 + 1:02} 10:00,{i}"
        for i in range(90)
    ]
    report = table("user_id,event,time,amount", *rows).report
    assert report.kind == "events"
    assert not report.warnings


def test_the_demo_files_are_known_for_what_they_are():
    for path in sorted((ROOT / "data").glob("*/*.csv")):
        report = ops.read_table(path).report
        assert report.kind == path.stem, path
        assert not report.warnings, path


def test_feedback_is_known():
    rows = [f"{i % 5 + 1},第{i}次购买体验很好还会再来" for i in range(60)]
    report = table("评分,评论内容", *rows).report
    assert report.kind == "feedback"
    assert report.roles == {"score": "评分", "comment": "评论内容"}


def test_a_file_without_a_header_is_known_by_its_values():
    rows = [
        f"{i % 20 + 1},{9**7 + i * 7919},{('pv', 'buy')[i % 2]},{1511544070 + i * 61}"
        for i in range(100)
    ]
    found = table(rows[0], *rows[1:])
    assert found.report.header_rows == 0
    assert found.report.kind == "events"
    assert found.report.roles == {
        "user": "column_1",
        "event": "column_3",
        "time": "column_4",
    }
    assert found.frame["column_1"].iloc[0] == "1"


def test_what_is_known_is_taken_and_the_rest_is_found():
    rows = [f"{i % 9},{i % 4},{i % 3},2025-01-{i % 28 + 1:02}" for i in range(90)]
    found = table(
        "who,what,type,when",
        *rows,
        kind="events",
        roles={"event": "what", "user": "who"},
    )
    assert found.report.roles == {"user": "who", "event": "what", "time": "when"}
    assert found.frame["who"].dtype == "str"


def test_every_role_says_how_well_it_fits_and_what_else_would_do():
    rows = [
        f"u{i % 15},v{i % 12},{'ab'[i % 2]},2025-01-{i % 28 + 1:02},2025-02-{i % 9 + 1}"
        for i in range(90)
    ]
    report = table("user_id,parent_user,event,time,log_time", *rows).report
    assert report.kind == "events"
    assert report.others == {"user": "parent_user", "time": "log_time"}
    assert set(report.fits) == {"user", "event", "time"}
    assert all(0.9 < fit <= 1 for fit in report.fits.values())


def test_a_role_can_be_taken_away():
    report = table(
        "user_id,order_time,amount,order_id",
        *(f"u{i % 9},2025-01-{i % 28 + 1:02},{i / 7:.2f},{i}" for i in range(60)),
        roles={"order": None},
    ).report
    assert report.roles == {"user": "user_id", "time": "order_time", "amount": "amount"}


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_kind_that_is_asked_for_is_never_replaced(kind):
    rows = [f"u{i % 9},pv,2025-01-{i % 28 + 1:02}" for i in range(60)]
    assert table("user,event,time", *rows, kind=kind).report.kind == kind


def test_a_table_of_nothing_known_says_so():
    report = table("colour,shade", *(f"c{i % 3},s{i % 4}" for i in range(30))).report
    assert report.kind == ""
    assert "could not be told" in report.describe()
    assert "没能判断" in report.describe("zh_CN")


EXPORTS = {
    "event_date,event_timestamp,event_name,user_pseudo_id": (
        "2025010{i},17356896000{i}0000,view,u{u}",
        ("events", {"user": "user_pseudo_id", "time": "event_timestamp"}),
    ),
    "Name,Email,Paid at,Subtotal,Total,Created at,Lineitem quantity,Id": (
        "#{n},a{u}@x.io,2025-01-0{i} 10:01,5.{u},9.{u}5,2025-01-0{i} 10:00,1,55{n}",
        ("orders", {"user": "Email", "time": "Created at", "amount": "Total"}),
    ),
    "id,Created (UTC),Amount,Currency,Customer ID,Status": (
        "ch_{n},2025-01-0{i} 10:00,9.{u}5,usd,cus_{u},Paid",
        ("orders", {"user": "Customer ID", "time": "Created (UTC)"}),
    ),
    "订单号,下单时间,买家昵称,商品数量,订单实付金额(元)": (
        "E{n},2025-01-0{i} 10:00,n{u},1,9.{u}5",
        ("orders", {"user": "买家昵称", "amount": "订单实付金额(元)"}),
    ),
    "订单号,客户账号,京东价,结算金额,下单时间": (
        "{n},jd_{u},8.5,9.{u}5,2025-01-0{i} 10:00",
        ("orders", {"user": "客户账号", "amount": "结算金额"}),
    ),
}


@pytest.mark.parametrize("header", EXPORTS)
def test_exports_of_shops_and_trackers_are_known_as_they_come(header):
    row, (kind, roles) = EXPORTS[header]
    rows = [row.format(n=1000 + n, i=n % 9 + 1, u=n * 7 % 25) for n in range(120)]
    report = table(header, *rows).report
    assert report.kind == kind
    assert roles.items() <= report.roles.items()


def test_a_column_that_would_do_nearly_as_well_is_asked_about():
    rows = [
        f"u{i % 9},v{i % 8},{('pv', 'buy')[i % 2]},2025-01-{i % 28 + 1:02}"
        for i in range(90)
    ]
    close = table("user_id,device_id,event,time", *rows).report
    told = [note.text() for note in close.warnings]
    assert told == [
        "“user_id” was taken for the user; “device_id” would do nearly as well."
    ]
    settled = table("user_id,device_id,event,time", *rows, roles={"user": "user_id"})
    assert not settled.report.warnings
    apart = table("user_id,parent_thing,event,time", *rows).report
    assert not apart.warnings


def test_traditional_characters_are_the_same_names():
    rows = [f"u{i % 9},o{i},2025-01-{i % 28 + 1:02},{i}.5" for i in range(90)]
    report = table("會員編號,訂單編號,付款時間,實付金額", *rows).report
    assert report.kind == "orders"
    assert set(report.roles) == {"user", "order", "time", "amount"}


@pytest.mark.parametrize(
    ("header", "user", "event"),
    [
        ("mpid_x,event_name,event_time", "mpid_x", "event_name"),
        ("客户ID,跟进方式,跟进时间", "客户ID", "跟进方式"),
    ],
)
def test_values_tell_who_or_what_where_the_others_have_their_names(header, user, event):
    report = events(header).report
    assert report.kind == "events"
    assert (report.roles["user"], report.roles["event"]) == (user, event)
    assert min(report.fits.values()) < 0.5


def test_values_alone_make_no_events_of_names_that_tell_nothing():
    assert events("aa,bb,event_time").report.kind == ""


def log(header, *columns):
    """Make a table of 90 rows; each column is given as a rule for its row."""
    return table(header, *(",".join(str(c(i)) for c in columns) for i in range(90)))


def day(i):
    return f"2025-01-{i % 28 + 1:02} 10:{i % 60:02}"


def again(i):
    return f"u{i * 7 % 17}"


def own(i):
    return f"x{1000 + i}"


def money(i):
    return f"{i * 37 % 91}.5"


def few(i):
    return i % 4 + 1


def text(i):
    return f"那边的天气怎么样{i}"


def test_what_is_only_a_guess_is_said_to_be_one():
    guess = log("spot,steps,weight", lambda i: i * 7 % 31, few, money).report
    assert (guess.kind, guess.confidence) == ("users", 0.3)
    assert guess.warnings[0].text() == (
        "Little in the file says what kind of table it is: users is a guess."
    )
    assert "用户表只是猜测，请核对" in guess.warnings[0].text("zh_CN")
    (near,) = Recognised("daily", {}, 0.56, "orders", 0.4).notes
    assert near.text() == (
        "Little in the file says what kind of table it is: daily figures is a guess, "
        "orders the next best."
    )
    assert "其次可能是订单表" in near.text("zh_CN")
    assert Recognised("daily", {}, 0.71, "orders", 0.4).notes == []


def test_a_name_is_what_it_ends_with():
    report = log("UserLanguage,id,event,time", few, again, few, day).report
    assert report.roles["user"] == "id"


def test_an_id_that_comes_again_is_somebodys_and_no_order():
    report = log("id,date,purchaseamount", again, day, money).report
    assert (report.kind, report.roles["user"]) == ("orders", "id")
    assert "order" not in report.roles
    once = log("id,buyer,date,amount", own, again, day, money).report
    assert (once.roles["order"], once.roles["user"]) == ("id", "buyer")


@pytest.mark.parametrize(
    "who",
    ["Guest name", "created_by", "操作人", "交易对方", "顾客", "昵称", "买家微信"],
)
def test_somebody_is_told_by_name_or_deed(who):
    report = log(f"{who},amount,time", again, money, day).report
    assert (report.kind, report.roles["user"]) == ("orders", who)


def test_the_id_of_an_ad_is_no_users():
    header = "ad_id,clicks,spent"
    assert log(header, own, few, money).report.roles == {"user": "user"}
    assert log(header.replace("_", ""), own, few, money).report.roles["user"] == "adid"


def test_a_price_is_the_amount_where_nothing_says_how_many():
    one = log("customer_id,t_dat,price", again, day, money).report
    assert (one.kind, one.roles["amount"]) == ("orders", "price")
    many = log("客户编号,下单时间,数量,单价,参考价格", again, day, few, money, money)
    assert many.report.roles["amount"] == "amount"
    total = log("客户编号,下单时间,数量,单价,总价", again, day, few, money, money)
    assert total.report.roles["amount"] == "总价"


def test_an_amount_that_is_known_is_kept_and_one_taken_away_stays_away():
    rows = (again, day, few, money, money)
    header = "客户编号,下单时间,数量,单价,参考价格"
    told = {"amount": "参考价格"}
    lines = [",".join(str(c(i)) for c in rows) for i in range(90)]
    assert table(header, *lines, roles=told).report.roles["amount"] == "参考价格"
    plain = "customer_id,t_dat,price"
    lines = [",".join(str(c(i)) for c in (again, day, money)) for i in range(90)]
    gone = table(plain, *lines, kind="orders", roles={"amount": None}).report
    assert "amount" not in gone.roles


def test_words_are_posts_and_opinions_are_feedback():
    posts = log("时间,发送者,消息内容", day, again, text).report
    assert (posts.kind, posts.roles["user"]) == ("posts", "发送者")
    feedback = log("时间,客户,评价内容", day, again, text).report
    assert (feedback.kind, feedback.roles["comment"]) == ("feedback", "评价内容")
    assert not feedback.warnings


def test_marks_without_a_word_are_feedback_if_people_give_several():
    report = log("userId,movieId,rating,timestamp", again, few, few, day).report
    assert (report.kind, report.roles["score"]) == ("feedback", "rating")
    people = log("userId,age,rating", own, few, few).report
    assert people.kind == "users"


def test_how_many_is_not_how_good():
    report = log("评论内容,回复数,点赞数量", text, few, few).report
    assert report.roles == {"comment": "评论内容"}


def test_people_who_do_everything_once_are_in_no_log():
    rows = (own, day, lambda i: "AB"[i % 2], lambda i: "xy"[i // 2 % 2], few)
    report = log("user_id,timestamp,group,landing_page,converted", *rows).report
    assert (report.kind, report.roles["variant"]) == ("experiment", "group")
    assert not report.warnings


def test_groups_of_people_with_phones_are_no_experiment():
    rows = (own, lambda i: f"139{i * 7919:08}", lambda i: "甲乙"[i % 2], few)
    assert log("会员ID,手机号,分组,积分", *rows).report.kind == "users"


def test_questions_need_no_question_mark():
    rows = (day, lambda i: "甲乙"[i % 2], few, text)
    header = "时间戳记,您的年龄段,您对本次活动的满意度,您还有什么想对我们说的"
    report = log(header, *rows).report
    assert report.kind == "survey"
    assert report.roles["comment"] == "您还有什么想对我们说的"
    assert (
        log("time,user,请求方式,请求URL", day, again, few, own).report.kind != "survey"
    )


def test_a_service_is_told_by_its_other_columns():
    header = "Ticket #,Subject,Priority,Created By,Created At"
    report = log(header, own, few, few, again, day).report
    assert (report.kind, report.roles["opened"]) == ("tickets", "Created At")


def test_numbers_name_groups_of_a_dashboard():
    rows = (lambda i: f"2025-01-{i // 3 + 1:02}", lambda i: i % 3 + 1, money)
    assert log("Date,Store,Sales", *rows).report.roles["group"] == "Store"


def test_a_doubt_about_a_role_that_was_computed_away_is_not_told():
    rows = (again, day, few, few, money)
    report = log("客户编号,下单时间,数量,件数,单价", *rows).report
    assert report.roles["amount"] == "amount"
    assert not report.warnings


@pytest.mark.parametrize("name", ["客户 / Cliente", "User|用户", "微信名/用户ID"])
def test_a_name_in_two_languages_is_either(name):
    report = log(f"{name},event,time", again, few, day).report
    assert report.roles["user"] == name
    assert report.fits["user"] > 0.8


def test_values_make_no_events_of_a_name_that_tells_another_role():
    report = log("会员ID,昵称,创建时间", again, lambda i: f"n{i % 9}", day).report
    assert report.kind != "events"
