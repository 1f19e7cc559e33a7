"""A stand-in for CRI-O's daemon: a process with its socket, its commands and its signals.

    python -m support.crio_stand_in --root DIR [--config F] [--config-dir D] [--listen S]
        [--version | config [--default]]

SIGHUP reloads. The rules are in `crio_rules`, what the socket answers in `crio_server`.
"""

import argparse
import signal
import sys
import threading
from pathlib import Path

from support.crio_rules import ConfigError, CrioConfig, Local, printed
from wasmwright_installer.host.files import HostFiles

VERSION = "1.35.1"


def _daemon(local: Local, options: argparse.Namespace) -> None:
    from support.crio_server import serve  # gRPC, which the commands do without

    config = CrioConfig(local, reload_reaches_pods=options.reload_reaches_pods)
    config.start(options.config, options.config_dir)

    def reload(*_: object) -> None:
        try:
            config.reload(options.config, options.config_dir)
        except ConfigError as error:
            sys.stderr.write(f"unable to reload configuration: {error}\n")

    signal.signal(signal.SIGHUP, reload)
    threading.Thread(target=serve, args=(config, local(options.listen)), daemon=True).start()
    while True:
        signal.pause()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--config", "-c", default="/etc/crio/crio.conf")
    parser.add_argument("--config-dir", "-d", default="/etc/crio/crio.conf.d")
    parser.add_argument("--listen", default="/run/crio/crio.sock")
    parser.add_argument("--reload-reaches-pods", action="store_true")
    parser.add_argument("--version", action="store_true")
    parser.add_argument("--default", action="store_true")
    parser.add_argument("command", nargs="?", choices=["config"])
    return parser.parse_args()


def main() -> None:
    """Do as CRI-O would."""
    options = _options()
    local = HostFiles(options.root).local
    try:
        if options.version:
            sys.stdout.write(f"crio version {VERSION}\nVersion:       {VERSION}\n")
        elif options.command == "config":
            text = printed(local, options.config, options.config_dir, default=options.default)
            sys.stdout.write(text)
        else:
            _daemon(local, options)
    except ConfigError as error:
        sys.exit(f'level=fatal msg="{error}"')


if __name__ == "__main__":
    main()
