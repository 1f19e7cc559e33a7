"""Programs of the host: what they answer, and what they do to it."""

from typing_extensions import override

from unit.installer.fake_host.containerd import Containerd
from unit.installer.fake_host.files import CountingFiles
from wasmwright_installer.host.commands import Commands, Completed, Running


class Done(Running):
    def __init__(self, completed: Completed) -> None:
        self._completed = completed

    @override
    def poll(self) -> Completed | None:
        return self._completed

    @override
    def kill(self) -> None:
        raise AssertionError("nothing to kill")


class PlayedCommands(Commands):
    """Programs of the host: the daemon's own, systemctl, and binaries that answer as told."""

    def __init__(self, daemon: Containerd, files: CountingFiles) -> None:
        self._daemon = daemon
        self._files = files
        self.log: list[str] = []
        self.is_armed = False
        self.answers: dict[str, Completed] = {}

    @override
    def start(self, *arguments: str) -> Running:
        self.log.append(" ".join(arguments))
        return Done(self._run(arguments))

    def _run(self, arguments: tuple[str, ...]) -> Completed:
        match arguments:
            case (program, *rest) if program == self._daemon.executable:
                return self._containerd(tuple(rest))
            case ("systemctl", verb, unit) if unit == self._daemon.unit:
                return self._systemctl(verb)
            case (("systemctl" | "systemd-run") as program, verb, *rest):
                return self._switch(program, verb, rest[-1])
            case (program, *_) if program in self.answers:
                return self.answers[program]
            case ("/usr/bin/crun", *_):
                return Completed(0, "crun version 1.21\n+SYSTEMD +WASM:wasmedge\n")
            case (program, "-v") if "/wasmwright/store/" in program:
                return Completed(0, f"{program}:\n  Version: 1\n")
        raise AssertionError(f"nobody plays {arguments}")

    def _containerd(self, arguments: tuple[str, ...]) -> Completed:
        match arguments:
            case ("-c", config, "config", "dump"):
                return self._daemon.dump(config)
            case ("config", "default"):
                return self._daemon.dump(None)
            case _:
                assert arguments == ("--version",)
        return Completed(0, f"containerd example.org/containerd v{self._daemon.version} 123abc")

    def _switch(self, program: str, verb: str, last: str) -> Completed:
        if program == "systemd-run":
            assert self._files.exists(last)
            return self._arm()
        assert (verb, last) in {
            *(("stop", "wasmwright-switch.service"), ("reset-failed", "wasmwright-switch.service"))
        }
        return self._disarm(verb)

    def _arm(self) -> Completed:
        self._files.tick()
        if "systemd-run" in self.answers:
            return self.answers["systemd-run"]
        if self.is_armed:
            return Completed(1, stderr="Unit wasmwright-switch.timer was already loaded.\n")
        self.is_armed = True
        self._files.tick()
        return Completed(0)

    def _disarm(self, verb: str) -> Completed:
        self._files.tick()
        self.is_armed = self.is_armed and verb != "stop"
        self._files.tick()
        return Completed(0)

    def _systemctl(self, verb: str) -> Completed:
        if verb == "reset-failed":
            return Completed(0)
        assert verb == "restart"
        self._files.tick()
        done = self._daemon.restart()
        self._files.tick()
        return done
