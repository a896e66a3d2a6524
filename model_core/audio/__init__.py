"""Sound in and out: decoding, features, join refinement, rendering and peaks."""
