"""Taking a recording and an edit list of it into a library: the edit is rendered, nothing aligned.

An edit that a person has corrected is known to the sample, so it is the truth that is learnt from.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from model_core.audio.direct import hash_file
from model_core.audio.reading import open_audio
from model_core.audio.render import Renderer
from model_core.edit.serialise import SourceInfo, write_edit_list
from model_core.export.sound import export_sound
from model_core.progress import no_progress
from training.library.errors import LibraryError
from training.library.layout import EDIT_MARK, RAW_MARK, check_name, scan
from training.library.making import forget
from training.library.references import bring, put_away, resolve

if TYPE_CHECKING:
    from model_core.edit.types import EditList
    from model_core.progress import Progress
    from training.library.layout import FoundSample
    from training.library.pairs import Library, Pair


def take_edit(
    library: Library,
    name: str,
    raw: Path,
    edit_list: EditList,
    *,
    replace: bool = False,
    progress: Progress = no_progress,
) -> Pair:
    """Makes a pair of a recording and an edit of it.

    The recording is only read and referred to. The edit is rendered into the library.

    Args:
        library: The library; made where there is none.
        name: The sample.
        raw: The recording.
        edit_list: The edit, of one source.
        replace: Whether a pair of that name gets this edit in place of its own; its recording must
            be the same one.
        progress: Told the finished share.

    Raises:
        LibraryError: The name can't be one or is taken, or the pair is of another recording.
        AudioReadError: The recording can't be read.
        EditError: The edit reaches beyond the recording.
        FileWriteError: The library can't be written; then what was there before stays.
    """
    name = check_name(name)
    library.create()
    layout = library.layout
    samples = scan(layout).samples
    taken = next((sample for sample in samples.values() if _same(sample.name, name)), None)
    if taken is not None and not replace:
        raise LibraryError(
            f"There is a sample “{taken.name}” in the library already.",
            "Choose another name, or replace its edit.",
        )
    with open_audio(raw) as source:
        if taken is not None:
            name = taken.name
            _check_same_recording(taken, raw)
        # Rendered beside the library first: a full disk must not cost the edit that is there.
        with TemporaryDirectory(dir=layout.data, ignore_cleanup_errors=True) as folder:
            renderer = Renderer((source,), edit_list)
            suffix = ".wav" if renderer.dtype.kind == "f" or renderer.channels > 8 else ".flac"
            rendered = Path(folder) / f"{name}{EDIT_MARK}{suffix}"
            export_sound(renderer, rendered, progress=progress)
            truth = SourceInfo(str(raw), source.sample_rate, source.n_samples, hash_file(raw))
            _put_in(library, name, taken, raw, rendered)
            write_edit_list(layout.truth(name), edit_list, [truth])
    return library.pair(name)


def _put_in(
    library: Library, name: str, taken: FoundSample | None, raw: Path, rendered: Path
) -> None:
    layout = library.layout
    forget(layout, name)
    if taken is None:
        bring(raw, layout.inputs, f"{name}{RAW_MARK}", by_reference=True)
    else:
        is_own = layout.truth(name).is_file()
        layout.truth(name).unlink(missing_ok=True)
        for path in taken.edits:
            put_away(path, layout.removed, delete=is_own)
    bring(rendered, layout.outputs, f"{name}{EDIT_MARK}", by_reference=False)


def _check_same_recording(sample: FoundSample, raw: Path) -> None:
    for path in sample.raws:
        there = resolve(path)
        if there.is_file() and (there.samefile(raw) or hash_file(there) == hash_file(raw)):
            return
    raise LibraryError(
        f"“{sample.name}” in the library is of another recording.", "Choose another name."
    )


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()
