"""Mutations: ways to spoil the bytes of a log, as rigs, disks, people and enemies do."""

import io
import zipfile
from collections.abc import Callable
from random import Random

Mutation = Callable[[bytes, Random], bytes]

_NUMBERS = (
    b"1e300 1e-300 -1e308 1e400 -1e400 5e-324 -0.0 inf -inf NaN nan 1.#QNAN #N/A 1e30 9.9e29 "
    b"99999999999999999999 0x1F 1_000 1,000,000 --5 +-1 1e 1e99999 1d-3 0 -1 -9999 "
    b"\xe2\x88\x925 \xd9\xa3 \xc2\xb2 1'000 TRUE NULL - . ... OVERLOAD 12:30:59 2019-02-30T25:61:61"
).split(b" ")  # fmt: skip
_UNITS = (
    b"m/s km/h furlong mm um degF K kPa GPa psi s min h ms rpm % 9^9^9m m**9 9**9**9 e s/0 1/0 "
    b"m^-9 () (s (s)) [] \xc2\xb5m \xe2\x84\x83 degC*degC"
).split(b" ")  # fmt: skip
_WORDS = (
    b"\x00", b"\xef\xbb\xbf", b"\xff\xfe", b'"', b'""', b"'", b"\r", b"\r\n\r\n", b"\x1a",
    b"\x1b[2J", b"\x0b", b"\x0c", b"\x1c", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xae", b"\\",
    b"$^$", b"{{7*7}}", b"<script>alert(1)</script>", b"=cmd|' /C calc'!A0", b"%s%n",
    b"../../x", b"#", b"//", b"%", b"\x80\x81\x82", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\n",
    b",", b";", b"\t", b"|", b" ",
)  # fmt: skip
_HUGE = 20_000


def cut(content: bytes, random: Random) -> bytes:
    """Lose the end, or the beginning."""
    place = random.randrange(len(content) + 1)
    return content[:place] if random.random() < 0.7 else content[place:]


def flip(content: bytes, random: Random) -> bytes:
    """Change some bytes to others."""
    spoiled = bytearray(content)
    for _ in range(random.choice((1, 3, 30))):
        if spoiled:
            spoiled[random.randrange(len(spoiled))] = random.randrange(256)
    return bytes(spoiled)


def insert(content: bytes, random: Random) -> bytes:
    """Put bytes with a meaning somewhere, once or often."""
    for _ in range(random.choice((1, 1, 5))):
        place = random.choice((0, random.randrange(len(content) + 1)))
        content = content[:place] + random.choice(_WORDS) + content[place:]
    return content


def remove_block(content: bytes, random: Random) -> bytes:
    """Lose some hundred bytes."""
    place = random.randrange(len(content) + 1)
    return content[:place] + content[place + random.randrange(500) :]


def swap_lines(content: bytes, random: Random) -> bytes:
    """Two lines change places: time runs backward."""
    lines = content.splitlines(keepends=True)
    if lines:
        one, other = (random.randrange(len(lines)) for _ in range(2))
        lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def repeat_lines(content: bytes, random: Random) -> bytes:
    """Some lines come again: time stands still, or begins anew."""
    lines = content.splitlines(keepends=True)
    place = random.randrange(len(lines) + 1)
    again = lines[place : place + random.choice((1, 1, 2, 30))] * random.choice((1, 2, 40))
    return b"".join(lines[:place] + again + lines[place:])


def remove_lines(content: bytes, random: Random) -> bytes:
    """Some lines are lost: a hole, or no header."""
    lines = content.splitlines(keepends=True)
    place = random.choice((0, random.randrange(len(lines) + 1)))
    return b"".join(lines[:place] + lines[place + random.choice((1, 2, 20, 100)) :])


def keep_few_lines(content: bytes, random: Random) -> bytes:
    """Hardly a table is left."""
    lines = content.splitlines(keepends=True)
    place = random.randrange(len(lines) + 1)
    return b"".join(lines[: random.choice((0, 1, 3, 17))] + lines[place : place + 4])


def join_lines(content: bytes, random: Random) -> bytes:
    """Line ends are lost."""
    return content.replace(b"\n", random.choice((b"", b",", b" ")), random.choice((1, 10, -1)))


def change_separator(content: bytes, random: Random) -> bytes:
    """Another delimiter or decimal sign, in a part or all of it."""
    one, other = random.sample((b",", b";", b"\t", b" ", b"|", b".", b":", b"\n", b"e", b"-"), 2)
    if random.random() < 0.5:
        return content.replace(one, other)
    place = random.randrange(len(content) + 1)
    return content[:place] + content[place:].replace(one, other)


def change_encoding(content: bytes, random: Random) -> bytes:
    """Written anew in another encoding, or read wrongly on the way."""
    text = content.decode("latin-1" if random.random() < 0.5 else "utf-8", "replace")
    encoding = random.choice(("utf-16", "utf-16-be", "utf-16-le", "utf-8-sig", "cp932", "utf-32"))
    return text.encode(encoding, "replace")


def change_cells(content: bytes, random: Random) -> bytes:
    """Some cells hold numbers that no rig could mean, or words."""
    lines = content.split(b"\n")
    for _ in range(random.choice((1, 1, 4, 50))):
        place = random.randrange(len(lines))
        cells = lines[place].split(_delimiter(lines[place]))
        cells[random.randrange(len(cells))] = random.choice(_NUMBERS)
        lines[place] = _delimiter(lines[place]).join(cells)
    return b"\n".join(lines)


def change_column(content: bytes, random: Random) -> bytes:
    """A column is constant, tiny, huge, repeated, moved, or gone."""
    lines = content.split(b"\n")
    delimiter = _delimiter(lines[len(lines) // 2])
    table = [line.split(delimiter) for line in lines]
    widest = max(map(len, table))
    one, other = random.randrange(widest), random.randrange(widest)
    value, act, first = random.choice(_NUMBERS), random.randrange(6), random.choice((0, 0, 1, 30))
    for cells in table[first:]:
        if max(one, other) >= len(cells):
            continue
        if act == 0:
            cells[one] = value
        elif act == 1:
            cells[one] = cells[other]
        elif act == 2:
            cells[one], cells[other] = cells[other], cells[one]
        elif act == 3:
            del cells[one]
        elif act == 4:
            cells.insert(one, random.choice(_NUMBERS))
        else:
            cells[one] += random.choice((b"e300", b"e-300", b"e29", b"e-310", b"E+5", b"000000000"))
    return b"\n".join(delimiter.join(cells) for cells in table)


def change_units(content: bytes, random: Random) -> bytes:
    """A unit in the names, or in a units row, becomes another, or nonsense."""
    head, rest = content[:2000], content[2000:]
    unit = random.choice(_UNITS)
    for known in random.sample((b"(s)", b"(mm/s)", b"(um)", b"(degC)", b"(MPa)", b"(N)"), 3):
        head = head.replace(known, b"(" + unit + b")")
    return head.replace(random.choice((b"mm/s", b"degC", b"_um", b"_s")), unit) + rest


def rename_columns(content: bytes, random: Random) -> bytes:
    """Names that clash, are empty, or are code."""
    lines = content.split(b"\n")
    place = random.randrange(min(len(lines), 18))
    delimiter = _delimiter(lines[place])
    names = lines[place].split(delimiter)
    for _ in range(random.choice((1, 3))):
        new = random.choice((b"", b"Time", b"friction", b"mu", b"T", *_WORDS, *_NUMBERS, *names))
        names[random.randrange(len(names))] = new
    lines[place] = delimiter.join(names)
    return b"\n".join(lines)


def lose_the_header(content: bytes, random: Random) -> bytes:
    """The first lines are lost."""
    return content.split(b"\n", random.choice((1, 2, 16)))[-1]


def append_itself(content: bytes, random: Random) -> bytes:
    """Two runs in one file, with or without the second header."""
    lines = content.splitlines(keepends=True)
    return content + b"".join(lines[random.choice((0, 1, 17)) :])


def huge_field(content: bytes, random: Random) -> bytes:
    """One cell is as long as a book."""
    place = random.choice((0, 5, random.randrange(len(content) + 1)))
    piece = random.choice(
        (b"x", b"1", b".", b"_", b" ", b"(", b'"', b"-", b"1,", b"a ", b"9^", b"$")
    )
    return content[:place] + piece * random.randrange(_HUGE) + content[place:]


def many_columns(content: bytes, random: Random) -> bytes:
    """Each row goes on and on; the file stays small enough to spoil thousands like it."""
    delimiter = _delimiter(content[:5000].split(b"\n")[-1])
    piece = delimiter + random.choice((b"1", b"", b"x", b"1e300"))
    lines = content.split(b"\n")[:40]
    more = piece * random.choice((10, 300, 2000))
    some = 1.0 if random.random() < 0.5 else 0.1
    return b"\n".join(line + more if random.random() < some else line for line in lines)


def change_members(content: bytes, random: Random) -> bytes:
    """A workbook is an archive: spoil what is in it, and pack it again."""
    held = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book, zipfile.ZipFile(held, "w") as spoiled:
            names = book.namelist()
            victim = random.choice([name for name in names if "sheet" in name] or names)
            for name in names:
                member = book.read(name)
                if name == victim:
                    member = random.choice((*ANY, *_XML))(member, random)
                spoiled.writestr(name, member)
    except Exception:  # noqa: BLE001 - it was spoiled beyond an archive before
        return flip(content, random)
    return held.getvalue()


def change_references(content: bytes, random: Random) -> bytes:
    """Cells stand elsewhere on the sheet, as far as a sheet goes."""
    old = random.choice((b"A3", b"B3", b"A4", b"C10", b"G20"))
    new = random.choice(
        (b"XFD1048576", b"A1048576", b"XFD1", b"ZZZZ99", b"A0", b"A99999999999", b"")
    )
    return content.replace(b'r="' + old + b'"', b'r="' + new + b'"')


def change_values(content: bytes, random: Random) -> bytes:
    """Numbers on a sheet become words, or what no sheet should hold."""
    parts = content.split(b"<v>")
    for _ in range(random.choice((1, 30))):
        place = random.randrange(len(parts))
        value = random.choice(_NUMBERS)
        parts[place] = value + parts[place][parts[place].find(b"<") :] if place else parts[place]
    return b"<v>".join(parts)


def change_integers(content: bytes, random: Random) -> bytes:
    """A size, a count or an address in a header becomes one that no file has."""
    spoiled = bytearray(content)
    for _ in range(random.choice((1, 1, 3))):
        width, order = random.choice((1, 2, 4, 8)), random.choice(("little", "big"))
        most = 2 ** (8 * width) - 1
        value = random.choice((0, 1, 2, 255, 65_535, 10**6, 10**9, most // 2, most - 1, most))
        last = max(1, min(len(spoiled), random.choice((128, 1_000, 10**9))) - width)
        place = random.randrange(last)
        spoiled[place : place + width] = min(value, most).to_bytes(width, order)
    return bytes(spoiled)


def _delimiter(line: bytes) -> bytes:
    return max((b"\t", b";", b",", b"|", b" "), key=line.count)


ANY: tuple[Mutation, ...] = (cut, flip, insert, remove_block)
TEXT: tuple[Mutation, ...] = (
    *ANY,
    swap_lines,
    repeat_lines,
    remove_lines,
    keep_few_lines,
    join_lines,
    change_separator,
    change_encoding,
    change_cells,
    change_cells,
    change_column,
    change_column,
    change_units,
    rename_columns,
    lose_the_header,
    append_itself,
    huge_field,
    many_columns,
)
_XML: tuple[Mutation, ...] = (change_references, change_values, change_cells, huge_field)
WORKBOOK: tuple[Mutation, ...] = (*ANY, change_members, change_members, change_members)
BINARY: tuple[Mutation, ...] = (*ANY, change_integers, change_integers, change_integers)
