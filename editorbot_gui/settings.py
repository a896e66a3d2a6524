"""What is remembered between two starts: window, theme, recent files, last choices."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path

import platformdirs
from PySide6.QtCore import QByteArray, QSettings, QStandardPaths

log = logging.getLogger(__name__)

APP_NAME = "EditorBot"
MAX_RECENT_FILES = 10
THEME_CHOICES = ("system", "light", "dark")


def config_path() -> Path:
    """Returns where the settings lie on this system."""
    return Path(platformdirs.user_config_dir(APP_NAME, appauthor=False)) / "settings.ini"


class Settings:
    """Typed access to the settings file; a damaged value counts as absent.

    Args:
        path: The file; left out, the person's own.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or config_path()
        self._store = QSettings(str(self.path), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """One of `THEME_CHOICES`."""
        choice = self._text("window/theme")
        return choice if choice in THEME_CHOICES else THEME_CHOICES[0]

    @theme.setter
    def theme(self, choice: str) -> None:
        self._store.setValue("window/theme", choice)

    @property
    def geometry(self) -> QByteArray:
        """The window's place and size; empty at the first start."""
        return self._bytes("window/geometry")

    @geometry.setter
    def geometry(self, state: QByteArray) -> None:
        self._store.setValue("window/geometry", state)

    @property
    def dock_state(self) -> QByteArray:
        """Where toolbars and docks are; empty at the first start."""
        return self._bytes("window/docks")

    @dock_state.setter
    def dock_state(self, state: QByteArray) -> None:
        self._store.setValue("window/docks", state)

    @property
    def splitter_state(self) -> QByteArray:
        """How the views share the height; empty at the first start."""
        return self._bytes("window/splitter")

    @splitter_state.setter
    def splitter_state(self, state: QByteArray) -> None:
        self._store.setValue("window/splitter", state)

    @property
    def spectrogram(self) -> bool:
        """Whether the spectrogram is shown; not at first."""
        return self._text("window/spectrogram") == "true"

    @spectrogram.setter
    def spectrogram(self, shown: bool) -> None:
        self._store.setValue("window/spectrogram", "true" if shown else "false")

    @property
    def follow_playhead(self) -> bool:
        """Whether the views follow what plays; they do at first."""
        return self._text("playback/follow") != "false"

    @follow_playhead.setter
    def follow_playhead(self, follows: bool) -> None:
        self._store.setValue("playback/follow", "true" if follows else "false")

    @property
    def scrub(self) -> bool:
        """Whether what is dragged over is heard; it is at first."""
        return self._text("playback/scrub") != "false"

    @scrub.setter
    def scrub(self, heard: bool) -> None:
        self._store.setValue("playback/scrub", "true" if heard else "false")

    @property
    def snap_to(self) -> tuple[str, ...] | None:
        """What dragged edges are drawn to, by the names of actions; None if it was never chosen."""
        if not self._store.contains("editing/snap_to"):
            return None
        return tuple(self._text("editing/snap_to").split())

    @snap_to.setter
    def snap_to(self, names: tuple[str, ...]) -> None:
        self._store.setValue("editing/snap_to", " ".join(names))

    @property
    def output_device(self) -> str:
        """The sound output that was chosen; empty for the system's default one."""
        return self._text("playback/output")

    @output_device.setter
    def output_device(self, device_id: str) -> None:
        self._store.setValue("playback/output", device_id)

    @property
    def timeline_format(self) -> str:
        """The format that an edit was handed over in last; empty at first."""
        return self._text("export/timeline")

    @timeline_format.setter
    def timeline_format(self, name: str) -> None:
        self._store.setValue("export/timeline", name)

    @property
    def input_device(self) -> str:
        """The sound input that was chosen; empty for the system's default one."""
        return self._text("input_device")

    @input_device.setter
    def input_device(self, device_id: str) -> None:
        self._store.setValue("input_device", device_id)

    @property
    def compute_device(self) -> str:
        """Where the network computes: "auto", "cpu", "cuda" or "mps"."""
        return self._text("model/device") or "auto"

    @compute_device.setter
    def compute_device(self, name: str) -> None:
        self._store.setValue("model/device", name)

    @property
    def cache_folder(self) -> str:
        """Where what can be computed again is kept; empty for the system's usual place."""
        return self._text("files/cache")

    @cache_folder.setter
    def cache_folder(self, folder: str) -> None:
        self._store.setValue("files/cache", folder)

    @property
    def crossfade_ms(self) -> int | None:
        """Length of the crossfades of new joins; None leaves it to the program."""
        return self._number("editing/crossfade_ms", 0, 1000)

    @crossfade_ms.setter
    def crossfade_ms(self, length: int | None) -> None:
        self._store.setValue("editing/crossfade_ms", "" if length is None else str(length))

    @property
    def usual_pause_ms(self) -> int | None:
        """Silence that is left of pauses; None leaves it to the network."""
        return self._number("editing/pause_ms", 0, 10_000)

    @usual_pause_ms.setter
    def usual_pause_ms(self, length: int | None) -> None:
        self._store.setValue("editing/pause_ms", "" if length is None else str(length))

    @property
    def usual_margin_ms(self) -> int | None:
        """Silence that is left at both ends of an edit; None leaves it to the network."""
        return self._number("editing/margin_ms", 0, 10_000)

    @usual_margin_ms.setter
    def usual_margin_ms(self, length: int | None) -> None:
        self._store.setValue("editing/margin_ms", "" if length is None else str(length))

    @property
    def keep_every_s(self) -> int | None:
        """How often unsaved work is kept, at most; 0 is at once, None never."""
        if self._text("files/keep_every_s") == "never":
            return None
        return self._number("files/keep_every_s", 0, 3600) or 0

    @keep_every_s.setter
    def keep_every_s(self, seconds: int | None) -> None:
        self._store.setValue("files/keep_every_s", "never" if seconds is None else str(seconds))

    @property
    def recording_channels(self) -> int:
        """1 or 2: as what was recorded last; mono at first."""
        return 2 if self._text("recording/channels") == "2" else 1

    @recording_channels.setter
    def recording_channels(self, channels: int) -> None:
        self._store.setValue("recording/channels", str(channels))

    @property
    def recording_count_in_s(self) -> int:
        """Seconds that are counted down before recording; none at first."""
        text = self._text("recording/count_in")
        return int(text) if text.isdecimal() else 0

    @recording_count_in_s.setter
    def recording_count_in_s(self, seconds: int) -> None:
        self._store.setValue("recording/count_in", str(seconds))

    @property
    def recording_folder(self) -> str:
        """Where recordings go; empty for the folder "Recordings" in the person's music."""
        return self._text("recording/folder")

    @recording_folder.setter
    def recording_folder(self, folder: str) -> None:
        self._store.setValue("recording/folder", folder)

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """Keys that the person has chosen, by the names of actions; the others have their own."""
        try:
            stored = json.loads(self._text("window/keys") or "{}")
        except ValueError:
            return {}
        if not isinstance(stored, dict):
            return {}
        return {
            name: tuple(keys)
            for name, keys in stored.items()
            if isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        }

    @keys.setter
    def keys(self, chosen: Mapping[str, tuple[str, ...]]) -> None:
        self._store.setValue("window/keys", json.dumps(chosen))

    @property
    def recent_commands(self) -> tuple[str, ...]:
        """The commands that were taken from the palette last, newest first."""
        return tuple(name for name in self._text("window/recent_commands").split() if name)

    @recent_commands.setter
    def recent_commands(self, names: tuple[str, ...]) -> None:
        self._store.setValue("window/recent_commands", " ".join(names))

    @property
    def introduction(self) -> bool:
        """Whether the empty window says what the program does; it does at first."""
        return self._text("window/introduction") != "false"

    @introduction.setter
    def introduction(self, shown: bool) -> None:
        self._store.setValue("window/introduction", "true" if shown else "false")

    @property
    def recent_files(self) -> tuple[Path, ...]:
        """The recordings that were opened last, newest first."""
        stored = self._store.value("files/recent", [])
        names = [stored] if isinstance(stored, str) else stored
        if not isinstance(names, list):
            return ()
        return tuple(Path(name) for name in names if isinstance(name, str) and name)

    def add_recent_file(self, path: Path) -> None:
        """Puts a recording at the head of the recent files."""
        others = (other for other in self.recent_files if other != path)
        self._set_recent((path, *others))

    def forget_recent_file(self, path: Path) -> None:
        """Takes a recording off the recent files, because it is gone."""
        self._set_recent(tuple(other for other in self.recent_files if other != path))

    def clear_recent_files(self) -> None:
        """Empties the recent files."""
        self._set_recent(())

    @property
    def open_folder(self) -> str:
        """Where the open dialog starts: where the last recording lay, or a folder that is there."""
        music = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MusicLocation)
        wanted = (self._text("files/open_folder"), music)
        there = (folder for folder in wanted if folder and Path(folder).is_dir())
        return next(there, str(Path.home()))

    @open_folder.setter
    def open_folder(self, folder: str) -> None:
        self._store.setValue("files/open_folder", folder)

    @property
    def export_format(self) -> str:
        """The sound-file format that was exported last; empty at first."""
        return self._text("files/export_format")

    @export_format.setter
    def export_format(self, name: str) -> None:
        self._store.setValue("files/export_format", name)

    @property
    def model(self) -> str:
        """File name of the network that generates; empty for the bundled one."""
        return self._text("model/chosen")

    @model.setter
    def model(self, name: str) -> None:
        self._store.setValue("model/chosen", name)

    def save(self) -> None:
        """Writes everything to disk; a folder that can't be written costs only the settings."""
        self._store.sync()
        if self._store.status() != QSettings.Status.NoError:
            log.warning("the settings can't be kept in %s", self._store.fileName())

    def _set_recent(self, paths: tuple[Path, ...]) -> None:
        self._store.setValue("files/recent", [str(path) for path in paths[:MAX_RECENT_FILES]])

    def _text(self, key: str) -> str:
        value = self._store.value(key, "")
        return value if isinstance(value, str) else ""

    def _number(self, key: str, low: int, high: int) -> int | None:
        text = self._text(key)
        number = int(text) if text.isascii() and text.isdigit() else -1
        return number if low <= number <= high else None

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()
