# The image of the action: the locked environment, and nothing else.
#
# The base is named by tag, not by digest: who uses the action from source builds this file in every
# job, and shall get Debian's security updates without waiting for a release of ours.

FROM python:3.12-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/venv
WORKDIR /src
COPY . .
RUN python3 scripts/bootstrap.py sync --locked --no-dev --no-editable --quiet

# The runner mounts its own home and workspace and needs root, hence no USER and no WORKDIR.
FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="beaker-ci" \
      org.opencontainers.image.description="Run GPU jobs on Ai2's Beaker from a GitHub pull request." \
      org.opencontainers.image.licenses="Apache-2.0"
# GitPython, which gantry imports, asks for a git program at import; we never run git.
ENV GIT_PYTHON_REFRESH=quiet
COPY --from=build /opt/venv /opt/venv
# Proves that everything loads without git, and leaves compiled the parts of the standard library
# that the base ships as source: each job starts from this layer.
RUN ["/opt/venv/bin/python", "-c", "import beaker_ci.action, beaker, gantry.api, github"]
ENTRYPOINT ["/opt/venv/bin/beaker-ci", "action"]
