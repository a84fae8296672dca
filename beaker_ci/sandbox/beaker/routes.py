"""What the REST interface does, apart from HTTP itself."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.datasets import Dataset
from beaker_ci.sandbox.beaker.errors import Refused, not_found
from beaker_ci.sandbox.beaker.pages import Pages

API = "/api/v3"
STORAGE = "/storage"


@dataclass(frozen=True)
class Call:
    """One HTTP request.

    Args:
        author: Whose token it carries.
        parts: What the route's pattern found in the path, decoded.
        query: Its query, single-valued.
        headers: By lower-case name.
        body: Complete.
    """

    author: pb2.User
    parts: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            Refused: It is something else.
        """
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Refused("INVALID_ARGUMENT", f"invalid JSON: {error}") from None


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; either ``body``, or ``length`` bytes of ``file`` from ``start``."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None
    start: int = 0
    length: int = 0


@dataclass(frozen=True)
class Route:
    """A method and path pattern, and what answers it.

    Args:
        name: As faults and the log know it, such as ``POST experiments``.
        public: Whether it is answered without a token.
    """

    name: str
    method: str
    pattern: re.Pattern[str]
    answer: Callable[[Call], Answer]
    public: bool = False

    def parts(self, method: str, path: str) -> tuple[str, ...] | None:
        """What the pattern finds in a path, or ``None`` if it is another route."""
        found = self.pattern.fullmatch(path) if method == self.method else None
        return None if found is None else tuple(unquote(part) for part in found.groups())


class Routes:
    """All routes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._datasets = backend.datasets
        self._uploads = backend.root / "uploads"
        self._pages = Pages(backend)
        self.all = [
            _route("POST experiments", f"{API}/workspaces/([^/]+)/experiments", self._submit),
            _route("GET secrets", f"{API}/workspaces/([^/]+)/secrets/([^/]+)/value", self._read),
            _route("PUT secrets", f"{API}/workspaces/([^/]+)/secrets/([^/]+)/value", self._write),
            _route("DELETE secrets", f"{API}/workspaces/([^/]+)/secrets/([^/]+)", self._forget),
            _route("POST datasets", f"{API}/datasets", self._create_dataset),
            _route("GET datasets", f"{API}/datasets/([^/]+)", self._show_dataset),
            _route("PATCH datasets", f"{API}/datasets/([^/]+)", self._commit_dataset),
            _route("GET files", f"{API}/datasets/([^/]+)/files/(.+)", self._download),
            _route("PUT files", f"{STORAGE}/datasets/([^/]+)/files/(.+)", self._upload),
            _route("POST uploads", f"{STORAGE}/uploads", self._begin_upload),
            _route("PATCH uploads", f"{STORAGE}/uploads/([^/]+)", self._continue_upload),
            _route("GET link", "/ds/([^/]+)/files/(.+)", self._download, public=True),
            _route("GET page", "/(.*)", self._page, public=True),
        ]

    def _submit(self, call: Call) -> Answer:
        experiment = self._backend.experiments.create(
            call.author, call.parts[0], call.json(), call.query.get("name")
        )
        name = experiment.message.name
        return _json({"id": experiment.id, "name": name, "fullName": f"{experiment.author}/{name}"})

    def _secret_key(self, call: Call) -> tuple[str, str]:
        key = (self._backend.world.find_workspace(call.parts[0]).id, call.parts[1])
        # Unlike the RPC, the REST interface does not care about case.
        known = (each for each in self._backend.world.secrets if each[0] == key[0])
        return next((each for each in known if each[1].lower() == key[1].lower()), key)

    def _read(self, call: Call) -> Answer:
        stored = self._backend.world.secrets.get(self._secret_key(call))
        if stored is None:
            raise not_found("secret", call.parts[1])
        return Answer(body=stored.value, content_type="application/octet-stream")

    def _write(self, call: Call) -> Answer:
        workspace_id, name = self._secret_key(call)
        self._backend.world.add_secret(workspace_id, name, call.body, author=call.author.id)
        return _json({"name": name})

    def _forget(self, call: Call) -> Answer:
        with self._backend.monitor:
            if self._backend.world.secrets.pop(self._secret_key(call), None) is None:
                raise not_found("secret", call.parts[1])
        return _json({})

    def _create_dataset(self, call: Call) -> Answer:
        wanted = call.json()
        workspace = self._backend.world.find_workspace(wanted["workspace"])
        budget = wanted.get("budget") or workspace.budget_id
        if not budget:
            raise Refused("INVALID_ARGUMENT", "no budget specified")
        dataset = self._datasets.create(
            call.author,
            workspace.id,
            name=call.query.get("name"),
            description=wanted.get("description") or "",
            budget_id=self._backend.world.find_budget(budget).id,
        )
        return self._described(call, dataset)

    def _show_dataset(self, call: Call) -> Answer:
        return self._described(call, self._datasets.find(call.parts[0]))

    def _commit_dataset(self, call: Call) -> Answer:
        if call.json().get("commit"):
            self._datasets.commit(call.parts[0])
        return self._show_dataset(call)

    def _described(self, call: Call, dataset: Dataset) -> Answer:
        size, files = self._datasets.size(dataset.message.id)
        expiry = self._backend.clock() + timedelta(hours=1)
        return _json(
            {
                "id": dataset.message.id,
                "name": dataset.message.name,
                "fullName": dataset.message.full_name,
                "storage": {
                    "id": dataset.message.id,
                    "address": f"{self._backend.address}{STORAGE}",
                    "token": call.headers["authorization"].partition(" ")[2],
                    "tokenExpires": expiry.isoformat(),
                    "totalSize": size,
                    "numFiles": files,
                },
            }
        )

    def _download(self, call: Call) -> Answer:
        path = self._datasets.readable(*call.parts)
        size = path.stat().st_size
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", call.headers.get("range", ""))
        kind = "application/octet-stream"
        if wanted is None:
            return Answer(content_type=kind, file=path, length=size)
        start, end = int(wanted[1]), min(int(wanted[2] or size), size - 1)
        if start > end:
            raise Refused(416, "range not satisfiable")
        return Answer(
            status=206,
            content_type=kind,
            headers={"Content-Range": f"bytes {start}-{end}/{size}"},
            file=path,
            start=start,
            length=end - start + 1,
        )

    def _upload(self, call: Call) -> Answer:
        target = self._datasets.writable(*call.parts)
        digest = call.headers.get("digest")
        if digest is None:
            target.write_bytes(call.body)
        else:
            source = self._uploads / _file_name(digest)
            if not source.is_file():
                raise not_found("upload", digest)
            shutil.move(source, target)
        return Answer()

    def _begin_upload(self, _: Call) -> Answer:
        self._uploads.mkdir(exist_ok=True)
        with self._backend.monitor:
            upload_id = self._backend.world.ids.new()
        (self._uploads / upload_id).touch()
        return Answer(headers={"Upload-ID": upload_id})

    def _continue_upload(self, call: Call) -> Answer:
        upload = self._uploads / call.parts[0]
        if not upload.is_file():
            raise not_found("upload", call.parts[0])
        if upload.stat().st_size != int(call.headers.get("upload-offset", 0)):
            raise Refused(409, "upload offset does not match")
        with upload.open("ab") as file:
            file.write(call.body)
        if upload.stat().st_size < int(call.headers.get("upload-length", 0)):
            return Answer()
        with upload.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        header = f"SHA256 {base64.b64encode(digest).decode()}"
        upload.rename(self._uploads / _file_name(header))
        return Answer(headers={"Digest": header})

    def _page(self, call: Call) -> Answer:
        with self._backend.monitor:
            page = self._pages.at(call.parts[0])
        return Answer(body=page.encode(), content_type="text/html; charset=utf-8")


def _route(
    name: str, pattern: str, answer: Callable[[Call], Answer], *, public: bool = False
) -> Route:
    return Route(name, name.partition(" ")[0], re.compile(pattern), answer, public)


def _json(document: Any) -> Answer:
    return Answer(body=json.dumps(document).encode())


def _file_name(digest: str) -> str:
    return hashlib.sha256(digest.encode()).hexdigest()
