"""Running instances of a policy: one for each concurrent call, reused only after a call that ended normally."""

import os
import re
import threading
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from wasmtime import WasmtimeError
from wasmtime.component import Component, Linker, String

from tidegate import load, sandbox
from tidegate.engine import ENGINE
from tidegate.errors import Misuse, PolicyFault

_PREPARE_DEADLINE = timedelta(seconds=10)



class Instances:
    """At most as many instances as there are processors. Any thread may call; one that finds all of them busy waits."""

    def __init__(self, component: Component, linker: Linker, deadline: timedelta, memory_bytes: int) -> None:
        self._component = component
        self._linker = linker
        self._deadline = deadline
        self._memory_bytes = memory_bytes
        self._change = threading.Condition()
        self._idle: list[_Instance] = []
        self._permits = os.cpu_count() or 1
        self._closed = False

    def call(self, function: str, *arguments: str) -> str:
        """Calls a function of the interface `json`."""
        instance = self._take()
        try:
            answer = instance.call(function, *arguments)
        except BaseException:
            self._return(None)
            raise
        self._return(instance)
        return answer

    def check_open(self) -> None:
        """Raises `Misuse` when it is closed."""
        if self._closed:
            raise Misuse("this policy is closed")

    def close(self) -> None:
        """Drops all instances; one that is in a call, when the call ends."""
        with self._change:
            self._closed = True
            self._idle.clear()
            self._change.notify_all()

    def _take(self) -> "_Instance":
        with self._change:
            while not (self._idle or self._permits or self._closed):
                self._change.wait()
            self.check_open()
            if self._idle:
                return self._idle.pop()
            self._permits -= 1
        try:
            return _Instance(self._component, self._linker, self._deadline, self._memory_bytes)
        except BaseException:
            self._return(None)
            raise

    def _return(self, instance: "_Instance | None") -> None:
        with self._change:
            if instance is None:
                self._permits += 1
            elif not self._closed:
                self._idle.append(instance)
            self._change.notify()


class _Instance:
    def __init__(self, component: Component, linker: Linker, deadline: timedelta, memory_bytes: int) -> None:
        self._deadline = deadline
        self._store = sandbox.store(memory_bytes)
        ENGINE.arm(self._store, _PREPARE_DEADLINE)
        try:
            instance = linker.instantiate(self._store, component)
            interface = instance.get_export_index(self._store, load.JSON)
            found = {
                name: instance.get_func(self._store, index)
                for name in load.FUNCTIONS
                if (index := instance.get_export_index(self._store, name, interface))
            }
            self._functions = {name: function for name, function in found.items() if function}
            for name, function in self._functions.items():
                function.type = _known(name)  # type: ignore[method-assign]
            if prepare := instance.get_func(self._store, "prepare"):
                prepare(self._store)
        except WasmtimeError as error:
            raise _fault("the policy could not be prepared", error) from error

    def call(self, function: str, *arguments: str) -> str:
        ENGINE.arm(self._store, self._deadline)
        try:
            answer: str = self._functions[function](self._store, *arguments)
        except WasmtimeError as error:
            raise _fault(f"the policy failed in `{function}`", error) from error
        return answer


def _known(name: str) -> Any:
    """The type of a function. `load` has checked it; wasmtime would read it at each call, which takes 7 of 22 µs."""
    type_ = SimpleNamespace(params=[("text", String())] * load.FUNCTIONS[name], result=String())
    return lambda _store: type_


def _fault(what: str, error: WasmtimeError) -> PolicyFault:
    message = str(error)
    if "wasm trap: interrupt" in message:
        return PolicyFault("deadline", f"{what}: it took longer than its deadline")
    # Without the frames of a trap, which are in `__cause__`.
    head, _, causes = message.partition("Caused by:")
    details = [] if head.startswith("error while executing") else [head.strip()]
    details += [re.sub(r"^\s*\d+: ", "", line).strip() for line in causes.strip().splitlines()]
    return PolicyFault("trap", ": ".join([what, *details]))
