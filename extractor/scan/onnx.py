"""Opens sessions of ONNX Runtime on a thread of their own.

A quarter of a million of the weights of PP-OCR's detector are denormal numbers. Many processors calculate
with those a hundred times slower, so that a page takes three times as long as it need. Treating them as
zeros, which they almost are, changes no result. In ONNX Runtime only the first session of a process can set
this, and only for the thread on which it is opened. So this module opens all sessions on one thread, and runs
the ones there that would be slow without it. Other threads calculate as usual.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

_CPU = ("CPUExecutionProvider",)

T = TypeVar("T")


def run_model(work: Callable[[], T]) -> T:
    """Run `work` on the models' thread and return its result. Raises what `work` raises."""
    return _thread().submit(work).result()


def open_session(
    model: Path | bytes,
    threads: int = 1,
    providers: Sequence[str] = _CPU,
    *,
    optimised: bool = True,
    grows: bool = True,
    keeps_memory: bool = True,
) -> Any:
    """Return an `InferenceSession` of `model`, a file or its bytes, that runs on `threads` threads.

    `optimised`: the session runs faster but takes longer to open. `grows`: it plans its memory for each new
    size of picture and keeps room for all of them. `keeps_memory`: it keeps the memory of a run for the next.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads that spin would keep cores from threads with work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.enable_mem_pattern = grows
    options.enable_cpu_mem_arena = keeps_memory
    options.log_severity_level = 3
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    if not optimised:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    source = model if isinstance(model, bytes) else str(model)
    return run_model(lambda: onnxruntime.InferenceSession(source, options, providers=list(providers)))


@cache
def _thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="models")
