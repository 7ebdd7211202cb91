"""A worker: a process that is asked in JSON lines, and given up if it takes too long."""

import json
import queue
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class WorkerError(Exception):
    """A worker that failed, died or took too long; the message says which."""


class Worker:
    """One process of an implementation; use it in a ``with`` block.

    Args:
        command: what starts it.
        limit: seconds that an answer may take.
        notes: where its stderr goes.
    """

    def __init__(self, command: list[str], *, limit: float, notes: Path) -> None:
        if not Path(command[0]).exists():
            raise WorkerError("not installed")
        self._limit, self._notes = limit, notes
        with notes.open("w") as stderr:
            self._process = subprocess.Popen(  # noqa: S603 (our own scripts)
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                start_new_session=True,
            )
        self._answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def ask(self, request: str, **arguments: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON)
        """What it answers to a request.

        Raises:
            WorkerError: if it fails, dies or takes longer than the limit; it is stopped then.
        """
        try:
            print(json.dumps({"do": request, **arguments}), file=self._process.stdin, flush=True)
            answer = self._answers.get(timeout=self._limit)
        except queue.Empty:
            self.stop()
            raise WorkerError(f"{request}: no answer within {self._limit:g} s") from None
        except BrokenPipeError:
            answer = ""
        if not answer:
            self.stop()
            raise WorkerError(f"{request}: died with {self._process.returncode}{self._last_note()}")
        told: dict[str, Any] = json.loads(answer)
        if "error" in told:
            self.stop()
            raise WorkerError(f"{request}: {told['error']}")
        return told

    def stop(self) -> None:
        """End the process; its members end when nobody talks to them any more."""
        if self._process.stdin and not self._process.stdin.closed:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        if self._process.stdout is None:
            return
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")  # the end

    def _last_note(self) -> str:
        lines = self._notes.read_text(errors="replace").strip().splitlines()
        return f" after {lines[-1][:200]!r}" if lines else ""
