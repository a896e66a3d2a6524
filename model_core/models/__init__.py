"""The networks that a person owns: a folder of checkpoints, listed, renamed, deleted, handed on."""
