"""The optional view of a recording's frequencies. Only `view` imports pyqtgraph."""
