import hashlib

import pytest

from convert.plain_text import decoded

TEXTS = {
    "German": "Sehr geehrte Damen und Herren,\nanbei die Überweisung für Herrn Müller. Größe 1,80 m.\n",
    "price": "Prix: 25 €\nCafé\n",
    "Spanish": "El paciente Núñez llegará mañana a la sesión. ¿Está la habitación lista?\n",
    "Russian": "Уважаемые коллеги, направляем вам результаты анализов пациента Иванова. С уважением.\n",
    "Polish": "Szanowni Państwo, w załączeniu przesyłam wyniki badań pacjenta. Proszę o odpowiedź.\n",
    "Greek": "Αγαπητοί συνάδελφοι, σας στέλνω τα αποτελέσματα των εξετάσεων του ασθενούς.\n",
    "Turkish": "Sayın meslektaşım, hastanın test sonuçlarını gönderiyorum. Teşekkürler, iyi çalışmalar.\n",
    "Hebrew": "שלום רב, מצורפות תוצאות הבדיקות של המטופל. בברכה\n",
    "Arabic": "السادة الكرام، مرفق نتائج فحوصات المريض. مع التحية\n",
    "Japanese": "お世話になっております。患者の検査結果を送付いたします。よろしくお願いいたします。\n",
    "Chinese": "尊敬的同事，附件是病人的检查结果。请查收，谢谢。\n",
    "Chinese report": "尊敬的医生，病人的检查报告如下，请查收。\n患者姓名：李明\n诊断：高血压\n",
    "Thai": "เรียนคุณหมอ ส่งผลการตรวจมาให้\nผู้ป่วยชื่อ สมชาย อายุ 45 ปี\n",
    "Korean": "안녕하세요. 환자의 검사 결과를 보내드립니다. 감사합니다.\n",
    "frame": "┌────────┬───────┐\n│ Müller │ 12,50 │\n└────────┴───────┘\n",
}


@pytest.mark.parametrize(
    ("language", "encoding"),
    [
        ("German", "cp1252"),
        ("German", "utf-8-sig"),
        ("German", "utf-16"),
        ("German", "utf-32"),
        ("German", "utf_16_le"),
        ("German", "utf_16_be"),
        ("German", "utf_32_le"),
        ("German", "utf_32_be"),
        ("price", "cp1252"),
        ("Spanish", "iso8859_1"),
        ("Russian", "cp1251"),
        ("Russian", "koi8_r"),
        ("Russian", "cp866"),
        ("Polish", "cp1250"),
        ("Polish", "iso8859_2"),
        ("Greek", "cp1253"),
        ("Turkish", "cp1254"),
        ("Hebrew", "cp1255"),
        ("Arabic", "cp1256"),
        ("Japanese", "cp932"),
        ("Japanese", "euc_jp"),
        ("Japanese", "iso2022_jp"),
        ("Japanese", "utf-8"),
        ("Chinese", "gb18030"),
        ("Chinese report", "gb18030"),
        ("Chinese report", "utf-8"),
        ("Thai", "tis_620"),
        ("Korean", "cp949"),
        ("frame", "cp850"),
    ],
)
def test_a_text_is_read_in_the_encoding_that_it_was_written_in(language: str, encoding: str) -> None:
    assert decoded(TEXTS[language].encode(encoding)) == TEXTS[language]


@pytest.mark.parametrize("times", [1, 4, 100])
@pytest.mark.parametrize(
    "text",
    [
        "37.2°C\n", "10 µg/mL\n", "Weight 70 kg ± 2\n", "½ tablet daily\n", "Temp: 38°\n", "5 × 10 cm²\n",
        "The patient’s chart\n", "“Take 2 – 3 daily”\n", "Price: 12 € …\n",
        "Mr. Muñoz was seen today by Dr. Núñez for follow up of his hypertension, in good health.\n",
    ],
)  # fmt: skip
def test_signs_and_names_in_a_text_of_ascii_are_those_of_windows(text: str, times: int) -> None:
    assert decoded((text * times).encode("cp1252")) == text * times


def test_a_sample_that_ends_within_a_letter_is_no_hindrance() -> None:
    text = "x" + TEXTS["Japanese"] * 1000
    assert decoded(text.encode("cp932")) == text


def test_what_is_no_text_is_not_taken_for_one() -> None:
    octets = b"".join(hashlib.sha256(bytes([number])).digest() for number in range(100))
    assert decoded(octets) is None
    assert decoded(octets[:64]) is None
