"""The vocabulary of column names: what each role is called, in English and Chinese."""

import re

# A role that is another thing in one kind than in others stands under kind.role.
SYNONYMS = {
    "user": """
        user_id uid userid user distinct_id account_id account customer_id customer
        username user_name client_id client member_id member visitor_id device_id
        openid unionid external_id person_id buyer_id buyer subscriber_id player_id
        cust_id
        customer_no anonymous_id user_unique_id customer_unique_id profile_id actor
        actor_id contact_id lead_id respondent_id requester_id author_id reader_id
        guest_id employee_id student_id patient_id user_pseudo_id ga_client_id
        amplitude_id card_no member_no loyalty_id 用户ID 用户编号
        用户标识 用户 用户号 用户UID UID 会员ID 会员号 会员编号 会员 会员卡号 会员卡
        客户ID 客户编号 客户号 客户 客户代码 买家ID 买家账号 买家 买家会员名 访客ID
        访客 访客编号 设备ID 设备号 账号 账号ID 登录ID 登录账号 登录名 匿名ID 顾客ID
        顾客编号 客户账号 下单账号 下单用户 下单人 用户openid 粉丝ID 玩家ID 角色ID
        观众ID 学员ID 学员编号 学号 访问用户ID 用户唯一标识 发言人 发帖人 作者ID 成员
        成员ID 员工号 答题者 注册用户ID 用户账号 用户名 登录用户ID 买家昵称 用户昵称
        会员昵称 买家手机号 手机号 email user_email customer_email buyer_email
    """,
    "event": """
        event event_name event_type action behavior behaviour behavior_type activity
        page step type $event #event_name action_type action_name user_action
        operation event_id event_code event_title page_name page_path 事件 事件名
        事件名称 事件类型 事件ID 事件编码 行为 行为类型 行为名称 用户行为 操作 操作类型
        操作名称 动作 动作类型 步骤 埋点 埋点名 埋点名称 埋点事件 互动类型 触发事件
        页面 页面名称 页面路径
    """,
    "time": """
        time timestamp ts event_time datetime date created_at occurred_at log_time
        #event_time dt ds order_time order_date pay_time invoice_date purchase_date
        transaction_date event_date action_time submitted_at completion_time 时间
        时间戳 事件时间 发生时间 事件发生时间 触发时间 行为时间 操作时间 访问时间
        浏览时间 互动时间 创建时间 日期 下单时间 下单日期 支付时间 付款时间
        订单创建时间 订单付款时间 订单提交时间 买家付款时间 上报时间 登录时间 交易时间
        交易日期 交易完成时间 购买时间 购买日期 消费时间 消费日期 充值时间 评论时间
        评价时间 点评时间 反馈时间 提交时间 提交答卷时间 结束答题时间 发布时间 发送时间
        发帖时间 邀请时间 日時 event_timestamp created paid_at 付款日期 成交时间
        成交日期 order_purchase_timestamp client_time server_time sent_at posted_at
        invited_at referred_at completed_at order_placed 提交订单时间
    """,
    "amount": """
        amount revenue gmv total payment order_amount sales dollar_value value ltv
        paid total_amount total_price order_value spend_amount money 实付金额
        实际支付金额 买家实际支付金额 买家实付金额 用户实付金额 订单实付金额 支付金额
        付款金额 实收金额 实收 实付 金额 收入 营收 订单金额 成交额 成交金额 销售额
        流水 消费金额 充值金额 交易金额 结算金额 礼物金额 打赏金额 总金额 订单总额
        订单总金额 应付金额 订单应付金额 order_total net_sales payment_value
        amount_paid grand_total subtotal net_revenue 合计 总价
    """,
    "price": "price unit_price unitprice item_price 单价 价格 售价 商品价格 商品单价",
    "quantity": """
        qty quantity count units number_of_items number_of_cds num items 数量 件数
        购买数量 商品数量 lineitem_quantity 购买件数
    """,
    "order": """
        order_id order_no orderid trade_no transaction_id invoice_no invoice
        receipt_no order_number order amazon_order_id order_name order_sn 订单号
        订单编号 交易号 流水号 订单ID 单号 交易单号 订单流水号 商户订单号 主订单编号
        子订单编号 小票号 交易流水号 支付单号 id
    """,
    "unit": """
        user_id uid userid user unit id unit_id customer_id visitor_id device_id
        player_id session_id cookie_id member_id account_id client_id openid
        anonymous_id distinct_id 用户ID 用户编号 用户 访客ID 设备ID 会员ID 会员号
        会员编号 客户ID 单位 实验单元 用户标识
    """,
    "variant": """
        variant group experiment_group arm bucket treatment test_group ab_group
        version experiment variation variation_name variant_name variation_id
        con_treat condition segment exp_group 实验组 分组 组别 实验分组 分桶 桶 版本
        方案 策略 AB组 AB分组 对照组/实验组 实验版本 分流组 实验方案
    """,
    "step": """
        step stage funnel_step event page state step_name 步骤 阶段 环节 漏斗步骤
        节点 事件 页面 转化步骤 步骤名称
    """,
    "users": """
        users user_count count uv visitors people n unique_users number total_users
        人数 用户数 访客数 数量 UV 会员数 独立访客 客户数 转化人数
    """,
    "group": "group segment channel platform source variant 分组 渠道 平台 组别 来源",
    "daily.group": """
        group segment channel platform source medium country region city store
        device campaign product metric 大区 分组 渠道 来源 平台 组别 地区 省份 城市 门店
        店铺 终端 设备 品类 产品 渠道名称 系统 版本 指标
    """,
    "metric": """
        metric metrics metric_name measure measures measure_name measure_names kpi
        indicator event_metric 指标 指标名 指标名称 度量 度量名称 数据指标 指标项
    """,
    "value": """
        value values metric_value measure_value measure_values kpi_value count counts
        event_count total_count 值 数值 指标值 度量值 数据值 指标数值 次数 总次数
        触发次数 事件数
    """,
    "date": """
        date day dt ds month week time stat_date report_date 日期 统计日期 时间 天
        月份 周 日 报表日期 数据日期
    """,
    "score": """
        score rating nps label stars star satisfaction rate csat 评分 得分 分数 星级
        满意度 打分 总分 标签 情感 推荐意愿 总体评分 综合评分 NPS得分
    """,
    "comment": """
        comment comments review text content feedback message body why reason
        verbatim complaint review_text review_body feedback_text 评论 评价 内容 评论内容
        评价内容 点评内容 点评 反馈 反馈内容 留言 留言内容 意见 建议 原因 投诉内容
        意见建议 消息 消息内容 弹幕
    """,
    "channel": """
        channel campaign campaign_name source utm_source media medium platform
        ad_channel media_source ad_name adset_name account_name 渠道 渠道名称
        投放渠道 推广渠道 媒体 媒体名称 投放平台 推广平台 来源 来源渠道 广告计划名称
        广告计划 计划名称 推广计划 广告组名称 账户名称 平台 获客渠道
    """,
    "period": """
        period date day month week reporting_starts stat_date 日期 时间 月份 周期 周
        统计日期 时间-天 时间天 投放日期 账期 月
    """,
    "cost": """
        cost spend ad_spend ad_cost amount_spent total_cost media_cost 花费 消耗 成本
        费用 投放费用 推广费用 投放金额 消费 总花费 广告花费 广告消耗 投放成本 现金消耗
    """,
    "inviter": """
        inviter inviter_id referrer referrer_id referrer_user_id inviter_user_id
        referred_by parent_user_id invited_by sharer_id 邀请人 邀请人ID 邀请者 邀请者ID
        推荐人 推荐人ID 介绍人 老用户ID 老用户 分享人 分享人ID 上级ID 师傅ID 邀请用户ID
    """,
    "invitee": """
        invitee invitee_id invited_id referee referee_id referred_user_id
        invited_user_id referred_id new_user_id 被邀请人 被邀请人ID 被邀请者
        被邀请者ID 受邀人 受邀人ID 被推荐人 被推荐人ID 新用户ID 新用户 下级ID 徒弟ID
        被邀请用户ID 好友ID
    """,
    "item": """
        post_id message_id thread_id comment_id reply_id note_id topic_id
        tweet_id msg_id 帖子ID 帖子编号 消息ID 主题ID 笔记ID 评论ID 动态ID 回复ID
        内容ID 文章ID
    """,
    "posts.group": """
        group group_id channel_id forum forum_id board board_id room_id thread_id
        topic topic_id community_id chat_id 群ID 群 群名 群名称 群聊 社群 社群ID 版块
        板块 圈子 圈子ID 话题 话题ID 频道 小组
    """,
    "reply_to": """
        reply_to reply_to_id in_reply_to parent_id parent_post_id in_reply_to_id
        reply_to_message_id parent 回复帖子ID 回复ID 父帖ID 父评论ID 上级评论ID
        回复对象 被回复ID 回复消息ID 引用消息ID
    """,
    "members.group": """
        group_id group group_name guild_id guild community community_id club_id team
        team_id room_id workspace_id org_id 群ID 群 群名 群名称 群聊名称 社群 社群ID
        社群名称 圈子 圈子ID 公会 公会ID 小组 小组ID 班级 团队 俱乐部
    """,
    "joined": """
        joined joined_at join_time join_date joined_on member_since added_at 入群时间
        进群时间 加入时间 加入日期 入会时间 入团时间 加群时间
    """,
    "role": """
        role member_role group_role position 角色 群角色 成员角色 群身份 身份 职位
    """,
    "from": """
        from source from_id source_id from_user from_user_id src follower follower_id
        sender sender_id 关注者 关注者ID 关注人 发送者 发起人 发起用户ID 来源用户 粉丝ID
        起点 赠送人
    """,
    "to": """
        to target to_id target_id to_user to_user_id dst followee followee_id receiver
        receiver_id recipient_id following_id followed_id 被关注者 被关注者ID 被关注人
        关注对象 接收者 接收人 接收用户ID 目标用户 终点 收礼人 被点赞用户ID
    """,
    "weight": """
        weight count strength n interactions value 权重 次数 互动次数 强度 数量
    """,
    "opened": """
        opened opened_at created_at created created_time open_time submitted_at
        ticket_created 创建时间 提交时间 接入时间 受理时间 进线时间 会话开始时间
        开始时间 工单创建时间 咨询时间 投诉时间 报修时间
    """,
    "first_reply": """
        first_reply first_reply_at first_response_at first_response_time
        first_reply_time first_responded_at 首次响应时间 首次回复时间 首响时间
        首次应答时间 首次回复 首次响应
    """,
    "done": """
        done done_at solved_at resolved_at closed_at closed_time resolution_time
        finished_at solved closed 解决时间 关闭时间 结束时间 完结时间 完成时间 办结时间
        会话结束时间 处理完成时间
    """,
}
# What else a role is called in one kind of table.
ADDED = {
    "users.user": "id 编号 record_id row_id customer_key client_no 客户代号",
    "invites.invitee": "user_id 用户ID 团员ID",
    "invites.inviter": "团长ID",
    "edges.from": "user_id user 用户ID 用户",
    "edges.weight": "amount 金额",
    "events.user": "role_id 角色ID",
    "posts.user": "author sender sender_id poster 作者 楼主",
    "tickets.user": "reporter caller 报修人 投诉人 来电人 来电号码",
    "posts.item": "id",
    "posts.group": "subreddit",
    "posts.time": "created_utc",
    "survey.time": "end_date end_time submit_date submit_time",
    "invites.time": "registered_at signup_time 注册时间 注册日期 接受时间 绑定时间",
}
# How names are built: [whose] what [id, name, time]; folded as by `names.normal`, and
# written as verbose patterns.
_WHO = r"""
    (?:user|customer|member|visitor|guest|client|player|subscriber|contact|person
    |account|device|buyer|requester|author|respondent|participant|student|employee|lead
    |profile|anonymous|sender|poster|reviewer|creator|owner|caller|install|reader|driver
    |rider|patient|fan|shopper|appsflyer|用户|会员|客户|买家|顾客|粉丝|学员|员工|玩家|访客|设备|观众|读者|司机|骑手|患者|学生|客人
    |注册人|投保人|车主|家长|店主)
"""
_MARK = r"""
    (?:id|uid|uuid|guid|key|no|num|number|code|openid|编号|编码|代码|号|号码|标识码?
    |识别码|账号|卡号)
"""
_USER = rf"""
    .*{_WHO}{_MARK}|id{_WHO}|.*e?mail(?:address)?|adid|idfa|oaid|imei|gaid|idfv
"""
# Somebody by name, or by what they did: who that is to the table, other columns say.
_SOMEBODY = rf"""
    .*{_WHO}(?:full)?(?:name|nick|nickname|phone|mobile|姓名|名称?|昵称|手机号?|电话
    |微信号?)|(?:requester|sender|poster|reviewer|creator|author|guest|shopper|caller
    |participant|nickname|昵称|网名|(?:联系)?(?:手机|电话)(?:号码?)?|微信号?)
    |.*edby|by|.+(?:人员?|者|方)|.*(?:顾客|学员|会员|卡号|工号|学号)|session(?:id)?
"""
BUILT = {
    "user": _USER,
    "unit": _USER,
    "event": r"""
        .*(?:event|action|activity|behaviou?r|operation|事件|埋点|行为|操作|动作|互动
        |消息|打卡|触点|log)(?:name|type|id|code|title|category|名称|名|类型|编码|编号
        |类别)?|.*(?:操作|行为)(?:指令|动作)
    """,
    "time": r"""
        .*(?:time|date|timestamp|tstamp|datetime|createdutc|时间|日期|时刻)|.+[a-z]at
    """,
    "amount": r"""
        .*(?:revenue|amount(?:paid|due)?|grandtotal|totalcollected|gross|totalpaid|金额
        |实收|实付|营业额|销售额|成交额|流水|gmv|保费)
    """,
    "order": r"""
        (?:.*(?:order|invoice|transaction|receipt|booking|trade|payment|increment
        |purchase|reservation)(?:id|no|number|code|sn)|.*(?:订单|交易|流水|小票|预订
        |支付|销售单|单据|保单)(?:号|编号|id|流水号))
    """,
    "variant": r"""
        .*(?:variation|variant|experiment|testgroup|arm)(?:name|id)?|.*(?:分组|组别
        |版本|方案|策略)
    """,
    "group": r"""
        .*(?:channel|source|medium|platform|country|region|city|store|device|渠道|门店
        |店铺|平台|地区|城市|省份|品类|品牌|终端|分组)(?:name|名称|名|类型)?
    """,
    "date": r"""
        .*(?:日期|date)
    """,
    "channel": r"""
        .*(?:campaign|channel|source|medium|adset|adgroup|计划|活动|渠道|媒体|广告组
        |账户|投放平台)(?:name|名称|名)?
    """,
    "period": r"""
        .*(?:日期|月份|date|month|week)
    """,
    "cost": r"""
        .*(?:cost|spend|spent|花费|消耗|成本|费用)
    """,
    "inviter": r"""
        (?:邀请|推荐|分享|介绍|上级|师傅|发起邀请)(?:人|者|用户|会员|客户)(?:id|编号
        |手机号)?|(?:inviter|referr?er|sharer|sponsor)(?:user)?(?:id|uid|email)?
    """,
    "invitee": r"""
        (?:被|受)(?:邀请?|推荐)(?:人|者|用户|会员|客户)(?:id|编号|手机号)?|(?:invitee
        |invited|referee|referred|newuser)(?:user)?(?:id|uid|email)?
    """,
    "comment": r"""
        .*(?:comment|review|feedback|message|verbatim)(?:text|body|content)|.*(?:评论
        |评价|反馈|留言|点评|意见|投诉|建议)(?:内容|正文|文本|详情)?
    """,
    "members.group": r"""
        (?:group|guild|community|club|team|room|workspace|chat|channel|course|class)(?:id
        |name)?|.*(?:群|社群|圈子|公会|小组|班级|课程|团队|俱乐部|频道)(?:id|编号|名
        |名称)?
    """,
    "posts.group": r"""
        (?:group|forum|board|room|chat|channel|community|topic)(?:id|name)?|.*(?:群
        |社群|圈子|版块|板块|小组|频道|话题|吧)(?:id|编号|名|名称)?
    """,
    "item": r"""
        .*(?:post|message|thread|comment|reply|note|topic|tweet|msg|帖子|贴子|消息
        |主题|笔记|评论|动态|回复|微博|文章)(?:id|no|编号)
    """,
    "reply_to": r"""
        (?:inreplyto|replyto|parent|quoted)(?:post|message|msg|comment|status)?(?:id)?
        |(?:被回复|回复的?|父|上级|引用)(?:帖子|评论|消息|微博|内容)?(?:id|编号)
    """,
    "joined": r"""
        (?:join|joined|joining|enroll?ed)(?:at|time|date|on)?|(?:入|进|加)(?:群|会|团
        |圈|入)(?:时间|日期)
    """,
    "from": r"""
        (?:from|source|src|sender|payer|follower|giver|caller|打赏人
        |送礼人)(?:user|account|member|node)?(?:id)?
    """,
    "to": r"""
        (?:to|target|dst|receiver|recipient|payee|followee|friend
        |callee)(?:user|account|member|node)?(?:id)?|(?:好友|对方|接收|目标|被关注|主播
        |收礼)(?:用户|人|者)?(?:id|编号)?
    """,
    "weight": r"""
        .*(?:次数|强度|权重|interactions)
    """,
    "opened": r"""
        .*(?:created?|opened|submitted|requested|started)(?:at|time|date|on|ts|utc
        |timestamp|时间|日期)|.*(?:创建|提交|接入|受理|进线|申请|开始|咨询|报修|来电
        |发起|会话|对话)(?:时间|日期)
    """,
    "first_reply": r"""
        (?:first|initial)(?:reply|response|responded|answer)(?:at|time|date)?|首(?:次
        |响|回)?(?:响应|回复|应答)?(?:时间)
    """,
    "done": r"""
        .*(?:solved|resolved|closed?|completed|finished)(?:at|time|date|on|ts|utc
        |timestamp|时间|日期)?|.*(?:解决|关闭|结束|完结|完成|办结)(?:时间|日期)
    """,
}
# Vague words: they say of what sort a column is, not that it is this one.
VAGUE = {
    "user": _SOMEBODY,
    "unit": _SOMEBODY,
    "events.event": r"name",
    "variant": r".*组",
    "time": r".*(?:time|date|时间|日期).*",
    "opened": r".*(?:time|date|时间|日期)",
    "orders.amount": r"""
        price|.*(?:总额|总价|earnings|proceeds|(?:sales?|total|paid|final)price|pricepaid)
        |.*(?:实付|应付|支付|付款|成交|结算|销售|消费|最终)(?:价格?|款|额|费用)?
    """,
}
# Where only part of a long header tells: the questions of a survey.
PARTS = {
    "score": r"\brate\b|rating|satisf|recommend|how likely|满意|推荐给|评分|打分",
    "comment": r"\bwhy\b|improve|better|tell us|anything else|suggest|feedback"
    r"|comment|为什么|建议|意见|原因|想说",
}
IDS = """
    id uid userid openid unionid uuid guid skuid itemid productid stockcode
    invoiceno orderno zip zipcode postcode postalcode phone mobile phonenumber
    mobilephone tel 手机 手机号 电话 联系电话 联系手机 身份证 身份证号 邮编
    邀请人 被邀请人 推荐人 被推荐人 受邀人
"""
# The id of a thing where, run together, the letters are those of a user's.
THING = re.compile(r"^ads?[ _-]+id$", re.IGNORECASE)
# How many, not how good.
COUNT = re.compile(r"(?:数|数量|次数|量|count|num|number|total|qty|days|hours)$")
# A number of users, not who one of them is.
COUNTED = re.compile(
    r"(?:活跃|新增|新|老|留存|流失|回流|沉默|召回|累计|总|日均|付费|独立)"
    r"(?:用户|会员|客户|买家|访客)$"
    r"|^(?:active|new|returning|retained|churned|paying|total|daily|weekly|monthly)"
    r"(?:user|customer|member|visitor|buyer|player)$"
)
TIME_ENDS = (
    *("time", "date", "timestamp", "datetime"),
    *("_at", "_ts", "_tm", "_dt", "_utc", "_ms", "day", "month"),
    *("时间", "日期", "时间戳", "時間", "日時", "月份", "月"),
)
# A question ends as one, is numbered, or is a sentence that speaks to somebody.
QUESTION = re.compile(
    r"[?？]\s*$|^\s*(?:Q|题)?\d+\s*[、.．:：]\s*\S|^\s*Q\d+\b"
    r"|您|^请(?![求假款购])|你[的对是会有在从最]"
    r"|^(?:how|what|which|why|who|when|where|do|does|did|would|are|have|please|overall)"
    r"(?:\s+[\w']+){3,}",
    re.IGNORECASE,
)
