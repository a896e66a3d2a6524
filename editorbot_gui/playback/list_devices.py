"""Prints the sound outputs that there are now, as JSON; run as a process of its own.

    python -m editorbot_gui.playback.list_devices

PortAudio looks for devices only when it starts, and can't start again while something plays. A
fresh process sees what was plugged in since, and disturbs nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from editorbot_gui.playback.portaudio_types import DeviceLister


def outputs(library: DeviceLister) -> list[dict[str, object]]:
    """Returns the outputs of the system's usual sound interface.

    Args:
        library: The module sounddevice.

    Returns:
        For each: `name` for people, `id` to open it by, and whether it is the `default` one. Other
        interfaces list the same devices again.
    """
    interfaces = library.query_hostapis()
    usual = next((api for api in interfaces if api["default_output_device"] >= 0), None)
    if usual is None:
        return []
    found = []
    for index in usual["devices"]:
        device = library.query_devices(index)
        if device["max_output_channels"] > 0:
            found.append(
                {
                    "name": device["name"],
                    "id": f"{device['name']}, {usual['name']}",
                    "default": index == usual["default_output_device"],
                }
            )
    return found


def main() -> None:
    """Prints them; an empty list where there is no PortAudio."""
    try:
        import sounddevice
    except OSError:
        print("[]")  # noqa: T201 - the answer of this process
        return
    print(json.dumps(outputs(sounddevice)))  # noqa: T201 - the answer of this process


if __name__ == "__main__":
    main()
