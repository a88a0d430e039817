"""What the pages say, in Thai and in English. The office's own words stand in its config and templates."""

from __future__ import annotations

from typing import Literal

Lang = Literal["th", "en"]

# Each with (Thai, English).
_WORDS: dict[str, tuple[str, str]] = {
    "home": ("ส่งเรื่องถึงสำนักงาน", "Write to the office"),
    "home_lead": (
        "เลือกเรื่องที่ประสงค์จะแจ้ง ระบบจะลงทะเบียนรับทันทีและแจ้งเลขรับบนหน้าจอ",
        "Choose a subject. What you send is registered at once, and the page shows its receipt number.",
    ),
    "case": ("ติดตามเรื่องที่ส่งไว้", "Follow a case"),
    "case_lead": (
        "กรอกเลขรับและรหัสผ่านที่ได้รับเมื่อส่งเรื่อง เพื่อดูความคืบหน้า อ่านคำตอบ หรือส่งข้อมูลเพิ่มเติม",
        "Type the receipt number and the passphrase you were given, to see how far it is, read answers or add more.",
    ),
    "number": ("เลขรับ", "Receipt number"),
    "number_hint": ("เช่น ๑๒๓/๒๕๖๙", "Such as 123/2569"),
    "passphrase": ("รหัสผ่าน", "Passphrase"),
    "passphrase_hint": ("ตัวเลข ๒๔ หลัก เว้นวรรคหรือขีดคั่นได้", "24 digits; spaces and dashes do not matter"),
    "open": ("เปิดดู", "Open"),
    "subject": ("เรื่อง", "Subject"),
    "facts": ("เกิดอะไรขึ้น", "What happened"),
    "facts_hint": (
        "โปรดเล่าข้อเท็จจริงหรือพฤติการณ์ให้ชัดเจนเท่าที่ทราบ",
        "Please tell the facts as clearly as you know them.",
    ),
    "persons": ("บุคคลหรือหน่วยงานที่เกี่ยวข้อง", "Persons or agencies concerned"),
    "place": ("สถานที่", "Place"),
    "when": ("วันเวลาที่เกิดเหตุ", "Date and time"),
    "files": ("เอกสารหรือภาพถ่ายหลักฐาน", "Evidence: documents or pictures"),
    "clean": (
        "ลบข้อมูลแฝงในภาพถ่าย (JPEG, PNG) และ PDF เช่น ตำแหน่งที่ถ่ายภาพและชื่อผู้จัดทำ",
        "Take out what pictures (JPEG, PNG) and PDFs say of place, device and author",
    ),
    "you": ("ข้อมูลของท่าน (ไม่บังคับ)", "About you (optional)"),
    "you_hint": (
        "ไม่ต้องแจ้งชื่อก็ส่งเรื่องได้ และยังติดตามเรื่องได้ด้วยเลขรับและรหัสผ่าน",
        "You may stay anonymous, and still follow the case with its number and passphrase.",
    ),
    "name": ("ชื่อ", "Name"),
    "contact": ("ช่องทางติดต่อ", "How to reach you"),
    "answer": ("ประสงค์รับคำตอบทางใด", "How do you want the answer?"),
    "wanted_page": ("หน้าติดตามเรื่องบนเว็บไซต์นี้", "On this website, on the page of the case"),
    "wanted_email": ("ไปรษณีย์อิเล็กทรอนิกส์", "By e-mail"),
    "wanted_paper": ("เอกสารทางไปรษณีย์", "On paper, by post"),
    "email": ("ที่อยู่ไปรษณีย์อิเล็กทรอนิกส์", "E-mail address"),
    "postal": ("ที่อยู่สำหรับส่งเอกสาร", "Postal address"),
    "optional": ("ไม่บังคับ", "optional"),
    "required": ("จำเป็น", "required"),
    "send": ("ส่งเรื่อง", "Send"),
    "sealed_note": (
        "เรื่องนี้เป็นเรื่องปกปิด ข้อความและเอกสารจะถูกเข้ารหัสทันที มีเพียงเจ้าหน้าที่ผู้รับผิดชอบที่เปิดอ่านได้ "
        "และเว็บไซต์นี้ไม่บันทึกหมายเลขไอพีของท่าน",
        "This matter is confidential: text and files are encrypted at once, and only the responsible officer can read "
        "them. This website does not record your IP address.",
    ),
    "sealed_answer": (
        "คำตอบของเรื่องปกปิดจะแสดงบนหน้าติดตามเรื่อง หากประสงค์รับทางอื่น เจ้าหน้าที่จะพิจารณาตามความเหมาะสม",
        "Answers to a confidential matter stand on the page of the case; for another way, the officer will see to it.",
    ),
    "limits": ("ไม่เกิน {files} ไฟล์ ไฟล์ละไม่เกิน {file} รวมไม่เกิน {total}",
               "At most {files} files of {file} each, {total} together"),
    "thanks": ("สำนักงานได้รับเรื่องของท่านแล้ว", "Your letter has been registered"),
    "thanks_keep": (
        "โปรดจดเลขรับและรหัสผ่านไว้ รหัสผ่านแสดงครั้งนี้ครั้งเดียว สำนักงานไม่มีสำเนาและไม่สามารถออกให้ใหม่ได้",
        "Please write down both. The passphrase is shown this once; the office has no copy and cannot make a new one.",
    ),
    "arrived": ("ส่งเมื่อ", "Sent"),
    "received": ("ถือว่าได้รับตามกฎหมายเมื่อ", "Legally received"),
    "received_note": (
        "เรื่องที่ส่งนอกวันและเวลาทำการ ถือว่าได้รับในเวลาเปิดทำการถัดไป (พ.ร.บ. การปฏิบัติราชการทางอิเล็กทรอนิกส์ พ.ศ. ๒๕๖๕ "
        "มาตรา ๑๐)",
        "What is sent outside office hours counts as received at the next opening (Act B.E. 2565, section 10).",
    ),
    "uncleaned": (
        "ไฟล์ต่อไปนี้ลบข้อมูลแฝงไม่ได้ จึงส่งไปตามที่ได้รับ",
        "These files could not be cleaned and were sent as they are",
    ),
    "state": ("สถานะ", "State"),
    "state_open": ("อยู่ระหว่างดำเนินการ", "Being handled"),
    "state_waiting": ("เจ้าหน้าที่ขอข้อมูลเพิ่มเติมจากท่าน", "The officer asks you for more"),
    "state_closed": ("ดำเนินการแล้ว", "Answered"),
    "state_void": ("ยกเลิกเลขรับ", "The number is void"),
    "service": ("ประเภทเรื่อง", "Kind of matter"),
    "due": ("กำหนดแล้วเสร็จ", "Due"),
    "answers": ("คำตอบของสำนักงาน", "Answers of the office"),
    "no_answers": ("ยังไม่มีคำตอบ", "There is no answer yet."),
    "answer_email": ("แจ้งผลทางไปรษณีย์อิเล็กทรอนิกส์แล้ว", "The answer was sent by e-mail."),
    "answer_paper": ("แจ้งผลเป็นเอกสาร", "The answer goes out on paper."),
    "answer_unreadable": ("เปิดคำตอบไม่ได้ โปรดติดต่อสำนักงาน", "The answer cannot be opened; please ask the office."),
    "book_no": ("ที่", "No."),
    "dated": ("ลงวันที่", "Dated"),
    "result": ("ผลการพิจารณา", "Result"),
    "download": ("ดาวน์โหลด", "Download"),
    "added": ("ข้อมูลที่ท่านส่งเพิ่มเติม", "What you sent in later"),
    "add": ("ส่งข้อมูลหรือเอกสารเพิ่มเติม", "Send more"),
    "add_text": ("ข้อความ", "Text"),
    "add_thanks": ("ได้รับข้อมูลเพิ่มเติมแล้ว", "What you sent has been added."),
    "back": ("กลับหน้าแรก", "To the first page"),
    "empty_trap": ("โปรดเว้นช่องนี้ว่างไว้", "Leave this field empty"),
    "fix": ("โปรดแก้ไขข้อมูลต่อไปนี้ แล้วกดส่งอีกครั้ง", "Please mend this and send again"),
    "files_again": (
        "ไฟล์ที่แนบไว้ต้องเลือกใหม่อีกครั้ง", "Files must be chosen again.",
    ),
    "missing": ("โปรดกรอกช่องนี้", "Please fill in this field."),
    "long": ("ข้อความยาวเกินไป", "This is too long."),
    "bad_email": ("ที่อยู่ไปรษณีย์อิเล็กทรอนิกส์ไม่ถูกต้อง", "This is not an e-mail address."),
    "over_files": ("แนบไฟล์มากเกินกำหนด จึงยังไม่ได้รับเรื่อง", "Too many files; nothing was registered."),
    "over_file": ("มีไฟล์ใหญ่เกินกำหนด จึงยังไม่ได้รับเรื่อง", "A file is too large; nothing was registered."),
    "over_total": ("ไฟล์รวมกันใหญ่เกินกำหนด จึงยังไม่ได้รับเรื่อง", "Together it is too large; nothing was registered."),
    "over_fields": ("แบบฟอร์มไม่ถูกต้อง จึงยังไม่ได้รับเรื่อง", "This is not our form; nothing was registered."),
    "stale": (
        "แบบฟอร์มหมดอายุหรือเปิดจากหน้าต่างอื่น จึงยังไม่ได้รับเรื่อง โปรดตรวจสอบแล้วกดส่งอีกครั้ง",
        "The form was too old or of another window, so nothing was registered. Please look at it and send again.",
    ),
    "refused": ("เลขรับหรือรหัสผ่านไม่ถูกต้อง", "No such number and passphrase."),
    "later": (
        "มีการกรอกรหัสผ่านผิดหลายครั้ง โปรดลองใหม่ภายหลังประมาณหนึ่งชั่วโมง",
        "There were too many wrong passphrases. Please try again in about an hour.",
    ),
    "busy": (
        "ขณะนี้มีผู้ส่งเรื่องเป็นจำนวนมาก ยังไม่ได้รับเรื่องของท่าน โปรดลองใหม่ในอีกสักครู่",
        "Too much is coming in just now; nothing was registered. Please try again in a while.",
    ),
    "away": (
        "ระบบลงทะเบียนขัดข้องชั่วคราว ยังไม่ได้รับเรื่องของท่าน โปรดลองใหม่ในอีกสักครู่ หรือติดต่อสำนักงาน",
        "Registering does not work just now; nothing was registered. Please try again in a while, or call the office.",
    ),
    "broken": (
        "ข้อมูลที่ส่งมาไม่ครบถ้วน จึงยังไม่ได้รับเรื่อง โปรดลองใหม่อีกครั้ง",
        "What was sent is not whole; nothing was registered. Please try again.",
    ),
    "slow": (
        "การส่งใช้เวลานานเกินไป จึงยังไม่ได้รับเรื่อง โปรดลองใหม่ด้วยไฟล์ที่เล็กลง",
        "Sending took too long; nothing was registered. Please try again with smaller files.",
    ),
    "not_found": ("ไม่พบหน้าที่ขอ", "There is no such page."),
    "closed_service": (
        "เรื่องนี้ยังไม่เปิดรับทางเว็บไซต์ โปรดติดต่อสำนักงาน",
        "This cannot be sent by the website yet. Please ask the office.",
    ),
    "problem": ("ยังไม่ได้รับเรื่อง", "Nothing was registered"),
    "skip": ("ข้ามไปยังเนื้อหา", "Skip to the content"),
    "other": ("English", "ภาษาไทย"),
    "none": ("ขณะนี้ไม่มีเรื่องที่เปิดรับทางเว็บไซต์", "Nothing can be sent by the website at present."),
}  # fmt: skip


def words(lang: Lang) -> dict[str, str]:
    """Every text of the pages in one language."""
    place = 0 if lang == "th" else 1
    return {name: both[place] for name, both in _WORDS.items()}
