"""llama.cpp's own OpenAI-compatible server in this process (xllamacpp)."""

import os
import signal
import threading

from host_failure import NodeFailure
from host_status import Status


def serve(spec: dict, model_path: str, status: Status) -> None:
    """Returns after SIGTERM. Before the model is loaded SIGTERM simply ends the process."""
    if not model_path:
        raise NodeFailure("model_no_gguf", f"{spec['model']} has no GGUF file that this machine could load.")
    if spec["runtimeArgs"]:
        print("runtimeArgs are for LOCAL_RUNTIME_COMMAND; the bundled llama.cpp takes none", flush=True)
    try:
        import xllamacpp
    except ImportError as error:
        raise NodeFailure(
            "runtime_unavailable",
            f"llama.cpp does not load on this machine ({error}): use Python 3.10 or newer, or set LOCAL_RUNTIME_COMMAND.",
        ) from error

    log_start = log_size(status)
    status.start_heartbeat()
    try:
        server = xllamacpp.Server(parameters(xllamacpp, spec, model_path))
    except RuntimeError as error:
        raise explain(spec, status, log_start) or error

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    port = int(server.listening_address.rpartition(":")[2])
    status.update(stage="health_check", port=port)
    print(f"serving on 127.0.0.1:{port}", flush=True)
    stop.wait()
    print("stopping", flush=True)
    # Its destructor ends the HTTP server.
    del server


def parameters(xllamacpp, spec: dict, model_path: str):
    params = xllamacpp.CommonParams()
    params.model.path = model_path
    params.model_alias = {spec["model"], spec["endpointId"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [spec["secret"]]
    # llama.cpp divides n_ctx among its slots.
    params.n_ctx = spec["contextLength"] * spec["concurrency"]
    params.n_parallel = spec["concurrency"]
    params.n_threads_http = spec["concurrency"] + 8
    # All cores would collapse on a busy machine, because the threads spin while they wait for each other.
    params.cpuparams.n_threads = spec["threads"]
    params.cpuparams_batch.n_threads = spec["threads"]
    # The server notices SIGTERM in the middle of a stream only at its next ping.
    params.sse_ping_interval = 1
    params.endpoint_metrics = True
    params.endpoint_slots = True
    params.ui = False
    # Both are needed for /v1/embeddings, and chat works all the same.
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    return params


def explain(spec: dict, status: Status, log_start: int) -> NodeFailure | None:
    """llama.cpp says why only in its log. None when it was not the model's fault, so that a retry may help."""
    with open(os.path.join(status.folder, "runtime.log"), encoding="utf-8", errors="replace") as file:
        file.seek(log_start)
        log = file.read()
    if "failed to allocate" in log:
        return NodeFailure("model_too_large", f"{spec['model']} does not fit into the memory of this machine.")
    if "failed to load model" in log:
        reasons = [line.partition("error loading model: ")[2] for line in log.splitlines() if "error loading model: " in line]
        reason = f": {reasons[-1].strip()}" if reasons else ""
        return NodeFailure("model_unsupported", f"llama.cpp cannot load {spec['model']}{reason}")
    return None


def log_size(status: Status) -> int:
    path = os.path.join(status.folder, "runtime.log")
    return os.path.getsize(path) if os.path.exists(path) else 0
