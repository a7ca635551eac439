"""SDP as programs usually write it, octet by octet: the compiled twin of `sdp_usual.py`.

What was said of media before, but for ports and sources, is looked up by its octets.
"""
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.tuple cimport PyTuple_New
from libc.stdint cimport int64_t, uint64_t

from dissectors.protocols.sdp_lines import Attribute, Connection, Origin, connection, timing
from dissectors.protocols.sdp_media import Description, Media
from dissectors.protocols.sdp_sections import WORDS

from dissectors.protocols.sdp_lines cimport origin
from dissectors.protocols.sdp_media cimport read_all
from dissectors.protocols.sdp_sections cimport read_media

include "texts.pxi"
include "kept.pxi"

cdef enum:
    C_MAX_OCTETS = 2048
    C_MAX_MEDIA = 127
    HEAD_LINES = 5
    ORIGIN_WORDS = 6
    CONNECTION_WORDS = 3
    MAX_DIGITS = 20
    PORTS = 1 << 16
    # The names in `sdp_usual.py`, and the most that a number may have there.

MAX_OCTETS, MAX_MEDIA = C_MAX_OCTETS, C_MAX_MEDIA

cdef int64_t SOURCES = 1 << 32
cdef tuple NO_SOURCES = ((), 0)
cdef dict KNOWN_WORDS = WORDS
cdef const char *KINDS = b"vosct"
cdef tuple NAMES = ("v", "o", "s", "c", "t")
cdef list LINES = [None] * SLOTS, SAID = [None] * SLOTS
"""Lines of the head as (type, value) and what that means, and what was said of media."""


cpdef tuple brief(bytes octets):
    """As it is in `sdp_usual.py`."""
    cdef const char *at = PyBytes_AS_STRING(octets)
    cdef const char *end = at + PyBytes_GET_SIZE(octets)
    cdef const char *behind
    cdef Text[HEAD_LINES] said
    cdef Text username, address
    cdef list media = []
    at = split_head(at, end, said)
    if at is NULL or not are_separate(said[1], ORIGIN_WORDS, &username, &address):
        return None
    host = address_in(said[3])
    if host is None:
        return None
    while starts(at, end, b"m=", 2) and len(media) < C_MAX_MEDIA:
        behind = line_that_starts(at, end, b"m=", 2)
        made = brief_media(at + 2, behind)
        if made is None:
            return None
        media.append(made)
        at = behind + 2 if behind < end else end
    if at < end or not media:
        return None
    return text(said[1]), text(username), text(address), text(said[2]), host, tuple(media)


cdef tuple brief_media(const char *at, const char *end):
    cdef const char *kind = found(at, end, c" ")
    cdef const char *port = NULL if kind is NULL else found(kind + 1, end, c" ")
    cdef const char *behind
    cdef int64_t receives = -1
    cdef tuple sources = None
    if port is not NULL and is_word(Text(at, kind - at)):
        receives = number_of(Text(kind + 1, port - kind - 1), PORTS)
    if receives < 0:
        return None
    behind = line_that_starts(port + 1, end, b"a=ssrc:", 7)
    if behind < end:
        sources = numbers_of(behind + 2, end)
    if sources is None:
        sources, behind = NO_SOURCES, end
    word = text(Text(at, kind - at))
    return KNOWN_WORDS.get(word, word), receives, text(Text(port + 1, behind - port - 1)), sources[0], sources[1]


cdef tuple numbers_of(const char *at, const char *end):
    """The numbers of sources, and in how many lines; None where there are other lines, or these end in a blank."""
    cdef const char *behind
    cdef const char *blank
    cdef int64_t number
    cdef Py_ssize_t count = 0
    cdef list numbers = []
    while at < end:
        behind = found(at, end, c"\r")
        behind = end if behind is NULL else behind
        if not starts(at, behind, b"a=ssrc:", 7) or (behind - 1)[0] == c" ":
            return None
        blank = found(at + 7, behind, c" ")
        number = number_of(Text(at + 7, (behind if blank is NULL else blank) - at - 7), SOURCES)
        if number >= 0 and number not in numbers:
            numbers.append(number)
        count += 1
        at = behind + 2 if behind < end else end
    return tuple(numbers), count


cdef bint are_separate(Text said, int wanted, Text *first, Text *last) noexcept:
    """Whether these are so many words with one space between them: the first and the last of them."""
    cdef const char *at = said.at
    cdef const char *end = at + said.size
    cdef const char *behind
    cdef int count
    for count in range(wanted - 1):
        behind = found(at, end, c" ")
        if behind is NULL or behind == at:
            return False
        if not count:
            first[0] = Text(at, behind - at)
        at = behind + 1
    last[0] = Text(at, end - at)
    return at < end and found(at, end, c" ") is NULL


cdef address_in(Text said):
    """The address of a connection; None where there is none that can be read."""
    cdef Text first, last
    if found(said.at, said.at + said.size, c"/") is NULL and are_separate(said, CONNECTION_WORDS, &first, &last):
        return text(last)
    whole = connection(text(said))
    return None if whole is None else whole.address


cdef const char *split_head(const char *at, const char *end, Text *said) noexcept:
    """The values of the lines before those of media, and where these begin; NULL where there is something odd."""
    cdef const char *behind
    cdef int number
    if end - at > C_MAX_OCTETS or not is_plain(at, end):
        return NULL
    for number in range(HEAD_LINES):
        behind = found(at, end, c"\r")
        if behind is NULL or behind - at < 2 or at[0] != KINDS[number] or at[1] != c"=":
            return NULL
        said[number] = Text(at + 2, behind - at - 2)
        at = behind + 2
    return at


cpdef object usual(bytes octets):
    """As it is in `sdp_usual.py`."""
    cdef const char *at = PyBytes_AS_STRING(octets)
    cdef const char *end = at + PyBytes_GET_SIZE(octets)
    cdef const char *behind
    cdef Text[HEAD_LINES] said
    cdef list lines = [], media = []
    cdef list meanings = [None] * HEAD_LINES
    cdef tuple line
    cdef int number
    at = split_head(at, end, said)
    if at is NULL:
        return None
    for number in range(HEAD_LINES):
        line = head_line(Text(said[number].at - 2, said[number].size + 2), number)
        if line[1] is None:
            return None
        lines.append(line[0])
        meanings[number] = line[1]
    while starts(at, end, b"m=", 2) and len(media) < C_MAX_MEDIA:
        behind = line_that_starts(at, end, b"m=", 2)
        made = media_of(Text(at + 2, behind - at - 2), meanings[3], lines)
        if made is None:
            return None
        media.append(made)
        at = behind + 2 if behind < end else end
    if at < end or not media:
        return None
    return Description(
        meanings[0], meanings[1], meanings[2], meanings[3], (), meanings[4], (), tuple(media), tuple(lines), (), ()
    )


cdef bint is_plain(const char *at, const char *end) noexcept:
    """Whether these are characters of ASCII that are printed, and each CR has its LF, each LF its CR."""
    while at < end:
        if <unsigned char> (<unsigned char> at[0] - 0x20) > 0x5E:
            if not starts(at, end, b"\r\n", 2):
                return False
            at += 1
        at += 1
    return True


cdef const char *line_that_starts(const char *at, const char *end, const char *words, Py_ssize_t size) noexcept:
    """The CR before the first line that starts with these words, but for the one at the beginning; the end without."""
    at = found(at, end, c"\r")
    while at is not NULL:
        if starts(at + 2, end, words, size):
            return at
        at = found(at + 1, end, c"\r")
    return end


cdef tuple head_line(Text said, int number):
    """A line of the head as (type, value), and what it means; None where that cannot be read."""
    cdef uint64_t sum
    cdef Kept kept
    if number == 1:
        return read_origin(Text(said.at + 2, said.size - 2))
    sum = sum_of(said)
    kept = recalled(LINES, said, sum)
    if kept is None:
        kept = Kept.__new__(Kept)
        kept.value = read_line(Text(said.at + 2, said.size - 2), number)
        keep(LINES, kept, said, sum)
    return <tuple> kept.value


cdef tuple read_line(Text said, int number):
    value = text(said)
    if number == 0:
        return (NAMES[number], value), text(between(said.at, said.at + said.size))
    if number == 3:
        return (NAMES[number], value), read_connection(said, value)
    return (NAMES[number], value), read_all((value,), timing) if number == 4 else value


cdef object read_connection(Text said, value):
    cdef tuple words = PyTuple_New(CONNECTION_WORDS)
    if found(said.at, said.at + said.size, c"/") is NULL and are_words(said, words, CONNECTION_WORDS):
        return Connection(words[0], words[1], words[2])
    return connection(value)


cdef tuple read_origin(Text said):
    """The same of an origin: nobody says it twice."""
    line, made = ("o", text(said)), named_tuple(Origin, ORIGIN_WORDS)
    return line, made if are_words(said, made, ORIGIN_WORDS) else origin(line[1])


cdef bint are_words(Text said, made, int wanted) except -1:
    """Whether these are so many words with one space between them; they are put into what was `made` for them."""
    cdef const char *end = said.at + said.size
    cdef const char *at = said.at
    cdef const char *behind
    cdef int count
    for count in range(wanted):
        behind = found(at, end, c" ") if count + 1 < wanted else end
        if behind is NULL or behind == at or count + 1 == wanted and found(at, end, c" ") is not NULL:
            return False
        put(made, count, text(Text(at, behind - at)))
        at = behind + 1
    return True


cdef object media_of(Text said, object connected, list lines):
    """One media line and what follows it; its lines go to `lines`. None where it may be odd."""
    cdef const char *end = said.at + said.size
    cdef const char *kind = found(said.at, end, c" ")
    cdef const char *port = NULL if kind is NULL else found(kind + 1, end, c" ")
    cdef const char *rest
    cdef const char *behind
    cdef int64_t receives
    cdef list sources = None
    if port is NULL or not is_word(Text(said.at, kind - said.at)):
        return None
    receives = number_of(Text(kind + 1, port - kind - 1), PORTS)
    rest, behind = port + 1, line_that_starts(port + 1, end, b"a=ssrc:", 7)
    if behind < end:
        sources = sources_of(behind + 2, end)
    cdef tuple known = known_media(Text(rest, (end if sources is None else behind) - rest))
    if receives < 0 or known is None:
        return None
    profile, formats, own, bandwidths, attributes, named, mapped, parameters, _, others = known
    behind = found(said.at, end, c"\r")
    lines.append(("m", text(Text(said.at, (end if behind is NULL else behind) - said.at))))
    lines.extend(others)
    if sources is not None:
        if "ssrc" in named:
            return None
        named = {**named, "ssrc": sources}
        attributes += tuple([source_attribute(value) for value in sources])
        lines.extend([("a", f"ssrc:{value}") for value in sources])
    word = text(Text(said.at, kind - said.at))
    return Media(
        KNOWN_WORDS.get(word, word), receives, 1, profile, formats, connected if own is None else own, bandwidths, attributes,
        (), named, mapped, parameters,
    )


cdef object source_attribute(value):
    made = named_tuple(Attribute, 2)
    put(made, 0, "ssrc")
    put(made, 1, value)
    return made


cdef list sources_of(const char *at, const char *end):
    """The values of lines that all are a=ssrc, and end as usual; None where there are others."""
    cdef const char *behind
    cdef list values = []
    while at < end:
        behind = found(at, end, c"\r")
        behind = end if behind is NULL else behind
        if not starts(at, behind, b"a=ssrc:", 7) or (behind - 1)[0] == c" ":
            return None
        values.append(text(Text(at + 7, behind - at - 7)))
        at = behind + 2 if behind < end else end
    return values


cdef tuple known_media(Text rest):
    """What `read_media` makes of it; None where it may be odd."""
    cdef uint64_t sum = sum_of(rest)
    cdef Kept kept = recalled(SAID, rest, sum)
    if kept is None:
        kept = Kept.__new__(Kept)
        kept.value = read_media(text(rest))
        keep(SAID, kept, rest, sum)
    return <tuple> kept.value


cdef bint is_word(Text said) noexcept:
    """Whether these are letters."""
    cdef Py_ssize_t at
    for at in range(said.size):
        if not (c"a" <= said.at[at] <= c"z" or c"A" <= said.at[at] <= c"Z"):
            return False
    return said.size > 0


cdef int64_t number_of(Text said, int64_t below) noexcept:
    """The number below that which is written there; -1 where none is."""
    cdef int64_t number = 0
    cdef Py_ssize_t at
    if said.size < 1 or said.size > MAX_DIGITS:
        return -1
    for at in range(said.size):
        if not c"0" <= said.at[at] <= c"9":
            return -1
        number = min(10 * number + said.at[at] - c"0", below)
    return number if number < below else -1
