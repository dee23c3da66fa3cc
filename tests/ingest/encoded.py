"""Small exports in nine languages and the encodings people have them in.

The words were chosen for this test and are not those the detector learns from.
"""

import random

UTF = ("utf-8", "utf-16-le", "utf-16-be")
LEGACY = {
    "zh": ("gbk", "gb18030"),
    "zh_Hant": ("big5",),
    "ja": ("cp932", "euc_jp"),
    "ko": ("cp949", "euc_kr"),
    "fr": ("cp1252", "iso8859-15"),
    "es": ("cp1252", "latin-1"),
    "de": ("cp1252", "latin-1"),
    "pl": ("cp1250", "iso8859-2"),
    "ru": ("cp1251", "koi8-r"),
}
HEADS = {
    "zh": (
        "用户编号 姓名 手机号 性别 年龄 所在城市 注册时间 最近登录 会员等级 订单号 "
        "下单时间 商品名称 数量 实付金额 优惠券 支付方式 渠道 行为类型 是否复购 备注 "
        "收货地址 门店 客服 评分"
    ),
    "zh_Hant": (
        "會員編號 姓名 手機 性別 年齡 居住城市 註冊日期 最後登入 會員等級 訂單編號 "
        "下單時間 商品名稱 數量 實付金額 優惠券 付款方式 來源 行為 是否回購 備註 "
        "收件地址 門市 客服 評分"
    ),
    "ja": (
        "顧客番号 氏名 電話番号 性別 年齢 都道府県 登録日 最終ログイン 会員ランク "
        "注文番号 注文日時 商品名 数量 購入金額 クーポン 支払方法 流入元 行動 リピート "
        "備考 配送先 店舗 担当者 評価"
    ),
    "ko": (
        "회원번호 이름 휴대폰 성별 나이 거주지역 가입일 최근접속 회원등급 주문번호 "
        "주문일시 상품명 수량 결제금액 쿠폰 결제수단 유입경로 행동 재구매 비고 배송지 "
        "매장 담당자 평점"
    ),
    "fr": (
        "Numéro Prénom Téléphone Civilité Âge Ville Créé_le Dernière_connexion "
        "Fidélité N°_commande Date_d'achat Libellé Quantité Montant_payé Réduction "
        "Moyen_de_paiement Provenance Événement Réachat Remarques Adresse Région "
        "Catégorie Qualité"
    ),
    "es": (
        "Código Nombre Teléfono Género Años Población Fecha_de_creación Último_acceso "
        "Categoría Número_pedido Día Descripción Cantidad Importe Cupón Método_de_pago "
        "Campaña Acción Recompra Observación Dirección Región Satisfacción Tamaño"
    ),
    "de": (
        "Kundennummer Vorname Rufnummer Geschlecht Alter_in_Jahren Straße Geändert_am "
        "Letzter_Zugriff Stufe Auftragsnr Bestellt_für Größe Stückzahl Umsatz_in_€ "
        "Gutschein Zahlungsart Übermittelt Vorgänge Käufe Rückgabe Lieferländer "
        "Geschäft Prämie Gebühr"
    ),
    "pl": (
        "Użytkownik Imię Telefon Płeć Województwo Miejscowość Założono Ostatnia_wizyta "
        "Poziom Zamówienie Złożono Nazwa_towaru Ilość Kwota_zapłacona Zniżka Płatność "
        "Źródło Działanie Powrót Uwagi Ulica Sprzedaż Obsługa Ocena_łączna"
    ),
    "ru": (
        "Клиент Имя Телефон Пол Возраст Город Зарегистрирован Последний_вход Уровень "
        "Заказ Дата_заказа Товар Количество Сумма Скидка Оплата Источник Действие "
        "Повторно Примечание Адрес Магазин Менеджер Оценка"
    ),
}
VALUES = {
    "zh": (
        "王小明 李娜 张伟 陈静 刘洋 赵磊 北京市朝阳区 上海 广东省深圳市 成都 武汉 "
        "微信支付 支付宝 银行卡 浏览首页 加入购物车 提交订单 申请退款 黄金会员 "
        "普通用户 抖音直播 朋友圈广告 自然搜索 物流很快，包装完好 味道一般般 "
        "客服态度差！ 下次还会再来 连衣裙（红色） 保温杯 蓝牙耳机 是 否 男 女 未知 "
        "已完成 待发货 颜色比图片深 老客户推荐的"
    ),
    "zh_Hant": (
        "王小明 林怡君 陳志豪 張雅婷 黃俊傑 臺北市信義區 高雄 新北市 臺中 花蓮 信用卡 "
        "貨到付款 超商取貨 瀏覽首頁 加入購物車 送出訂單 申請退貨 黃金會員 一般會員 "
        "臉書廣告 自然搜尋 電子報 出貨很快，包裝完整 味道普通 客服態度不好！ "
        "下次還會再買 洋裝（紅色） 保溫瓶 藍牙耳機 是 否 男 女 未知 已完成 待出貨 "
        "顏色比照片深 朋友介紹的"
    ),
    "ja": (
        "佐藤花子 鈴木一郎 高橋健太 田中美咲 東京都港区 大阪府 札幌市 福岡 横浜 "
        "クレジットカード 代金引換 コンビニ払い トップページ閲覧 カートに追加 注文確定 "
        "返品申請 ゴールド会員 一般 メルマガ 自然検索 SNS広告 配送が早くて助かりました "
        "味はふつうです 対応が悪い！ また買いたい ワンピース（赤） 水筒 イヤホン はい "
        "いいえ 男 女 不明 発送済み 写真より色が濃い 友人の紹介"
    ),
    "ko": (
        "김민수 이서연 박지훈 최유진 서울특별시 강남구 부산 대구광역시 인천 제주도 "
        "신용카드 무통장입금 카카오페이 첫화면 조회 장바구니 담기 주문 완료 환불 요청 "
        "골드회원 일반 검색광고 자연검색 문자메시지 배송이 빨라서 좋았어요 맛은 "
        "보통입니다 상담원이 불친절해요! 다음에도 살게요 원피스(빨강) 보온병 이어폰 예 "
        "아니오 남 여 모름 배송중 사진보다 색이 진해요 친구 추천"
    ),
    "fr": (
        "Benoît Chloé François Agnès Jérôme Orléans Nîmes Besançon Saint-Étienne "
        "carte_bancaire chèque prélèvement virement expédié livré annulé remboursé "
        "déjà_client très_satisfait livraison_retardée «_parfait_» à_la_une "
        "réseaux_sociaux robe_d’été théière écouteurs oui non homme femme forêt "
        "cœur_de_gamme 12_€"
    ),
    "es": (
        "José Lucía Íñigo Begoña Andrés Córdoba Málaga Logroño Cádiz A_Coruña "
        "tarjeta_de_crédito transferencia contrareembolso enviado devolución "
        "página_principal añadir_al_carrito búsqueda orgánica ¿cuándo_llega? "
        "¡muy_rápido! está_dañado señora pantalón teléfono_móvil sí no más_tarde niño "
        "también 3.º"
    ),
    "de": (
        "Jürgen Käthe Björn Sören Müller Köln Düsseldorf Nürnberg Saarbrücken Gießen "
        "Überweisung Kreditkarte Lastschrift geöffnet verschickt zurückgeschickt "
        "bestätigt hinzugefügt Straßenfest schöne_Tasche „sehr_gut“ leider_verspätet "
        "Kopfhörer Grün weiß männlich weiblich ja nein später über_Freunde Österreich"
    ),
    "pl": (
        "Michał Paweł Żaneta Bożena Świętosława Wrocław Poznań Gdańsk Rzeszów "
        "Białystok przelew karta_płatnicza za_pobraniem wysłano zwrócono "
        "dodał_do_koszyka strona_główna bardzo_dobra_jakość późna_dostawa "
        "polecę_znajomym słuchawki sukienka_wieczorowa tak nie mężczyzna kobieta "
        "zażalenie ćwiczenia łóżko źle również"
    ),
    "ru": (
        "Дмитрий Ольга Сергей Наталья Пётр Санкт-Петербург Казань Новосибирск Уфа "
        "Тверь банковская_карта наличные перевод просмотр в_корзину оформлен возврат "
        "отменён быстрая_доставка плохое_качество! приду_ещё наушники платье_(красное) "
        "термос да нет мужской женский неизвестно поиск рассылка подъезд «отлично»"
    ),
}
WHAT = ("header", "values", "both")
SIZES = (2, 20, 400)
ALL = [
    (language, encoding, what, size)
    for language, legacy in LEGACY.items()
    for encoding in (*legacy, *UTF)
    for what in WHAT
    for size in SIZES
]


def export(language, encoding, what, size, seed):
    """One file's text: header or values or both in the language, `size` rows."""
    draw = random.Random(f"{language} {encoding} {what} {size} {seed}")
    heads, values = (
        [word.replace("_", " ") for word in words[language].split()]
        for words in (HEADS, VALUES)
    )
    columns = draw.randint(2, 6)
    delimiter = draw.choice([",", ",", ";", "\t"])
    end = draw.choice(["\n", "\r\n"])
    if what == "values":
        head = draw.sample(["id", "name", "city", "note", "paid", "channel"], columns)
    else:
        head = draw.sample(heads, columns)
    makers = [lambda: str(draw.randint(1, 99999))]
    makers.append(lambda: f"2025-{draw.randint(1, 12):02}-{draw.randint(1, 28):02}")
    makers.append(lambda: f"{draw.random() * 500:.2f}")
    if what != "header":
        makers = [*makers, *[lambda: draw.choice(values)] * 5]
    kinds = [draw.choice(makers) for _ in head]
    if what != "header":
        kinds[draw.randrange(columns)] = lambda: draw.choice(values)
    lines = [head, *([make() for make in kinds] for _ in range(size))]
    text = end.join(delimiter.join(line) for line in lines) + end
    # What the encoding cannot write would never have stood in such a file.
    return text.encode(encoding, errors="ignore").decode(encoding)
