"""How likely a text is in a language, learnt from the names that Babel brings along.

Bytes that were read in a wrong encoding become letters that no language puts side by
side. What is usual is learnt from the CLDR names of countries, languages, currencies
and months, so that no word lists have to be kept here; Chinese, Japanese and Korean,
where such names hold too few characters, add the ones that tables use most.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from string import ascii_lowercase

from babel import Locale

# The characters that business tables use most, simplified and traditional.
CHINESE = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能"
    "下过子说产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加"
    "量都两体制机当使点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与"
    "关各重新线内数正心反你明看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者"
    "最立代想已通并提直题党程展五果料象员革位入常文总次品式活设及管特件长求老头基资边流路级少"
    "图山统接知较将组见计别她手角期根论运农指几九区强放决西被干做必战先回则任取完举色户名称编"
    "号金额订单客会付款购买单价数日期间类型渠道商店城市省男女性别年龄岁手机评论注册登录收藏加车浏览"
    "北京海广州深圳江浙苏杭南东味餐送服务快慢差好坏满意差姓称源址备注评序状态完优惠券邮箱昵份额均率留转"
    "折扣库存款式颜码页面点击率曝光搜索直播粉丝群福利赠礼积余充值退货换取消配待已未否村镇街路楼室元角分"
    "這個為時來們會發動後對過說產種經進著電裡實體當從業應開還然點關與無線問題訂單編號購買價額"
    "類門戶員會數據日間東廣區號碼達費帳註冊錄瀏覽訪時間事件臺灣縣師師華萬億稱備註評齡狀態優券郵箱"
    "暱顏頁點擊轉換貨贈禮積餘儲退櫃庫鎮樓轄聯絡聯繫歲歷學歷職業寄送宅超收據發票"
)
JAPANESE = (
    "日本人年月大国会社中長出時事自者手員業地方東京都道府県市区町村番号名前氏性別齢男女顧客購入"
    "注文金額数量単価商品在庫合計税込送料支払法配達住所電話郵便登録更新変確認完了新規続退解約店舗"
    "売上利用回分類種担当部署備考未済予定開始終初最終来訪問流経路広告検索満足評価点"
)
KOREAN = (
    "이다의에가는을를고하지사로인용자구매주문금액상품명날짜시간도시지역회원번호입결제수단합계정보기"
    "서울부산대전광천한국어해스트리아일년월과으성별령남여전화메모등록최근방횟유형채널"
)
HALF_WIDTH = "".join(map(chr, range(0xFF66, 0xFFA0)))
WIDE_MARKS = "，。！？、：；（）《》“”‘’—…￥～·【】「」『』・％＋－／＝　"
MARKS = "’‘“”„«»–—…€£°№\xa0"
OPENING = "¿¡„“«"
POWERS = ("m²", "m³")
OWN_MARKS = {"es": "¿¡ªº", "pt": "ªº", "it": "ªº"}
# Usual letters and endings that CLDR's names happen not to hold.
OWN_WORDS = {
    "fr": ("cœur", "œuvre", "nœud", "bœuf"),
    "pl": ("wartość", "część", "wysokość", "treść"),
}
# Of a letter that the language does not have, of a sign, and of bytes that are nothing.
FOREIGN, SIGN, BROKEN = 1e-6, 5e-4, 1e-7
PRIOR = 4
# Inside a word: a capital after a small letter, another script after a Latin letter.
JUMP, JOIN = math.log(0.01), math.log(0.01)

Pairs = Counter[tuple[str, str]]
Cost = Callable[[str, str], float]


def pairs(text: str) -> Pairs:
    """Count the neighbours in a text, at least one of them beyond ASCII."""
    found = Counter(zip(" " + text, text + " ", strict=True))
    return Counter({pair: n for pair, n in found.items() if max(pair) > "\x7f"})


def likelihood(found: Pairs, language: str) -> float:
    """Sum the log-likelihoods of all characters beyond ASCII, each after its neighbour.

    Example:
        >>> moscow = [pairs("Москва".encode().decode(to)) for to in ("utf-8", "cp1251")]
        >>> likelihood(moscow[0], "ru") > likelihood(moscow[1], "ru")
        True
    """
    cost = model(language)
    return sum(n * cost(*pair) for pair, n in found.items())


@cache
def model(language: str) -> Cost:
    """Learn one language: the log-likelihood of a character after another."""
    if language in _IDEOGRAPHS:
        return _unigrams(_IDEOGRAPHS[language]())
    names = [*_names(language), *OWN_WORDS.get(language, ())]
    return _bigrams(names, MARKS + OWN_MARKS.get(language, ""))


def _names(language: str) -> list[str]:
    cldr = Locale.parse(language)
    dates = (cldr.months["format"]["wide"], cldr.days["format"]["wide"])
    words = (cldr.territories, cldr.languages, cldr.currencies, cldr.scripts, *dates)
    return [name for names in words for name in names.values()]


def _bigrams(names: Iterable[str], marks: str) -> Cost:
    seen: Pairs = Counter()
    for name in names:
        plain = "".join(c if c.isalpha() else " " for c in name.lower())
        seen.update(zip(" " + plain, plain + " ", strict=True))
    singles: Counter[str] = Counter()
    for (_, second), n in seen.items():
        singles[second] += n
    total = singles.total()
    # Witten and Bell: the more letters have followed one, the likelier is a new one.
    prior = Counter(first for first, _ in seen)
    latin = total < 2 * sum(singles[char] for char in ascii_lowercase)

    def alone(char: str) -> float:
        return singles[char] / total if char in singles else FOREIGN

    def follows(first: str, second: str) -> float:
        new = PRIOR * (prior[first] + 1)
        share = seen[first, second] + new * alone(second)
        return math.log(share / (singles[first] + new))

    @cache
    def cost(first: str, second: str) -> float:
        before = first.lower() if first.isalpha() else " "
        after = second.lower() if second.isalpha() else " "
        odd = JOIN if not latin and _joined(first, second) else 0.0
        if second <= "\x7f":
            # What follows counts by how much likelier it is here than elsewhere.
            known = first.isalpha()
            return odd + (
                follows(before, after) - math.log(alone(after)) if known else 0.0
            )
        if not second.isalpha():
            usual = second in marks and not (second in OPENING and first.isalpha())
            usual = usual or (first + second in POWERS)
            return math.log(SIGN if usual else FOREIGN)
        odd += JUMP if second.isupper() and first.islower() else 0.0
        return odd + follows(before, after)

    return cost


def _joined(first: str, second: str) -> bool:
    """Say whether a letter of ASCII stands beside one that is not."""
    return first.isalpha() and second.isalpha() and min(first, second) <= "\x7f"


def _unigrams(groups: dict[str, float]) -> Cost:
    """Mix groups of characters, each with its share of a text."""
    chances: dict[str, float] = {}
    for chars, share in groups.items():
        for char, n in Counter(chars).items():
            chances[char] = chances.get(char, 0.0) + share * n / len(chars)

    @cache
    def cost(first: str, second: str) -> float:
        odd = JOIN / 2 if _joined(first, second) else 0.0
        if second <= "\x7f":
            return odd
        rare = FOREIGN if "\u3400" <= second <= "\ud7ff" else BROKEN
        return odd + math.log(max(chances.get(second, 0.0), rare))

    return cost


def _level_one(codec: str, low: int, high: int) -> str:
    """The commoner half of a two-byte character set, by its lead bytes."""
    chars = (
        bytes((lead, trail)).decode(codec, errors="ignore")
        for lead in range(low, high + 1)
        for trail in range(0x40, 0xFF)
    )
    return "".join(char for char in chars if char > "\x7f")


def _of(language: str) -> str:
    return "".join(c for c in "".join(_names(language)) if c > "\x7f" and c.isalpha())


def _hanzi(language: str, codec: str, low: int, high: int) -> dict[str, float]:
    return {
        _of(language): 0.2,
        "".join(set(CHINESE)): 0.45,
        _level_one(codec, low, high): 0.25,
        WIDE_MARKS: 0.05,
    }


def _japanese() -> dict[str, float]:
    return {
        _of("ja"): 0.25,
        "".join(map(chr, range(0x3041, 0x3094))): 0.2,
        "".join(map(chr, [*range(0x30A1, 0x30F5), 0x30FC])): 0.15,
        "".join(set(JAPANESE)): 0.2,
        _level_one("euc_jp", 0xB0, 0xCF): 0.13,
        WIDE_MARKS: 0.05,
    }


def _korean() -> dict[str, float]:
    return {
        _of("ko"): 0.35,
        "".join(set(KOREAN)): 0.2,
        _level_one("euc_kr", 0xB0, 0xC8): 0.4,
        WIDE_MARKS: 0.02,
    }


_IDEOGRAPHS: dict[str, Callable[[], dict[str, float]]] = {
    "zh": lambda: _hanzi("zh", "gb2312", 0xB0, 0xD7),
    "zh_Hant": lambda: _hanzi("zh_Hant", "big5", 0xA4, 0xC6),
    "ja": _japanese,
    "ja-half": lambda: {HALF_WIDTH + "ﾞﾟ": 0.5},
    "ko": _korean,
}
