"""One file of a Hub repository, read from an offset, with the retries that a public service asks for."""

import contextlib
import email.utils
import errno
import http.client
import time
import urllib.error
import urllib.parse
import urllib.request

from host_failure import NodeFailure

TIMEOUT_SECONDS = 30
CHUNK_BYTES = 2**20
ATTEMPTS_WITHOUT_PROGRESS_MAX = 8
BACKOFF_SECONDS_MAX = 30
RETRY_AFTER_SECONDS_MAX = 120


class Interrupted(Exception):
    """Worth another attempt."""

    def __init__(self, reason: str, retry_after_seconds: float | None = None):
        super().__init__(reason)
        self.retry_after_seconds = retry_after_seconds


class HubFile:
    def __init__(self, spec: dict, path: str):
        self._spec = spec
        revision = urllib.parse.quote(spec["revision"] or "main", safe="")
        self._endpoint = spec["hub"]["endpoint"]
        self._url = f"{self._endpoint}/{urllib.parse.quote(spec['model'])}/resolve/{revision}/{urllib.parse.quote(path)}"
        self._path = path
        self._failures = 0

    @contextlib.contextmanager
    def open_at(self, offset: int):
        """Yields (where the bytes really start, the chunks). @raises Interrupted, NodeFailure"""
        request = urllib.request.Request(self._url, headers={"User-Agent": "hypervize"})
        if offset:
            request.add_header("Range", f"bytes={offset}-")
        if self._spec["hub"]["token"]:
            # Not sent on to another host by a redirect: download links carry their own signature.
            request.add_unredirected_header("Authorization", f"Bearer {self._spec['hub']['token']}")
        try:
            with OPENER.open(request, timeout=TIMEOUT_SECONDS) as response:
                yield (offset if response.status == 206 else 0), read_chunks(response)
        except urllib.error.HTTPError as error:
            # Nothing is left to read: the file on the Hub is shorter than what we have.
            if error.code == 416:
                yield 0, iter(())
                return
            raise self._explain(error) from error
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            # The reader's own trouble with its disk passes through here, too.
            if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
                raise NodeFailure("weights_download_failed", f"{self._path} could not be stored: {error.strerror}.") from error
            raise Interrupted(str(error)) from error

    def back_off(self, interruption: Interrupted, progressed: bool) -> None:
        self._failures = 1 if progressed else self._failures + 1
        if self._failures >= ATTEMPTS_WITHOUT_PROGRESS_MAX:
            raise NodeFailure(
                "hub_unavailable",
                f"{self._endpoint} does not deliver {self._path} of {self._spec['model']} ({interruption}): retry later.",
            ) from interruption
        seconds = interruption.retry_after_seconds
        if seconds is None:
            seconds = min(0.25 * 2**self._failures, BACKOFF_SECONDS_MAX)
        print(f"download interrupted ({interruption}), trying again in {seconds:g} s", flush=True)
        time.sleep(seconds)

    def _explain(self, error: urllib.error.HTTPError) -> Exception:
        model = self._spec["model"]
        # The Hub answers 401 for what does not exist, too, when nobody is signed in; the header tells.
        missing = error.headers.get("X-Error-Code") in ("RepoNotFound", "RevisionNotFound", "EntryNotFound")
        if error.code == 404 or missing:
            return NodeFailure("model_not_found", f"{self._endpoint} has no {self._path} in {model}: check the model and its revision.")
        if error.code in (401, 403):
            return NodeFailure(
                "model_gated",
                f"{model} may not be downloaded: accept the licence at {self._endpoint}/{model}, then add a token.",
            )
        if error.code == 429 or error.code >= 500:
            return Interrupted(f"the Hub answered {error.code}", retry_after(error.headers.get("Retry-After")))
        return NodeFailure("weights_download_failed", f"{self._endpoint} answered {error.code} for {self._path} of {model}.")


def read_chunks(response):
    while chunk := response.read(CHUNK_BYTES):
        yield chunk


def retry_after(value: str | None) -> float | None:
    """Seconds or a date, as HTTP has it."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0), RETRY_AFTER_SECONDS_MAX)


class SameHostAuthorization(urllib.request.HTTPRedirectHandler):
    """A renamed repository redirects within the Hub, which still needs the token there."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        old, new = urllib.parse.urlsplit(req.full_url), urllib.parse.urlsplit(newurl)
        if old.scheme == "https" and new.scheme != "https":
            raise urllib.error.HTTPError(newurl, 502, "redirect away from https", headers, fp)
        request = super().redirect_request(req, fp, code, msg, headers, newurl)
        token = req.unredirected_hdrs.get("Authorization")
        if request and token and (old.scheme, old.netloc) == (new.scheme, new.netloc):
            request.add_unredirected_header("Authorization", token)
        return request


OPENER = urllib.request.build_opener(SameHostAuthorization)
