# The Action's container. Start it by its path and isolated: its working directory is the workspace,
# whose content a pull request wrote.

FROM debian:trixie-slim AS build
WORKDIR /build
# of git only what reads and fetches: the rest is mostly perl
RUN apt-get update \
 && apt-get install -y --no-install-recommends python3 python3-venv \
 && apt-get download git \
 && dpkg-deb -x git_*.deb git \
 && mkdir -p tree/usr/bin tree/usr/lib/git-core \
 && cp git/usr/bin/git tree/usr/bin/ \
 && ln -s git tree/usr/bin/git-upload-pack \
 && cp git/usr/lib/git-core/git-remote-http tree/usr/lib/git-core/ \
 && ln -s git-remote-http tree/usr/lib/git-core/git-remote-https \
 && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN python3 -m venv pip \
 && python3 -m venv --without-pip /opt/venv \
 && pip/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
      --only-binary :all: --require-hashes -r requirements.txt
COPY entrypoint.py /opt/pkgaction/entrypoint.py
COPY pkgaction /opt/pkgaction/pkgaction
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib /opt/pkgaction

FROM debian:trixie-slim
LABEL org.opencontainers.image.title="pkgaction" \
      org.opencontainers.image.description="Publishes Elastic packages from GitHub Actions" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ca-certificates gpg gpg-agent libcurl3t64-gnutls libpcre2-8-0 python3 \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/tree /
COPY --from=build /opt /opt
ENTRYPOINT ["/opt/venv/bin/python", "-I", "-u", "/opt/pkgaction/entrypoint.py"]
