"""One node of the local provider: `python3 node_host.py <node folder>`.

Started detached by the provider, it outlives the worker and is found again through its folder:

  spec.json    what to serve; written by the provider, holds the secret (0600)
  status.json  what is; written here only: pid, process identity, port, stage, progress, failure
  stop.json    present when the node is to be stopped; written by the provider
  lock         held for as long as this process lives, also across exec
  heartbeat    touched while serving, so that the time of a sudden death is known
  runtime.log  standard output and error

A second host for the same folder finds the lock held and exits, so a doubled launch never gives two
nodes. The order "record the pid, then look for stop.json" is the other half of the provider's "write
stop.json, then look for the pid": one of the two always sees the other.
"""

import fcntl
import json
import os
import socket
import sys

from host_command import exec_runtime_command
from host_failure import NodeFailure
from host_status import Status
from host_weights import fetch_weights

EXIT_FOLDER_GONE = 74
EXIT_LOCK_HELD = 75


def main(node_folder: str) -> int:
    lock = take_lock(node_folder)
    spec = read_spec(node_folder)
    status = Status(node_folder)
    status.update(stage="booting")
    if os.path.exists(os.path.join(node_folder, "stop.json")):
        return 0
    try:
        run(spec, status, lock)
    except NodeFailure as failure:
        print(f"giving up: {failure.code}: {failure.message}", flush=True)
        status.update(failure={"code": failure.code, "message": failure.message})
        return 1
    return 0


def run(spec: dict, status: Status, lock: int) -> None:
    model_path = weights_of(spec, status)
    status.update(stage="loading", progress=None)
    if spec["runtimeCommand"]:
        port = free_port()
        status.update(port=port)
        os.set_inheritable(lock, True)
        exec_runtime_command(spec, model_path, port, status.folder)
    # Imported late: a node with a command of its own needs no llama.cpp.
    from host_llama import serve

    serve(spec, model_path, status)


def weights_of(spec: dict, status: Status) -> str:
    """The file to load; empty when there is none, which only a command of the operator's may accept."""
    if spec["builtinModelPath"]:
        present = os.path.exists(spec["builtinModelPath"])
        return spec["builtinModelPath"] if present else ""
    if not spec["files"]:
        return ""
    return fetch_weights(spec, status)


def take_lock(node_folder: str) -> int:
    try:
        lock = os.open(os.path.join(node_folder, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        sys.exit(EXIT_FOLDER_GONE)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(EXIT_LOCK_HELD)
    return lock


def read_spec(node_folder: str) -> dict:
    try:
        with open(os.path.join(node_folder, "spec.json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        sys.exit(EXIT_FOLDER_GONE)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
