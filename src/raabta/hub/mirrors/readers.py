"""Reading one mirror's files: of a folder, or over HTTP. Both give bytes, None where a file is not there."""

import os
import stat
from pathlib import Path
from typing import Final

import urllib3

from raabta.hub.mirrors.planning import Deadline
from raabta.pipeline.informing.site.releases import CURRENT

_STEP_BYTES: Final = 65_536
_CONNECT_S: Final = 10.0
_READ_S: Final = 20.0
_ABSENT: Final = frozenset({404, 410})
N_AT_ONCE: Final = 8
"""Files fetched beside each other."""


class FolderReader:
    """Reads a folder that a web server would serve."""

    def __init__(self, folder: Path) -> None:
        """Begin.

        Args:
            folder: The site's own, with ``current`` in it, or what that points to.
        """
        self._root = (folder / CURRENT if (folder / CURRENT).is_dir() else folder).resolve()

    def read(self, path: str, n_most: int) -> bytes | None:
        """Read at most so many bytes of a file, and one more where there is more; None also where it is no plain file.

        Raises:
            OSError: It is there and cannot be read.
        """
        file = self._root / path
        try:
            if self.is_odd(path):
                return None
            handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK)  # whatever took its place meanwhile: no waiting
            with os.fdopen(handle, "rb") as stream:
                return stream.read(n_most + 1) if stat.S_ISREG(os.fstat(handle).st_mode) else None
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def is_odd(self, path: str) -> bool:
        """Say whether something is there that is no plain file: a pipe would be waited for, a device never ends."""
        try:
            return not stat.S_ISREG((self._root / path).stat().st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False

    def names(self) -> list[str]:
        """List all files; links count, and are not followed."""
        found = []
        for place, folders, files in os.walk(self._root):
            linked = [name for name in folders if (Path(place) / name).is_symlink()]
            found += [(Path(place) / name).relative_to(self._root).as_posix() for name in (*files, *linked)]
        return found


class UrlReader:
    """Reads over HTTP: no redirect is followed, no proxy asked, nothing tried twice."""

    def __init__(self, url: str, *, deadline: Deadline, ca_file: str = "") -> None:
        """Begin.

        Args:
            url: Where the site's index.html is.
            deadline: When to give up.
            ca_file: Whom to trust, "" for whom the system trusts.
        """
        self._url = url.removesuffix("index.html").rstrip("/")
        self._deadline = deadline
        self._pool = urllib3.PoolManager(
            maxsize=N_AT_ONCE,
            retries=False,
            timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S),
            ca_certs=ca_file or None,
        )

    def read(self, path: str, n_most: int) -> bytes | None:
        """Fetch at most so many bytes of a file, and some more where there are more; a truncated one as far as it goes.

        Raises:
            OSError: No answer, or another one than "here it is" and "there is none".
        """
        self._deadline.left_s()
        try:
            answer = self._pool.request(
                "GET",
                f"{self._url}/{path}",
                redirect=False,
                preload_content=False,
                decode_content=False,  # nothing packed was asked for: what is packed all the same may be a bomb
                enforce_content_length=False,  # what breaks off is judged by the manifest
            )
            if answer.status in _ABSENT:
                answer.drain_conn()
                return None
            if answer.status == 200:
                return self._body(answer, n_most)
            answer.close()
            message = f"answers {answer.status} for {path}, where 200 is right"
            raise OSError(message)
        except urllib3.exceptions.HTTPError as error:
            message = f"cannot be reached for {path} ({error})"
            raise OSError(message) from error

    def _body(self, answer: urllib3.BaseHTTPResponse, n_most: int) -> bytes:
        body = bytearray()
        while chunk := answer.read1(_STEP_BYTES):  # as it comes: one that drips must not hold up the deadline
            body += chunk
            self._deadline.left_s()
            if len(body) > n_most:
                answer.close()
                break
        return bytes(body)

    def is_odd(self, path: str) -> bool:  # noqa: ARG002  as the other reader's
        """Say no: what a server has there cannot be seen."""
        return False

    def names(self) -> list[str]:
        """List nothing: servers do not tell."""
        return []
