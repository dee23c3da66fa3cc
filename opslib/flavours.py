"""What the demo shop of `simulate` calls things, in English and in Chinese."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Flavour:
    """Labels by the codes of `simulate`, and the headers that a CSV export would have.

    Attributes:
        events: Event names, in the order of `simulate.EVENTS`.
        columns: Our column name to this flavour's, for what is not a role.
        headers: Role to the header of an exported file, where it depends on the kind
            as "kind.role".
        praise, mixed, blame: Halves of comments, to be joined two by two.
        joint: What joins two halves.
    """

    events: tuple[str, ...]
    steps: tuple[str, ...]
    channels: tuple[str, ...]
    platforms: tuple[str, ...]
    cities: tuple[tuple[str, ...], ...]
    tiers: tuple[str, ...]
    ages: tuple[str, ...]
    sexes: tuple[str, ...]
    levels: tuple[str, ...]
    categories: tuple[str, ...]
    variants: tuple[str, ...]
    personas: tuple[str, ...]
    columns: dict[str, str]
    headers: dict[str, str]
    praise: tuple[str, ...]
    mixed: tuple[str, ...]
    blame: tuple[str, ...]
    joint: str
    encoding: str

    @property
    def labels(self) -> dict[str, tuple[str, ...]]:
        """Labels by the column that holds their codes."""
        return {
            "event": self.events,
            "step": self.steps,
            "channel": self.channels,
            "group": self.channels,
            "platform": self.platforms,
            "city": tuple(city for tier in self.cities for city in tier),
            "city_tier": self.tiers,
            "age": self.ages,
            "sex": self.sexes,
            "level": self.levels,
            "category": self.categories,
            "variant": self.variants,
        }


EN = Flavour(
    events=("register", "visit", "view", "cart", "pay", "share"),
    steps=("View a product", "Add to cart", "Pay"),
    channels=("Search", "Social", "Short video", "App store", "Friends"),
    platforms=("Android", "iOS", "Web"),
    cities=(
        ("Beijing", "Shanghai", "Guangzhou", "Shenzhen"),
        ("Hangzhou", "Chengdu", "Wuhan", "Nanjing"),
        ("Luoyang", "Mianyang", "Zhanjiang", "Ganzhou"),
    ),
    tiers=("Tier 1", "Tier 2", "Tier 3"),
    ages=("18-24", "25-34", "35-44", "45+"),
    sexes=("Female", "Male"),
    levels=("Regular", "Silver", "Gold"),
    categories=("Clothing", "Beauty", "Food", "Electronics", "Home"),
    variants=("control", "new page", "countdown"),
    personas=("Bargain hunter", "Loyal fan", "Browser", "Newcomer"),
    columns={},
    headers={
        "user": "user_id",
        "event": "event",
        "time": "time",
        "amount": "amount",
        "orders.time": "order_time",
        "order": "order_id",
        "unit": "visitor_id",
        "variant": "variant",
        "group": "channel",
    },
    praise=(
        "Arrived a day early",
        "The quality is better than I expected",
        "Third time I buy here and still happy",
        "Customer service answered within minutes",
        "Great price during the sale",
        "My friends asked where I got it",
        "Packaging was neat",
        "Checkout took ten seconds",
    ),
    mixed=(
        "It is fine for the price",
        "Colour is a little darker than in the photos",
        "Delivery took four days",
        "The coupon was hard to find",
        "Good product, plain packaging",
        "The app is slow in the evening",
        "I would like more sizes",
        "Search did not find it at first",
    ),
    blame=(
        "Still waiting for the parcel after nine days",
        "The box was crushed",
        "It stopped working after a week",
        "The coupon did not apply at checkout",
        "Refund took far too long",
        "The price dropped the day after I paid",
        "Nobody answers in the chat",
        "The size chart is wrong",
    ),
    joint=". ",
    encoding="utf-8",
)

ZH = Flavour(
    events=("注册", "访问", "浏览", "加购", "支付", "分享"),
    steps=("浏览商品", "加入购物车", "支付成功"),
    channels=("微信", "抖音", "小红书", "应用商店", "好友邀请"),
    platforms=("安卓", "iOS", "小程序"),
    cities=(
        ("北京", "上海", "广州", "深圳"),
        ("杭州", "成都", "武汉", "南京"),
        ("洛阳", "绵阳", "湛江", "赣州"),
    ),
    tiers=("一线", "二线", "三线及以下"),
    ages=("18-24岁", "25-34岁", "35-44岁", "45岁以上"),
    sexes=("女", "男"),
    levels=("普通会员", "银卡", "金卡"),
    categories=("服饰", "美妆", "食品", "数码", "家居"),
    variants=("对照组", "新版页面", "倒计时"),
    personas=("羊毛党", "忠实粉丝", "逛逛型", "新客"),
    columns={
        "channel": "渠道",
        "platform": "平台",
        "category": "品类",
        "coupon": "是否用券",
        "signup": "注册日期",
        "city": "城市",
        "city_tier": "城市等级",
        "age": "年龄段",
        "sex": "性别",
        "level": "会员等级",
        "orders": "订单数",
        "spend": "累计消费",
        "coupons": "用券次数",
        "active_days": "活跃天数",
        "days_since_last": "距上次活跃天数",
        "spend_before": "前30天消费",
        "converted": "是否转化",
        "revenue": "收入",
        "active_users": "活跃用户",
        "new_users": "新增用户",
        "payers": "支付人数",
        "daily_orders": "订单数",
        "gmv": "成交额",
    },
    headers={
        "user": "用户ID",
        "event": "行为",
        "time": "时间",
        "amount": "金额",
        "orders.time": "下单时间",
        "orders.amount": "实付金额",
        "order": "订单号",
        "unit": "访客ID",
        "variant": "实验分组",
        "step": "步骤",
        "users": "人数",
        "group": "渠道",
        "date": "日期",
        "score": "评分",
        "comment": "评论",
    },
    praise=(
        "物流很快，提前一天就到了",
        "质量比想象中好",
        "第三次回购了，一直很满意",
        "客服几分钟就回复了",
        "活动价真的划算",
        "朋友都来问链接",
        "包装很用心",
        "下单流程很顺畅",
    ),
    mixed=(
        "这个价格还可以吧",
        "颜色比图片深一点",
        "快递走了四天",
        "优惠券入口不太好找",
        "东西不错，包装一般",
        "晚上打开有点卡",
        "希望多出几个尺码",
        "搜索半天才找到",
    ),
    blame=(
        "九天了还没收到货",
        "盒子都压扁了",
        "用了一周就坏了",
        "结算时优惠券用不了",
        "退款太慢了",
        "刚买完第二天就降价",
        "客服一直没人回",
        "尺码表不准，偏小很多",
    ),
    joint="，",
    encoding="utf-8-sig",
)

FLAVOURS = {"en": EN, "zh_CN": ZH}
