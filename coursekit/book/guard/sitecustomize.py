"""Refuses the network to Python processes that a page starts.

This folder is put on PYTHONPATH while pages run, so that every Python process below
them imports this module first. It needs nothing but the standard library, and it
refuses by an audit hook, which code that comes later cannot remove. Where the system
allows it the worker also takes the network interfaces away (`coursekit.book.worker`);
this guard is what speaks clearly, and what holds on macOS and Windows.
"""

import ipaddress
import socket
import sys
from typing import Any

_INTERNET = (socket.AF_INET, socket.AF_INET6)
_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname")
_HERE = frozenset({"", "localhost", "localhost.localdomain", socket.gethostname()})


class NetworkRefusedError(OSError):
    """A page tried to reach another machine."""


def _is_here(host: object) -> bool:
    if host is None:
        return True
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name.lower() in _HERE:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def _refuse(target: object) -> None:
    raise NetworkRefusedError(
        f"pages run without the network, and this one tried to reach {target}: load "
        "data with coursekit.data and start servers on 127.0.0.1."
    )


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        endpoint, address = arguments
        if endpoint.family in _INTERNET and not _is_here(address[0]):
            _refuse(f"{address[0]}:{address[1]}")
    elif event in _LOOK_UPS and not _is_here(arguments[0]):
        _refuse(arguments[0])


# Not where a test collects this file under its full name.
if __name__ == "sitecustomize":
    sys.addaudithook(_hook)
