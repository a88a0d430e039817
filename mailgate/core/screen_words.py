"""How automatic mail and returned mail call themselves, in the languages that reach an office.

``*_SUBJECT`` patterns are for subject lines, ``*_TEXT`` for the first words of a text. No pattern repeats a repetition.
"""

from __future__ import annotations

import re

_I = re.IGNORECASE
# A subject may be wrapped: "[Auto-Reply] …", "【自動返信】…", "***Automatic reply***".
_OPEN = r"[\s\[\](){}<>*\"'【《「『（!#=~_-]*"

# What mail programs put before a subject when they answer for somebody (Outlook's names in its own languages).
AUTO_SUBJECT = re.compile(
    _OPEN + r"(?:auto(?:matic|mated|matically)?[ _-]?(?:e-?mail|reply|replies|response|respon[ds]er?|answer|generated"
    r"|acknowledg|confirmation|message|mailer|notification)|auto ?:|out of (?:the )?office|(?:vacation|absence|away)"
    r" (?:reply|response|auto)|i(?:'m| am) (?:currently )?(?:out of|away from) (?:the |my )?office"
    r"|automatische (?:antwort|e-?mail|empfangs|eingangs|abwesenheit)|autom\. antwort|auto-?antwort"
    r"|abwesenheits(?:notiz|meldung|nachricht|assistent|benachrichtigung)|eingangsbestätigung"
    r"|r[ée]ponse automatique|absen(?:t|te|ce) du bureau|message d.absence|r[ée]pondeur|accusé de réception"
    r"|respuesta autom[áa]tica|fuera de (?:la )?oficina|contestaci[óo]n autom|mensaje autom[áa]tico"
    r"|resposta autom[áa]tica|fora d[oe] escrit[óo]rio|aus[êe]ncia tempor"
    r"|risposta automatica|fuori (?:sede|ufficio)|automatisch (?:antwoord|bericht)|afwezigheids"
    r"|autosvar|automatis[kc]t? (?:svar|besked|meddelande|melding)|frånvaromeddelande|fraværsmelding"
    r"|automaattinen (?:vastaus|poissaolo)|poissaoloilmoitus|sj[áa]lfvirkt svar"
    r"|(?:odpowied[źz] automatyczna|automatyczna odpowied[źz]|autoodpowied[źz]|autoresponder)"
    r"|automatick[áa] odpov[ěe]|mimo kancel[áa]|automatikus v[áa]lasz|r[ăa]spuns automat|samodejni odgovor"
    r"|automatski odgovor|автоматич(?:еский|ен|на) (?:ответ|отговор|відповідь)|автоответ|автовідповідь"
    r"|αυτόματη απάντηση|εκτός γραφείου|otomatik (?:yan[ıi]t|cevap)|ofis d[ıi][şs][ıi]nda"
    r"|自動(?:応答|返信|返答|配信|送信|回答|回覆|回復|回复)|自动(?:回复|答复|应答)|不在(?:通知|連絡|のお知らせ|届|です|中)"
    r"|자동 ?(?:회신|응답|답장)|부재 ?중|tr[ảa] l[ờo]i t[ựu] [đd][ộo]ng|t[ựu] [đd][ộo]ng tr[ảa] l[ờo]i"
    r"|balasan (?:otomatis|automatik)|jawapan automatik|رد تلقائي|الرد التلقائي|מענה אוטומטי|תשובה אוטומטית"
    r"|(?:การ|ข้อความ|อีเมล)?ตอบ(?:กลับ|รับ)(?:โดย)?อัตโนมัติ|ข้อความอัตโนมัติ|แจ้งไม่อยู่(?:ที่|ใน)?สำนักงาน)",
    _I,
)
# The same further on in the subject.
AUTO_WITHIN = re.compile(
    r"\b(?:is|am|are|be|currently) out of (?:the |my )?office|[\[(]auto(?:matic)?[ -]?(?:reply|response)[\])]"
    r"|(?:ist|bin) (?:nicht im (?:büro|haus)|abwesend|außer haus)|自動(?:応答|返信)メール|自动回复|자동 ?회신",
    _I,
)
# People write these too: they count only in an answer to a mail of ours, or with words to match in the text.
AWAY_SUBJECT = re.compile(
    _OPEN + r"(?:ไม่อยู่|ลาพักร้อน|ลากิจ|ลาป่วย|ลาคลอด|on (?:\w+ )?(?:leave|vacation|holiday)|away\b|vacation\b|holiday\b"
    r"|urlaub|im urlaub|en vacances|cong[ée]s?\b|vacaciones|f[ée]rias\b|in ferie|op vakantie|semester\b|urlop\b"
    r"|в отпуске|休暇|休假|휴가|nghỉ phép|cuti\b|izin(?:de|li)\b|absen[tc]|abwesen[dh]|afwezig|frånvar|fravær|poissa|nieobecno|not available|unavailable)",
    _I,
)

# A text that says of itself that nobody wrote it.
AUTO_TEXT = re.compile(
    r"(?:^|\n)\W{0,12}(?:an? )?auto(?:matic|mated)?[ -]?(?:e-?mail|repl|respon|acknowledg|confirmation|message|mail)"
    r"|\bautomatically generated|\bauto-?generated|\bautomated (?:message|reply|response|e-?mail) (?:to|from|sent|gen)"
    r"|\bthis (?:is|e-?mail|message|mail|reply|response|mailbox|address|inbox)\b.{0,60}?\b(?:automated|automatic"
    r"|automatically|auto-|not monitored|unmonitored|unattended|no longer (?:in use|monitored|valid|active))"
    r"|(?:do not|don't|cannot|please (?:do )?not) (?:reply|respond) (?:directly )?to this"
    r"|your (?:e-?mail|message|mail|request|inquiry|enquiry) (?:has been|was|is) (?:successfully )?received (?:and|at|by)"
    r"|(?:account|mailbox|address) is protected by|(?:verify|confirm) (?:that )?you(?:r address| are)"
    r"|automatisch(?:e|en|er|es)? (?:generiert|erstellt|erzeugt|ver(?:sendet|schickt|sandt)|antwort|nachricht|e-?mail"
    r"|empfang|eingangs|antwoord|bericht|gegenereerd|verzonden|ontvangst)|abwesenheits(?:notiz|assistent|meldung)"
    r"|antworten sie (?:bitte )?nicht auf diese"
    r"|(?:réponse|message|courriel|e-?mail|mail|accusé de réception) (?:(?:est |a été )?(?:envoyé|généré|créé)e? )?"
    r"automatique|ne pas (?:y )?répondre (?:à ce|directement)|répondeur automatique"
    r"|(?:respuesta|mensaje|correo|resposta|mensagem|e-?mail|risposta|messaggio)(?: \w{1,12}){0,3} autom[áa]tic"
    r"|n[oã]o? respond[ae] (?:a|directamente)|non rispondere a quest"
    r"|autosvar|automatis[kc]t? (?:svar|besked|meddelande|melding|genere|sendt|skickat)|automaattinen (?:vastaus|viesti)"
    r"|automatyczn[aye] (?:odpowied|wiadomo)|(?:wygenerowan|wysłan)\w{1,2} automatycznie|autorespond"
    r"|automatick\w (?:odpov|zpráv|správ)|automatikus (?:válasz|üzenet)|răspuns automat|automatski odgovor"
    r"|автоматическ(?:ий|ое|и) (?:ответ|сообщени|письмо|отправлен|сформирован)|(?:сформирован|отправлен)о автоматически"
    r"|автоответ|автовідповід|автоматичн\w{1,2} (?:відповід|отговор)|αυτόματ(?:η|ο) (?:απάντηση|μήνυμα)"
    r"|otomatik (?:yan[ıi]t|cevap|mesaj|olarak)|自動(?:応答|返信|返答|送信|配信|的に)|送信専用|このメールに返信"
    r"|(?:自动|自動)(?:回复|回覆|回復|答复|发送|發送|生成|產生)|(?:请|請)勿(?:直接)?回(?:复|覆|復)"
    r"|자동(?:으로)? ?(?:회신|응답|답장|발송|생성)|발신 ?전용|(?:trả lời|thư|tin nhắn|email) tự động"
    r"|(?:balasan|pesan|jawapan|secara) (?:otomatis|automatik)|(?:رد|رسالة) (?:تلقائي|آلي)|הודעה אוטומטית|מענה אוטומטי"
    r"|(?:เป็น|คือ)(?:การ|ข้อความ|อีเมล์?|จดหมาย)?(?:ตอบ(?:กลับ|รับ))?(?:โดย|จากระบบ|ที่ส่งโดยระบบ)?(?:ระบบ)?อัตโนมัติ"
    r"|(?:ส่ง|สร้าง|ตอบกลับ|ตอบรับ)(?:ขึ้น)?(?:โดย|จาก)ระบบ(?:ตอบ(?:กลับ|รับ))?อัตโนมัติ"
    r"|(?:กรุณา|โปรด)(?:อย่า|ไม่ต้อง|งด)(?:การ)?ตอบกลับ",
    _I | re.DOTALL,
)
# A text that says its writer is away. A letter may begin so: it takes a sign in the header besides.
AWAY_TEXT = re.compile(
    r"\b(?:i am|i'm|i will be|i'll be|we are|is|currently) (?:currently |now |temporarily )?(?:out of (?:the |my )?office"
    r"|out of town|on (?:\w+ )?(?:leave|vacation|holidays?)|away (?:from|until|on)|travell?ing|unavailable|not available)"
    r"|limited access to (?:my )?e-?mail|upon my return|when i (?:return|get back)|\bich bin .{0,60}?(?:nicht im (?:büro"
    r"|haus)|nicht erreichbar|abwesend|im urlaub|außer haus)|\bje suis .{0,40}?(?:absent|en congé|en vacances|en déplacement)"
    r"|\b(?:estoy|estaré|me encuentro) .{0,30}?(?:fuera|vacaciones|ausente)|\b(?:estou|estarei) .{0,30}?(?:fora|férias|ausente)"
    r"|\b(?:sono|sarò) .{0,30}?(?:fuori|ferie|assente)|\bik ben .{0,40}?(?:afwezig|aanwezig|vakantie|kantoor)"
    r"|jestem .{0,30}?(?:nieobecn|poza biurem|na urlopie)|przebywam na urlopie|\b(?:jag|jeg) (?:är|er) .{0,30}?(?:borta|ledig"
    r"|semester|ferie|ikke|inte)|olen .{0,20}?(?:lomalla|poissa)|(?:в отпуске|нахожусь в|отсутству)|休暇(?:中|を)|不在に"
    r"|不在の(?:ため|期間)|出張(?:中|のため)|休假|不在办公室|출장 ?중|휴가 ?중|부재 ?중|nghỉ phép|sedang cuti"
    r"|(?:อยู่ระหว่าง|อยู่ในช่วง|ขณะนี้).{0,20}?(?:ลาพักร้อน|ลากิจ|ลาป่วย|ลาคลอด|ลาพักผ่อน|ไม่อยู่)|ไม่อยู่(?:ที่|ใน)?(?:สำนักงาน|ออฟฟิศ)",
    _I | re.DOTALL,
)

_RETURNED = (
    r"undeliver(?:ed|able|y)|(?:un|non)[ -]?deliver(?:ed|able|y)|not (?:be |been )?(?:yet )?(?:be |been )?delivered"
    r"|delivery[ -](?:status|failure|failed|has failed|problem|report|error|unsuccessful|warning|delay|notification)"
    r"|(?:failed|failure|error|unsuccessful|problem)s? (?:in |during |with |of )?(?:the )?(?:mail |message |e-?mail )?deliver"
    r"|deliver(?:y|ing) (?:of )?(?:your |the )?(?:mail|e-?mail|message)? ?(?:has )?fail"
    r"|(?:mail|message|e-?mail)s? (?:system |delivery )?(?:error|fail|returned|undeliver|delayed|rejected|bounced|refused"
    r"|could not|couldn't|cannot|not delivered|status report|delivery|has been (?:returned|rejected|blocked|delayed))"
    r"|returned (?:to sender|mail|message|e-?mail)|failed mail|returning message to sender|failure notice"
    r"|(?:could not|couldn't|cannot|can't|unable to|not able to) (?:be )?(?:deliver|send|sent|reach)"
    r"|warning: (?:message|could not|mail|e-?mail)|non[- ]?remis|bounced? (?:mail|message|e-?mail)"
    r"|unzustellbar|nicht (?:zu(?:gestellt|stellbar)|ausgeliefert|übermittelt)|zustell(?:fehler|ung|benachrichtigung)"
    r"|zurückgesandt|(?:pu être|été) (?:remis|distribu|délivr|livr|achemin)|(?:échec|remise|distribution|livraison) (?:de|impos)"
    r"|non (?:remis|distribu|délivr)|no (?:se )?(?:ha |pudo |puede |entreg).{0,25}?entreg|no entregad|error de entrega"
    r"|notificación (?:del|de) estado|devuelto|não (?:pôde|pode|foi|entreg).{0,25}?entreg|não entregue|falha na entrega"
    r"|devolvid|mancat[oa] (?:recapito|consegna)|non (?:recapitat|consegnat)|(?:recapit|consegn)at[oa] a\b"
    r"|(?:niet|kon niet) .{0,20}?(?:afgeleverd|bezorgd|worden)|onbestelbaar|(?:inte|ikke|ej) (?:kunde |kunne )?lever"
    r"|olever|toimitus epäonn|ei voitu toimittaa|nie (?:można|udało|został|mogła|dostar|doręcz).{0,25}?(?:dostarcz|doręcz)"
    r"|niedostarcz|niedoręcz|zwrot wiadomo|nedoručiteln|nelze doručit|kézbesíthetetlen|не ?(?:может|удалось|было|был)?"
    r".{0,12}?доставлен|недоставл|teslim edilemed|iletilemed|(?:配信|配送|送信|送達|転送|配達|不達)(?:でき|不能|不可|エラー"
    r"|に?失敗|され|通知|状況|できません)|(?:送信|お届け|配信|届ける).{0,12}?(?:できません|できなかった)|送信済みメール|リターンメール"
    r"|退信|退件|(?:无法|無法)(?:投递|送达|发送|投遞|傳送|送達|遞送|递送)|(?:投递|发送|传递|傳遞|投遞)失(?:败|敗)|未(?:能)?(?:送达|传递|傳遞|送達)"
    r"|(?:전송|배달|발송)(?:에)? ?(?:실패|할 수|되지)|반송|không (?:thể )?(?:gửi|chuyển|phát)|gagal (?:ter|di)kirim"
    r"|tidak (?:dapat|bisa) (?:ter|di)kirim|pengiriman gagal|لم يتم (?:ال)?تسليم|تعذر (?:ال)?تسليم"
    r"|ไม่สามารถ(?:นำ|จัด)?ส่ง(?:ถึง|ข้อความ|อีเมล|จดหมาย|ไปยัง|ให้|ได้)|ส่ง(?:ข้อความ|อีเมล์?|จดหมาย)?ไม่(?:สำเร็จ|ถึงผู้รับ)"
    r"|การ(?:นำ|จัด)?ส่ง(?:ข้อความ|อีเมล์?)?ล้มเหลว|(?:ข้อความ|อีเมล์?|จดหมาย)(?:ถูก)?ตีกลับ|แจ้งสถานะการส่ง"
)
BOUNCE_SUBJECT = re.compile(
    _RETURNED + r"|(?:mailbox|recipient|user|address).{0,30}?(?:unknown|full|not found|invalid)", _I
)
# At the start of a subject, what only servers write.
BOUNCE_START = re.compile(
    _OPEN
    + r"(?:undeliver(?:ed|able|y)|non[ -]?deliver(?:ed|able|y)|not delivered|delivery (?:status notification|failure"
    r"|has failed|failed|unsuccessful|delayed)|mail (?:delivery|system error|could not be delivered)|failure notice"
    r"|returned (?:to sender|mail|e-?mail)|(?:your )?(?:message|e-?mail) (?:could not|to .{1,60} (?:could not|has not))"
    r"|warning: (?:message|could not send)|failed mail|unzustellbar|nicht zustellbar|non remis|échec de (?:la )?(?:remise|distr)"
    r"|no se (?:pudo|puede|ha podido) entregar|no entregad|não entregue|falha na entrega|mancato recapito|non recapitabile"
    r"|onbestelbaar|olevererbar|kunne ikke leveres|niedostarczon|недоставлен|не доставлено|(?:配信|配送|送信|配達)(?:不能|失敗|エラー)"
    r"|退信|系统退信|投递失败|(?:无法|無法)(?:投递|投遞|傳送)|전송 ?실패|반송|gagal terkirim"
    r"|ไม่สามารถ(?:นำ|จัด)?ส่ง(?:ถึงผู้รับ|ข้อความ|อีเมล)|การ(?:นำ|จัด)?ส่ง(?:ข้อความ|อีเมล์?)?(?:ล้มเหลว|ไม่สำเร็จ)"
    r"|(?:ข้อความ|อีเมล์?)(?:ถูก)?(?:ตีกลับ|ส่งไม่(?:สำเร็จ|ถึง))|ส่ง(?:ข้อความ|อีเมล์?)ไม่(?:สำเร็จ|ถึง))",
    _I,
)
# Words of a server that could not deliver, where a person's sentence would not have them together.
RETURNED = re.compile(_RETURNED, _I | re.DOTALL)
BOUNCE_TEXT = re.compile(
    _RETURNED
    + r"|(?:user|recipient|mailbox|address|account)s?(?: \S{1,40})? (?:is |was |are )?(?:unknown|not found|full|disabled"
    r"|unavailable|inactive|over ?quota|not exist|rejected|invalid|not recognized|not listed)|unknown (?:user|recipient"
    r"|address|local)|no such (?:user|recipient|mailbox|person|address)|over quota|quota exceeded|does(?: not|n't) exist"
    r"|(?:permanent|fatal) (?:fatal )?(?:error|failure)|following (?:address|recipient|user)|did not reach"
    r"|(?:mailbox|quota) (?:is )?full|full mailbox|has been postponed|created automatically by|mail delivery (?:sub)?system|we tried to deliver|gave up|giving up"
    r"|ไม่พบ(?:ที่อยู่|ผู้รับ|บัญชี|กล่อง)|กล่องจดหมาย(?:ของผู้รับ)?เต็ม",
    _I | re.DOTALL,
)
# Not given up yet, or done: no failure.
DELAY = re.compile(
    r"delay|still (?:being )?(?:retri|try)|not yet been|could not send message for past|warning: could not send"
    r"|will (?:be )?(?:continue|keep|retry|retried)|no action is required|verzöger|retardé|retraso|demora|atrasad|ritard"
    r"|vertraag|opóźni|задерж|遅延|遅れ|延[迟遲]|지연|ล่าช้า",
    _I,
)
DELIVERED = re.compile(
    r"\bsuccess|\brelayed\b|\(relay\)|delivery receipt|^(?:re: ?)?delivered:|has been delivered|zugestellt:|\bremis ?:"
    r"|entregad[oa]:|consegnat[oa]:|doręczono|доставлено:|配信済|已送达|已送達|ส่งสำเร็จ|ส่งถึงแล้ว",
    _I,
)
COMPLAINT = re.compile(
    r"\s*(?:complaint about message from|e-?mail feedback report for|email feedback|abuse report|feedback loop|fbl:)",
    _I,
)
# Servers and their masters, by the name they sign with; each needs a second sign.
DAEMON_NAME = re.compile(
    r"mail(?:er)?[ ._-]?daemon|mail deliver|mail system|delivery (?:sub)?system|delivery (?:status|report|notification)"
    r"|postmaster|post office|mail admin|system admin|mailserver|mail server|mail gateway|smtp|microsoft exchange"
    r"|microsoft outlook|internet mail|mail router|mail service|e-?mail administrator|ผู้ดูแลระบบ",
    _I,
)
# A subject that a program may have written: it asks for a look at the text.
HINT = re.compile(
    r"thank(?:s| you)|received|receipt|ticket|case ?#|\[#|\b(?:re)?quest|enquiry|confirm|acknowledg|support|help ?desk|contact"
    r"|merci|danke|gracias|obrigad|grazie|bedankt|tack\b|takk\b|dziękuj|спасибо|ありがとう|受付|お問い?合|收到|感[谢謝]|감사|접수"
    r"|cảm ơn|terima kasih|ขอบคุณ|ได้รับ|รับเรื่อง|แจ้งเตือน|อัตโนมัติ|\bauto|notif|reply|respon",
    _I,
)
FORWARDED = re.compile(r"\s*(?:fwd?|tr|wg|rv|enc|doorst|vs|i|ส่งต่อ|転送|转发|轉寄)\s*[:：]", _I)
TEST = re.compile(
    r"\s*(?:test(?:ing|s)?(?:[ -]?(?:mail|e-?mail|message|system))?|ทดสอบ(?:การ)?(?:ระบบ)?(?:รับ)?[ -]?(?:ส่ง)?(?:อีเมล์?|เมล์?"
    r"|ข้อความ|ระบบ)?|ทดลอง(?:การ)?(?:ระบบ)?(?:รับ)?[ -]?(?:ส่ง)?(?:อีเมล์?|เมล์?)?)[\s\d๐-๙.!()#_-]*\Z",
    _I,
)
