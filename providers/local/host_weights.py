"""Weights from the Hub, into `<models>/<org>--<name>/<revision>/<path>`, shared by all nodes.

A file lies under its name only when it is whole and its SHA-256 was right. Until then it is `<name>.part`,
which the next attempt continues, of this node or another. A lock per file lets one node download while
the others wait and report the same progress.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
import urllib.parse

from host_failure import NodeFailure
from host_hub import HubFile, Interrupted
from host_status import Status

CHUNK_BYTES = 2**20
REPORT_SECONDS = 0.5
WAIT_SECONDS = 0.25


def fetch_weights(spec: dict, status: Status) -> str:
    """The path of the first file, which is the one to load (llama.cpp finds the further parts itself)."""
    files = sorted(spec["files"], key=lambda file: file["path"])
    folder = model_folder(spec)
    paths = [os.path.join(folder, *safe_parts(file["path"])) for file in files]
    missing = [file for file, path in zip(files, paths) if not is_complete(path, file)]
    if missing:
        progress = Progress(status, total=sum(file["sizeBytes"] for file in files))
        progress.report(0, force=True)
        check_disk(spec, folder, sum(file["sizeBytes"] for file in missing))
        for file, path in zip(files, paths):
            fetch_file(spec, file, path, progress)
            progress.finish_file(file["sizeBytes"])
    return paths[0]


def fetch_file(spec: dict, file: dict, path: str, progress: "Progress") -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with file_lock(path, progress):
        if is_complete(path, file):
            return
        part = path + ".part"
        hub_file = HubFile(spec, file["path"])
        # A part of other bytes (an upload was replaced) shows only at the end: once more, from nothing.
        for _ in range(2):
            download(hub_file, file, part, progress)
            if matches(file, part):
                os.replace(part, path)
                return
            os.remove(part)
    raise NodeFailure(
        "weights_download_failed",
        f"{file['path']} of {spec['model']} arrived twice with other bytes than {spec['hub']['endpoint']} announces.",
    )


def download(hub_file: HubFile, file: dict, part: str, progress: "Progress") -> None:
    while True:
        have = os.path.getsize(part) if os.path.exists(part) else 0
        progress.report(have)
        if have >= file["sizeBytes"]:
            return
        try:
            with hub_file.open_at(have) as (offset, chunks):
                append(part, offset, chunks, file["sizeBytes"], progress)
        except Interrupted as interruption:
            grown = os.path.exists(part) and os.path.getsize(part) > have
            hub_file.back_off(interruption, progressed=grown)


def append(part: str, offset: int, chunks, size_bytes: int, progress: "Progress") -> None:
    with open(part, "r+b" if os.path.exists(part) else "wb") as out:
        out.truncate(offset)
        out.seek(offset)
        for chunk in chunks:
            out.write(chunk)
            progress.report(out.tell())
    if os.path.getsize(part) < size_bytes:
        raise Interrupted("the connection was cut")


def matches(file: dict, part: str) -> bool:
    if os.path.getsize(part) != file["sizeBytes"]:
        return False
    if not file["sha256"]:
        return True
    digest = hashlib.sha256()
    with open(part, "rb") as data:
        while chunk := data.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest() == file["sha256"]


def is_complete(path: str, file: dict) -> bool:
    return os.path.exists(path) and os.path.getsize(path) == file["sizeBytes"]


def model_folder(spec: dict) -> str:
    name = spec["model"].replace("/", "--")
    revision = urllib.parse.quote(spec["revision"] or "main", safe="")
    for part in (name, revision):
        safe_parts(part)
    return os.path.join(spec["modelsFolder"], name, revision)


def safe_parts(path: str) -> list[str]:
    """A Hub's answer must not write outside the model's folder."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        raise NodeFailure("weights_download_failed", f"The model repository names a file that cannot be stored: {path!r}.")
    return parts


def check_disk(spec: dict, folder: str, needed_bytes: int) -> None:
    os.makedirs(folder, exist_ok=True)
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes > free_bytes:
        raise NodeFailure(
            "weights_download_failed",
            f"{spec['model']} needs {needed_bytes / 2**30:.1f} GiB of disk and {spec['modelsFolder']} has {free_bytes / 2**30:.1f} GiB left.",
        )


@contextlib.contextmanager
def file_lock(path: str, progress: "Progress"):
    lock = os.open(path + ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                with contextlib.suppress(FileNotFoundError):
                    progress.report(os.path.getsize(path + ".part"))
                time.sleep(WAIT_SECONDS)
        yield
    finally:
        os.close(lock)


class Progress:
    """How much of all files is there, written to the status now and then."""

    def __init__(self, status: Status, total: int):
        self._status = status
        self._total = total
        self._finished = 0
        self._reported_at = 0.0

    def report(self, bytes_of_file: int, force: bool = False) -> None:
        now = time.monotonic()
        if not force and now - self._reported_at < REPORT_SECONDS:
            return
        self._reported_at = now
        share = (self._finished + bytes_of_file) / self._total if self._total else 0
        self._status.update(stage="downloading_weights", progress=round(min(share, 1), 4))

    def finish_file(self, size_bytes: int) -> None:
        self._finished += size_bytes
        self.report(0)
