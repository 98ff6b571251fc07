"""Collect the words of the source into the catalogues beside this file, and list what has no translation.

    python -m locales.messages

Each language has a few catalogues, by where their words come from: `reports` and `web` (marked words),
`record` (sentences of checks and frameworks, whose f-strings become templates), `rules` and `measures` (the
YAML files of frameworks), `terms` (values of the terms of data transfers, by which nothing else is told).
Simplified Chinese is written by hand; Traditional Chinese is converted from it (`locales.taiwan`), save what
`zh_Hant/by_hand.po` says. The risk questionnaire has its Simplified Chinese beside its English: only
Traditional Chinese has a catalogue of it (`questionnaire`).
"""

from __future__ import annotations

import ast
import datetime as dt
import functools
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

from frameworks.tier import questionnaire
from reports.catalogue import TWICE

ROOT = Path(__file__).resolve().parent.parent
BY_HAND, CONVERTED = "zh_Hans", "zh_Hant"
_FIXED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_WORD = re.compile(r"[A-Za-z]{2}")
_MARKS = {"_", "own", "said"}
_VARIANTS = 8
_PATTERN = re.compile(
    r"\(\?|\\[bdw]|%s|^\^|^(SELECT|PRAGMA|CREATE|COPY|BEGIN|Bearer)\b|charset=|filename=|\w-src '|<span|\n"
)
"""What only regular expressions, lines of logs, queries, headers and files hold."""
_SHORTEST = 8
"""So many letters a sentence of the service has beside its places: shorter ones would fit any text."""
_COLUMNS = "_called"
"""The function of `checks.data.personal_kinds` whose words are names of columns to look for."""
MARKED = ("reports", "web")
Key = str | tuple[str, str]


# marked words


def marked(path: Path) -> Iterator[Key]:
    """Yield what `_`, `n_`, `N_` and `plural` mark in a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = _called(node)
        texts = [a.value if isinstance(a, ast.Constant) else None for a in node.args]
        if name in _MARKS and texts and isinstance(texts[0], str):
            yield texts[0]
        elif name in _MARKS and node.args and isinstance(node.args[0], ast.IfExp):
            yield from _strings(node.args[0].body)
            yield from _strings(node.args[0].orelse)
        elif name == "N_" and node.args:
            yield from _strings(node.args[0])
        elif name == "plural" and len(texts) > 1 and isinstance(texts[1], str):
            many = texts[2] if len(texts) > 2 and isinstance(texts[2], str) else f"{texts[1]}s"
            yield (f"{{count}} {texts[1]}", f"{{count}} {many}")
        elif name == "n_" and isinstance(texts[0], str) and isinstance(texts[1], str):
            yield (texts[0], texts[1])


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _strings(node: ast.AST) -> Iterator[str]:
    """Yield the texts of a constant; of a mapping its values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _strings(value)
    elif isinstance(node, ast.Tuple | ast.List | ast.Set):
        for value in node.elts:
            yield from _strings(value.value if isinstance(value, ast.Starred) else value)
    elif isinstance(node, ast.Call):
        for value in [*node.args, *(k.value for k in node.keywords)]:
            yield from _strings(value)


def constants(path: Path) -> Iterator[Key]:
    """Yield the texts of every constant of a module that holds nothing but words."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign):
            yield from (text for text in _strings(node.value) if not text.startswith("_"))


_TEMPLATES = Environment(extensions=["jinja2.ext.do", "jinja2.ext.i18n"], autoescape=True)
_TEMPLATES.policies["ext.i18n.trimmed"] = True
_TEMPLATES.newstyle_gettext = True  # type: ignore[attr-defined]  # of the extension: places stay in the text


def template(path: Path) -> Iterator[Key]:
    """Yield what a template marks: by `_`, `n_`, `plural`, and as blocks."""
    tree = _TEMPLATES.parse(path.read_text(encoding="utf-8"))
    for call in tree.find_all(nodes.Call):
        name = call.node.attr if isinstance(call.node, nodes.Getattr) else getattr(call.node, "name", "")
        texts = [a.value if isinstance(a, nodes.Const) else None for a in call.args]
        if name in {"_", "gettext"} and call.args:
            yield from map(_braced, _choices(call.args[0]))
        elif name in {"n_", "ngettext"}:
            yield (_braced(texts[0]), _braced(texts[1]))
        elif name == "plural" and len(texts) > 1 and isinstance(texts[1], str):
            many = texts[2] if len(texts) > 2 else f"{texts[1]}s"
            yield (f"{{count}} {texts[1]}", f"{{count}} {many}")


def _choices(node: nodes.Node) -> Iterator[str]:
    """Yield the texts that an expression of a template can be."""
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, nodes.CondExpr):
        yield from _choices(node.expr1)
        yield from _choices(node.expr2)


def _braced(message: str) -> str:
    """Return a message with its places in braces; blocks of templates have them as %(name)s."""
    return re.sub(r"%\((\w+)\)s", r"{\1}", message).replace("%%", "%")


def exports(path: Path) -> Iterator[Key]:
    """Yield the title of each machine format, and what it is for."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _called(node) == "Export":
            yield from itertools.chain.from_iterable(map(_strings, node.args[:2]))


# finished sentences


def sentences(path: Path) -> Iterator[Key]:
    """Yield every sentence of a module but its docstrings; f-strings are templates with named places."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    aside = set(map(id, _asides(tree)))
    for node in ast.walk(tree):
        if id(node) in aside:
            continue
        if isinstance(node, ast.JoinedStr):
            yield from filter(_is_sentence, _templates(node))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_sentence(node.value):
            yield node.value
        elif (isinstance(node, ast.Call) and _called(node) == "Table") or _is_head(node):
            words = _strings(node.value if isinstance(node, ast.Assign) else node)
            yield from (re.sub(r"[_-]+", " ", text) for text in words if _WORD.search(text))
        elif isinstance(node, ast.keyword) and node.arg in {"unit", "case"}:
            yield from (re.sub(r"[_-]+", " ", text) for text in _strings(node.value))


def service(path: Path) -> Iterator[Key]:
    """Yield the sentences of a module of the service, save those that are nearly all places."""
    for key in sentences(path):
        letters = re.sub(r"\{\w+\}|\W", "", str(key))
        if "{" not in key or len(letters) >= _SHORTEST:
            yield key


def _asides(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield docstrings, the parts of f-strings (which are read as wholes) and names of columns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            inner = itertools.chain.from_iterable(map(ast.walk, node.values))
            yield from (part for part in inner if isinstance(part, ast.Constant | ast.JoinedStr))
        elif isinstance(node, ast.Call) and _called(node) == _COLUMNS:
            yield from node.args


def _is_head(node: ast.AST) -> bool:
    """Return whether names of columns of a table are kept here."""
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lower().endswith("columns")


def _is_sentence(text: str) -> bool:
    bare = re.sub(r"\{\w+\}", "", text)
    return " " in text.strip() and bool(_WORD.search(bare)) and not _PATTERN.search(text)


def _templates(node: ast.JoinedStr) -> Iterator[str]:
    """Yield a template for each way in which an f-string can be put together."""
    choices: list[list[str]] = []
    seen: dict[str, str] = {}
    for value in node.values:
        if isinstance(value, ast.Constant):
            choices.append([str(value.value)])
        elif isinstance(value, ast.FormattedValue):
            choices.append(list(_place(value.value, seen)))
    if len(list(itertools.islice(itertools.product(*choices), _VARIANTS + 1))) > _VARIANTS:
        return
    for parts in itertools.product(*choices):
        yield "".join(parts)


def _place(value: ast.expr, seen: dict[str, str]) -> Iterator[str]:
    if isinstance(value, ast.IfExp):
        for branch in (value.body, value.orelse):
            if isinstance(branch, ast.Constant) and isinstance(branch.value, str):
                yield branch.value
            elif isinstance(branch, ast.JoinedStr):
                yield from _templates(branch)
            else:
                yield from _place(branch, seen)
        return
    code, name = ast.unparse(value), _named(value)
    at = 2
    while seen.setdefault(name, code) != code:
        name, at = f"{_named(value)}{at}", at + 1
    yield f"{{{name}}}"


def _named(value: ast.expr) -> str:
    """Return a name for the place of an expression: its own, or that of its first argument or attribute."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Attribute):
        return value.attr
    if isinstance(value, ast.Call) and value.args:
        return _named(value.args[0])
    if isinstance(value, ast.Call):
        return _named(value.func)
    if isinstance(value, ast.Subscript):
        key = value.slice
        return (
            re.sub(r"\W", "_", key.value)
            if isinstance(key, ast.Constant) and isinstance(key.value, str)
            else _named(value.value)
        )
    if isinstance(value, ast.BinOp):
        return _named(value.left)
    return "value"


# rules, measures, pages

_TOLD = {
    "title", "text", "scope", "jurisdiction", "issuer", "force", "question", "review", "basis_source",
    "principle", "severity", "says", "why", "supply", "reason",
}  # fmt: skip


def rules(path: Path) -> Iterator[Key]:
    """Yield what a YAML file of frameworks says to readers."""
    yield from _spoken(yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader))


def terms(path: Path) -> Iterator[Key]:
    """Yield the titles of the themes of a data transfer, and the facts on which a baseline may depend."""
    yield from rules(path)
    yield from yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["facts"].values()


def term_values(path: Path) -> Iterator[Key]:
    """Yield what the terms of a data transfer can say of a theme, as words."""
    for theme in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["themes"]:
        for one in [*theme.get("choice", ()), *theme.get("set", ())]:
            yield from (word.replace("-", " ") for word in ([one] if isinstance(one, str) else one))
        yield from filter(None, [theme.get("number")])
    yield "none"


def _spoken(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _spoken(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _TOLD and isinstance(value, str):
                yield value.replace("-", " ") if key == "principle" else value
            elif key == "conditions" and isinstance(value, dict):
                yield from (said for said in value.values() if isinstance(said, str))
            elif key == "notes" and isinstance(value, list):
                yield from (note for note in value if isinstance(note, str))
            else:
                yield from _spoken(value)


def asked() -> list[str]:
    """Return the Simplified Chinese of the risk questionnaire."""
    questions = questionnaire().questions
    return list(dict.fromkeys(words.zh for q in questions for words in (q, *q.choices)))


def measure_names(path: Path) -> Iterator[Key]:
    """Yield what the catalogue of measures says, and the names that `reports.wording` reads as words."""
    from reports.labels import ENDINGS, MEASURES

    yield from rules(path)
    for check in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)["checks"].values():
        for name in (*check.get("measures", {}), *check.get("parameters", ())):
            base = str(name)
            while ends := next((ending for ending, _words in ENDINGS if base.endswith(ending)), ""):
                base = base.removesuffix(ends)
            if base not in MEASURES:
                yield re.sub(r"[_-]+", " ", base)


def titles(path: Path) -> Iterator[Key]:
    """Yield the title of a check, and what stands in it before its question."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    doc = ast.get_docstring(tree)
    decorators = [
        ast.unparse(d) for n in tree.body if isinstance(n, ast.FunctionDef) for d in n.decorator_list
    ]
    if doc and any("check" in decorator for decorator in decorators):
        title = doc.partition("\n")[0].rstrip(".")
        yield title
        if ":" in title:
            yield title.partition(":")[0]


# catalogues

_FOR_OPERATORS = re.compile(
    r"/(cli\w*|run|manifest|guard|api|trust|bench|serve|worker|verify|config|logs|app|retold|publishing|exporting|starter|lock|"
    r"attacks?\w*|browser\w*|template|measurer|migrations)(/|\.py$)"
)
"""Modules whose sentences no page tells: those of commands, of the API and of the machine room."""
_FOR_AUTHORS = {
    "beside", "closed", "crosscheck", "load", "measures", "overlay", "overlay_shape", "policies",
    "policy_shape", "ranges", "refusals", "shape", "source",
}  # fmt: skip
"""Modules of frameworks whose sentences speak of a file to those who write it, as the service's do."""
_FOR_MACHINES = {"schema"}
"""What stands in a schema alone: English, as the format is."""


def _python(*folders: str, without: str = "\0") -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if without not in path.as_posix() and "migrations" not in path.parts:
                yield path


def _sources() -> Mapping[str, Iterable[tuple[Path, Callable[[Path], Iterator[Key]]]]]:
    return {
        "reports": [
            *((p, marked) for p in _python("reports")),
            (ROOT / "reports/labels.py", constants),
            *((p, template) for p in sorted((ROOT / "templates/report").glob("*.html"))),
        ],
        "record": [
            (ROOT / "locales/single.py", constants),
            *((p, titles) for p in _python("checks")),
            (ROOT / "reports/publish.py", sentences),
            *((p, sentences) for p in _python("checks", "auditor/subjects")),
            *((p, sentences) for p in _python("frameworks") if p.stem not in _FOR_AUTHORS | _FOR_MACHINES),
        ],
        "measures": [(ROOT / "frameworks/measures.yaml", measure_names)],
        "rules": [
            *((p, rules) for p in sorted((ROOT / "frameworks/packs").glob("*.yaml"))),
            (ROOT / "frameworks/terms.yaml", terms),
            *((p, rules) for p in sorted((ROOT / "frameworks/profiles").glob("*.yaml"))),
        ],
        "terms": [(ROOT / "frameworks/terms.yaml", term_values)],
        "web": [
            (ROOT / "reports/exports/__init__.py", exports),
            *((p, marked) for p in _python("auditor/web")),
            *((p, template) for p in sorted((ROOT / "templates/web").rglob("*.html"))),
        ],
        "service": [
            *((p, service) for p in _python("frameworks") if p.stem in _FOR_AUTHORS),
            *(
                (p, service)
                for p in _python("auditor", without="/subjects/")
                if not _FOR_OPERATORS.search(p.as_posix())
            ),
        ],
    }


_BEFORE = {"web": ("reports", "measures"), "terms": ()}
"""Whose words a catalogue leaves to others, where these are not all that come before it."""


@functools.cache
def collected() -> dict[str, dict[Key, list[str]]]:
    """Return by catalogue every message with the files that it stands in.

    Each is in one catalogue only, save that pages may say in `web` what the record says too, and that the
    values of terms are words of their own.
    """
    found: dict[str, dict[Key, list[str]]] = {}
    for name, sources in _sources().items():
        mine: dict[Key, list[str]] = {}
        before = _BEFORE.get(name, tuple(other for other in found if other != "terms"))
        taken = {_one(key) for other in before for key in found[other]}
        for path, reader in sources:
            for key in reader(path):
                first = key if isinstance(key, str) else key[0]
                if (name in MARKED or _WORD.search(first)) and first and first not in taken:
                    where = mine.setdefault(key, [])
                    if (file := path.relative_to(ROOT).as_posix()) not in where:
                        where.append(file)
        found[name] = mine
    return found


def read(language: str, name: str) -> dict[str, str]:
    """Return the translations that a catalogue holds, by the first form of their English."""
    path = ROOT / "locales" / language / f"{name}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        messages = list(read_po(file, locale=language))
    pairs = ((_one(m.id), _one(m.string)) for m in messages)
    return {key: text for key, text in pairs if key and text}


def _one(text: Any) -> str:
    return text if isinstance(text, str) else next(iter(text or ()), "")


def write(language: str, name: str, messages: Mapping[Key, list[str]], told: Mapping[str, str]) -> None:
    """Write a catalogue: every message of the source, with its translation where there is one."""
    catalogue = Catalog(
        locale=language, project="Auditor", version="0.1", creation_date=_FIXED, revision_date=_FIXED,
        header_comment="", last_translator="", language_team="", charset="utf-8", fuzzy=False,
    )  # fmt: skip
    for key, files in messages.items():
        text = told.get(_one(key), "")
        catalogue.add(key, (text,) if isinstance(key, tuple) else text, locations=[(f, 1) for f in files[:3]])
    path = ROOT / "locales" / language / f"{name}.po"
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=110, include_lineno=False, sort_output=True)


def update(*, convert: Callable[[str, str], str] | None = None) -> None:
    """Bring every catalogue up to the source; what the source no longer says is dropped."""
    for name, messages in collected().items():
        told = read(BY_HAND, name)
        write(BY_HAND, name, messages, told)
        if convert is not None:
            by_hand = read(CONVERTED, "by_hand")
            turned = {key: by_hand.get(key) or convert(name, text) for key, text in told.items()}
            write(CONVERTED, name, messages, turned)
    if convert is not None:
        source = ["frameworks/risk_questionnaire.yaml"]
        turned = {words: convert("rules", words) for words in asked()}
        write(CONVERTED, TWICE, dict.fromkeys(asked(), source), turned)


def missing(language: str, names: Iterable[str]) -> tuple[list[str], int]:
    """Return the English of these catalogues without words in *language*, and how much English there is."""
    every = [(name, _one(key)) for name, keys in collected().items() if name in set(names) for key in keys]
    told = {name: read(language, name) for name in names}
    return [english for name, english in every if english not in told[name]], len(every)


def main() -> None:
    """Bring the catalogues up to the source; print what waits for its words."""
    from locales.taiwan import convert

    update(convert=convert)
    for name, messages in collected().items():
        waiting, _all = missing(BY_HAND, [name])
        for english in waiting:
            print(f"{name}: {english!r}")
        print(f"{name}: {len(waiting)} of {len(messages)} wait for a translation")


if __name__ == "__main__":
    main()
