"""The commands of `editorbot` that need neither window nor sound card, one module each."""
