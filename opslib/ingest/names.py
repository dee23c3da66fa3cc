"""What columns are called, in English and Chinese: the names behind each role."""

import re
import unicodedata
from functools import cache

SYNONYMS = {
    "user": """
        user_id uid userid user distinct_id account_id account customer_id customer
        client_id client member_id member visitor_id device_id openid unionid
        external_id person_id buyer_id buyer subscriber_id player_id cust_id
        customer_no anonymous_id 用户ID 用户编号 用户标识 用户 用户号 会员ID 会员号
        会员编号 会员 客户ID 客户编号 客户号 客户 买家ID 买家账号 买家 买家会员名
        访客ID 设备ID 账号 账号ID 登录ID 匿名ID 用戶編號 用戶ID 會員編號 顧客ID
        user_pseudo_id 客户账号 用户openid 买家昵称 买家手机号 手机号 email user_email
        customer_email buyer_email
    """,
    "event": """
        event event_name event_type action behavior behaviour behavior_type activity
        page step type $event #event_name action_type 事件 事件名 事件名称 事件类型
        行为 行为类型 操作 操作类型 动作 步骤 埋点 埋点名 页面 事件類型 行為 行為類型
    """,
    "time": """
        time timestamp ts event_time datetime date created_at occurred_at log_time
        #event_time dt ds order_time order_date pay_time invoice_date purchase_date
        transaction_date event_date action_time submitted_at completion_time 时间
        时间戳 事件时间 发生时间 行为时间 操作时间 创建时间 日期 下单时间 下单日期
        支付时间 付款时间 订单创建时间 订单付款时间 上报时间 登录时间 交易时间
        購買日期 評論時間 评论时间 提交时间 時間 日時 event_timestamp created paid_at
        付款日期 成交时间 成交日期
    """,
    "amount": """
        amount revenue gmv total payment order_amount sales dollar_value value ltv
        paid total_amount total_price order_value spend_amount money 金额 收入 营收
        实付金额 实际支付金额 买家实际支付金额 买家实付金额 支付金额 订单金额 成交额
        成交金额 销售额 流水 付款金额 消费金额 交易金额 总金额 金額 銷售額
        订单实付金额 结算金额 实收金额 订单总额 order_total net_sales payment_value
    """,
    "price": """
        price unit_price unitprice item_price 单价 价格 售价 商品价格 單價 價格
    """,
    "quantity": """
        qty quantity count units number_of_items number_of_cds num items 数量 件数
        购买数量 商品数量 數量
    """,
    "order": """
        order_id order_no orderid trade_no transaction_id invoice_no invoice
        receipt_no order_number order 订单号 订单编号 交易号 流水号 订单ID 单号
        訂單編號 交易单号 订单流水号 商户订单号 order_name
    """,
    "unit": """
        user_id uid userid user unit id unit_id customer_id visitor_id device_id
        player_id session_id cookie_id 用户ID 用户编号 用户 访客ID 设备ID 会员ID 单位
    """,
    "variant": """
        variant group experiment_group arm bucket treatment test_group ab_group
        version experiment variation con_treat segment 实验组 分组 组别 实验分组 桶
        版本 方案 策略 AB组 对照组/实验组 分桶 實驗組 組別
    """,
    "step": """
        step stage funnel_step event page state 步骤 阶段 环节 漏斗步骤 节点 事件 页面
    """,
    "users": """
        users user_count count uv visitors people n unique_users number 人数 用户数
        访客数 数量 UV 会员数 独立访客
    """,
    "group": """
        group segment channel platform source variant 分组 渠道 平台 组别 来源
    """,
    "date": """
        date day dt ds month week time 日期 时间 统计日期 天 月份 周 統計日期
    """,
    "score": """
        score rating nps label stars star satisfaction rate 评分 得分 分数 星级 满意度
        打分 标签 情感 推荐意愿 評分
    """,
    "comment": """
        comment comments review text content feedback message body why reason verbatim
        评论 评价 内容 评论内容 评价内容 反馈 反馈内容 留言 意见 建议 原因 評論 內容
    """,
}
# Longer is no name of anything: what follows is not looked at.
LONGEST = 200
IDS = """
    id uid userid openid unionid uuid guid skuid itemid productid stockcode
    invoiceno orderno zip zipcode postcode postalcode phone mobile phonenumber
    mobilephone tel 手机 手机号 电话 联系电话 联系手机 身份证 身份证号 邮编
"""
# A number of users, not who one of them is.
COUNTED = re.compile(
    r"(?:活跃|新增|新|老|留存|流失|回流|沉默|召回|累计|总|日均|付费|独立)"
    r"(?:用户|会员|客户|买家|访客)$"
    r"|^(?:active|new|returning|retained|churned|paying|total|daily|weekly|monthly)"
    r"(?:user|customer|member|visitor|buyer|player)$"
)
TIME_ENDS = (
    *(
        "time",
        "date",
        "timestamp",
        "datetime",
        "_at",
        "_ts",
        "_tm",
        "_dt",
        "day",
        "month",
    ),
    *("时间", "日期", "时间戳", "時間", "日時", "月份", "月"),
)


def normal(name: object) -> str:
    """Fold a column name so that its spellings meet.

    A unit in brackets at the end says nothing about what the column is.

    Example:
        >>> normal("User_ID "), normal("ｕｓｅｒ－id"), normal("支付金额（元）")
        ('userid', 'userid', '支付金额')
    """
    folded = unicodedata.normalize("NFKC", str(name)[:LONGEST]).lower()
    folded = re.sub(r"(?<=.)\s*\([^()]*\)\s*$", "", folded)
    return re.sub(r"[\s_\-.#$\u200b-\u200d\ufeff]", "", folded)


@cache
def synonyms(role: str) -> tuple[str, ...]:
    """Give the folded names of a role, the usual ones first."""
    # The owner of a row of its own is a user under any name, even a bare "id".
    names = f"{SYNONYMS['user']} id 编号" if role == "owner" else SYNONYMS[role]
    return tuple(dict.fromkeys(map(normal, names.split())))


@cache
def name_match(name: str, role: str) -> float:
    """Say how well a name fits a role: 1 is a synonym, 0.6 ends or begins with one.

    Example:
        >>> name_match("User ID", "user"), name_match("pay_order_time", "time")
        (1.0, 0.6)
        >>> name_match("colour", "time"), name_match("活跃用户", "user")
        (0.0, 0.0)
    """
    plain, known = normal(name), synonyms(role)
    if plain in known:
        # Names earlier in the list are more telling; this only breaks ties.
        return 1.0 - 0.001 * known.index(plain) if known.index(plain) else 1.0
    if role in {"user", "owner", "unit"} and COUNTED.search(plain):
        return 0.0
    parts = re.findall(r"[A-Z]*[a-z]+|[A-Z]+", name[:LONGEST])
    words = [normal(word) for word in parts]
    if any(word in known for word in words[-1:]):
        return 0.6
    if any(
        len(word) > 1 and plain.endswith(word) for word in known if not word.isascii()
    ):
        return 0.6
    return 0.4 if any(word in known for word in words[:1]) else 0.0


@cache
def looks_like_id(name: str) -> bool:
    """Say whether a column of this name holds identifiers, which stay text.

    Example:
        >>> [looks_like_id(name) for name in ("sku_id", "ItemID", "会员编号", "paid")]
        [True, True, True, False]
    """
    plain = normal(name)
    if plain in IDS.split() or plain in synonyms("user") or plain in synonyms("order"):
        return True
    return bool(
        re.search(r"(?:^|[_\-\s.])(?:id|no|code|uuid)$", str(name), re.IGNORECASE)
        or re.search(r"[a-z](?:ID|Id|No|Code)$", str(name))
        or re.search(r"(?:编号|编码|单号|账号|ID|編號|号码)$", str(name))
    )


@cache
def looks_like_time(name: str) -> bool:
    """Say whether a column of this name may hold times written as bare numbers.

    Example:
        >>> [looks_like_time(name) for name in ("pay_time", "注册日期", "reg_tm", "x")]
        [True, True, True, False]
    """
    plain = normal(name)
    return (
        plain in synonyms("time")
        or str(name).strip().lower().endswith(TIME_ENDS)
        or bool(re.search(r"[a-z](?:Time|Date|At)$", str(name).strip()))
    )
