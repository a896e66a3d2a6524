"""Edit lists: immutable types, pure operations, timeline mapping and pointer conversion."""
