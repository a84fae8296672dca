"""A client in the server's own process."""

from __future__ import annotations

from pathlib import Path

import grpc
from beaker import Beaker
from beaker.beaker_pb2_grpc import BeakerStub
from beaker.config import Config


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
