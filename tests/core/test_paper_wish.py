"""Words that ask for the answer on paper, as people write them, and words that only resemble them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.core.paper_wish import is_proposed
from mailgate.edges.templates import shipped

ASKED = """
ขอรับผลทางไปรษณีย์
โปรดส่งหนังสือตอบกลับเป็นเอกสารทางไปรษณีย์ตามที่อยู่ด้านล่าง
กรุณาส่งเอกสารตัวจริงมาที่บ้านเลขที่ ๑
ขอให้แจ้งผลเป็นหนังสือทางไปรษณีย์
ขอรับหนังสือฉบับจริง
ประสงค์ขอรับคำตอบเป็นกระดาษ
มีความประสงค์จะรับผลการพิจารณาทางไปรษณีย์ลงทะเบียน
ขอเป็นเอกสารกระดาษนะคะ
ไม่สะดวกรับทางอีเมล ขอให้ส่งทางไปรษณีย์
ไม่ประสงค์รับทางไปรษณีย์อิเล็กทรอนิกส์ ขอรับเป็นเอกสาร
ไม่สะดวกใช้อีเมล รบกวนส่งจดหมายมาที่บ้าน
ข้าพเจ้าไม่มีอินเทอร์เน็ต ขอรับผลทางไปรษณีย์
รบกวนส่งผลมาทาง ปณ. ด้วยครับ
ส่งกลับทาง EMS
ช่วยจัดส่งเอกสารให้ทาง EMS ด้วยครับ
อยากได้เอกสารตัวจริงส่งมาที่บ้าน
ขอรับเอกสารด้วยตนเอง
ขอมารับใบอนุญาตด้วยตัวเองที่สำนักงาน
ต้องการเอกสารฉบับจริง
หากเป็นไปได้ ขอรับทางไปรษณีย์
ขอรับคําตอบเป็นลายลักษณ์อักษรทางไปรษณีย์
ขอความกรุณาตอบเป็นหนังสือส่งทางไปรษณีย์
แจ้งผลทางอีเมล และส่งฉบับจริงทางไปรษณีย์ด้วย
ขอรับทางไปรษณีย์แทนอีเมล
Please send the reply by post.
I would like to receive the decision on paper
Could you mail a hard copy to my address?
Please reply by letter to the address below
I'd prefer a paper copy
By registered mail please send the result
I do not use e-mail, please answer by post
I cannot receive e-mail so please send it by post
Please send me a printed copy
Please post the reply to my home address
""".strip().splitlines()

NOT_ASKED = """
ไม่ประสงค์รับทางไปรษณีย์
ไม่ต้องการรับเอกสารทางไปรษณีย์
ขอรับผลทางไปรษณีย์อิเล็กทรอนิกส์
ขอรับผลทางไปรษณีย์ อิเล็กทรอนิกส์
ขอรับผลทางไปรษณีย์อีเล็กทรอนิคส์
ขอรับผลทางจดหมายอิเล็กทรอนิกส์
โปรดตอบกลับไปรษณีย์อิเล็กทรอนิกส์ฉบับนี้
ขอรับเป็นเอกสาร PDF ทางอีเมล
ไม่ต้องส่งเอกสารทางไปรษณีย์ ส่งทางอีเมลก็พอ
ขอรับทางอีเมล ไม่ใช่ทางไปรษณีย์
ขอรับทางอีเมลแทนการส่งทางไปรษณีย์
ส่งเอกสารตัวจริงให้ทางไปรษณีย์แล้ว
ข้าพเจ้าได้ส่งเอกสารฉบับจริงทางไปรษณีย์แล้วเมื่อวันที่ ๑
ขอให้ตรวจสอบด้วย เอกสารตัวจริงได้ส่งทางไปรษณีย์แล้ว
ขอส่งเอกสารฉบับจริงทางไปรษณีย์
ผมจะจัดส่งเอกสารตัวจริงตามไปทางไปรษณีย์
หากต้องการเอกสารตัวจริง โปรดแจ้ง
ต้องการทราบว่าต้องส่งเอกสารตัวจริงหรือไม่
ขอรับรองว่าเป็นเอกสารตัวจริง
ขอรับเอกสารทางอีเมล
แจ้งผลทางอีเมลเท่านั้น ไม่ต้องส่งทางไปรษณีย์
ขอจัดตั้งที่ทำการไปรษณีย์
ไม่จำเป็นต้องส่งเป็นเอกสาร
ขอไม่รับเอกสารทางไปรษณีย์
งดส่งเอกสารทางไปรษณีย์
ยกเลิกการขอรับเอกสารทางไปรษณีย์
ประสงค์ให้บุตรเรียนที่บ้าน
มีความประสงค์ขอจัดการศึกษาที่บ้าน (บ้านเรียน)
Please do not send anything by post
No paper copy needed, e-mail is fine
I sent the originals by post yesterday
I will send a hard copy later
Please reply by e-mail, not by post
Please reply by e-mail instead of by post
I don’t want a hard copy
If you need a hard copy, tell me
My post office box is 12
No need to send a hard copy
Please reply by mail
""".strip().splitlines()


@pytest.mark.parametrize("text", ASKED)
def test_who_asks_for_paper_is_heard(text: str) -> None:
    assert is_proposed(text)
    assert is_proposed(f"เรียน ผู้อำนวยการ\n\n{text}\n\nขอแสดงความนับถือ\nนาย ก")


@pytest.mark.parametrize("text", NOT_ASKED)
def test_what_only_resembles_it_is_not(text: str) -> None:
    assert not is_proposed(text)


OURS = "acknowledgement.txt acknowledgement.html summary.txt transfer.txt decision.txt delay.txt".split()


@pytest.mark.parametrize("name", OURS)
def test_our_own_words_quoted_ask_for_nothing(name: str) -> None:
    """Where the quotation of our mail is not recognised as one, it stands in the text."""
    assert not is_proposed((shipped("templates") / name).read_text("utf-8"))


def test_a_wish_far_behind_in_a_long_text_is_not_searched_for() -> None:
    assert not is_proposed("ก" * 30_000 + " ขอรับผลทางไปรษณีย์")


@given(st.text(alphabet="ขอรับทางไปษณีย์ไม่ต้เสง .\nsendbyposthardcopyno", max_size=400))
def test_any_text_can_be_searched(text: str) -> None:
    assert is_proposed(text) in (True, False)
