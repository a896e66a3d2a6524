"""Rates, kinds and counts as a person reads them; times are in `waveform.timecode`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from editorbot_gui.waveform.timecode import format_length
from model_core.edit.types import UNDONE, Change, ChangeKind, ChangeState, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editorbot_gui.session import Session
    from model_core.audio.source import AudioSource

_MAX_NAME = 48
_COUNTED = (ChangeKind.CUT, ChangeKind.LOOP, ChangeKind.REORDER, ChangeKind.GAP)


def rate_text(sample_rate: int) -> str:
    """Returns a sample rate as "44.1 kHz"."""
    return f"{sample_rate / 1000:g} kHz"


def channels_text(channels: int) -> str:
    """Returns a number of channels in words."""
    if channels == 1:
        return _tr("mono")
    if channels == 2:
        return _tr("stereo")
    return _tr("%n channels", channels)


def depth_text(source: AudioSource) -> str:
    """Returns how samples are kept: "24-bit", "32-bit float", or what packs them: "M4A"."""
    if source.lossy:
        return source.path.suffix[1:].upper() if source.path is not None else source.container
    if source.dtype.kind == "f":
        return _tr("{bits}-bit float").format(bits=source.bits)
    return _tr("{bits}-bit").format(bits=source.bits)


def shortened(name: str, most: int = _MAX_NAME) -> str:
    """Returns a file name of bearable length, about `most` letters; its ends say most."""
    half = most // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def source_text(source: AudioSource) -> str:
    """Returns the facts about a recording: name, rate, channels, depth, length."""
    n_tracks = len(source.tracks)
    name = " + ".join(path.name for path in source.paths)
    facts = (
        shortened(name),
        rate_text(source.sample_rate),
        _tr("%n microphones", n_tracks) if n_tracks else channels_text(source.channels),
        depth_text(source),
        format_length(source.n_samples, source.sample_rate),
    )
    return "   ".join(fact for fact in facts if fact)


def edit_text(session: Session) -> str:
    """Returns what an edit comes to: "8 cuts, 41.2 s → 29.8 s"; nothing without a recording."""
    source = session.source
    if source is None:
        return ""
    if not session.is_edited:
        return _tr("Nothing is changed")
    return _tr("{changes}, {before} → {after}").format(
        changes=counts_text(session.changes),
        before=format_length(source.n_samples, source.sample_rate),
        after=format_length(session.timeline.length, source.sample_rate),
    )


def size_text(n_bytes: float) -> str:
    """Returns a file size as "340 kB", "7.5 MB" or "1.2 GB"."""
    if n_bytes < 999_500:
        return f"{max(1, round(n_bytes / 1000))} kB"
    if n_bytes < 999_500_000:
        return f"{n_bytes / 1e6:.1f} MB"
    return f"{n_bytes / 1e9:.1f} GB"


def kind_text(kind: ChangeKind) -> str:
    """Returns a kind of change as the edits list shows it."""
    return {
        ChangeKind.CUT: _tr("Cut"),
        ChangeKind.LOOP: _tr("Loop"),
        ChangeKind.REORDER: _tr("Move"),
        ChangeKind.GAP: _tr("Gap"),
    }[kind]


def kinds_text(kind: ChangeKind) -> str:
    """Returns a kind of changes as a choice among others."""
    return {
        ChangeKind.CUT: _tr("Cuts"),
        ChangeKind.LOOP: _tr("Loops"),
        ChangeKind.REORDER: _tr("Moves"),
        ChangeKind.GAP: _tr("Gaps"),
    }[kind]


def reason_text(reason: Reason) -> str:
    """Returns a reason as the edits list shows it."""
    return {
        Reason.SILENCE: _tr("Silence"),
        Reason.RETAKE: _tr("Retake"),
        Reason.NOISE: _tr("Noise"),
        Reason.OTHER_VOICE: _tr("Other voice"),
        Reason.REPEAT: _tr("Repeat"),
        Reason.OTHER: _tr("Other"),
    }[reason]


def state_text(state: ChangeState) -> str:
    """Returns a state as the edits list shows it."""
    return {
        ChangeState.PROPOSED: _tr("New"),
        ChangeState.ACCEPTED: _tr("Accepted"),
        ChangeState.REJECTED: _tr("Rejected"),
        ChangeState.LOCKED: _tr("Locked"),
        ChangeState.MANUAL: _tr("By hand"),
        ChangeState.KEPT: _tr("Kept"),
    }[state]


def state_sentence(state: ChangeState) -> str:
    """Returns a state in words that go on a sentence."""
    return {
        ChangeState.PROPOSED: _tr("not reviewed yet"),
        ChangeState.ACCEPTED: _tr("accepted"),
        ChangeState.REJECTED: _tr("rejected, heard as recorded"),
        ChangeState.LOCKED: _tr("accepted and locked"),
        ChangeState.MANUAL: _tr("made by hand"),
        ChangeState.KEPT: _tr("locked to stay as recorded"),
    }[state]


def counts_text(changes: Iterable[Change]) -> str:
    """Returns what changes there are: "8 cuts, 1 loop", or "no changes"."""
    kinds = [change.kind for change in changes if change.state not in UNDONE]
    cuts, loops, moves, gaps = (kinds.count(kind) for kind in _COUNTED)
    parts = [
        words
        for n, words in (
            (cuts, _tr("1 cut") if cuts == 1 else _tr("%n cuts", cuts)),
            (loops, _tr("1 loop") if loops == 1 else _tr("%n loops", loops)),
            (moves, _tr("1 move") if moves == 1 else _tr("%n moves", moves)),
            (gaps, _tr("1 gap") if gaps == 1 else _tr("%n gaps", gaps)),
        )
        if n
    ]
    return ", ".join(parts) or _tr("no changes")


def _tr(text: str, n: int = -1) -> str:
    return QCoreApplication.translate("Texts", text, None, n)
