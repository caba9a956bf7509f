"""The only wasmtime engine of this process, and the thread that stops calls that run too long."""

import os
import threading
import time
from datetime import timedelta

import wasmtime

_TICK = timedelta(milliseconds=5)


class Engine:
    """Compiles and runs components. While one of them runs, a daemon thread advances the engine's epoch every 5 ms."""

    def __init__(self) -> None:
        config = wasmtime.Config()
        config.epoch_interruption = True
        # A signal handler that is set later, such as that of `faulthandler`, would turn every trap into the end of the process.
        config.signals_based_traps = False
        # A forked child would not have the threads that compile, and compiling would never end.
        config.parallel_compilation = False
        self.wasmtime = wasmtime.Engine(config)
        self._change = threading.Condition()
        self._owed = 0
        self._ticker: threading.Thread | None = None
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._start_over)

    def arm(self, store: wasmtime.Store, deadline: timedelta) -> None:
        """From now on, code in the store traps after the deadline, at most some ticks later."""
        # One more, since the first may follow at once.
        ticks = -(-deadline // _TICK) + 1
        store.set_epoch_deadline(ticks)
        with self._change:
            if ticks > self._owed:
                self._owed = ticks
                self._change.notify()
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._tick, name="tidegate-ticker", daemon=True)
                self._ticker.start()

    def _start_over(self) -> None:
        # A forked child has only the thread that forked.
        self._change = threading.Condition()
        self._owed = 0
        self._ticker = None

    def _tick(self) -> None:
        """Ticks as often as the last call may need, then sleeps until the next call."""
        while True:
            with self._change:
                while self._owed == 0:
                    self._change.wait()
                self._owed -= 1
            time.sleep(_TICK.total_seconds())
            self.wasmtime.increment_epoch()


ENGINE = Engine()
