"""Traditional Chinese as written in Taiwan, from Simplified: OpenCC, and the words that it takes for others.

OpenCC knows words of computing: it turns every `程序` (procedure, program) into `程式` (program). In reports
most of these words are of law and of everyday speech, so that they are turned letter by letter instead.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

BY_LETTER = (
    "保存", "发布", "声明", "程序", "支持", "局部", "质量", "循环", "权限", "类型", "交互作用", "对象",
    "优先",
)  # fmt: skip
"""Words that keep their letters, whatever they mean in computing."""
OF_RULES = ("文件",)
"""In rule sets these are papers; elsewhere they are files."""
TERMS = {
    "數字服務": "數位服務", "數字渠道": "數位管道",
    "質量": "品質", "反饋": "回饋", "等品質箱": "等質量箱", "訪問": "存取", "相聯系": "相聯繫",
    "人和程序": "人和程式",
    "通過程序": "透過程式", "明瞭": "明了", "隻": "只", "“": "「", "”": "」",
}  # fmt: skip
"""Words of the region, in what is already turned; the quotation marks too."""
_JOINER = "\u2060"


@functools.cache
def _turned() -> Callable[[str], str]:
    from opencc import OpenCC

    convert: Callable[[str], str] = OpenCC("s2twp").convert
    return convert


def convert(catalogue: str, text: str) -> str:
    """Return a Simplified Chinese text of *catalogue* in Traditional Chinese."""
    for word in (*BY_LETTER, *(OF_RULES if catalogue == "rules" else ())):
        text = text.replace(word, _JOINER.join(word))
    said = _turned()(text).replace(_JOINER, "")
    return functools.reduce(lambda told, pair: told.replace(*pair), TERMS.items(), said)
