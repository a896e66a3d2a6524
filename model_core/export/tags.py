"""Tags, cover pictures and chapter marks: read from recordings, written to exported files."""

from __future__ import annotations

import base64
import contextlib
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from model_core.export.chapters import Chapter
from model_core.export.hand_over import storable

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping, Sequence

log = logging.getLogger(__name__)

_ID3_FRAMES: Final = {
    "title": "TIT2", "artist": "TPE1", "album": "TALB", "date": "TDRC", "genre": "TCON",
    "tracknumber": "TRCK", "discnumber": "TPOS", "albumartist": "TPE2", "composer": "TCOM",
    "copyright": "TCOP", "organization": "TPUB", "isrc": "TSRC", "language": "TLAN",
    "subtitle": "TIT3", "lyricist": "TEXT", "conductor": "TPE3", "bpm": "TBPM", "mood": "TMOO",
}  # fmt: skip
_MP4_ATOMS: Final = {
    "title": "©nam", "artist": "©ART", "album": "©alb", "date": "©day", "genre": "©gen",
    "albumartist": "aART", "composer": "©wrt", "copyright": "cprt", "comment": "©cmt",
    "description": "desc",
}  # fmt: skip
_UNTRUE_AFTERWARDS: Final = ("replaygain", "r128_", "itun", "cuesheet", "chapter", "length")
"""How the names of fields begin that tell something that an edit changes."""
_NOT_TEXT: Final = frozenset({"encoder", "encoded-by", "encodedby", "metadata_block_picture"})
_COVER_TYPE: Final = 3
_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, such as a cover: its bytes, their MIME type, and its kind as ID3 numbers it."""

    data: bytes
    mime: str
    kind: int = _COVER_TYPE


@dataclass(frozen=True, slots=True)
class Tags:
    """What a sound file tells about itself.

    Attributes:
        fields: Texts by their names as Vorbis comments have them, in small letters.
        pictures: Cover and other pictures.
        chapters: In order.
    """

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pictures: tuple[Picture, ...] = ()
    chapters: tuple[Chapter, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.fields or self.pictures or self.chapters)


def read_tags(path: str | os.PathLike[str]) -> Tags:
    """Returns what a recording tells about itself; nothing where it can't be read."""
    try:
        import mutagen
    except ModuleNotFoundError:
        return Tags()
    try:
        file = mutagen.File(Path(path))
        if file is None:
            return Tags(chapters=_chapters_by_ffmpeg(path))
        tags = _read(file)
    # A damaged or hostile file may make the reader of tags fail in any way; the sound is fine.
    except Exception:
        log.info("The tags of %s can't be read", path, exc_info=True)
        return Tags()
    if tags.chapters or type(file).__name__ != "MP4":
        return tags
    return Tags(tags.fields, tags.pictures, _chapters_by_ffmpeg(path))


def write_tags(path: Path, tags: Tags, container: str, length_s: float) -> tuple[str, ...]:
    """Writes tags into a finished sound file.

    Args:
        path: The file, which is changed in place: a temporary one.
        tags: The tags.
        container: libsndfile's name of its container.
        length_s: Its length in seconds.

    Returns:
        Sentences for the person about what couldn't be kept.

    Raises:
        OSError: The disk is full, or the file can't be written for another reason.
    """
    if not tags:
        return ()
    if container not in {"WAV", "FLAC", "OGG", "MP3"}:
        return (f"{container} files have no place for tags and chapter marks.",)
    try:
        import mutagen
    except ModuleNotFoundError:
        return ("Tags weren't carried over: the package mutagen is not installed.",)
    try:
        file = mutagen.File(path)
        if file.tags is None:
            file.add_tags()
        if container in {"WAV", "MP3"}:
            _fill_id3(file.tags, tags, length_s)
        else:
            _fill_vorbis(file, tags)
        file.save()
    except mutagen.MutagenError as error:
        for cause in (error, *error.args, error.__cause__, error.__context__):
            if isinstance(cause, OSError):
                raise cause from error
        log.info("Tags can't be written to %s", path, exc_info=True)
        return ("The tags couldn't be carried over.",)
    return ()


# Reading ------------------------------------------------------------------------------------------


def _read(file: Any) -> Tags:  # noqa: ANN401 - a file of mutagen, which has no types
    held = file.tags
    if held is None:
        return Tags()
    if hasattr(held, "getall"):
        return _read_id3(held)
    if type(file).__name__ == "MP4":
        return _read_mp4(file)
    if hasattr(held, "as_dict"):
        return _read_vorbis(file, held.as_dict())
    return Tags()


def _read_id3(held: Any) -> Tags:  # noqa: ANN401
    fields: dict[str, list[str]] = {}
    names = {frame: name for name, frame in _ID3_FRAMES.items()}
    for frame in held.values():
        if frame.FrameID in names:
            fields.setdefault(names[frame.FrameID], []).extend(map(str, frame.text))
        elif frame.FrameID == "TXXX":
            fields.setdefault(frame.desc.lower(), []).extend(map(str, frame.text))
        elif frame.FrameID == "COMM" and not frame.desc.lower().startswith("itun"):
            fields.setdefault("comment", []).extend(map(str, frame.text))
    pictures = [Picture(each.data, each.mime, int(each.type)) for each in held.getall("APIC")]
    chapters = []
    for each in held.getall("CHAP"):
        titles = each.sub_frames.getall("TIT2")
        title = str(titles[0].text[0]) if titles and titles[0].text else str(each.element_id)
        chapters.append(Chapter(each.start_time / _MS, title))
    return _tags(fields, pictures, chapters)


def _read_vorbis(file: Any, comments: Mapping[str, Sequence[str]]) -> Tags:  # noqa: ANN401
    from mutagen.flac import Picture as FlacPicture

    found = {name.lower(): list(values) for name, values in comments.items()}
    pictures = list(getattr(file, "pictures", ()))
    for text in found.get("metadata_block_picture", ()):
        with contextlib.suppress(Exception):  # a picture that is none isn't worth an export
            pictures.append(FlacPicture(base64.b64decode(text)))
    chapters = []
    for name, values in found.items():
        number = name.removeprefix("chapter")
        if number != name and number.isdigit() and values:
            start_s = _seconds(values[0])
            title = (found.get(f"{name}name") or [f"{int(number)}"])[0]
            if start_s is not None:
                chapters.append(Chapter(start_s, title))
    return _tags(found, [Picture(p.data, p.mime, int(p.type)) for p in pictures], chapters)


def _read_mp4(file: Any) -> Tags:  # noqa: ANN401
    held = file.tags
    fields = {
        name: [str(v) for v in held[atom]] for name, atom in _MP4_ATOMS.items() if atom in held
    }
    for name, atom in (("tracknumber", "trkn"), ("discnumber", "disk")):
        for number, total in held.get(atom, ()):
            fields.setdefault(name, []).append(f"{number}/{total}" if total else f"{number}")
    mimes = {13: "image/jpeg", 14: "image/png"}
    pictures = [
        Picture(bytes(each), mimes.get(int(each.imageformat), "image/jpeg"))
        for each in held.get("covr", ())
    ]
    chapters = [Chapter(float(each.start), str(each.title)) for each in file.chapters or ()]
    return _tags(fields, pictures, chapters)


def _chapters_by_ffmpeg(path: str | os.PathLike[str]) -> tuple[Chapter, ...]:
    """Returns the chapters of films and their kin, which FFmpeg reads."""
    import av

    try:
        with av.open(str(Path(path).absolute()), options={"protocol_whitelist": "file"}) as file:
            found = [
                Chapter(float(each["start"] * each["time_base"]), each["metadata"].get("title", ""))
                for each in file.chapters()
            ]
    except (av.error.FFmpegError, OSError, ValueError, KeyError, AttributeError):
        return ()
    titles = [each.title or f"{number}" for number, each in enumerate(found, 1)]
    return tuple(Chapter(each.start_s, title) for each, title in zip(found, titles, strict=True))


def _tags(
    fields: Mapping[str, Sequence[str]], pictures: Sequence[Picture], chapters: Iterable[Chapter]
) -> Tags:
    kept = {
        name: tuple(storable(value) for value in values if value)
        for name, values in fields.items()
        if name not in _NOT_TEXT and not name.startswith(_UNTRUE_AFTERWARDS)
    }
    return Tags(
        {name: values for name, values in kept.items() if values},
        tuple(pictures),
        tuple(sorted(chapters, key=lambda chapter: chapter.start_s)),
    )


def _seconds(text: str) -> float | None:
    """Returns what "01:02:03.456" is in seconds, or None."""
    try:
        hours, minutes, seconds = text.strip().split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None


# Writing ------------------------------------------------------------------------------------------


def _fill_id3(held: Any, tags: Tags, length_s: float) -> None:  # noqa: ANN401
    from mutagen import id3

    for name, values in tags.fields.items():
        texts = list(values)
        if name in _ID3_FRAMES:
            held.add(getattr(id3, _ID3_FRAMES[name])(encoding=id3.Encoding.UTF8, text=texts))
        elif name == "comment":
            held.add(id3.COMM(encoding=id3.Encoding.UTF8, lang="XXX", desc="", text=texts))
        else:
            held.add(id3.TXXX(encoding=id3.Encoding.UTF8, desc=name, text=texts))
    for number, picture in enumerate(tags.pictures):
        held.add(
            id3.APIC(
                encoding=id3.Encoding.UTF8,
                mime=picture.mime,
                type=picture.kind,
                desc=f"{number}" if number else "",
                data=picture.data,
            )
        )
    names = [f"chp{number}" for number in range(len(tags.chapters))]
    ends = [*(chapter.start_s for chapter in tags.chapters[1:]), length_s]
    for name, chapter, end_s in zip(names, tags.chapters, ends, strict=bool(names)):
        title = id3.TIT2(encoding=id3.Encoding.UTF8, text=[chapter.title])
        held.add(
            id3.CHAP(
                element_id=name,
                start_time=round(chapter.start_s * _MS),
                end_time=round(end_s * _MS),
                sub_frames=[title],
            )
        )
    if names:
        flags = id3.CTOCFlags.TOP_LEVEL | id3.CTOCFlags.ORDERED
        held.add(id3.CTOC(element_id="toc", flags=flags, child_element_ids=names, sub_frames=[]))


def _fill_vorbis(file: Any, tags: Tags) -> None:  # noqa: ANN401
    from mutagen.flac import Picture as FlacPicture

    for name, values in tags.fields.items():
        with contextlib.suppress(ValueError):  # a name that a comment can't have
            file.tags[name] = list(values)
    pictures = []
    for each in tags.pictures:
        picture = FlacPicture()
        picture.data, picture.mime, picture.type = each.data, each.mime, each.kind
        pictures.append(picture)
    if hasattr(file, "add_picture"):
        for picture in pictures:
            file.add_picture(picture)
    elif pictures:
        texts = [base64.b64encode(picture.write()).decode("ascii") for picture in pictures]
        file.tags["metadata_block_picture"] = texts
    for number, chapter in enumerate(tags.chapters, 1):
        minutes, ms = divmod(round(chapter.start_s * _MS), 60 * _MS)
        clock = f"{minutes // 60:02}:{minutes % 60:02}:{ms // _MS:02}.{ms % _MS:03}"
        file.tags[f"CHAPTER{number:03}"] = clock
        file.tags[f"CHAPTER{number:03}NAME"] = chapter.title
