"""All commands of the core in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_core.commands import align, batch, edit, export, inspect, render

if TYPE_CHECKING:
    from model_core.commands.common import Commands


def add_commands(commands: Commands) -> None:
    """Adds them to a parser, in the order in which help names them."""
    for module in (edit, render, export, align, batch, inspect):
        module.add_parser(commands)
