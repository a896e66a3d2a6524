"""From a recording to an edit: a ladder of small calls, and the command line on top of it.

    mel, raw_audio, sr = compute_mel("talk.wav", config)
    pointers = run_inference(model, torch.from_numpy(mel))
    edited = pointers_to_audio(pointers, raw_audio, config.hop_length, sr)

`python -m model_core.infer talk.wav --output edited.wav` does all of it without losing a bit.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from model_core.audio.features import mel_spectrogram
from model_core.audio.mixdown import export_channels
from model_core.audio.reading import open_audio
from model_core.audio.render import Renderer
from model_core.audio.source import ArraySource, AudioSource
from model_core.commands.edit_arguments import DESCRIPTION, add_edit_arguments
from model_core.edit.pointers import (
    PointerSequence,
    frame_count,
    pointers_to_edit_list,
    write_pointers,
)
from model_core.edit.serialise import SourceInfo, write_edit_list
from model_core.edit.types import EditList, Proposal
from model_core.errors import AudioReadError, EditorBotError
from model_core.export.formats import check_format, export_format
from model_core.export.pieces import Piece
from model_core.export.sound import export_sound
from model_core.files import check_writable, refuse_overwriting_source
from model_core.microphones import export_microphones, microphone_pieces, open_microphones
from model_core.options import GenerateOptions
from model_core.progress import Progress, part_of
from model_core.styles import Style, find_style, read_style, write_style
from resources import resource_path

if TYPE_CHECKING:
    from torch import Tensor

    from model_core.engine import Engine
    from model_core.nn.config import PointerNetworkConfig
    from model_core.nn.network import PointerNetwork

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]

BUNDLED_CHECKPOINT = resource_path("model", "editorbot.safetensors")


def load_model(
    path: str | Path | None = None, device: str = "auto"
) -> tuple[PointerNetwork, PointerNetworkConfig]:
    """Loads a network; without a path the bundled one.

    Raises:
        CheckpointError: The checkpoint is missing, damaged or foreign.
        DeviceError: The device is not there.
    """
    engine = load_engine(path, device)
    return engine.model, engine.card.config


def load_engine(path: str | Path | None = None, device: str = "auto") -> Engine:
    """Loads a network together with what it needs to work; see `load_model`."""
    from model_core.engine import Engine

    return Engine.load(Path(path) if path else BUNDLED_CHECKPOINT, device)


def compute_mel(
    path: str | Path, config: PointerNetworkConfig
) -> tuple[FloatArray, FloatArray, int]:
    """Reads a recording.

    Args:
        path: Any readable audio file.
        config: Of the network that will see it.

    Returns:
        The spectrogram `[n_mels, T]`, the samples `[n, channels]` as float32, and their own rate
        in Hz.

    Raises:
        AudioReadError: The file can't be read.
    """
    with open_audio(path) as source:
        mel = mel_spectrogram(source, config.mel_settings())
        hop = config.hop(source.sample_rate)
        # The front end counts frames as librosa does, with an empty one at the very end.
        mel = mel[:, : frame_count(source.n_samples, hop)]
        return mel, source.read_float(0, source.n_samples), source.sample_rate


def run_inference(
    model: PointerNetwork,
    raw_mel: Tensor,
    device: str = "auto",
    options: GenerateOptions | None = None,
) -> IntArray:
    """Decides which frames an edit plays.

    Args:
        model: From `load_model`.
        raw_mel: Spectrogram of shape `[n_mels, T]`.
        device: Where to compute.
        options: What is asked for.

    Returns:
        Raw frame indices and a final -2.
    """
    from model_core.engine import Engine
    from model_core.nn.device import choose_device

    engine = Engine(model, choose_device(device))
    config = engine.card.config
    n_samples = raw_mel.shape[1] * config.hop_length
    encoding = engine.encode_mel(raw_mel.cpu().numpy(), n_samples, config.sample_rate)
    return engine.pointers(encoding, options)


def pointers_to_audio(
    pointers: IntArray, raw_audio: FloatArray, hop_length: int, sr: int, model_rate: int = 22050
) -> FloatArray:
    """Plays the frames that pointers name, with short crossfades at the joins.

    Args:
        pointers: Raw frame indices; -1 and -2 are left out.
        raw_audio: Samples of shape `[n]` or `[n, channels]`.
        hop_length: Samples per frame at `model_rate`.
        sr: Rate of `raw_audio` in Hz.
        model_rate: Rate that frames are counted at in Hz.

    Returns:
        Samples of the edit, `[m]` or `[m, channels]` as `raw_audio` has it.
    """
    flat = raw_audio.ndim == 1
    source = ArraySource(raw_audio[:, None] if flat else raw_audio, sr)
    sequence = PointerSequence(Fraction(hop_length * sr, model_rate), pointers[pointers >= 0])
    renderer = Renderer([source], pointers_to_edit_list(sequence, source.n_samples))
    edited = renderer.read_float(0, renderer.length)
    return edited[:, 0] if flat else edited


@dataclass(frozen=True, slots=True)
class EditedFile:
    """What the command line did.

    Attributes:
        raw_s: Length of the recording in seconds.
        edited_s: Length of the edit in seconds.
        counts: How many changes of each kind the edit has.
        notes: Sentences about what a person should know.
        written: The files.
        seed: Of what was drawn, or None where nothing was.
    """

    raw_s: float
    edited_s: float
    counts: dict[str, int]
    notes: tuple[str, ...]
    written: tuple[Path, ...]
    seed: int | None = None

    @property
    def words(self) -> str:
        """The same for people, in one line."""
        lengths = f"{self.raw_s:.1f} s → {self.edited_s:.1f} s."
        return " ".join(filter(None, (f"{_counted(self.counts)},", lengths, *self.notes)))


def main(argv: list[str] | None = None) -> int:
    """Runs the command line.

    Returns:
        0 for success, 1 for anything wrong with input or files, 2 for wrong usage.
    """
    arguments = _parser("python -m model_core.infer").parse_args(argv)
    try:
        options = generate_options(arguments)
    except ValueError as error:
        sys.stderr.write(f"infer: error: {error}\n")
        return 2
    try:
        with progress_bar(quiet=arguments.quiet) as progress:
            edited = edit_file(arguments, options, progress)
    except EditorBotError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Stopped.\n")
        return 1
    if not arguments.quiet:
        sys.stderr.write(f"{edited.words}\n")
    return 0


def generate_options(arguments: argparse.Namespace) -> GenerateOptions:
    """Returns what the arguments of `add_edit_arguments` ask of the network.

    Raises:
        ValueError: A value is out of its range, or two arguments contradict each other.
    """
    if len(arguments.inputs) > 1 and not arguments.together:
        raise ValueError(
            "several recordings are edited one by one; for the microphones of one "
            "recording add --together"
        )
    if (arguments.line_up or arguments.separately) and not arguments.together:
        raise ValueError("--line-up and --separately need --together")
    return GenerateOptions(
        tightness=arguments.tightness,
        target_length_s=arguments.target_length,
        seed=arguments.seed,
        temperature=arguments.temperature,
        sample_style=arguments.sample_style,
        stop_threshold=arguments.stop_threshold,
        extension=arguments.extend,
        rescore=arguments.rescore,
        axes=tuple(arguments.axis),
    )


def edit_file(
    arguments: argparse.Namespace, options: GenerateOptions, progress: Progress
) -> EditedFile:
    """Does what the arguments of `add_edit_arguments` ask for.

    Raises:
        EditorBotError: It can't be done.
    """
    outputs = [
        arguments.output,
        arguments.pointers,
        arguments.edit_list,
        arguments.alignment_plot,
        arguments.save_style,
    ]
    with ExitStack() as opened:
        notes: tuple[str, ...] = ()
        source: AudioSource
        if arguments.together:
            source, notes = open_microphones(
                arguments.inputs,
                by_sound=arguments.line_up,
                progress=part_of(progress, 0.0, 0.1),
            )
            opened.enter_context(source)
        else:
            source = opened.enter_context(open_audio(arguments.inputs[0]))
        stems = {
            name: opened.enter_context(open_audio(path))
            for name, path in (find_stems(arguments.stems) if arguments.stems else {}).items()
        }
        # Whatever is wrong with the outputs is said now, not after minutes of work.
        pieces: tuple[Piece, ...] = ()
        if arguments.separately:
            pieces = microphone_pieces(source, EditList(), arguments.output, separately=True)
            outputs += [piece.path for piece in pieces]
        for output in filter(None, outputs):
            refuse_overwriting_source(output, source.paths)
            check_writable(output)
        kind = export_format(arguments.output)
        channels = export_channels(source, separately=arguments.separately)
        check_format(kind, kind.encodings[0], source.sample_rate, channels)
        progress(0.0, "Loading the model")
        engine, mel = _load_and_look(arguments, source, part_of(progress, 0.0, 0.4))
        settings = engine.card.config.mel_settings()
        stem_mels = {name: mel_spectrogram(stem, settings) for name, stem in stems.items()}
        progress(0.4, "Listening")
        encoding = engine.encode_mel(mel, source.n_samples, source.sample_rate, stem_mels)
        del mel, stem_mels
        options = _with_style(arguments, engine, options)
        proposal = engine.propose(encoding, source, options, part_of(progress, 0.6, 0.8))
        notes += _write_outputs(arguments, source, proposal, part_of(progress, 0.8, 1.0))
        progress(1.0, "Done")
        sounds = [piece.path for piece in pieces] or [arguments.output]
        return EditedFile(
            source.duration_s,
            proposal.edit_list.length / source.sample_rate,
            dict(Counter(change.kind.value for change in proposal.changes)),
            tuple(filter(None, (*source.notes, *notes, proposal.note))),
            (*sounds, *filter(None, outputs[1:5])),
            proposal.provenance.seed if proposal.provenance else None,
        )


def _with_style(
    arguments: argparse.Namespace, engine: Engine, options: GenerateOptions
) -> GenerateOptions:
    """Adds the style that a file holds or that a finished edit shows, if one is asked for."""
    if arguments.style:
        path = find_style(arguments.style)
        style = read_style(path, engine.checkpoint_sha256)
        return replace(options, style=style.place, targets=style.targets)
    if arguments.style_from:
        from model_core.align import align

        raw_path, edit_path = arguments.style_from
        with open_audio(raw_path) as raw, open_audio(edit_path) as edit:
            found = align(raw, edit)
            read = engine.read_style(raw, found.edit_list)
            return replace(options, style=read.place, targets=read.targets)
    return options


def _counted(counts: dict[str, int]) -> str:
    """Says how many cuts, and how many loops and reorders if there are any, an edit has."""
    parts = [
        f"{counts.get(kind, 0)} {kind}{'' if counts.get(kind) == 1 else 's'}"
        for kind in ("cut", "loop", "reorder")
        if counts.get(kind) or kind == "cut"
    ]
    return ", ".join(parts)


def find_stems(folder: Path) -> dict[str, Path]:
    """Returns the separated stems in a folder: `drums.wav`, `vocals.flac` and so on.

    Raises:
        AudioReadError: There is no such folder, or no stem in it, or two of one name.
    """
    from model_core.nn.config import STEMS

    if not folder.is_dir():
        raise AudioReadError(f"There is no folder {folder}.", "Name a folder that holds stems.")
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        name = path.stem.lower()
        if name in STEMS and path.is_file():
            if name in found:
                raise AudioReadError(
                    f"{folder} holds two files for the stem “{name}”.", "Leave only one there."
                )
            found[name] = path
    if not found:
        raise AudioReadError(
            f"{folder} holds no stems.",
            f"Name the files after what is in them: {', '.join(STEMS)}.",
        )
    return found


def _load_and_look(
    arguments: argparse.Namespace, source: AudioSource, progress: Progress
) -> tuple[Engine, FloatArray]:
    """Loads the network and computes the spectrogram at the same time.

    Loading is above all the import of torch, which one core does; the front end needs only what
    the checkpoint's card says.
    """
    from model_core.nn.card import read_card

    settings = read_card(arguments.checkpoint or BUNDLED_CHECKPOINT).config.mel_settings()
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(load_engine, arguments.checkpoint, arguments.device)
        mel = mel_spectrogram(source, settings, progress)
        return loading.result(), mel


def _write_outputs(
    arguments: argparse.Namespace, source: AudioSource, proposal: Proposal, progress: Progress
) -> tuple[str, ...]:
    """Writes the sound and whatever else is asked for; returns what couldn't be kept."""
    if arguments.pointers:
        runs = [np.arange(start, stop) for start, stop in proposal.runs]
        write_pointers(arguments.pointers, np.concatenate(runs) if runs else [])
    if arguments.edit_list:
        about = SourceInfo(
            str(arguments.inputs[0]), source.sample_rate, source.n_samples, source.content_hash()
        )
        write_edit_list(arguments.edit_list, proposal.edit_list, [about])
    if arguments.save_style and proposal.provenance:
        about_style = Style(
            arguments.save_style.stem,
            proposal.provenance.style,
            proposal.provenance.checkpoint_hash,
            proposal.provenance.targets,
        )
        write_style(arguments.save_style, about_style)
    if arguments.alignment_plot:
        from model_core.plot import save_alignment_plot

        title = f"{arguments.inputs[0].name}: recording against edit"
        save_alignment_plot(arguments.alignment_plot, proposal.edit_list, source, title)
    if source.tracks:
        return export_microphones(
            source,
            proposal.edit_list,
            arguments.output,
            separately=arguments.separately,
            progress=progress,
        )
    export_sound(Renderer([source], proposal.edit_list), arguments.output, progress=progress)
    return ()


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program, description=DESCRIPTION)
    add_edit_arguments(parser)
    return parser


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[float, str], None]]:
    """Shows progress on stderr."""
    from tqdm import tqdm

    form = "{desc:<18} {percentage:3.0f} % |{bar}|"
    with tqdm(total=100, file=sys.stderr, disable=quiet, leave=False, bar_format=form) as bar:

        def report(share: float, phrase: str) -> None:
            bar.set_description_str(phrase, refresh=False)
            bar.update(max(0.0, 100 * share - bar.n))

        yield report


if __name__ == "__main__":
    sys.exit(main())
