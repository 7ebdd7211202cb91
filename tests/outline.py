"""The outline of a page: its tags and its text, as a reader of each language sees it."""

from html.parser import HTMLParser

VOID = {"meta", "img", "br", "hr", "link", "input"}


class Outline(HTMLParser):
    """The tags and the text of a page; fails where tags do not nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[tuple[str, str, str]] = []
        self.languages: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
            kind = str(dict(attrs).get("class"))
            self.languages.append(kind if tag == "span" and kind in ("en", "ja") else "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.languages.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            tag = next(tag for tag in reversed(self.open) if tag != "span")
            language = next((one for one in reversed(self.languages) if one), "")
            self.said.append((tag, " ".join(data.split()), language))

    @property
    def text(self) -> list[tuple[str, str]]:
        return self.english()

    def english(self) -> list[tuple[str, str]]:
        """The text as a reader of English sees it, by the tag that is no span."""
        return self._seen("ja")

    def japanese(self) -> list[tuple[str, str]]:
        """The same for a reader of Japanese."""
        return self._seen("en")

    def _seen(self, hidden: str) -> list[tuple[str, str]]:
        return [(tag, text) for tag, text, language in self.said if language != hidden]

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]
