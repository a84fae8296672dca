"""A Markdown text as GitHub's own parser renders it, and what would come alive on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from cmarkgfm.cmark import (  # type: ignore[import-untyped]
    Options,
    markdown_to_html_with_extensions,
)

_OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS | Options.CMARK_OPT_FOOTNOTES
_EXTENSIONS = ["table", "autolink", "strikethrough", "tasklist"]
_NEUTRAL = {"code", "span"}  # what a filter may add
_INLINE = {*_NEUTRAL, "a", "strong", "sub"}
_UNLINKED = {"a", "code", "pre"}

# What GitHub turns into links, pictures or formulas after the Markdown is rendered, in text that
# is neither code nor a link. Wider than GitHub's own rules where those are not published.
LIVE = re.compile(
    r"@[a-z0-9]|#[0-9]|\bgh-[0-9]|\bghsa-\w|[0-9a-f]{7}|:[\w+-]+:|https?://|ftp://|www\.\w",
    re.IGNORECASE | re.ASCII,
)


@dataclass
class Page(HTMLParser):
    """The page's parts.

    Attributes:
        structure: Tags in order, those of code spans and guarded dollars left out.
        links: Targets in order.
        comments: HTML comments.
        words: Text outside code and links, a text node each.
        lines: Lines as they are read, code left out.
        open: Tags that are open.
    """

    markdown: str
    structure: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=lambda: [""])
    attributes: list[tuple[str, str | None]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(
            markdown_to_html_with_extensions(
                self.markdown, options=_OPTIONS, extensions=_EXTENSIONS
            )
        )
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _NEUTRAL:
            self.structure.append(tag)
        if tag not in _INLINE:
            self.lines.append("")
        self.open.append(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value or "")
            else:
                self.attributes.append((name, value))

    def handle_endtag(self, tag: str) -> None:
        if tag not in _NEUTRAL:
            self.structure.append(f"/{tag}")
        assert self.open, f"</{tag}> closes nothing"
        was = self.open.pop()
        assert was == tag, f"<{was}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        if "span" in self.open:
            assert data == "$"
        elif data.strip() and not _UNLINKED & set(self.open):
            self.words.append(data)
        self.lines[-1] += "`" if "code" in self.open else data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def living(self) -> list[str]:
        """What GitHub would make live in the page's words, and lines that read as a command."""
        references = [found for text in self.words for found in LIVE.findall(text)]
        formulas = [text for text in self.words if "$" in text]
        commands = [line for line in self.lines if line.lstrip().startswith("/beaker")]
        return references + formulas + commands
