"""How controls look: flat, quiet, on the 8-pixel grid. Laid over the style of the whole program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from editorbot_gui.theme import mixed
from resources import resource_path

if TYPE_CHECKING:
    from editorbot_gui.theme import Palette


def chrome_sheet(palette: Palette) -> str:
    """Returns the style of buttons, fields, lists, docks and bars."""
    return _SHEET % {
        "icons": resource_path("icons").as_posix(),
        "ground": "dark" if palette.is_dark else "light",
        "window": palette.window.name(),
        "panel": palette.panel.name(),
        "line": palette.line.name(),
        "edge": mixed(palette.line, palette.text, 0.12).name(),
        "raised": palette.raised.name(),
        "selected": palette.selected.name(),
        "text": palette.text.name(),
        "muted": palette.muted.name(),
        "faint": mixed(palette.muted, palette.window, 0.4).name(),
        "hover": mixed(palette.panel, palette.text, 0.12).name(),
    }


_SHEET = """
QPushButton {
    background: %(raised)s; color: %(text)s; border: 1px solid %(edge)s; border-radius: 4px;
    padding: 5px 14px; min-height: 18px;
}
QPushButton:hover { background: %(hover)s; border-color: %(muted)s; }
QPushButton:pressed { background: %(selected)s; }
QPushButton:focus { border-color: %(muted)s; }
QPushButton:default { border-color: %(muted)s; }
QPushButton:disabled {
    background: transparent; color: %(faint)s; border-color: %(line)s;
}
QLineEdit, QAbstractSpinBox, QComboBox {
    background: %(panel)s; color: %(text)s; border: 1px solid %(edge)s; border-radius: 4px;
    padding: 4px 8px; min-height: 18px; selection-background-color: %(selected)s;
    selection-color: %(text)s;
}
QLineEdit:focus, QAbstractSpinBox:focus, QComboBox:focus { border-color: %(muted)s; }
QLineEdit:disabled, QAbstractSpinBox:disabled, QComboBox:disabled {
    color: %(faint)s; border-color: %(line)s;
}
QSpinBox, QDoubleSpinBox { padding-right: 20px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; width: 20px; border: none; background: transparent;
}
QAbstractSpinBox::up-button { subcontrol-position: top right; margin-top: 2px; }
QAbstractSpinBox::down-button { subcontrol-position: bottom right; margin-bottom: 2px; }
QAbstractSpinBox::up-arrow { image: url("%(icons)s/chevron-up.svg"); width: 10px; height: 6px; }
QAbstractSpinBox::down-arrow { image: url("%(icons)s/chevron-down.svg"); width: 10px; height: 6px; }
QComboBox { padding-right: 24px; }
QComboBox::drop-down {
    subcontrol-origin: border; subcontrol-position: center right; width: 24px; border: none;
}
QComboBox::down-arrow { image: url("%(icons)s/chevron-down.svg"); width: 10px; height: 6px; }
QComboBox QAbstractItemView {
    background: %(panel)s; border: 1px solid %(edge)s; padding: 4px; outline: none;
}
QCheckBox { spacing: 6px; }
QCheckBox::indicator {
    width: 14px; height: 14px; border: 1px solid %(muted)s; border-radius: 3px;
    background: %(panel)s;
}
QCheckBox::indicator:checked { image: url("%(icons)s/check-on-%(ground)s.svg"); }
QRadioButton { spacing: 6px; }
QRadioButton::indicator {
    width: 12px; height: 12px; border: 1px solid %(muted)s; border-radius: 7px;
    background: %(panel)s;
}
QRadioButton::indicator:checked {
    background: qradialgradient(cx: 0.5, cy: 0.5, radius: 0.5, fx: 0.5, fy: 0.5,
        stop: 0 %(text)s, stop: 0.5 %(text)s, stop: 0.65 %(panel)s, stop: 1 %(panel)s);
}
QRadioButton:focus { color: %(text)s; text-decoration: underline; }
QCheckBox:focus { color: %(text)s; text-decoration: underline; }
QHeaderView { background: %(window)s; }
QHeaderView::section {
    background: %(window)s; color: %(muted)s; border: none; border-bottom: 1px solid %(line)s;
    padding: 4px 6px;
}
QHeaderView::up-arrow, QHeaderView::down-arrow {
    subcontrol-origin: border; subcontrol-position: top center; width: 8px; height: 5px;
}
QHeaderView::up-arrow { image: url("%(icons)s/chevron-up.svg"); }
QHeaderView::down-arrow { image: url("%(icons)s/chevron-down.svg"); }
QTableView {
    background: %(window)s; border: none; selection-background-color: %(selected)s;
    selection-color: %(text)s; outline: none;
}
QTableView::item { padding: 0 6px; border: none; }
QTableView::item:selected { background: %(selected)s; color: %(text)s; }
QTableView::item:hover:!selected { background: %(raised)s; }
QMenu::item { padding: 5px 24px 5px 34px; }
QMenu::icon { left: 9px; }
QMenu::indicator { width: 14px; height: 14px; left: 10px; }
QMenu::indicator:checked { image: url("%(icons)s/check-on-%(ground)s.svg"); }
QTreeView::item { padding: 3px 0; }
QDockWidget { font-weight: 600; }
QDockWidget > QWidget { font-weight: 400; }
QTabBar { qproperty-drawBase: 0; background: %(window)s; }
QTabWidget { background: %(window)s; }
QTabBar::tab {
    background: transparent; color: %(muted)s; border: none; border-bottom: 2px solid transparent;
    padding: 5px 12px;
}
QTabBar::tab:selected { color: %(text)s; border-bottom-color: %(muted)s; }
QTabBar::tab:hover:!selected { color: %(text)s; background: %(raised)s; }
QTabBar:focus::tab:selected { background: %(raised)s; }
QMainWindow::separator { background: %(window)s; width: 6px; height: 6px; }
QMainWindow::separator:hover { background: %(line)s; }
QProgressBar { background: %(raised)s; border: none; border-radius: 4px; }
QProgressBar::chunk { background: %(muted)s; border-radius: 4px; }
QTextBrowser { background: %(panel)s; border: 1px solid %(line)s; border-radius: 4px; }
"""
