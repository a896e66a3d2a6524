# Every command lives in scripts/tasks.py, which Windows calls directly:
#   make test   is   py -m scripts.tasks test
# PYTHON names the interpreter that .venv is made with (3.11 or newer); ARGS is handed on:
#   make test ARGS="tests/edit -x"

PYTHON ?= python3
ARGS ?=

TASKS := setup run test lint bench bench-quality screenshots docs package clean

.PHONY: $(TASKS)
.DEFAULT_GOAL := setup

$(TASKS):
	@$(PYTHON) -m scripts.tasks $@ $(ARGS)
