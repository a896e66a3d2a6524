"""Models as a person reads of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from editorbot_gui.texts import size_text
from model_core.models.model import ModelKind

if TYPE_CHECKING:
    from model_core.models.model import Model

_SHOWN_HASH = 12


def name_of(model: Model) -> str:
    """Returns how a model is called where it stands by itself."""
    return _tr("The bundled one") if model.is_bundled else model.name


def about(model: Model, *, in_use: bool) -> str:
    """Returns a model in a few sentences.

    Args:
        model: The model.
        in_use: Whether it makes the edits.
    """
    sentences = [_origin(model)]
    if model.reason:
        sentences.append(_tr("It can't be used: {why}").format(why=model.reason))
        return " ".join(sentences)
    if in_use:
        sentences.insert(0, _tr("In use: it makes the edits."))
    if model.n_pairs == 1:
        sentences.append(_tr("It has learned from 1 pair."))
    elif model.n_pairs is not None:
        sentences.append(_tr("It has learned from %n pairs.", model.n_pairs))
    if model.before is not None and model.after is not None:
        sentences.append(
            _tr(
                "How well it guesses edits that it hasn't learned from: {before} before it "
                "learned, {after} now (nats an event; less is better)."
            ).format(after=f"{model.after:.2f}", before=f"{model.before:.2f}")
        )
    sentences.append(
        _tr("{size}, network {hash}.").format(
            size=size_text(model.size_bytes), hash=model.sha256[:_SHOWN_HASH]
        )
    )
    return " ".join(sentences)


def _origin(model: Model) -> str:
    if model.kind is ModelKind.BUNDLED:
        return _tr("It came with EditorBot and is never changed.")
    if model.kind is ModelKind.IMPORTED:
        where = _tr("It was imported; it was trained on {date}.")
        return where.format(date=model.date) if model.date else _tr("It was imported.")
    if model.date:
        return _tr("It was trained here on {date}.").format(date=model.date)
    return _tr("It lies among your models.")


def _tr(text: str, n: int = -1) -> str:
    return QCoreApplication.translate("Models", text, None, n)
