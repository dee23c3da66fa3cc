"""Personas on users whose groups are known, and on real tables with known answers."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from opslib import charts, words
from opslib.analyses._persona_cards import Titled, Trait, names
from opslib.analyses._persona_cards import name as names_of
from opslib.analyses._persona_model import PersonaModel
from opslib.analyses.personas import _verdict, personas
from opslib.result import Error, Note

SAMPLES = Path(
    os.environ.get("OPSLIB_SAMPLES", Path(__file__).parents[2] / "../shared/data")
)


def sample(name, **options):
    path = SAMPLES / "users" / name
    if not path.exists():
        pytest.skip(f"no {path.name}")
    return pd.read_csv(path, **options)


@pytest.fixture(scope="module")
def shop():
    """Three kinds of 200, 120 and 80 users; `kind` is the truth, by user number."""
    rng = np.random.default_rng(7)
    kind = np.repeat([0, 1, 2], [200, 120, 80])
    amount = np.exp(np.array([2.0, 6.0, 4.0])[kind] + rng.normal(0, 0.3, 400))
    recency = np.array([10.0, 10.0, 60.0])[kind] + rng.normal(0, 1, 400)
    city = np.array(["北京", "上海", "广州"])[(kind + (rng.random(400) < 0.1)) % 3]
    users = pd.DataFrame({"user": [f"{i:04d}" for i in range(400)], "amount": amount})
    users = users.assign(recency_days=recency, city=city)
    return users.sample(frac=1, random_state=1, ignore_index=True), kind


@pytest.fixture(scope="module")
def found(shop):
    return personas(shop[0])


def test_groups_that_are_there_are_found(shop, found):
    truth = shop[1][found.assignments["user"].astype(int)]
    assert adjusted_rand_score(truth, found.assignments["persona"]) > 0.99
    assert found.table["users"].tolist() == [200, 120, 80]
    assert found.table["share"].tolist() == [0.5, 0.3, 0.2]
    assert found.verdict.code == "personas.strong"


def test_assignments_stand_in_the_order_given(shop, found):
    assert found.assignments["user"].tolist() == shop[0]["user"].tolist()
    assert list(found.assignments) == ["user", "persona", "name", "distance"]


def test_a_code_is_an_equation_and_a_word_is_not():
    traits = [Trait("sex", "level", "2"), Trait("level", "level", "Gold")]
    assert names_of(traits) == "sex = 2, level Gold"
    assert Trait("age", "level", "-1").text("zh_CN") == "age = -1"
    assert Trait("age", "level", "26-35").text("zh_CN") == "age 26-35"


def test_columns_of_ours_are_left_out_by_their_names_in_words():
    days = np.arange(90) % 9
    twins = {"active_days_7": days, "active_days_30": 2 * days, "x": days % 2 * 9.0}
    result = personas(pd.DataFrame({"user": range(90), **twins}))
    (reason,) = [one.text("zh_CN") for one in result.left_out.values()]
    assert reason.startswith(
        "未使用「近 30 天活跃天数」：与「近 7 天活跃天数」高度相关"
    )


def test_a_name_in_words_that_quotes_an_event_is_quoted_otherwise():
    note = Note("encoding.id", column=Titled("events_pv"))
    assert note.text("zh_CN").startswith("未使用「『pv』次数」：")
    assert note.text("en").startswith("“number of ‘pv’” was left out")


def test_names_follow_from_the_strongest_traits(found):
    assert found.table["name"].tolist() == [
        "low spend, city 北京",
        "high spend, city 上海",
        "long inactive, city 广州",
    ]
    assert found.model.names("zh_CN") == [
        "低消费·city 北京",
        "高消费·city 上海",
        "久未活跃·city 广州",
    ]


def test_table_holds_plain_means_and_the_most_common_level(shop, found):
    own = shop[0][shop[1][shop[0]["user"].astype(int)] == 1]
    assert found.table["amount"][1] == pytest.approx(own["amount"].mean())
    assert found.table["city"].tolist() == ["北京", "上海", "广州"]


def test_traits_reconcile_with_the_users(shop, found):
    rows = found.traits.set_index(["persona", "column", "level"]).sort_index()
    users = shop[0].set_index("user")
    own = users.loc[found.users(2)]
    share = (own["city"] == "上海").mean()
    overall = (users["city"] == "上海").mean()
    trait = rows.loc[(2, "city", "上海")]
    assert trait["value"] == pytest.approx(share)
    assert trait["index"] == pytest.approx(100 * share / overall)
    sd = np.sqrt(overall * (1 - overall))
    assert trait["d"] == pytest.approx((share - overall) / sd)
    low, high = users["recency_days"].quantile([0.01, 0.99])
    even = np.log1p(users["recency_days"].clip(low, high))
    gap = even.loc[own.index].mean() - even.mean()
    recency = rows.loc[(2, "recency_days")]
    assert recency["d"].iloc[0] == pytest.approx(gap / even.std(ddof=0))


def test_p_values_compare_with_a_draw_without_replacement(shop, found):
    """Simulated: 120 of the 400 users drawn at random, as often as it takes."""
    rng = np.random.default_rng(0)
    small = personas(shop[0].assign(coin=rng.random(400) < 0.5)).traits
    row = small[(small["column"] == "coin") & (small["level"] == "True")].iloc[1]
    hits, total = round(row["value"] * 120), round(row["overall"] * 400)
    drawn = rng.hypergeometric(total, 400 - total, 120, size=20_000)
    extreme = drawn >= hits if row["d"] > 0 else drawn <= hits
    assert row["p_value"] == pytest.approx(extreme.mean(), abs=0.02)
    number = small[small["column"] == "recency_days"].iloc[0]
    z = number["d"] * np.sqrt(200 * 399 / 200)
    assert number["p_value"] == pytest.approx(2 * norm.sf(abs(z)))


def test_users_of_a_persona_come_most_typical_first(found):
    ids = found.users(3)
    distance = found.assignments.set_index("user")["distance"]
    assert len(ids) == 80
    assert distance[ids].is_monotonic_increasing
    assert found.cards()[2].examples == tuple(ids[:3])
    with pytest.raises(Error, match="persona must lie between 1 and 3, got “9”"):
        found.users(9)


def test_card_says_it_in_one_sentence(found):
    card = found.cards()[1]
    assert card.sentence.startswith(
        "high spend, city 上海: 120 users, 30.0% of all; high spend 4"
    )
    assert card.over["trait"][0] == "high spend"
    assert card.under["trait"].tolist()[0] == "recently active"
    assert list(card.over) == ["trait", "measure", "comparison", "index", "d"]
    assert card.over["d"].min() > 0 > card.under["d"].max()
    assert "120 人，占 30.0%；高消费 4" in found.cards("zh_CN")[1].sentence


def test_describe_gives_personas_shares_and_certainty(found):
    assert found.describe() == (
        "400 users fall into 3 personas: low spend, city 北京 50.0%; "
        "high spend, city 上海 30.0%; long inactive, city 广州 20.0%. The groups are "
        f"clearly apart (silhouette {found.verdict.values['silhouette']:.3f}; "
        "above 0.7 is strong)."
    )
    chinese = found.describe("zh_CN")
    assert chinese.startswith("400 个用户分为 3 类人群：低消费·city 北京 50.0%；")


def test_the_same_users_get_the_same_numbers_in_any_order(shop, found):
    again = personas(shop[0].sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(again.table, found.table, check_exact=True)
    pd.testing.assert_frame_equal(again.evidence, found.evidence, check_exact=True)
    assert again.model.to_json() == found.model.to_json()
    by_user = [r.assignments.set_index("user").sort_index() for r in (again, found)]
    pd.testing.assert_frame_equal(*by_user, check_exact=True)


def test_order_does_not_matter_without_ids_either(shop):
    users = shop[0].drop(columns="user")
    first, again = personas(users), personas(users.sample(frac=1, random_state=3))
    pd.testing.assert_frame_equal(again.table, first.table, check_exact=True)
    assert first.assignments["user"].tolist() == [str(i) for i in range(1, 401)]
    assert first.warnings[0].text().startswith("The table has no user column")


def test_input_is_not_changed(shop):
    users = shop[0].copy()
    personas(users)
    pd.testing.assert_frame_equal(users, shop[0])


def test_uniform_noise_is_called_a_continuum():
    rng = np.random.default_rng(0)
    users = pd.DataFrame(rng.random((600, 6)), columns=list("abcdef"))
    noise = personas(users)
    assert noise.verdict.code == "personas.none"
    assert "were cut into" in noise.describe()
    assert "cut from a continuum" in noise.describe()
    assert "persona" not in noise.describe()
    assert "连续分布" in noise.describe("zh_CN")


@pytest.mark.parametrize(
    ("silhouette", "word"),
    [(0.7, "strong"), (0.69, "fair"), (0.5, "fair"), (0.25, "weak"), (0.24, "none")],
)
def test_verdict_uses_the_usual_words(silhouette, word):
    note = _verdict(silhouette)
    assert note.code == f"personas.{word}"
    assert str(silhouette) in note.text()
    assert str(silhouette) in note.text("zh_CN")


def test_k_can_be_given(shop):
    two = personas(shop[0], k=2)
    assert len(two.table) == 2
    assert two.evidence.set_index("k")["chosen"].to_dict() == {
        k: k == 2 for k in range(2, 9)
    }
    assert personas(shop[0], k=11).evidence["k"].tolist() == [*range(2, 9), 11]


@pytest.mark.parametrize("k", [1, 14, "five", 2.5])
def test_k_out_of_range_is_named(shop, k):
    with pytest.raises(Error, match=f"k must lie between 2 and 13, got “{k}”"):
        personas(shop[0], k=k)


def test_too_few_users_are_refused(shop):
    with pytest.raises(
        Error, match=r"Personas need at least 60 users, and the table has 59\."
    ) as error:
        personas(shop[0].head(59))
    assert error.value.text("zh_CN") == "用户画像至少需要 60 个用户，表中只有 59 个。"
    assert len(personas(shop[0].head(60)).evidence) == 1


def test_unknown_feature_is_named_with_the_columns_there_are(shop):
    with pytest.raises(Error, match=r"features names the column “spend”.*“amount”"):
        personas(shop[0], features=["spend"])


def test_feature_asked_for_that_cannot_be_used_is_an_error(shop):
    users = shop[0].assign(one=1)
    with pytest.raises(Error, match="“one” was left out: nearly all users have the sa"):
        personas(users, features=["amount", "one"])


def test_two_columns_of_one_name_are_an_error(shop):
    users = shop[0].rename(columns={"city": "amount"})
    with pytest.raises(Error, match="Two columns are called “amount”; rename one"):
        personas(users)


def test_nothing_to_group_by_is_an_error(shop):
    users = shop[0][["user"]].assign(one=1, id=range(400))
    with pytest.raises(Error, match=r"No column can be used.*“one”, “id”") as error:
        personas(users)
    assert "没有可用于画像的列，已排除：「one」" in error.value.text("zh_CN")


def test_users_that_repeat_are_left_out_and_told(shop):
    users = pd.concat([shop[0], shop[0].head(3)], ignore_index=True)
    users.loc[len(users)] = [None, 1.0, 1.0, "北京"]
    twice = personas(users)
    assert twice.table["users"].sum() == 400
    assert twice.warnings[0].text() == (
        "4 rows without a user, or with a user that came before, were left out."
    )


def test_columns_left_out_are_listed_with_reasons(shop):
    users = shop[0].assign(
        order_id=range(1000, 1400), note=[f"text {i}" for i in range(400)], one="x"
    )
    result = personas(users)
    assert {name: note.code for name, note in result.left_out.items()} == {
        "order_id": "encoding.id",
        "note": "encoding.many",
        "one": "encoding.constant",
    }
    assert result.describe().endswith("3 columns were left out.")
    done = result.preparation("zh_CN").set_index("column")
    assert done["used"].to_dict() == {
        "amount": True, "recency_days": True, "city": True,
        "order_id": False, "note": False, "one": False,
    }  # fmt: skip
    assert done["done"]["order_id"] == "未使用「order_id」：它是标识号，不描述用户。"
    assert "log(1 + x)" in done["done"]["amount"]


def test_a_better_k_that_was_passed_over_is_told():
    rng = np.random.default_rng(0)
    centre = np.repeat([[0, 0], [9, 0], [0, 9], [9, 9]], [100, 100, 100, 25], axis=0)
    users = pd.DataFrame(centre + rng.normal(0, 0.5, (325, 2)), columns=["a", "b"])
    result = personas(users)
    assert len(result.table) == 3
    silhouette = words.number(result.evidence["silhouette"][2])
    assert result.warnings[-1].text() == (
        f"4 personas would be further apart (silhouette {silhouette}), "
        "but the smallest would have 25 users."
    )


def test_columns_named_like_ours_do_not_collide(shop):
    users = shop[0].rename(columns={"amount": "share", "city": "name"})
    assert personas(users).table.columns.tolist() == [
        "persona", "name", "users", "share", "share_", "recency_days", "name_",
    ]  # fmt: skip


def test_model_comes_back_from_json_and_predicts_the_same(shop, found):
    model = PersonaModel.from_json(found.model.to_json())
    assert model.to_json() == found.model.to_json()
    pd.testing.assert_frame_equal(
        model.predict(shop[0]), found.assignments, check_exact=True
    )
    assert model.names("zh_CN") == found.model.names("zh_CN")


def test_model_needs_its_columns(shop, found):
    with pytest.raises(Error, match="needs the columns “city”, which the table does"):
        found.model.predict(shop[0].drop(columns="city"))


def test_model_refuses_words_where_a_number_was(shop, found):
    users = shop[0].astype({"amount": "str"})
    same = found.model.predict(users)
    pd.testing.assert_frame_equal(same, found.assignments)
    users.loc[3, "amount"] = "many"
    with pytest.raises(Error, match=r"“amount” cannot be read.*1 row; .*“many”"):
        found.model.predict(users)


def test_unseen_level_and_missing_values_still_get_a_persona(shop, found):
    users = shop[0].head(4).assign(city=["深圳", None, "北京", "上海"])
    users.loc[2, "amount"] = np.nan
    predicted = found.model.predict(users)
    assert predicted["persona"].between(1, 3).all()
    assert predicted["distance"].notna().all()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace("opslib.personas.1", "other"),
        lambda text: text.replace('"centres": [[', '"centres": [[1.0, '),
        lambda text: text.replace('"kind": "category"', '"kind": "code"'),
    ],
)
def test_other_text_is_not_a_model(found, change):
    with pytest.raises(Error, match="not a persona model"):
        PersonaModel.from_json(change(found.model.to_json()))


def test_personas_that_sound_alike_get_a_third_trait_or_a_number():
    rows = [
        (1, "a", 3.0), (1, "b", 2.0), (1, "c", 1.0),
        (2, "a", 3.0), (2, "b", 2.0), (2, "d", 1.0),
        (3, "a", 3.0),
        (4, "a", 3.0),
    ]  # fmt: skip
    traits = pd.DataFrame(rows, columns=["persona", "column", "d"])
    traits = traits.assign(side="high", level=None, shown=True)
    model = PersonaModel((), np.zeros((4, 0)), names(traits))
    assert model.traits[0] == tuple(Trait(column, "high") for column in "abc")
    assert model.names() == [
        "high a, high b, high c", "high a, high b, high d", "high a", "high a (2)",
    ]  # fmt: skip


def test_dates_are_days_before_the_latest(shop):
    days = np.where(shop[1] == 0, 300, 10)
    dates = pd.Timestamp("2025-06-30") - pd.to_timedelta(days, unit="D")
    users = pd.DataFrame({"注册日期": dates, "plan": np.where(shop[1] < 2, "a", "b")})
    result = personas(users, k=2)
    assert sorted(result.table["注册日期"]) == [0.0, 290.0]
    assert {"新用户", "老用户"} <= set("·".join(result.model.names("zh_CN")).split("·"))
    told = " ".join(card.sentence for card in result.cards("zh_CN"))
    assert "老用户 距最近日期 290 天（全体 145 天）" in told
    again = result.model.predict(users.astype({"注册日期": "str"}))
    pd.testing.assert_frame_equal(again, result.assignments)


def test_chart_can_be_drawn(found):
    assert charts.export(found.chart("zh_CN"), "svg").startswith(b"<svg")


@pytest.mark.parametrize("lang", words.LANGUAGES)
def test_chart_draws_every_persona_on_every_trait(found, lang):
    spec = found.chart(lang).to_dict()
    data = next(iter(spec["datasets"].values()))
    assert len(data) == 3 * (2 + 3)
    assert spec["description"] == found.describe(lang)
    used = [layer["encoding"]["x"]["field"] for layer in spec["layer"]]
    assert used == ["c0", "c0"]


def test_hostile_column_names_stay_text(shop):
    users = shop[0].rename(columns={"amount": "</b>a:Q\n[x]", "city": "datum['c0']"})
    result = personas(users)
    assert "\n" not in "".join(result.model.names())
    encoding = result.chart().to_dict()["layer"][0]["encoding"]
    fields = [encoding[channel]["field"] for channel in ("x", "y", "color")]
    assert fields == ["c0", "c1", "c2"]


def test_wholesale_codes_are_categories_and_agree_with_the_channel():
    users = sample("Wholesale_customers.csv")
    result = personas(users)
    kinds = {c.column: type(c).__name__ for c in result.model.columns}
    assert kinds["Channel"] == kinds["Region"] == "Category"
    assert kinds["Fresh"] == "Number"
    blind = personas(users, features=list(users.columns[2:]), k=2)
    assert adjusted_rand_score(users["Channel"], blind.assignments["persona"]) > 0.45


def test_mall_personas_separate_income_and_score():
    mall = sample("Mall_Customers.csv", dtype={"customer_id": "str"})
    mall = mall.rename(columns={"customer_id": "user"})
    wanted = ["annual_income_thousands", "spending_score"]
    result = personas(mall, features=wanted, k=5)
    published = KMeans(5, n_init=10, random_state=0).fit_predict(mall[wanted])
    ours = result.assignments["persona"]
    assert adjusted_rand_score(published, ours) > 0.95
    assert result.assignments["user"][0] == "0001"
    small = "The smallest persona has 22 users: too few to rely on."
    assert small in [note.text() for note in result.warnings]


def test_marketing_table_leaves_out_what_says_nothing():
    users = sample("marketing_campaign_tab_ddmmyyyy.csv", sep="\t")
    left_out = personas(users).left_out
    assert left_out["ID"].code == "encoding.id"
    assert left_out["Z_Revenue"].code == "encoding.constant"


def test_every_sentence_exists_in_both_languages():
    folder = Path(words.__file__).parent
    for module in ("personas", "encoding"):
        english, chinese = (
            [
                line
                for line in (folder / lang / f"{module}.po").read_text().splitlines()
                if line.startswith("msgid ")
            ]
            for lang in words.LANGUAGES
        )
        assert english == chinese
