"""Judge what people declare: apart from measurements, and only while the declaration holds.

Nobody reads their sentences here. Only a plain no is known, and what people write where they have no answer
yet, word by word; every other answer stands in the report as the words of who signed it.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from frameworks.model import Criterion, Facts, Verdict


def _bare(text: str) -> str:
    """Return *text* in small letters of one width, with one space for each run of marks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip()


def _table(lines: str) -> frozenset[str]:
    """Return the phrases of *lines*, which commas part."""
    return frozenset(_bare(phrase) for phrase in lines.replace("\n", ",").split(",") if _bare(phrase))


PLAIN_NO = _table("""
    no, n, nope, nah, nil, none, no one, false, never, nothing, nobody, neither, not, not yet, not done
    not at all, no not yet, none yet, no we do not, no we don't, no it is not, no it isn't
    no there is not, no there is none, there is none, there are none, there isn't any, there aren't any
    we have none, we do not, we don't, we do not have any, we don't have any, we do not have one
    we don't have one, it does not exist, does not exist, nein, noch nicht, nein noch nicht, nicht, keine
    keiner, keines, kein, nichts, niemand, nie, gibt es nicht, non, pas encore, non pas encore, aucun
    aucune, jamais, rien, no todavía no, todavía no, aún no, ninguno, ninguna, nada, nunca, nadie, não
    ainda não, nenhum, nenhuma, nee, nog niet, geen, nej, nei, ikke, inte, ingen, inga, ei, nie, nessuno
    nessuna, niente, ancora no, нет, ещё нет, еще нет, пока нет, ні, ne, yok, いいえ, ない, なし
    ありません, 아니요, 아니오, 없음, 없다, لا, לא, नहीं, không, chưa, tidak, belum, ไม่, 否, 不, 不是
    不是的, 没, 沒, 没有, 沒有, 无, 無, 未, 暂无, 暫無, 尚无, 尚無, 尚未, 还没有, 還沒有, 还没, 還沒, 未做
    没做, 沒做, 并没有, 並沒有, 从未, 從未, 不存在, 没有的, 沒有的, 不曾
""")
"""Whole answers that say no and nothing else."""
FILLERS = _table("""
    n/a, na, not applicable, tbd, tba, tbc, todo, to do, to be done, to be decided, to be determined
    to be confirmed, x, xx, xxx, null, missing, blank, unknown, not known, unclear, don't know
    do not know, I don't know, I do not know, we don't know, we do not know, dunno, no idea, pending, wip
    work in progress, in progress, in preparation, coming soon, soon, later, unbekannt, weiß nicht
    keine Ahnung, in Arbeit, in Bearbeitung, folgt, entfällt, nicht zutreffend, inconnu, en cours
    à compléter, sans objet, desconocido, no sé, pendiente, en curso, por definir, неизвестно, не знаю
    в работе, 未定, 作成中, 不明, 미정, 모름, 待定, 未知, 不适用, 不適用, 不知道, 不清楚, 不详, 不詳
    待补充, 待補充, 待补, 待補, 待填, 待完善, 待确认, 待確認, 进行中, 進行中, 正在进行, 正在進行, 正在编写
    正在編寫, 编写中, 編寫中, 处理中, 處理中, 准备中, 準備中, 暂缺, 暫缺, 缺
""")
"""What people write where they have no answer yet."""
_WHETHER = re.compile(
    r"(is|are|does|do|has|have|can|could|was|were|did|will|would|may|must|should)\b|[^?]*$"
    r"|(?!.*[何谁誰哪什怎几幾多]).*([是能]否|有[没沒无無]有?|[吗嗎]\?)",
    re.DOTALL,
)
"""Questions that a no answers: they ask whether, or stand there without a question mark."""
_WORDS = {word for word in PLAIN_NO if word.isascii() and " " not in word} - {"n", "false"}
_FIRST = re.compile(
    rf"({'|'.join(sorted(_WORDS))}|não|нет|ні)\b(?!\.? *\d|[-\u2010\u2011]\w)"
    "|没|沒|不|否|无(?!障碍|锡)|無(?!障礙|錫)|未(?!成年|来|來)|尚[未无無]|[还還][没沒]|[并並][未没沒]"
    "|[从從]未|[暂暫][无無]|いいえ|아니"
)
"""How an answer begins that may go on to say the contrary; `No. 17` and `Non-discrimination` do not."""


def attest(part: Criterion, facts: Facts) -> tuple[Verdict, str, dict[str, Any]]:
    """Return the verdict on an attestation, its reason, and what was declared.

    It counts when it has an answer, a signer, a date and an expiry, and the day of judging lies between.
    All four are needed, so that leaving one out never helps.
    """
    key = part.attested or ""
    given = facts.answers.get(key, {})
    declared = {"key": key, "question": part.question} | {
        name: _plain(given[name])
        for name in ("answer", "document", "signer", "date", "expiry")
        if given.get(name) not in (None, "")
    }
    answer = str(given.get("answer", ""))
    if (of_no := _said_no(answer, part.question or "")) is not None:
        return *of_no, declared
    reason = _flaw(answer, given, facts.as_of)
    if reason is None:
        return Verdict.ATTESTED, f"Declared by {given['signer']}; not measured.", declared
    return part.missing, reason, declared


def _said_no(answer: str, question: str) -> tuple[Verdict, str] | None:
    """Return what a no decides, or None where the answer does not begin with one."""
    whether = _WHETHER.match(unicodedata.normalize("NFKC", question).casefold().strip()) is not None
    bare = _bare(answer)
    if bare in PLAIN_NO and whether:
        return Verdict.NOT_MET, "The answer is no."
    if bare in PLAIN_NO:
        return Verdict.UNDECIDED, (
            "A plain no does not say what is asked; answer in a sentence, such as `No reportable events "
            "happened in 2026.`"
        )
    said = unicodedata.normalize("NFKC", answer).casefold().lstrip()
    if whether and bare not in FILLERS and _FIRST.match(said):
        return Verdict.UNDECIDED, (
            "The answer begins with a no, and nobody reads on here; begin with what is there, or answer with "
            "a plain no."
        )
    return None


def _flaw(answer: str, given: Mapping[str, Any], as_of: dt.date) -> str | None:
    """Say what keeps an answer from counting, or return None."""
    if not _bare(answer) or _bare(answer) in FILLERS:
        return "Nobody has answered."
    if not str(given.get("signer") or "").strip():
        return "The answer names no signer; say who declares it."
    date, expiry = _day(given.get("date")), _day(given.get("expiry"))
    if date is None or expiry is None:
        return "The answer has no date or no expiry; say when it was given and until when it holds."
    if date > as_of:
        return "The answer was given after the day of judging."
    if expiry < as_of:
        return "The answer had expired on the day of judging; have it renewed."
    return None


def _day(value: Any) -> dt.date | None:
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value))
    except ValueError:
        return None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
