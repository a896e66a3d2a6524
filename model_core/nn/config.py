"""Configuration of the network, validated when it is made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from fractions import Fraction
from typing import Any

from model_core.audio.features import MelSettings
from model_core.errors import CheckpointError

STEMS = ("drums", "bass", "vocals", "other")
"""Names of the stems, in the order in which the network reads them."""


@dataclass(frozen=True, slots=True)
class PointerNetworkConfig:
    """Shape of a `PointerNetwork` and of the spectrogram that it reads.

    Attributes:
        n_mels: Mel bands.
        d_model: Width D.
        n_heads: Attention heads.
        n_encoder_layers: Blocks of the encoder.
        n_decoder_layers: Layers of the decoder.
        dim_feedforward: Inner width of the feed-forward parts.
        dropout: Dropout rate.
        use_pre_norm: Whether a sublayer's input is normalised, rather than its output.
        use_stems: Whether spectrograms of separated stems are read too.
        n_stems: How many of `STEMS`, from the first on.
        use_edit_ops: Whether an auxiliary head names the operation of each step.
        op_loss_weight: Weight of that head's loss.
        use_history: Whether the decoder remembers what it played and knows what is left to play;
            without it a step depends on its expected position alone.
        use_style_vae: Whether styles are latent vectors of a `StyleVAE`.
        use_taste: Whether a `TasteLayer` says where exactly one editor cuts.
        compression_ratio: Usual length of an edit over its recording; a prior for lengths.
        attn_window_size: Frames that the decoder sees around the expected position.
        max_delta: Largest offset, in frames, that is coded by itself; farther is a jump.
        n_global_tokens: Most global summary tokens that a recording is given.
        global_token_stride: Fewest frames that a global token sums up.
        encoder_stride: Frames per token inside the encoder.
        local_block: Tokens per block of local attention; a token sees its block and both beside.
        conv_kernel: Width, in tokens, of an encoder block's depthwise convolution.
        match_reach: Tokens ahead and behind that are searched for a passage made again.
        key_dim: Width of the keys that landings are chosen by.
        max_visits: How often a frame may be played; coverage is told for each time.
        style_dim: Dimensions of a style z.
        n_style_quantities: Measured quantities that a style is given by.
        sample_rate: Rate that recordings are resampled to, in Hz.
        n_fft: Samples per transform.
        hop_length: Samples per frame.
        top_db: Range of the spectrogram in dB.
    """

    n_mels: int = 128
    d_model: int = 128
    n_heads: int = 4
    n_encoder_layers: int = 3
    n_decoder_layers: int = 3
    dim_feedforward: int = 512
    dropout: float = 0.15
    use_pre_norm: bool = True
    use_stems: bool = False
    n_stems: int = 4
    use_edit_ops: bool = False
    op_loss_weight: float = 0.05
    use_history: bool = True
    use_style_vae: bool = False
    use_taste: bool = False
    compression_ratio: float = 0.67
    attn_window_size: int = 512
    max_delta: int = 64
    n_global_tokens: int = 64
    global_token_stride: int = 1000
    encoder_stride: int = 4
    local_block: int = 128
    conv_kernel: int = 9
    match_reach: int = 384
    key_dim: int = 64
    max_visits: int = 3
    style_dim: int = 16
    n_style_quantities: int = 3
    sample_rate: int = 22050
    n_fft: int = 2048
    hop_length: int = 256
    top_db: float = 80.0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "int" and (type(value) is not int or not 0 < value < 2**20):
                raise ValueError(f"{field.name} must be a whole number above 0, not {value!r}.")
            if field.type == "float":
                if isinstance(value, bool) or not isinstance(value, int | float):
                    raise ValueError(f"{field.name} must be a number, not {value!r}.")
                object.__setattr__(self, field.name, float(value))
            if field.type == "bool" and type(value) is not bool:
                raise ValueError(f"{field.name} must be true or false, not {value!r}.")
        for wrong, sentence in self._conditions():
            if wrong:
                raise ValueError(sentence)

    def _conditions(self) -> tuple[tuple[bool, str], ...]:
        """Returns what must not be, beside values of the wrong type, and how to say it."""
        return (
            (
                self.d_model % (2 * self.n_heads) > 0,
                f"d_model ({self.d_model}) must be a multiple of 2 x n_heads.",
            ),
            (
                self.n_stems > len(STEMS),
                f"n_stems is at most {len(STEMS)}, not {self.n_stems}.",
            ),
            (
                not 0 <= self.op_loss_weight < float("inf"),
                f"op_loss_weight is 0 or more, not {self.op_loss_weight}.",
            ),
            (self.max_visits > 16, f"max_visits is at most 16, not {self.max_visits}."),
            (not 0 <= self.dropout < 1, f"dropout lies in [0, 1), not {self.dropout}."),
            (
                not 0 < self.compression_ratio <= 10,
                f"compression_ratio lies in (0, 10], not {self.compression_ratio}.",
            ),
            (self.conv_kernel % 2 == 0, f"conv_kernel must be odd, not {self.conv_kernel}."),
            (
                self.attn_window_size % (2 * self.encoder_stride) > 0,
                "attn_window_size must be a multiple of 2 x encoder_stride.",
            ),
            (self.match_reach < 16, f"match_reach must be at least 16, not {self.match_reach}."),
            (not 0 < self.top_db <= 200, f"top_db lies in (0, 200], not {self.top_db}."),
        )

    def mel_settings(self) -> MelSettings:
        """Returns the settings of the spectrogram that the network reads."""
        return MelSettings(
            sample_rate=self.sample_rate,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            n_mels=self.n_mels,
            top_db=self.top_db,
        )

    def hop(self, sample_rate: int) -> Fraction:
        """Returns the length of a frame in samples of a recording of that rate."""
        return Fraction(self.hop_length * sample_rate, self.sample_rate)

    def to_dict(self) -> dict[str, Any]:
        """Returns the configuration as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> PointerNetworkConfig:
        """Returns the configuration that `to_dict` described.

        Raises:
            CheckpointError: `values` is no such description.
        """
        if not isinstance(values, dict):
            raise CheckpointError("The model's configuration is not readable.")
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise CheckpointError(
                f"The model's configuration has unknown entries: {', '.join(sorted(unknown))}.",
                "It may come from a newer version of EditorBot.",
            )
        try:
            return cls(**values)
        except (TypeError, ValueError) as error:
            raise CheckpointError(f"The model's configuration is not valid: {error}") from error
