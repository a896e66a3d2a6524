"""The dialog of preferences; each choice counts at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.dialogs.plain import without_icons
from editorbot_gui.panels.elided_label import ElidedLabel
from editorbot_gui.texts import size_text
from editorbot_gui.theme import GRID_PX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editorbot_gui.settings import Settings

Choice = tuple[str, str]
"""What is kept, and what the person reads."""

_NEVER = -1
_LEAVE_IT = -1
_KEEP_CHOICES_S = (0, 10, 60, 300, _NEVER)
_WIDTH_PX = 76 * GRID_PX
_MOST_MS = 1000


class ChoiceField(QComboBox):
    """A list of choices, of which one that isn't there any more is still shown as chosen.

    Args:
        name: What a screen reader says.
    """

    chosen = Signal(str)
    """The person has chosen something else; carries what is kept."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(24)
        self.activated.connect(lambda _index: self.chosen.emit(self.value))

    @property
    def value(self) -> str:
        """What is chosen, as it is kept."""
        return str(self.currentData() or "")

    def select(self, value: str) -> None:
        """Shows another choice as chosen."""
        self.setCurrentIndex(max(0, self.findData(value)))

    def show_choices(self, choices: Iterable[Choice], value: str, absent: str = "") -> None:
        """Lists choices.

        Args:
            choices: All there are.
            value: The one that is chosen.
            absent: What is read if that is none of them, with `{value}` in it.
        """
        self.clear()
        for kept, words in choices:
            self.addItem(words, kept)
        index = self.findData(value)
        if index < 0 and value:
            self.addItem(absent.format(value=value) if absent else value, value)
            index = self.count() - 1
        self.setCurrentIndex(max(0, index))


class MillisecondsField(QSpinBox):
    """A length, or what is said instead of one.

    Args:
        name: What a screen reader says.
        open_words: What is read where it is left open.
    """

    chosen = Signal(object)
    """The person has chosen another length in milliseconds, or None to leave it open."""

    def __init__(self, name: str, open_words: str) -> None:
        super().__init__()
        self.setRange(_LEAVE_IT, _MOST_MS)
        self.setSingleStep(10)
        self.setSpecialValueText(open_words)
        self.setSuffix(self.tr(" ms"))
        self.setAccessibleName(name)
        self.setKeyboardTracking(False)  # 300 is not 3, then 30, then 300
        self.valueChanged.connect(lambda _value: self.chosen.emit(self.length))

    @property
    def length(self) -> int | None:
        """In milliseconds; None if it is left open."""
        return None if self.value() == _LEAVE_IT else self.value()

    def show_length(self, length: int | None) -> None:
        """Shows a length in milliseconds, or None."""
        self.setValue(_LEAVE_IT if length is None else length)

    def stepBy(self, steps: int) -> None:  # noqa: N802 - Qt's name
        """Goes from the open choice to 0, and in round steps from there."""
        value = self.value()
        if value == _LEAVE_IT and steps > 0:
            self.setValue((steps - 1) * self.singleStep())
        elif 0 < value < self.singleStep() and steps < 0:
            self.setValue(0)
        else:
            super().stepBy(steps)


class Page(QWidget):
    """Fields with their labels, and what they mean below them."""

    def __init__(self) -> None:
        super().__init__()
        self.form = QFormLayout(self)
        self.form.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        self.form.setHorizontalSpacing(2 * GRID_PX)
        self.form.setVerticalSpacing(GRID_PX)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)

    def add(self, label: str, field: QWidget, hint: str = "") -> None:
        """Adds a field.

        Args:
            label: Its label, with a mnemonic.
            field: The field.
            hint: What it means, in a sentence or two.
        """
        named = QLabel(label)
        named.setBuddy(field)
        self.form.addRow(named, field)
        if hint:
            words = QLabel(hint)
            words.setWordWrap(True)
            # The muted colour; a style sheet of its own would take each label far longer.
            words.setForegroundRole(QPalette.ColorRole.PlaceholderText)
            words.setContentsMargins(0, 0, 0, GRID_PX)
            self.form.addRow("", words)


class PreferencesDialog(QDialog):
    """Sound, appearance, editing, computing and files.

    Args:
        settings: What was chosen before.
        parent: The window.
    """

    fade_chosen = Signal(object)
    """How long crossfades are, in milliseconds; None leaves it to the program."""
    pause_chosen = Signal(object)
    """Silence that is left of pauses, in milliseconds; None leaves it to the network."""
    margin_chosen = Signal(object)
    """Silence that is left at both ends, in milliseconds; None leaves it to the network."""
    keep_chosen = Signal(object)
    """How often unsaved work is kept, in seconds; None for never."""
    folder_requested = Signal()
    """Another folder for the cache is wanted."""
    usual_folder_requested = Signal()
    """The system's usual folder is wanted for the cache."""
    clear_requested = Signal()
    """The cache is to be cleared."""
    keys_requested = Signal()
    """Other keys are wanted."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Preferences"))
        self.outputs = ChoiceField(self.tr("Sound output"))
        self.inputs = ChoiceField(self.tr("Sound input"))
        self.theme = ChoiceField(self.tr("Appearance"))
        self.devices = ChoiceField(self.tr("Compute with"))
        self.models = ChoiceField(self.tr("Model"))
        self.fade = MillisecondsField(
            self.tr("Crossfade"), self.tr("As the program sees fit (8 ms)")
        )
        self.pause = MillisecondsField(self.tr("Pauses"), self.tr("As the model sees fit"))
        self.margin = MillisecondsField(self.tr("Start and end"), self.tr("As the model sees fit"))
        self.keep = QComboBox()
        self.cache_folder = ElidedLabel()
        self.cache_size = QLabel()
        self.folder_button = QPushButton(self.tr("Choose…"))
        self.usual_folder_button = QPushButton(self.tr("Usual one"))
        self.clear_button = QPushButton(self.tr("Clear"))
        self.keys_button = QPushButton(self.tr("Change keys…"))
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Pages"))
        self.tabs.tabBar().setAccessibleName(self.tr("Pages"))
        self._fill(settings)
        self._add_pages()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        without_icons(buttons.buttons())
        for button in self._buttons():
            button.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        layout.setSpacing(GRID_PX)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(self.message)
        layout.addWidget(buttons)
        self.setMinimumWidth(_WIDTH_PX)
        self.fade.chosen.connect(self.fade_chosen)
        self.pause.chosen.connect(self.pause_chosen)
        self.margin.chosen.connect(self.margin_chosen)
        self.keep.activated.connect(lambda _index: self._choose_keep())
        self.folder_button.clicked.connect(self.folder_requested)
        self.usual_folder_button.clicked.connect(self.usual_folder_requested)
        self.clear_button.clicked.connect(self.clear_requested)
        self.keys_button.clicked.connect(self.keys_requested)

    def tell(self, sentence: str) -> None:
        """Says below the pages what a choice has led to."""
        self.message.setText(sentence)

    def show_cache(self, folder: str, size: int | None, *, can_reset: bool) -> None:
        """Shows where the cache is and how large.

        Args:
            folder: Where it is.
            size: In bytes; None if it is being looked at.
            can_reset: Whether it isn't at its usual place.
        """
        self.cache_folder.setText(folder)
        self.cache_folder.setToolTip(folder)
        if size is None:
            self.cache_size.setText(self.tr("Looking…"))
        else:
            self.cache_size.setText(size_text(size) if size else self.tr("Empty"))
        self.clear_button.setEnabled(bool(size))
        self.usual_folder_button.setEnabled(can_reset)

    def _fill(self, settings: Settings) -> None:
        self.theme.show_choices(
            (
                ("system", self.tr("Light or dark as the system")),
                ("light", self.tr("Light")),
                ("dark", self.tr("Dark")),
            ),
            settings.theme,
        )
        self.fade.show_length(settings.crossfade_ms)
        self.pause.show_length(settings.usual_pause_ms)
        self.margin.show_length(settings.usual_margin_ms)
        self.keep.setAccessibleName(self.tr("Keep unsaved work"))
        words = {
            0: self.tr("At once after every change"),
            _NEVER: self.tr("Never: it is lost in a crash"),
        }
        for seconds in _KEEP_CHOICES_S:
            several = (
                self.tr("Every %n seconds", "", seconds)
                if seconds < 60
                else self.tr("Every minute")
                if seconds == 60
                else self.tr("Every %n minutes", "", seconds // 60)
            )
            self.keep.addItem(words.get(seconds, several), seconds)
        kept = settings.keep_every_s
        self.keep.setCurrentIndex(max(0, self.keep.findData(_NEVER if kept is None else kept)))
        self.cache_folder.setAccessibleName(self.tr("Folder of the cache"))
        self.clear_button.setAccessibleName(self.tr("Clear the cache"))
        self.folder_button.setAccessibleName(self.tr("Choose a folder for the cache"))
        self.usual_folder_button.setAccessibleName(self.tr("Use the usual folder for the cache"))

    def _add_pages(self) -> None:
        sound = self._page(self.tr("Sound"))
        sound.add(
            self.tr("Play through"),
            self.outputs,
            self.tr("If it goes away, playback goes on through the system's default output."),
        )
        sound.add(self.tr("Record from"), self.inputs, self.tr("Used by Record."))
        look = self._page(self.tr("Appearance"))
        look.add(self.tr("Appearance"), self.theme)
        look.add(self.tr("Keyboard"), self.keys_button, self.tr("Give commands keys of your own."))
        self.editing = self._page(self.tr("Editing"))
        self.editing.add(
            self.tr("Crossfade"),
            self.fade,
            self.tr(
                "Of joins that are made from now on, by hand or generated. Each can be changed "
                "with Segments > Crossfade."
            ),
        )
        self.editing.add(
            self.tr("Pauses"),
            self.pause,
            self.tr("Silence that generated edits leave of a pause; longer ones are shortened."),
        )
        self.editing.add(
            self.tr("Start and end"),
            self.margin,
            self.tr(
                "Silence before the first and behind the last sound of generated edits. Tightness, "
                "a style or a variation goes before both."
            ),
        )
        computing = self._page(self.tr("Computing"))
        computing.add(
            self.tr("Compute with"),
            self.devices,
            self.tr("A graphics card is faster on long recordings. The edit may differ a little."),
        )
        computing.add(self.tr("Model"), self.models, self.tr("What edits are generated with."))
        files = self._page(self.tr("Files"))
        files.add(
            self.tr("Keep unsaved work"),
            self.keep,
            self.tr("A copy beside the project, offered again if EditorBot ends unexpectedly."),
        )
        files.add(self.tr("Cache folder"), self._row(
            self.cache_folder, self.folder_button, self.usual_folder_button
        ))  # fmt: skip
        files.add(
            self.tr("Cache size"),
            self._row(self.cache_size, self.clear_button),
            self.tr(
                "Waveforms and decoded sound of recordings, so that they open at once. All of it "
                "is made again when it is needed."
            ),
        )

    def _page(self, title: str) -> Page:
        page = Page()
        self.tabs.addTab(page, title)
        return page

    def _row(self, first: QWidget, *others: QWidget) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addWidget(first, 1)
        for other in others:
            layout.addWidget(other)
        return row

    def _buttons(self) -> tuple[QPushButton, ...]:
        return (
            self.folder_button, self.usual_folder_button, self.clear_button, self.keys_button,
        )  # fmt: skip

    def _choose_keep(self) -> None:
        seconds = self.keep.currentData()
        self.keep_chosen.emit(None if seconds == _NEVER else seconds)
