"""Takes as cards: what they say, and how they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from PySide6.QtCore import (
    QAbstractListModel,
    QCoreApplication,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFontMetricsF, QIcon, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from editorbot_gui import texts
from editorbot_gui.actions import tinted_icon
from editorbot_gui.takes.miniature import miniature
from editorbot_gui.takes.take import MOST_KEYS
from editorbot_gui.theme import (
    GRID_PX,
    SMALL_TEXT_PX,
    TINY_TEXT_PX,
    Theme,
    figures_font,
    mixed,
    text_font,
)
from editorbot_gui.waveform.timecode import format_length

if TYPE_CHECKING:
    from collections.abc import Iterable

    from editorbot_gui.session import Session
    from editorbot_gui.takes.take import Take
    from editorbot_gui.takes.takes import Takes
    from model_core.edit.types import Change, EditList

AnyIndex: TypeAlias = QModelIndex | QPersistentModelIndex

TAKE_ROLE = Qt.ItemDataRole.UserRole
"""The `Take` itself."""
CARD_SIZE = QSize(25 * GRID_PX, 10 * GRID_PX)
"""A card with the space around it."""
_MARGIN_PX = GRID_PX // 2
_PLOT = QSize(9 * GRID_PX, 7 * GRID_PX)
_STAR_PX = 16
_BADGE_PX = 15
_RADIUS_PX = 5


class TakesModel(QAbstractListModel):
    """The takes as rows.

    Args:
        takes: The takes of the document.
        session: The document, for the rate and length of the recording.
        parent: The owner.
    """

    def __init__(self, takes: Takes, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._takes = takes
        self._session = session
        self._rows = takes.all
        self._lengths: dict[int, tuple[EditList, int]] = {}
        self._counts: dict[int, tuple[tuple[Change, ...], str]] = {}
        takes.changed.connect(self._reload)
        takes.take_changed.connect(self._reload_one)
        takes.current_changed.connect(self._redraw)

    @property
    def recording_length(self) -> int:
        """Length of the recording in samples."""
        source = self._session.source
        return 0 if source is None else source.n_samples

    @property
    def longest(self) -> int:
        """Length of what is longest, recording or take, in samples."""
        return max([self.recording_length, *map(self._length, self._rows)])

    def is_current(self, take: Take) -> bool:
        """Whether the document shows a take."""
        return self._takes.current is not None and self._takes.current.number == take.number

    def length_text(self, take: Take) -> str:
        """Returns how long a take is."""
        source = self._session.source
        return format_length(self._length(take), source.sample_rate if source else 1)

    def counts_text(self, take: Take) -> str:
        """Returns what changes there are, counted once for each of a take's edits."""
        kept = self._counts.get(take.number)
        if kept is None or kept[0] is not take.changes:
            kept = self._counts[take.number] = (take.changes, texts.counts_text(take.changes))
        return kept[1]

    def _length(self, take: Take) -> int:
        """Returns a take's length in samples, added up once for each of its edits."""
        kept = self._lengths.get(take.number)
        if kept is None or kept[0] is not take.edit_list:
            kept = self._lengths[take.number] = (take.edit_list, take.edit_list.length)
        return kept[1]

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008, N802 - Qt's own
        """Returns how many takes there are."""
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Takes can be chosen and renamed."""
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401
        """Returns what a card says."""
        if not index.isValid():
            return None
        take = self._rows[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return take.name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return self.describe(index.row())
        if role == TAKE_ROLE:
            return take
        return None

    def setData(  # noqa: N802 - Qt's own
        self,
        index: AnyIndex,
        value: Any,  # noqa: ANN401 - Qt's own
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        """Renames a take."""
        if role != Qt.ItemDataRole.EditRole:
            return False
        self._takes.rename(self._rows[index.row()].number, str(value))
        return True

    def describe(self, row: int) -> str:
        """Returns a take in one sentence."""
        take = self._rows[row]
        parts = [take.name, self.length_text(take), self.counts_text(take)]
        parts += [part for part in (origin_text(take),) if part]
        if take.starred:
            parts.append(self.tr("starred"))
        if self.is_current(take):
            parts.append(self.tr("shown now"))
        elif row < MOST_KEYS:
            parts.append(self.tr("key {number}").format(number=row + 1))
        return ", ".join(parts)

    def _reload(self) -> None:
        self.beginResetModel()
        self._lengths.clear()
        self._counts.clear()
        self._rows = self._takes.all
        self.endResetModel()

    def _reload_one(self, row: int) -> None:
        self._rows = self._takes.all
        self.dataChanged.emit(self.index(row), self.index(row))

    def _redraw(self) -> None:
        if self._rows:
            self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))


def origin_text(take: Take) -> str:
    """Returns what a take was asked for with, in a few words."""
    words = []
    options = take.options
    if take.style_name:
        words.append(take.style_name)
    if options is not None:
        if options.seed and (options.temperature > 0 or options.sample_style):
            words.append(_tr("seed {seed}").format(seed=options.seed))
        if options.tightness is not None:
            words.append(_tr("tight {share}").format(share=f"{options.tightness:.0%}"))
        if options.axes:
            words.append(_tr("style moved"))
    if take.edited_by_hand:
        words.append(_tr("by hand"))
    return ", ".join(words)


class CardDelegate(QStyledItemDelegate):
    """Draws takes as cards.

    Args:
        parent: The owner.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pictures: dict[int, tuple[tuple[object, ...], EditList, QPixmap]] = {}
        self._theme = Theme.current()
        self._stars: dict[tuple[str, str], QIcon] = {}
        self._may_draw = True
        self.left_out = False

    def begin_painting(self) -> None:
        """Allows one new miniature: drawing those of many long takes at once would be felt."""
        self._may_draw = True
        self.left_out = False

    def sizeHint(self, _option: QStyleOptionViewItem, _index: AnyIndex) -> QSize:
        """All cards have one size."""
        return CARD_SIZE

    def star_area(self, card: QRect) -> QRect:
        """Returns where a click on a card stars it.

        Args:
            card: The visual rectangle of its row.
        """
        inner = _inner(card)
        return QRect(inner.right() - _STAR_PX - 2, inner.top() + 2, _STAR_PX + 4, _STAR_PX + 4)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """Draws a card: its miniature, key, name, star, length, changes and origin."""
        model = index.model()
        take = index.data(TAKE_ROLE)
        if not isinstance(model, TakesModel) or take is None:
            return
        card: QRect = option.rect
        state: QStyle.StateFlag = option.state
        palette = self._theme.palette
        current = model.is_current(take)
        inner = _inner(card)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.setBrush(
            palette.selected if current else palette.raised if hovered else palette.panel
        )
        edge = palette.text if current else palette.line
        painter.setPen(QPen(edge, 2 if current else 1))
        painter.drawRoundedRect(QRectF(inner).adjusted(1, 1, -1, -1), _RADIUS_PX, _RADIUS_PX)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.muted, 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(QRectF(inner).adjusted(3, 3, -3, -3), 3, 3)
        plot = QRect(QPoint(inner.left() + GRID_PX, inner.top() + GRID_PX), _PLOT)
        plot.setHeight(inner.height() - 2 * GRID_PX)
        ratio = painter.device().devicePixelRatio()
        picture = self._picture(take, model, plot.size(), ratio)
        if picture is not None:
            painter.drawPixmap(plot.topLeft(), picture)
        painter.setPen(QPen(palette.line, 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(plot.adjusted(0, 0, -1, -1))
        if index.row() < MOST_KEYS:
            self._paint_key(painter, plot, str(index.row() + 1), current=current)
        self._paint_words(painter, inner, plot.right() + GRID_PX, take, model, current=current)
        self._paint_star(painter, card, starred=take.starred, hovered=hovered)
        painter.restore()

    def createEditor(  # noqa: N802 - Qt's own
        self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex
    ) -> QWidget:
        """Returns the field in which a take is renamed."""
        editor = super().createEditor(parent, option, index)
        if isinstance(editor, QLineEdit):
            editor.setAccessibleName(_tr("Name of the take"))
        return editor

    def updateEditorGeometry(  # noqa: N802 - Qt's own
        self, editor: QWidget, option: QStyleOptionViewItem, _index: AnyIndex
    ) -> None:
        """Puts the field over the name."""
        inner = _inner(option.rect)
        left = inner.left() + _PLOT.width() + GRID_PX
        editor.setGeometry(left, inner.top() + 2, inner.right() - left - 2, 3 * GRID_PX + 4)

    def _picture(self, take: Take, model: TakesModel, size: QSize, ratio: float) -> QPixmap | None:
        """Returns a take's miniature, or None if its turn is at the next painting."""
        palette = self._theme.palette
        longest, n_samples = model.longest, model.recording_length
        key = (longest, n_samples, size.width(), size.height(), ratio, palette.name)
        kept = self._pictures.get(take.number)
        if kept is None or kept[0] != key or kept[1] is not take.edit_list:
            if not self._may_draw:
                self.left_out = True
                return None if kept is None else kept[2]
            self._may_draw = False
            picture = miniature(take.edit_list, longest, n_samples, size, ratio, palette)
            kept = self._pictures[take.number] = (key, take.edit_list, picture)
        return kept[2]

    def keep_pictures_of(self, takes: Iterable[Take]) -> None:
        """Drops what was drawn of all other takes."""
        numbers = {take.number for take in takes}
        self._pictures = {n: kept for n, kept in self._pictures.items() if n in numbers}

    def _paint_key(self, painter: QPainter, plot: QRect, key: str, *, current: bool) -> None:
        """Writes in the corner of the miniature which key shows the take."""
        palette = self._theme.palette
        badge = QRectF(plot.left(), plot.top(), _BADGE_PX, _BADGE_PX)
        painter.fillRect(badge, palette.text if current else mixed(palette.line, palette.text, 0.1))
        painter.setPen(palette.window if current else palette.text)
        painter.setFont(figures_font(TINY_TEXT_PX, bold=True))
        painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, key)

    def _paint_words(
        self, painter: QPainter, inner: QRect, left: int, take: Take, model: TakesModel,
        *, current: bool,
    ) -> None:  # fmt: skip
        palette = self._theme.palette
        right = inner.right() - GRID_PX // 2
        line = (inner.height() - GRID_PX) / 4
        fonts = (
            text_font(SMALL_TEXT_PX, bold=current),
            figures_font(SMALL_TEXT_PX),
            figures_font(TINY_TEXT_PX),
            figures_font(TINY_TEXT_PX),
        )
        rows = (
            take.name,
            model.length_text(take),
            model.counts_text(take),
            origin_text(take),
        )
        inks: tuple[QColor, ...] = (palette.text, palette.text, palette.muted, palette.muted)
        for number, (font, words, ink) in enumerate(zip(fonts, rows, inks, strict=True)):
            end = right - (_STAR_PX if number == 0 else 0)
            place = QRectF(left, inner.top() + GRID_PX / 2 + number * line, end - left, line)
            painter.setFont(font)
            painter.setPen(ink)
            shown = QFontMetricsF(font).elidedText(
                words, Qt.TextElideMode.ElideRight, place.width()
            )
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_star(self, painter: QPainter, card: QRect, *, starred: bool, hovered: bool) -> None:
        if not starred and not hovered:
            return
        palette = self._theme.palette
        name = "mdi6.star" if starred else "mdi6.star-outline"
        ink = palette.text if starred else palette.muted
        area = self.star_area(card).adjusted(2, 2, -2, -2)
        key = (name, ink.name())
        if key not in self._stars:
            self._stars[key] = tinted_icon(name, ink)
        self._stars[key].paint(painter, area)


def _inner(card: QRect) -> QRect:
    return card.adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, -_MARGIN_PX)


def _tr(text: str) -> str:
    return QCoreApplication.translate("TakeCards", text)
