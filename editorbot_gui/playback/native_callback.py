"""The sound device's callback in machine code, which needs no interpreter.

A callback in Python waits until another thread hands the interpreter over. While the network works
that takes longer, now and then, than the 20 ms that a device holds, which is heard as a gap. So the
callback, which only copies and counts, is compiled when the first device is opened, by the library
that librosa's own compiled functions are made with. Where that can't be done, the callback in
Python (`OutputPump.pull`) does the same.
"""

from __future__ import annotations

import ctypes
import importlib
import logging
import struct
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

from editorbot_gui.playback.counters import Field
from editorbot_gui.preload import preload_llvmlite

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)

_OUTPUT_UNDERFLOW = 4  # paOutputUnderflow

# Arguments as PortAudio's PaStreamCallback has them. The numbers of `Field` are read and written
# through `state`; what publishes samples to the other side, or takes them, is ordered.
_CODE = """
declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
declare i64 @llvm.umin.i64(i64, i64)
declare i64 @llvm.umax.i64(i64, i64)

define void @fence() {
  fence seq_cst
  ret void
}

define i64 @replace(ptr %state, i64 %frame, ptr %block, i64 %n) {
entry:
  %p_size = getelementptr i64, ptr %state, i64 SIZE
  %p_channels = getelementptr i64, ptr %state, i64 CHANNELS
  %p_written = getelementptr i64, ptr %state, i64 WRITTEN
  %p_taken = getelementptr i64, ptr %state, i64 TAKEN
  %p_largest = getelementptr i64, ptr %state, i64 LARGEST
  %address = load i64, ptr %state
  %ring = inttoptr i64 %address to ptr
  %size = load i64, ptr %p_size
  %channels = load i64, ptr %p_channels
  %frame_bytes = mul i64 %channels, 4
  %first = urem i64 %frame, %size
  %to_wrap = sub i64 %size, %first
  %before = call i64 @llvm.umin.i64(i64 %n, i64 %to_wrap)
  %behind = sub i64 %n, %before
  %first_bytes = mul i64 %first, %frame_bytes
  %before_bytes = mul i64 %before, %frame_bytes
  %behind_bytes = mul i64 %behind, %frame_bytes
  %to = getelementptr i8, ptr %ring, i64 %first_bytes
  %block_behind = getelementptr i8, ptr %block, i64 %before_bytes
  %stop = add i64 %frame, %n
  %written = load i64, ptr %p_written
  %largest = load atomic i64, ptr %p_largest acquire, align 8
  %taken = load atomic i64, ptr %p_taken seq_cst, align 8
  %next_block_end = add i64 %taken, %largest
  %is_clear = icmp uge i64 %frame, %next_block_end
  %is_behind = icmp eq i64 %frame, %written
  %is_free = or i1 %is_clear, %is_behind
  br i1 %is_free, label %copy, label %late

copy:
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %block, i64 %before_bytes, i1 0)
  call void @llvm.memcpy.p0.p0.i64(ptr %ring, ptr %block_behind, i64 %behind_bytes, i1 0)
  store atomic i64 %stop, ptr %p_written release, align 8
  ret i64 1

late:
  ret i64 0
}

define i32 @pull(ptr %in, ptr %out, ULONG %frames, ptr %times, ULONG %flags, ptr %state) {
entry:
  %n = WIDEN ULONG %frames to i64
  %flag_bits = WIDEN ULONG %flags to i64
  %p_size = getelementptr i64, ptr %state, i64 SIZE
  %p_channels = getelementptr i64, ptr %state, i64 CHANNELS
  %p_written = getelementptr i64, ptr %state, i64 WRITTEN
  %p_taken = getelementptr i64, ptr %state, i64 TAKEN
  %p_flowing = getelementptr i64, ptr %state, i64 FLOWING
  %p_underruns = getelementptr i64, ptr %state, i64 UNDERRUNS
  %p_blocks = getelementptr i64, ptr %state, i64 BLOCKS
  %p_largest = getelementptr i64, ptr %state, i64 LARGEST
  %p_underflows = getelementptr i64, ptr %state, i64 UNDERFLOWS
  %p_stamp = getelementptr i64, ptr %state, i64 STAMP
  %p_stamp_frame = getelementptr i64, ptr %state, i64 STAMP_FRAME
  %p_stamp_length = getelementptr i64, ptr %state, i64 STAMP_LENGTH
  %p_stamp_time = getelementptr i64, ptr %state, i64 STAMP_TIME
  %p_latency = getelementptr i64, ptr %state, i64 LATENCY
  %flowing = load atomic i64, ptr %p_flowing acquire, align 8
  %address = load atomic i64, ptr %state acquire, align 8
  %written = load atomic i64, ptr %p_written acquire, align 8
  %taken = load i64, ptr %p_taken
  %size_or_0 = load i64, ptr %p_size
  %size = call i64 @llvm.umax.i64(i64 %size_or_0, i64 1)
  %channels = load i64, ptr %p_channels
  %frame_bytes = mul i64 %channels, 4
  %ring = inttoptr i64 %address to ptr
  %waiting = sub i64 %written, %taken
  %there = call i64 @llvm.umin.i64(i64 %n, i64 %waiting)
  %first = urem i64 %taken, %size
  %to_wrap = sub i64 %size, %first
  %before = call i64 @llvm.umin.i64(i64 %there, i64 %to_wrap)
  %behind = sub i64 %there, %before
  %missing = sub i64 %n, %there
  %first_bytes = mul i64 %first, %frame_bytes
  %before_bytes = mul i64 %before, %frame_bytes
  %behind_bytes = mul i64 %behind, %frame_bytes
  %there_bytes = mul i64 %there, %frame_bytes
  %missing_bytes = mul i64 %missing, %frame_bytes
  %from = getelementptr i8, ptr %ring, i64 %first_bytes
  %out_behind = getelementptr i8, ptr %out, i64 %before_bytes
  %out_missing = getelementptr i8, ptr %out, i64 %there_bytes
  call void @llvm.memcpy.p0.p0.i64(ptr %out, ptr %from, i64 %before_bytes, i1 0)
  call void @llvm.memcpy.p0.p0.i64(ptr %out_behind, ptr %ring, i64 %behind_bytes, i1 0)
  call void @llvm.memset.p0.i64(ptr %out_missing, i8 0, i64 %missing_bytes, i1 0)
  %next = add i64 %taken, %there
  store atomic i64 %next, ptr %p_taken release, align 8
  %some = icmp ne i64 %there, 0
  br i1 %some, label %stamp, label %count

stamp:
  %p_now = getelementptr double, ptr %times, i64 1
  %p_heard = getelementptr double, ptr %times, i64 2
  %now = load double, ptr %p_now
  %heard = load double, ptr %p_heard
  %latency = load double, ptr %p_latency
  %guess = fadd double %now, %latency
  %untold = fcmp oeq double %heard, 0.0
  %time = select i1 %untold, double %guess, double %heard
  %even = load i64, ptr %p_stamp
  %odd = add i64 %even, 1
  %even_again = add i64 %even, 2
  store atomic i64 %odd, ptr %p_stamp seq_cst, align 8
  fence seq_cst
  store i64 %taken, ptr %p_stamp_frame
  store i64 %there, ptr %p_stamp_length
  store double %time, ptr %p_stamp_time
  store atomic i64 %even_again, ptr %p_stamp seq_cst, align 8
  br label %count

count:
  %is_flowing = icmp ne i64 %flowing, 0
  %is_short = icmp ne i64 %missing, 0
  %ran_dry = and i1 %is_flowing, %is_short
  %one_more = zext i1 %ran_dry to i64
  %underruns = load i64, ptr %p_underruns
  %underruns_now = add i64 %underruns, %one_more
  store atomic i64 %underruns_now, ptr %p_underruns monotonic, align 8
  %late = and i64 %flag_bits, OUTPUT_UNDERFLOW
  %is_late = icmp ne i64 %late, 0
  %late_one = zext i1 %is_late to i64
  %underflows = load i64, ptr %p_underflows
  %underflows_now = add i64 %underflows, %late_one
  store atomic i64 %underflows_now, ptr %p_underflows monotonic, align 8
  %largest = load i64, ptr %p_largest
  %largest_now = call i64 @llvm.umax.i64(i64 %largest, i64 %n)
  store atomic i64 %largest_now, ptr %p_largest monotonic, align 8
  %blocks = load i64, ptr %p_blocks
  %blocks_now = add i64 %blocks, 1
  store atomic i64 %blocks_now, ptr %p_blocks release, align 8
  ret i32 0
}
"""


class NativeCallback:
    """The compiled callback; it stays for as long as the program runs.

    Attributes:
        address: Of a function that PortAudio can call, with an array of `Field` as its user data.
        fence: Orders what was written or read before it and after it, for the other side to see.
        replace: Replaces what waits in a ring; see `SampleRing.replace_if_free`. Takes the
            addresses of counters and block, and returns whether it has. Nothing of Python's can
            come between looking and replacing.
    """

    def __init__(self) -> None:
        preload_llvmlite()
        # By name, because it ships no type information.
        binding: Any = importlib.import_module("llvmlite.binding")
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        module = binding.parse_assembly(_code(ctypes.sizeof(ctypes.c_ulong)))
        module.verify()
        machine = binding.Target.from_default_triple().create_target_machine(opt=2)
        # Kept, because the code goes with it.
        self._compiler = binding.create_mcjit_compiler(module, machine)
        self._compiler.finalize_object()
        self.address = int(self._compiler.get_function_address("pull"))
        fence = ctypes.PYFUNCTYPE(None)(self._compiler.get_function_address("fence"))
        self.fence: Callable[[], None] = fence
        numbers = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
        replace = ctypes.PYFUNCTYPE(ctypes.c_int64, *numbers)(
            self._compiler.get_function_address("replace")
        )
        self.replace: Callable[[int, int, int, int], int] = replace


@cache
def native_callback() -> NativeCallback | None:
    """Returns the callback, compiled by the first call, which takes a moment.

    Returns:
        None where there is no compiler for it; then it goes without.
    """
    if struct.calcsize("P") != 8:
        return None
    try:
        return NativeCallback()
    except Exception as error:  # noqa: BLE001 - of whatever kind, the callback in Python remains
        log.warning("the callback in machine code can't be made on %s: %s", sys.platform, error)
        return None


def _code(ulong_bytes: int) -> str:
    """Returns the code for a system whose "unsigned long" has so many bytes."""
    code = _CODE.replace("ULONG", f"i{8 * ulong_bytes}")
    # To the width that it has already, nothing may be widened.
    widen = "zext" if ulong_bytes < 8 else "bitcast"
    code = code.replace("WIDEN", widen).replace("OUTPUT_UNDERFLOW", str(_OUTPUT_UNDERFLOW))
    for field in sorted(Field, key=lambda field: -len(field.name)):
        code = code.replace(f"i64 {field.name}\n", f"i64 {field.value}\n")
    return code
