"""What the first and last bytes of a file tell, without a decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_FOR_LIBSNDFILE = (b"RIFF", b"RIFX", b"RF64", b"riff", b"FORM", b"fLaC", b"OggS", b".snd", b"caff")

_RIFF_HEADER_BYTES = 8
_RIFF_SLACK_BYTES = 64  # some writers count a chunk more or less in the size of the whole
_RIFF_UNKNOWN_SIZE = 0xFFFFFFFF
_OGG_LONGEST_PAGE_BYTES = 27 + 255 + 255 * 255
_OGG_HEADER_BYTES = 27
_OGG_LAST_PAGE = 4
_ID3_HEADER_BYTES = 10
_MP3_FRAME_BYTES = 4096


def is_for_libsndfile(path: Path) -> bool:
    """Whether a file begins like one of the kinds that libsndfile is trusted with.

    MP3 isn't one: its decoder there guesses lengths, and complains on the standard error output.
    """
    with path.open("rb") as file:
        return file.read(4) in _FOR_LIBSNDFILE


def is_cut_short(path: Path) -> bool:
    """Whether a WAV, AIFF or Ogg file ends before the end that it announces."""
    size = path.stat().st_size
    with path.open("rb") as file:
        header = file.read(_RIFF_HEADER_BYTES)
        if header[:4] == b"OggS":
            file.seek(max(0, size - _OGG_LONGEST_PAGE_BYTES))
            return not _ends_with_last_page(file.read())
    if header[:4] not in {b"RIFF", b"RIFX", b"FORM"}:
        return False
    announced = int.from_bytes(header[4:], "little" if header[:4] == b"RIFF" else "big")
    missing = announced + _RIFF_HEADER_BYTES - size
    return announced != _RIFF_UNKNOWN_SIZE and missing > _RIFF_SLACK_BYTES


def _ends_with_last_page(tail: bytes) -> bool:
    start = tail.rfind(b"OggS")
    page = tail[start:] if start >= 0 else b""
    if len(page) < _OGG_HEADER_BYTES or not page[5] & _OGG_LAST_PAGE:
        return False
    lacing = page[_OGG_HEADER_BYTES : _OGG_HEADER_BYTES + page[26]]
    return len(page) >= _OGG_HEADER_BYTES + page[26] + sum(lacing)


def mp3_announces_its_length(path: Path) -> bool:
    """Whether an MP3's first frame holds a count of its frames; else its length is a guess."""
    with path.open("rb") as file:
        tag = file.read(_ID3_HEADER_BYTES)
        skipped = 0
        if tag[:3] == b"ID3" and len(tag) == _ID3_HEADER_BYTES:
            size = sum(byte << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
            skipped = _ID3_HEADER_BYTES + size
        file.seek(skipped)
        first_frame = file.read(_MP3_FRAME_BYTES)
    return b"Xing" in first_frame or b"Info" in first_frame
