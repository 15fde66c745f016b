"""status.json: the node's own record of itself, replaced whole so that a reader never sees half of it."""

import datetime
import json
import os
import subprocess
import sys
import threading
import time

HEARTBEAT_SECONDS = 5
LOG_BYTES_MAX = 16 * 2**20


class Status:
    def __init__(self, folder: str):
        self.folder = folder
        self._lock = threading.Lock()
        self._fields = {
            "pid": os.getpid(),
            "identity": process_identity(),
            "startedAt": datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z"),
            "port": None,
            "stage": "booting",
            "progress": None,
            "failure": None,
        }

    def update(self, **fields) -> None:
        with self._lock:
            self._fields.update(fields)
            path = os.path.join(self.folder, "status.json")
            temp = f"{path}.{os.getpid()}"
            with open(temp, "w", encoding="utf-8") as file:
                json.dump(self._fields, file)
            os.replace(temp, path)

    def start_heartbeat(self) -> None:
        threading.Thread(target=self._beat, daemon=True).start()

    def _beat(self) -> None:
        while True:
            try:
                self._touch()
            except FileNotFoundError:
                # The folder was removed under this node: it has been released, and nobody else would end it.
                os._exit(0)
            self._bound_log()
            time.sleep(HEARTBEAT_SECONDS)

    def _touch(self) -> None:
        path = os.path.join(self.folder, "heartbeat")
        with open(path, "a", encoding="utf-8"):
            os.utime(path)

    def _bound_log(self) -> None:
        """The log is opened for appending, so it may be emptied while it is written."""
        path = os.path.join(self.folder, "runtime.log")
        if os.path.exists(path) and os.path.getsize(path) > LOG_BYTES_MAX:
            os.truncate(path, 0)


def process_identity() -> str:
    """Pid and this make a process unmistakable; process-identity.ts computes the same from outside."""
    if sys.platform == "linux":
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            boot = file.read().strip()
        with open("/proc/self/stat", encoding="utf-8", errors="replace") as file:
            # The name, in parentheses, may hold anything; after it come numbers.
            start_ticks = file.read().rpartition(")")[2].split()[19]
        return f"linux:{boot}:{start_ticks}"
    started = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(os.getpid())],
        capture_output=True, text=True, check=True, env={"PATH": "/bin:/usr/bin", "LC_ALL": "C", "TZ": "UTC"},
    )
    return f"ps:{started.stdout.strip()}"
