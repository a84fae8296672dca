"""How clients find the server: configuration, environment, and a client in this process."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import grpc
import yaml
from beaker import Beaker
from beaker.beaker_pb2_grpc import BeakerStub
from beaker.config import Config

from beaker_ci.sandbox.beaker.defaults import DEFAULT_WORKSPACE
from beaker_ci.sandbox.beaker.world import ORGANIZATION

_UPDATE_CHECKS = (".beaker/.beaker-py.json", ".beaker/.beaker-gantry.json")


def write_config(path: Path, *, address: str, rpc_address: str, token: str) -> None:
    """Write the configuration file that ``BEAKER_CONFIG`` names."""
    settings = {
        "agent_address": address,
        "rpc_address": rpc_address,
        "user_token": token,
        "default_org": ORGANIZATION,
        "default_workspace": DEFAULT_WORKSPACE,
    }
    path.write_text(yaml.safe_dump(settings))


def client_environment(home: Path, config_file: Path, ca_file: Path) -> dict[str, str]:
    """The whole environment for a client's process.

    Args:
        home: Its home directory, where both clients find that they looked for updates just now.
        config_file: Its configuration.
        ca_file: The authority that it trusts for gRPC.
    """
    for file in _UPDATE_CHECKS:
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(json.dumps({"version_checked": datetime.now(UTC).timestamp()}))
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "HOME": str(home),
        "BEAKER_CONFIG": str(config_file),
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(ca_file),
        "GANTRY_CHECK_FOR_UPGRADES": "0",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",  # the only spelling that gRPC reads
    }


def make_client(config_file: Path, authority: bytes) -> Beaker:
    """A client that trusts one authority.

    gRPC reads ``GRPC_DEFAULT_SSL_ROOTS_FILE_PATH`` once per process, too seldom where servers come
    and go; everything else is beaker-py as it is.
    """

    class Client(Beaker):
        @property
        def service(self) -> BeakerStub:
            if self._service is None:
                credentials = grpc.ssl_channel_credentials(authority)
                self._channel = grpc.secure_channel(self.config.rpc_address, credentials)
                self._service = BeakerStub(self._channel)  # type: ignore[no-untyped-call]
            return self._service

    return Client(Config.from_path(config_file), check_for_upgrades=False)
