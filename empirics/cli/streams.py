"""Standard output and error that may be closed, full, or an unread pipe; the command goes on to its status."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any


class Stream(io.RawIOBase):
    """What is below a stream: after the first error whatever is written goes nowhere, and the error is kept.

    ``closed`` is the error of a stream that was closed from the start: nobody misses what is not written.
    """

    def __init__(self, raw: Any, closed: OSError | None = None) -> None:
        self._raw, self._closed = raw, closed
        self.error: OSError | None = None

    def writable(self) -> bool:
        """It is written to."""
        return True

    def isatty(self) -> bool:
        """Whether it is a terminal."""
        return bool(self._raw.isatty())

    def fileno(self) -> int:
        """Its number."""
        return int(self._raw.fileno())

    def write(self, data: Any) -> int | None:
        """Write, or keep the error and drop the data."""
        if self.error is None:
            try:
                if self._closed is not None:
                    raise self._closed
                written: int | None = self._raw.write(data)
                return written
            except OSError as error:
                self.error = error
        return memoryview(data).nbytes


def prepare() -> Stream:
    """Put such streams in the place of both; what is below standard output is returned.

    What the terminal cannot show is shown as "?". A stream that was closed takes no file that is opened later.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    output, sys.stdout = _safe(sys.stdout, 1)
    _, sys.stderr = _safe(sys.stderr, 2)
    return output


def _safe(stream: Any, number: int) -> tuple[Stream, io.TextIOWrapper]:
    if stream is None:
        below = Stream(io.FileIO(number, "w", closefd=False), OSError(errno.EBADF, "it is closed"))
        encoding = "utf-8"
    else:
        below = Stream(getattr(stream.buffer, "raw", stream.buffer))  # python -u has no buffer
        encoding = stream.encoding
    by_line = number == 2 or below.isatty()
    return below, io.TextIOWrapper(io.BufferedWriter(below), encoding, errors="replace", line_buffering=by_line)


def lost_output(output: Stream) -> str:
    """Why what was to be printed is lost; nothing if it is not, or if the reader of a pipe has read enough."""
    sys.stdout.flush()
    if output.error is None or isinstance(output.error, BrokenPipeError):
        return ""
    return f"cannot write to standard output: {output.error.strerror}"
