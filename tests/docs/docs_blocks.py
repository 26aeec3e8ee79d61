"""The blocks of a Markdown page: code, commands with the output they show, and files to write."""

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt

COMMAND = re.compile(r"^\$ (.*)$")
FILE = re.compile(r"<!-- (?:file: )?(\S+) -->")
# Directives that the build of the docs executes or resolves itself (-W: an error there fails it).
BUILT = ("code-cell", "toctree", "include", "literalinclude", "image", "math", "eval-rst")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, its line, and the file that it is to be written to."""

    language: str
    text: str
    line: int
    file: str | None = None


@dataclass(frozen=True)
class Command:
    """A command of a console block, and the lines that are shown below it."""

    words: str
    shown: tuple[str, ...]
    line: int


def blocks_of(text):
    """All code blocks of a page, in order, those left out that the build executes.

    Raises:
        ValueError: a block that is indented, has no language, or one that nothing runs.
    """
    found, name = [], None
    for token in MarkdownIt("commonmark").parse(_without_front_matter(text)):
        if token.type == "html_block" and (match := FILE.search(token.content)):
            name = match.group(1)
        elif token.type == "code_block":
            raise ValueError(f"line {token.map[0] + 1}: an indented block; fence it and name its language")
        elif token.type == "fence":
            language = token.info.strip()
            if language.startswith("{"):
                directive = language[1:].partition("}")[0]
                if directive not in BUILT:
                    raise ValueError(f"line {token.map[0] + 1}: directive {directive} is not run by anything")
            elif language not in ("python", "console", "text", "toml", "yaml"):
                raise ValueError(f"line {token.map[0] + 1}: a block of language {language!r} is not run by anything")
            elif language == "text" and name is None:
                raise ValueError(f"line {token.map[0] + 1}: a block of text must be a file")
            else:
                found.append(Block(language, token.content, token.map[0] + 1, name))
            name = None
    return found


def commands_of(block):
    """The commands of a console block; lines before the first ``$`` are refused."""
    found = []
    for line in block.text.replace("\\\n", " ").splitlines():
        if match := COMMAND.match(line):
            found.append(Command(match.group(1), (), block.line))
        elif found:
            last = found.pop()
            found.append(Command(last.words, (*last.shown, line.rstrip()), last.line))
        else:
            raise ValueError(f"line {block.line}: {line!r} is not a command ($ ...)")
    return found


def matches(shown, actual):
    """Whether output is as shown; ``...`` alone stands for any lines, at a line's end for the rest of it."""
    if not shown:
        return not actual
    first, rest = shown[0], shown[1:]
    if first == "...":
        return any(matches(rest, actual[i:]) for i in range(len(actual) + 1))
    if not actual:
        return False
    fits = actual[0].startswith(first[:-3].rstrip()) if first.endswith("...") else actual[0] == first
    return fits and matches(rest, actual[1:])


def _without_front_matter(text):
    if not text.startswith("---\n"):
        return text
    end = text.index("\n---\n", 4) + 5
    return "\n" * text[:end].count("\n") + text[end:]
