"""The core of EditorBot: edit lists, audio, the pointer network and export. No window, no sound card."""
