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
# PyGithub signs with cryptography as an app, which the action never is; where it is not installed, it
# is not loaded at every start. What libraries bring to test themselves is a sixth of it all.
RUN python3 scripts/bootstrap.py sync --locked --no-dev --no-editable --quiet \
    --extra stats --no-install-package cryptography \
    && find /opt/venv -type d -name tests -prune -exec rm -r {} +

# The runner mounts its own home and workspace and needs root, hence no USER and no WORKDIR.
FROM python:3.12-slim-bookworm
LABEL org.opencontainers.image.title="beaker-ci" \
      org.opencontainers.image.description="Run GPU jobs on Ai2's Beaker from a GitHub pull request." \
      org.opencontainers.image.licenses="Apache-2.0"
# GitPython, which gantry imports, asks for a git program at import; we never run git.
ENV GIT_PYTHON_REFRESH=quiet
COPY --from=build /opt/venv /opt/venv
# Each job starts from this layer: what the base ships as source is compiled in it once for all, as
# are our templates, and everything is proved to load without git and without cryptography.
RUN /opt/venv/bin/python -m compileall -q -j 0 -x site-packages /usr/local/lib \
    && /opt/venv/bin/python -c "import beaker_ci.step, beaker_ci.bot, beaker, gantry.api, github, scipy.special" \
    && /opt/venv/bin/python -c "import beaker_ci.report; beaker_ci.report.warm_up()"
ENTRYPOINT ["/opt/venv/bin/beaker-ci", "action"]
