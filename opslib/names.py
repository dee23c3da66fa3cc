"""Names of columns, folded so that their spellings meet."""

import re
import unicodedata
from functools import lru_cache

# Longer is no name of anything: what follows is not looked at.
LONGEST = 200
# Traditional and variant characters of the words above, and their simplified ones.
SIMPLE = str.maketrans(
    "戶員編號時間訂單數額價類稱發動實驗組評論內買賣會帳帐賬頁為銷碼識標點擊與費變"
    "總計對應現將話週錄觸邀請關係場門訪體轉選項贈電郵務産產認證紀見議題師長區級渠",
    "户员编号时间订单数额价类称发动实验组评论内买卖会账账账页为销码识标点击与费变"
    "总计对应现将话周录触邀请关系场门访体转选项赠电邮务产产认证纪见议题师长区级渠",
)
# What a figure is counted in, at the end of a name.
UNITS = r"utc|gmt|usd|cny|rmb|eur|gbp|jpy|krw|本币|原币|元"


@lru_cache(1 << 14)
def normal(name: str) -> str:
    """Fold a column name so that its spellings meet.

    A unit at the end, or in brackets, says nothing about what the column is.

    Example:
        >>> normal("User_ID "), normal("ｕｓｅｒ－id"), normal("支付金额（元）")
        ('userid', 'userid', '支付金额')
        >>> normal("created_utc"), normal("花费-本币"), normal("Order #")
        ('created', '花费', 'orderno')
        >>> normal("下單時間") == normal("下单时间")
        True
    """
    folded = unicodedata.normalize("NFKC", str(name)[:LONGEST])
    folded = folded.lower().translate(SIMPLE)
    folded = re.sub(r"(?<=.)\s*\([^()]*\)\s*$", "", folded)
    folded = re.sub(rf"(?<=.)[\s_\-]+(?:{UNITS})\s*$", "", folded)
    folded = re.sub(r"(?<=\w)\s*#\s*$", "no", folded)
    return re.sub(r"[\s_\-.#$\u200b-\u200d\ufeff]", "", folded)
