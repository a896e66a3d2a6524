"""The strip of takes below the views: a card each, to hear, name, star, compare and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDockWidget,
    QHBoxLayout,
    QLabel,
    QListView,
    QMainWindow,
    QMenu,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from editorbot_gui.keyboard import claims, without_control
from editorbot_gui.panels.docks import add_dock
from editorbot_gui.takes.cards import CARD_SIZE, TAKE_ROLE, CardDelegate, TakesModel
from editorbot_gui.theme import GRID_PX, Theme, text_font

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex

    from editorbot_gui.actions import ActionSet
    from editorbot_gui.session import Session
    from editorbot_gui.takes.take import Take
    from editorbot_gui.takes.takes import Takes

_BUTTONS = ("new_variation", "four_variations", "compare_takes")
_ICON_PX = 18
_OWN_KEYS = frozenset(
    {
        Qt.Key.Key_Delete,
        Qt.Key.Key_Backspace,
        Qt.Key.Key_F2,
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
        Qt.Key.Key_Asterisk,
        Qt.Key.Key_Left,
        Qt.Key.Key_Right,
        Qt.Key.Key_Home,
        Qt.Key.Key_End,
    }
)
_is_own = without_control(_OWN_KEYS)


class CardsView(QListView):
    """The cards in a row.

    A click or Enter shows a take, a double click or F2 renames it, a click on its star or * stars
    it, Del takes it away.

    Args:
        takes: The takes.
        session: The document.
        parent: The owner.
    """

    show_requested = Signal(int)
    """A take is to be the document's edit; carries its number."""
    drop_requested = Signal(int)
    """A take is not wanted any more; carries its number."""
    compare_requested = Signal(int)
    """A take is to be compared with the one that is shown; carries its number."""

    def __init__(self, takes: Takes, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._takes = takes
        self.cards = CardDelegate(self)
        self.takes_model = TakesModel(takes, session, self)
        self.setModel(self.takes_model)
        self.setItemDelegate(self.cards)
        self.setAccessibleName(self.tr("Takes"))
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(False)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.clicked.connect(self._ask_to_show)
        takes.changed.connect(lambda: self.cards.keep_pictures_of(takes.all))
        takes.current_changed.connect(self._bring_current_into_view)

    def take_at(self, index: QModelIndex) -> Take | None:
        """Returns the take of a row, or None."""
        take: Take | None = index.data(TAKE_ROLE) if index.isValid() else None
        return take

    def event(self, event: QEvent) -> bool:
        """Keeps the keys that cards understand from the window's shortcuts."""
        return claims(event, _is_own) or super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paints the cards, and comes back for miniatures that had to wait."""
        self.cards.begin_painting()
        super().paintEvent(event)
        if self.cards.left_out:
            QTimer.singleShot(0, self.viewport(), self.viewport().update)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Shows, stars and deletes with the keyboard."""
        take = self.take_at(self.currentIndex())
        key = event.key()
        if take is None or self.state() == QAbstractItemView.State.EditingState:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.show_requested.emit(take.number)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.drop_requested.emit(take.number)
        elif key == Qt.Key.Key_Asterisk:
            self._takes.star(take.number)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Stars where the star is; everything else is the list's own."""
        index = self.indexAt(event.position().toPoint())
        take = self.take_at(index)
        star = self.cards.star_area(self.visualRect(index))
        left = event.button() is Qt.MouseButton.LeftButton
        if take is not None and left and star.contains(event.position().toPoint()):
            self._takes.star(take.number)
            event.accept()
            return
        super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """A second click on the star is one on the star."""
        index = self.indexAt(event.position().toPoint())
        if self.cards.star_area(self.visualRect(index)).contains(event.position().toPoint()):
            self.mousePressEvent(event)
            return
        super().mouseDoubleClickEvent(event)

    def menu_for(self, index: QModelIndex) -> QMenu | None:
        """Returns the menu of a card, or None where there is none."""
        take = self.take_at(index)
        if take is None:
            return None
        number, current = take.number, self._takes.current
        is_current = current is not None and current.number == number
        menu = QMenu(self)
        show = menu.addAction(self.tr("&Show and hear"))
        show.triggered.connect(lambda: self.show_requested.emit(number))
        show.setEnabled(not is_current)
        menu.addAction(self.tr("&Rename")).triggered.connect(lambda: self.edit(index))
        star = menu.addAction(self.tr("Take the s&tar away") if take.starred else self.tr("S&tar"))
        star.triggered.connect(lambda: self._takes.star(number))
        compare = menu.addAction(self.tr("&Compare with the one that is shown…"))
        compare.triggered.connect(lambda: self.compare_requested.emit(number))
        compare.setEnabled(current is not None and not is_current)
        menu.addSeparator()
        drop = menu.addAction(self.tr("&Delete"))
        drop.triggered.connect(lambda: self.drop_requested.emit(number))
        return menu

    def _show_menu(self, place: QPoint) -> None:
        menu = self.menu_for(self.indexAt(place))
        if menu is not None:
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.viewport().mapToGlobal(place))

    def _ask_to_show(self, index: QModelIndex) -> None:
        take = self.take_at(index)
        if take is not None:
            self.show_requested.emit(take.number)

    def _bring_current_into_view(self) -> None:
        current = self._takes.current
        if current is not None:
            index = self.takes_model.index(self._takes.place_of(current.number))
            self.setCurrentIndex(index)
            self.scrollTo(index)


class TakesStrip(QWidget):
    """The cards, and beside them what makes and compares takes.

    Args:
        takes: The takes.
        session: The document.
        actions: The window's actions.
        parent: The owner.
    """

    def __init__(
        self, takes: Takes, session: Session, actions: ActionSet, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._takes = takes
        self.setWindowTitle(self.tr("Takes"))
        self.cards = CardsView(takes, session)
        self._empty = QLabel(
            self.tr(
                "Each edit that you generate becomes a take here. Keys 1 to 9 switch between takes "
                "while they play."
            )
        )
        self._empty.setWordWrap(True)
        self._empty.setMargin(GRID_PX)
        self._title = QLabel(self.tr("Takes"))
        self._title.setFont(text_font(bold=True))
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID_PX // 2)
        for name in _BUTTONS:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setIconSize(QSize(_ICON_PX, _ICON_PX))
            button.setAutoRaise(True)
            button.setAccessibleName(actions[name].iconText())
            buttons.addWidget(button)
        buttons.addStretch()
        head = QVBoxLayout()
        head.setContentsMargins(GRID_PX, GRID_PX, 0, GRID_PX)
        head.setSpacing(GRID_PX)
        head.addWidget(self._title)
        head.addLayout(buttons)
        head.addStretch()
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.cards)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GRID_PX)
        layout.addLayout(head)
        layout.addLayout(self._pages, 1)
        # A scroll bar must not cover the lowest line of the cards.
        bar = self.cards.horizontalScrollBar().sizeHint().height()
        self.setMinimumHeight(CARD_SIZE.height() + bar + 2)
        self.setMaximumHeight(CARD_SIZE.height() + bar + 2)
        takes.changed.connect(self._choose_page)
        Theme.current().theme_changed.connect(self._dress)
        self._choose_page()
        self._dress()

    def _choose_page(self) -> None:
        self._pages.setCurrentWidget(self.cards if self._takes.all else self._empty)

    def _dress(self) -> None:
        palette = Theme.current().palette
        self._empty.setStyleSheet(f"color: {palette.muted.name()}")
        self.cards.setStyleSheet(f"QListView {{ background: {palette.window.name()}; }}")
        self.cards.viewport().update()


def add_takes_dock(window: QMainWindow, strip: TakesStrip) -> QDockWidget:
    """Puts the strip below the views; the panels at the right keep their height."""
    dock = add_dock(
        window,
        "takes_dock",
        strip.windowTitle(),
        strip,
        Qt.DockWidgetArea.BottomDockWidgetArea,
    )
    # The strip says itself what it is; a title over it would cost the views a line.
    dock.setTitleBarWidget(QWidget())
    window.setCorner(Qt.Corner.BottomRightCorner, Qt.DockWidgetArea.RightDockWidgetArea)
    return dock
