"""Small pictures of the edits list: kinds, states and how sure the network is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from editorbot_gui.actions import tinted_icon
from editorbot_gui.theme import GRID_PX, LETTERS, Theme, figures_font, ink_on, text_font
from model_core.edit.types import UNDONE, Change, ChangeKind, ChangeState

if TYPE_CHECKING:
    from editorbot_gui.theme import Palette

BADGE_PX = 18
_STATE_ICONS = {
    ChangeState.PROPOSED: "mdi6.circle-outline",
    ChangeState.ACCEPTED: "mdi6.check-circle",
    ChangeState.REJECTED: "mdi6.close-circle-outline",
    ChangeState.LOCKED: "mdi6.lock-check",
    ChangeState.MANUAL: "mdi6.pencil",
    ChangeState.KEPT: "mdi6.lock-minus-outline",
}
_BAR_PX = 3
_DOUBT_PX = 14
_MADE: dict[tuple[str, str], QIcon] = {}


def kind_badge(kind: ChangeKind) -> QIcon:
    """Returns the kind's letter on its colour, as everywhere in the window."""
    palette = Theme.current().palette
    key = (palette.name, kind.value)
    if key not in _MADE:
        _MADE[key] = _drawn_badge(kind, palette)
    return _MADE[key]


def state_icon(state: ChangeState) -> QIcon:
    """Returns the sign of a state; each has another shape."""
    palette = Theme.current().palette
    key = (palette.name, state.value)
    if key not in _MADE:
        colour = palette.muted if state in (ChangeState.PROPOSED, *UNDONE) else palette.text
        _MADE[key] = _also_selected(tinted_icon(_STATE_ICONS[state], colour).pixmap(BADGE_PX))
    return _MADE[key]


def _drawn_badge(kind: ChangeKind, palette: Palette) -> QIcon:
    scale = 2  # crisp on a screen with 200 %
    pixmap = QPixmap(BADGE_PX * scale, BADGE_PX * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(palette.of_kind(kind))
    box = QRect(1, 1, BADGE_PX - 2, BADGE_PX - 2)
    painter.drawRoundedRect(box, 3, 3)
    painter.setPen(ink_on(palette.of_kind(kind)))
    painter.setFont(text_font(11, bold=True))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, LETTERS[kind])
    painter.end()
    return _also_selected(pixmap)


def _also_selected(pixmap: QPixmap) -> QIcon:
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # or a chosen row would pale it
    return icon


class ConfidenceCell(QStyledItemDelegate):
    """Shows how sure the network is: a figure, a bar under it, and a sign where it is not.

    The bar is as long as the figure says; a doubt has a triangle, so that no colour is needed.
    """

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draws a cell."""
        from editorbot_gui.panels.edits.changes_model import confidence_text, is_doubtful

        change = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(change, Change):
            return
        ground = QStyleOptionViewItem(option)
        self.initStyleOption(ground, index)
        ground.text = ""
        style = ground.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, ground, painter, ground.widget)
        palette = Theme.current().palette
        doubtful = is_doubtful(change)
        box = option.rect.adjusted(GRID_PX // 2, 0, -GRID_PX, 0)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(figures_font())
        faint = change.confidence is None or change.state in UNDONE
        painter.setPen(palette.muted if faint else palette.text)
        line = box.adjusted(0, 0, 0, -GRID_PX // 2)
        painter.drawText(
            line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
            confidence_text(change),
        )  # fmt: skip
        if doubtful:
            sign = QRect(box.left(), line.center().y() - _DOUBT_PX // 2, _DOUBT_PX, _DOUBT_PX)
            tinted_icon("mdi6.alert", palette.problem).paint(painter, sign)
        if change.confidence is not None:
            bar = QRectF(box.left(), box.bottom() - GRID_PX + 1, box.width(), _BAR_PX)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(palette.line)
            painter.drawRoundedRect(bar, 1, 1)
            bar.setWidth(max(1.0, change.confidence * bar.width()))
            painter.setBrush(palette.problem if doubtful else palette.muted)
            painter.drawRoundedRect(bar, 1, 1)
        painter.restore()
