from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.tasks import TASKS

ROOT = Path(__file__).resolve().parents[1]
# THIRD_PARTY.md names files inside other packages.
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
    if path.name != "THIRD_PARTY.md"
)
FOLDERS = "benchmarks|docs|editorbot_gui|model_core|resources|scripts|tests|training"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*\w)`", text)
    linked = [
        str(((ROOT / page).parent / target).resolve().relative_to(ROOT))
        for target in re.findall(r"\]\(([^)#:\s]+)\)", text)
    ]
    lost = [path for path in (*named, *linked) if not (ROOT / path).exists()]
    assert lost == []


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_every_command_that_a_page_names_is_one(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    named = set(re.findall(r"`(?:make|py -m scripts\.tasks) (\w+)", text))
    assert named
    assert named <= set(TASKS)


def test_the_makefile_has_every_task() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    listed = re.search(r"^TASKS := (.*)$", makefile, re.MULTILINE)
    assert listed
    assert set(listed[1].split()) == set(TASKS)
