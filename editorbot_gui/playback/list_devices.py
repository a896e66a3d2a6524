"""Prints the sound outputs or inputs that there are now, as JSON; run as a process of its own.

    python -m editorbot_gui.playback.list_devices [output|input]

PortAudio looks for devices only when it starts, and can't start again while something plays. A
fresh process sees what was plugged in since, and disturbs nothing.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from editorbot_gui.playback.portaudio_types import DeviceLister


Kind = Literal["output", "input"]


def devices(library: DeviceLister, kind: Kind) -> list[dict[str, object]]:
    """Returns the devices of the system's usual sound interface.

    Args:
        library: The module sounddevice.
        kind: Which ones.

    Returns:
        For each: `name` for people, `id` to open it by, how many `channels` it has, and whether it
        is the `default` one. Other interfaces list the same devices again.
    """
    interfaces = library.query_hostapis()
    defaults = {
        "output": lambda api: api["default_output_device"],
        "input": lambda api: api["default_input_device"],
    }
    usual = next((api for api in interfaces if defaults[kind](api) >= 0), None)
    if usual is None:
        return []
    found = []
    for index in usual["devices"]:
        device = library.query_devices(index)
        out = kind == "output"
        channels = device["max_output_channels"] if out else device["max_input_channels"]
        if channels > 0:
            found.append(
                {
                    "name": device["name"],
                    "id": f"{device['name']}, {usual['name']}",
                    "channels": channels,
                    "default": index == defaults[kind](usual),
                }
            )
    return found


def main() -> None:
    """Prints them; an empty list where there is no PortAudio."""
    kind: Kind = "input" if sys.argv[1:] == ["input"] else "output"
    try:
        import sounddevice
    except OSError:
        print("[]")  # noqa: T201 - the answer of this process
        return
    print(json.dumps(devices(sounddevice, kind)))  # noqa: T201 - the answer of this process


if __name__ == "__main__":
    main()
