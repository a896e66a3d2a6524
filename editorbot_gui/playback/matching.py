"""Recording, edit and takes played equally loud, to be compared fairly."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from editorbot_gui.errors import describe
from editorbot_gui.jobs import Lane
from editorbot_gui.playback.player import Listening

if TYPE_CHECKING:
    from editorbot_gui.jobs import Job, JobRunner
    from editorbot_gui.playback.player import Player
    from editorbot_gui.session import Session
    from model_core.audio.loudness import Loudness, LoudnessProfile
    from model_core.audio.source import AudioSource
    from model_core.edit.mix import Mix
    from model_core.progress import CancelToken, Progress

_HEARD_DB = 0.05


def matching_gains_db(raw: Loudness, edited: Loudness) -> tuple[float, float]:
    """Returns by how much recording and edit are played louder, in decibels.

    The edit comes up or down to the recording; where it would clip, the recording comes down for
    the rest of the way.
    """
    if not (math.isfinite(raw.lufs) and math.isfinite(edited.lufs)):
        return 0.0, 0.0
    wanted = raw.lufs - edited.lufs
    headroom = -20 * math.log10(edited.peak) if edited.peak > 0 else 0.0
    up = min(wanted, max(0.0, headroom))
    return up - wanted, up


class LoudnessMatch(QObject):
    """Matches loudness while it is switched on.

    Args:
        session: The document.
        player: Plays.
        runner: Measures in the background.
        parent: The owner.
    """

    told = Signal(str)
    """A sentence for the person."""
    shown = Signal(str)
    """What is changed of what is heard now, in a word or two; empty for nothing."""

    def __init__(
        self, session: Session, player: Player, runner: JobRunner, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._player = player
        self._runner = runner
        self._on = False
        self._job: Job | None = None
        self._profile: LoudnessProfile | None = None
        self._gains_db = {Listening.RAW: 0.0, Listening.EDITED: 0.0}
        session.mix_changed.connect(self._forget)
        session.edit_changed.connect(self._match)
        player.listening_changed.connect(lambda _which: self._show())

    def switch(self, on: bool) -> None:
        """Begins or ends to play everything equally loud."""
        self._on = on
        if not on:
            self._stop_measuring()
        elif self._profile is None:
            self._measure()
        self._match()
        if self._profile is not None:
            self.told.emit(self._sentence())

    def _measure(self) -> None:
        source = self._session.source
        if source is None or self._job is not None:
            return
        self._job = self._runner.start(
            # Hours take half a minute; only an export has to wait for it.
            Lane.EXPORT,
            _profile_of,
            (source, self._session.mix),
            words=self.tr("Measuring loudness"),
            on_done=self._take,
            on_failed=self._fail,
            on_cancelled=self._give_up,
        )

    def _take(self, profile: LoudnessProfile) -> None:
        self._job = None
        self._profile = profile
        self._match()
        self.told.emit(self._sentence())

    def _fail(self, error: Exception) -> None:
        self._give_up()
        self.told.emit(describe(error).sentence)

    def _give_up(self) -> None:
        self._job = None

    def _stop_measuring(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            self._runner.cancel(job)

    def _forget(self) -> None:
        self._stop_measuring()
        self._profile = None
        self._match()
        if self._on:
            self._measure()

    def _match(self) -> None:
        raw_db = edited_db = 0.0
        if self._on and self._profile is not None:
            edited = self._profile.of_edit(self._session.edit_list)
            raw_db, edited_db = matching_gains_db(self._profile.whole(), edited)
        self._gains_db = {Listening.RAW: raw_db, Listening.EDITED: edited_db}
        self._player.set_gains(
            {
                which: 10 ** (gain_db / 20) if abs(gain_db) >= _HEARD_DB else 1.0
                for which, gain_db in self._gains_db.items()
            }
        )
        self._show()

    def _show(self) -> None:
        if not self._on or self._profile is None:
            self.shown.emit("")
            return
        gain_db = self._gains_db[self._player.listening]
        self.shown.emit(self.tr("matched {gain} dB").format(gain=_signed(gain_db)))

    def _sentence(self) -> str:
        if not self._on:
            return self.tr("Recording and edit are heard as loud as they are.")
        raw_db, edited_db = (self._gains_db[which] for which in Listening)
        words = self.tr("Loudness is matched: the edit is played {edited} dB")
        if abs(raw_db) >= _HEARD_DB:
            words = self.tr(
                "Loudness is matched: the edit is played {edited} dB and the recording {raw} dB"
            )
        what = words.format(edited=_signed(edited_db), raw=_signed(raw_db))
        return self.tr("{what}; exports are not changed.").format(what=what)


def _profile_of(
    heard: tuple[AudioSource, Mix], cancel: CancelToken, progress: Progress
) -> LoudnessProfile:
    """Measures a recording, or the mix of its tracks, as it is heard; a job function."""
    from model_core.audio.loudness import LoudnessProfile

    source, mix = heard
    if source.tracks:
        from model_core.audio.mixdown import mix_channels
        from model_core.audio.synchronised import MixedSource

        source = MixedSource(source, mix, mix_channels(source.tracks))
    return LoudnessProfile.of(source, cancel, progress)


def _signed(decibels: float) -> str:
    rounded = round(decibels, 1)
    if rounded == 0:
        return "±0"
    return f"{'+' if rounded > 0 else '−'}{abs(rounded):.1f}"
