"""Images, secrets and datasets."""

from __future__ import annotations

from urllib.parse import quote

from beaker import beaker_pb2 as pb2

from beaker_ci.sandbox.beaker.backend import Backend
from beaker_ci.sandbox.beaker.datasets import Dataset
from beaker_ci.sandbox.beaker.errors import not_found
from beaker_ci.sandbox.beaker.moments import nanoseconds
from beaker_ci.sandbox.beaker.paging import in_order, page


class Storage:
    """Calls about what jobs are made of and leave behind."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._world = backend.world
        self._datasets = backend.datasets

    def get_image(self, request: pb2.GetImageRequest) -> pb2.GetImageResponse:
        """An image."""
        return pb2.GetImageResponse(image=self._world.find_image(request.image_id))

    def resolve_image_name(
        self, request: pb2.ResolveImageNameRequest
    ) -> pb2.ResolveImageNameResponse:
        """From author and name to id."""
        name = f"{request.author_name}/{request.image_name}"
        return pb2.ResolveImageNameResponse(image_id=self._world.find_image(name).id)

    def list_images(self, request: pb2.ListImagesRequest) -> pb2.ListImagesResponse:
        """Images that pass every filter."""

        def select(options: pb2.ListImagesRequest.Opts) -> list[pb2.Image]:
            text = options.image_name_or_description
            found = [
                image
                for image in self._world.images.values()
                if options.workspace_id in ("", image.workspace_id)
                if options.author_id in ("", image.author_id)
                if text in image.name or text in image.description
            ]
            return in_order(found, options)

        images, token = page(request, pb2.ListImagesRequest.Opts, select)
        return pb2.ListImagesResponse(images=images, next_page_token=token)

    def get_secret(self, request: pb2.GetSecretRequest) -> pb2.GetSecretResponse:
        """A secret without its value."""
        workspace = self._world.find_workspace(request.workspace_id)
        stored = self._world.secrets.get((workspace.id, request.secret_name))
        if stored is None:
            raise not_found("secret", request.secret_name)
        return pb2.GetSecretResponse(secret=stored.message)

    def list_secrets(self, request: pb2.ListSecretsRequest) -> pb2.ListSecretsResponse:
        """The secrets of a workspace, without values."""

        def select(options: pb2.ListSecretsRequest.Opts) -> list[pb2.Secret]:
            found = [
                stored.message
                for (workspace_id, _), stored in self._world.secrets.items()
                if workspace_id == options.workspace_id
            ]
            return in_order(found, options)

        secrets, token = page(request, pb2.ListSecretsRequest.Opts, select)
        return pb2.ListSecretsResponse(secrets=secrets, next_page_token=token)

    def get_dataset(self, request: pb2.GetDatasetRequest) -> pb2.GetDatasetResponse:
        """A dataset."""
        return pb2.GetDatasetResponse(dataset=self._datasets.find(request.dataset_id).message)

    def resolve_dataset_name(
        self, request: pb2.ResolveDatasetNameRequest
    ) -> pb2.ResolveDatasetNameResponse:
        """From author and name to id."""
        name = f"{request.author_name}/{request.dataset_name}"
        return pb2.ResolveDatasetNameResponse(dataset_id=self._datasets.find(name).message.id)

    def list_datasets(self, request: pb2.ListDatasetsRequest) -> pb2.ListDatasetsResponse:
        """Datasets that pass every filter."""

        def select(options: pb2.ListDatasetsRequest.Opts) -> list[pb2.Dataset]:
            found = [each.message for each in self._datasets.all() if _passes(each, options)]
            return in_order(found, options)

        datasets, token = page(request, pb2.ListDatasetsRequest.Opts, select)
        return pb2.ListDatasetsResponse(datasets=datasets, next_page_token=token)

    def update_dataset(self, request: pb2.UpdateDatasetRequest) -> pb2.UpdateDatasetResponse:
        """Another description, or the commit."""
        dataset = self._datasets.find(request.dataset_id)
        if request.HasField("description"):
            dataset.message.description = request.description
        if request.HasField("committed"):
            self._datasets.commit(request.dataset_id)
        return pb2.UpdateDatasetResponse(dataset=dataset.message)

    def list_dataset_files(
        self, request: pb2.ListDatasetFilesRequest
    ) -> pb2.ListDatasetFilesResponse:
        """The files below a folder of a dataset."""
        total, count = 0, 0

        def select(options: pb2.ListDatasetFilesRequest.Opts) -> list[pb2.DatasetFile]:
            nonlocal total, count
            files = self._datasets.files(options.dataset_id, options.prefix)
            total, count = sum(file.size for file in files), len(files)
            return files

        files, token = page(request, pb2.ListDatasetFilesRequest.Opts, select)
        return pb2.ListDatasetFilesResponse(
            dataset_files=files, total_size=total, file_count=count, next_page_token=token
        )

    def get_dataset_file_link(
        self, request: pb2.GetDatasetFileLinkRequest
    ) -> pb2.GetDatasetFileLinkResponse:
        """A link that opens the file without a token."""
        self._datasets.readable(request.dataset_id, request.file_path)
        path = f"ds/{request.dataset_id}/files/{quote(request.file_path)}"
        return pb2.GetDatasetFileLinkResponse(download_url=f"{self._backend.address}/{path}")

    def delete_datasets(self, request: pb2.DeleteDatasetsRequest) -> pb2.DeleteDatasetsResponse:
        """Remove datasets and their files."""
        for dataset in [self._datasets.find(each) for each in request.dataset_ids]:
            self._datasets.delete(dataset.message.id)
        return pb2.DeleteDatasetsResponse()


def _passes(dataset: Dataset, options: pb2.ListDatasetsRequest.Opts) -> bool:
    kinds = pb2.ListDatasetsRequest.Opts
    message = dataset.message
    created = nanoseconds(message.created)
    kind = (
        kinds.DATASET_TYPE_IS_RESULT
        if message.HasField("source_execution")
        else kinds.DATASET_TYPE_IS_NOT_RESULT
    )
    committed = kinds.STATUS_COMMITTED if dataset.committed else kinds.STATUS_UNCOMMITTED
    text = options.name_or_description_substring
    return (
        options.workspace_id in ("", message.workspace_id)
        and options.author_id in ("", message.author_id)
        and options.dataset_type in (kinds.DATASET_TYPE_UNSPECIFIED, kind)
        and options.committed_status in (kinds.STATUS_UNSPECIFIED, committed)
        and (text in message.name or text in message.description)
        and (
            not options.HasField("created_before") or created < nanoseconds(options.created_before)
        )
        and (not options.HasField("created_after") or created > nanoseconds(options.created_after))
    )
