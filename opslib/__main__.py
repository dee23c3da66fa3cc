"""Every analysis from a file: `python -m opslib funnel events.csv --steps view,buy`."""

import argparse
import inspect
import json
import os
import sys
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import opslib
from opslib.cells import TABLES, run
from opslib.kinds import KINDS
from opslib.result import Error, Result
from opslib.words import LANGUAGES, text

PICTURES = ("png", "svg", "html")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one analysis; return 0, or 2 after saying what is wrong."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    language = argparse.ArgumentParser(add_help=False)
    language.add_argument("--lang", choices=LANGUAGES, default="en")
    lang = language.parse_known_args(given)[0].lang
    # What Python calls ab_test is ab-test to a shell.
    if given and (name := given[0].replace("-", "_")) in TABLES:
        given[0] = name
    if given[:1] == ["read"]:
        from opslib.ingest.child import main as read  # noqa: PLC0415  heavy

        return read(given[1:])
    analysis = given[0] if given and given[0] in TABLES else None
    parser = _parser(analysis, language, lang)
    asked = vars(parser.parse_args(given))
    try:
        _answer(asked, lang)
    except Error as error:
        print(error.text(lang), file=sys.stderr)
    except BrokenPipeError:
        # Whoever read this has seen enough; the interpreter must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        told = text("main.file", lang, name=error.filename, reason=error.strerror)
        print(told, file=sys.stderr)
    else:
        return 0
    return 2


def _parser(
    analysis: str | None, language: argparse.ArgumentParser, lang: str
) -> argparse.ArgumentParser:
    """Build the commands; only the one that is asked for is loaded and has options."""
    parser = argparse.ArgumentParser(
        "python -m opslib",
        description=text("main.about", lang),
        parents=[language],
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="analysis", required=True, metavar="NAME")
    for name in TABLES if analysis is None else [analysis]:
        about = inspect.getdoc(getattr(opslib, name)) or ""
        command = commands.add_parser(
            name,
            help=about.partition("\n")[0].replace("%", "%%"),
            description=about,
            parents=[language],
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        _arguments(command, name, lang)
    if analysis is None:
        commands.add_parser("read", help=text("main.read", lang))
    return parser


def _arguments(command: argparse.ArgumentParser, analysis: str, lang: str) -> None:
    """Let a command take a file, the options of its analysis, and forms of output."""

    def take(
        kind: str, name: str, about: str | None, *, required: bool = False
    ) -> None:
        command.add_argument(
            f"--{name.replace('_', '-')}",
            dest=f"{kind} {name}",
            metavar="VALUE",
            required=required,
            default=argparse.SUPPRESS,
            help=about,
        )

    table = TABLES[analysis]
    if table is not None:
        command.add_argument("file", help=text("main.data", lang, table=table))
        take("open", "kind", text("main.kind", lang))
        take("open", "roles", text("main.roles", lang))
        take("open", "timezone", text("main.timezone", lang))
        for role in _roles(analysis):
            take("role", role, text("main.role", lang, role=role))
    for name, parameter in options(analysis).items():
        if parameter.default is parameter.empty:
            take("option", name, None, required=True)
        else:
            take("option", name, f"({json.dumps(parameter.default, default=str)})")
    form, chart = text("main.form", lang), text("main.chart", lang)
    command.add_argument(
        "--format", choices=["text", "csv", "json"], default="text", help=form
    )
    command.add_argument("--chart", type=Path, help=chart)


def options(analysis: str) -> dict[str, inspect.Parameter]:
    """Return the options of an analysis with their types: all but its table."""
    function = getattr(opslib, analysis)
    parameters = inspect.signature(function).parameters.values()
    hints = typing.get_type_hints(function)
    return {
        one.name: one.replace(annotation=hints.get(one.name, Any))
        for one in list(parameters)[TABLES[analysis] is not None :]
    }


def _roles(analysis: str) -> list[str]:
    """Return the roles of an analysis' table that can be given by name."""
    taken = {*options(analysis), "kind", "roles", "timezone", "format", "chart", "lang"}
    table = TABLES[analysis] or ""
    kinds = ("experiment", "users") if table == "units" else (table,)
    roles = dict.fromkeys(role for kind in kinds for role in KINDS[kind].roles)
    return [role for role in roles if role not in taken]


def _answer(asked: Mapping[str, Any], lang: str) -> None:
    analysis = asked["analysis"]
    values = {
        name: value(asked[f"option {name}"], parameter.annotation, name)
        for name, parameter in options(analysis).items()
        if f"option {name}" in asked
    }
    picture = asked["chart"]
    if picture and picture.suffix[1:].lower() not in PICTURES:
        raise Error(
            "option.choice", option="--chart", got=picture.suffix, choices=PICTURES
        )
    reading: dict[str, Any] = {
        name.removeprefix("open "): value(given, str, name)
        for name, given in asked.items()
        if name.startswith("open ")
    }
    roles = {
        name.removeprefix("role "): given
        for name, given in asked.items()
        if name.startswith("role ")
    }
    if roles:
        reading["roles"] = {**reading.get("roles", {}), **roles}
    dataset = opslib.open(asked["file"], **reading) if "file" in asked else None
    result = run(analysis, dataset, values)
    if picture:
        picture.write_bytes(_drawn(result, picture.suffix[1:].lower(), lang))
    _write(result, asked["format"], lang)


def value(written: str, hint: object, option: str) -> object:
    """Read an option as its type says: JSON, a number, a list with commas, or text.

    Example:
        >>> value("view,buy", list[str], "steps"), value("7D", str, "window")
        (['view', 'buy'], '7D')
        >>> value('{"A": [10, 1]}', dict[str, list[int]], "counts")
        {'A': [10, 1]}
    """
    if written[:1] in {"[", "{", '"'}:
        try:
            return json.loads(written)
        except json.JSONDecodeError as error:
            raise Error(
                "main.json", option=option, got=written, place=error.pos + 1
            ) from error
    kinds = [kind for kind in _members(hint) if kind is not type(None)]
    if bool in kinds and written.lower() in {"true", "false"}:
        return written.lower() == "true"
    with suppress(ValueError):
        if int in kinds:
            return int(written)
    with suppress(ValueError):
        if float in kinds:
            return float(written)
    lists = [kind for kind in kinds if _is_list(kind)]
    words = any(
        kind is str or typing.get_origin(kind) is typing.Literal for kind in kinds
    )
    if lists and ("," in written or not words):
        item = (typing.get_args(lists[0]) or (str,))[0]
        return [value(part.strip(), item, option) for part in written.split(",")]
    if kinds and not words and {int, float, bool}.intersection(kinds):
        raise Error("main.number", option=option, got=written)
    return written


def _members(hint: object) -> list[object]:
    """Spell out a union; an alias made by `type` counts as what it stands for."""
    hint = getattr(hint, "__value__", hint)
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        return [member for one in typing.get_args(hint) for member in _members(one)]
    return [hint]


def _is_list(kind: object) -> bool:
    origin = typing.get_origin(kind) or kind
    return (
        isinstance(origin, type)
        and issubclass(origin, Iterable)
        and not issubclass(origin, str | Mapping)
    )


def _drawn(result: Result, kind: str, lang: str) -> bytes:
    from opslib import charts  # noqa: PLC0415  loads the drawing library

    chart = result.chart(lang)
    if kind == "html":
        return chart.to_html(inline=True).encode()
    return charts.export(chart, "svg" if kind == "svg" else "png")


def _write(result: Result, form: str, lang: str) -> None:
    """Print the finding, its warnings and its table."""
    if form == "csv":
        from opslib.export import to_csv  # noqa: PLC0415  only this form needs it

        sys.stdout.buffer.write(to_csv(result.table))
        return
    notes = [note.text(lang) for note in result.warnings]
    if form == "json":
        table = result.table.to_json(orient="records", date_format="iso")
        told = {
            "answer": result.describe(lang),
            "warnings": notes,
            "details": result.details(lang),
            "table": json.loads(table),
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return
    details = result.details(lang)
    notes = [note for note in notes if not any(note in line for line in details)]
    for lines in ([result.describe(lang), *notes], details):
        if lines:
            print(*lines, "", sep="\n")
    print(result.table.to_string(index=False))


if __name__ == "__main__":
    sys.exit(main())
