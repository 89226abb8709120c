# The Action's container. Start it by its path and isolated: its working directory is the workspace,
# whose content a pull request wrote. Both builders take it: GitHub's runner has BuildKit, act the classic one.

# One base by its digest, which Dependabot raises; `make image BASE=...` takes another.
FROM debian:trixie-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f AS base

FROM base AS build
WORKDIR /build
RUN apt-get update \
 && apt-get install -y --no-install-recommends binutils ca-certificates python3 python3-venv \
 && apt-get download git \
 && rm -rf /var/lib/apt/lists/*
# Of git only what reads and fetches: the rest is mostly perl. Of ca-certificates only the bundle, where
# GnuTLS (git) and OpenSSL (Python) look for it: the package brings openssl and debconf's questions along.
# What dpkg would record of both is where scanners look, so that an SBOM names their versions.
RUN dpkg-deb -x git_*.deb git \
 && mkdir -p tree/etc/ssl/certs tree/usr/bin tree/usr/lib/git-core tree/usr/lib/ssl tree/var/lib/dpkg/status.d \
 && dpkg-deb -f git_*.deb > tree/var/lib/dpkg/status.d/git \
 && dpkg-query -s ca-certificates > tree/var/lib/dpkg/status.d/ca-certificates \
 && cp git/usr/bin/git tree/usr/bin/ \
 && ln -s git tree/usr/bin/git-upload-pack \
 && cp git/usr/lib/git-core/git-remote-http tree/usr/lib/git-core/ \
 && ln -s git-remote-http tree/usr/lib/git-core/git-remote-https \
 && cp /etc/ssl/certs/ca-certificates.crt tree/etc/ssl/certs/ \
 && ln -s /etc/ssl/certs/ca-certificates.crt tree/usr/lib/ssl/cert.pem
COPY requirements.txt .
# Wheels bring symbols for debuggers (8 MB), and what none of ours imports (7 MB): what they name for other uses, and
# the half of Google's that speaks gRPC.
RUN python3 -m venv pip \
 && python3 -m venv --without-pip /opt/venv \
 && pip/bin/pip --python /opt/venv/bin/python install --no-cache-dir --no-compile \
      --only-binary :all: --require-hashes -r requirements.txt \
 && pip/bin/pip --python /opt/venv/bin/python uninstall -qq -y proto-plus pyasn1-modules pyasn1 pycparser \
 && for unused in cffi google/_async_resumable_media google/api google/cloud/_storage_v2 google/longrunning google/type; do \
      rm -r /opt/venv/lib/python3.13/site-packages/$unused; \
    done \
 && find /opt/venv/lib -name '*.so' -exec strip --strip-unneeded {} +
# What building would fetch, if the build's context has it as a folder `cache` (docs/reference/building.md).
COPY requirements.txt cach[e] /opt/pkgaction/cache/
COPY entrypoint.py /opt/pkgaction/entrypoint.py
COPY pkgaction /opt/pkgaction/pkgaction
# The specification that packages are validated by: its release's archive, or a folder of the build's context
# with the same files. What lies there is proven by its digest, now and whenever it is read.
ARG PACKAGE_SPEC=https://github.com/elastic/package-spec/archive/refs/tags/v3.6.6.tar.gz
# hadolint ignore=DL3020
ADD ${PACKAGE_SPEC} specification/
RUN find specification -name '*.tar.gz' -exec tar -xzf {} -C specification --strip-components=1 \; \
 && mkdir /opt/pkgaction/package-spec \
 && cp -R specification/LICENSE.txt specification/spec /opt/pkgaction/package-spec/ \
 && PYTHONPATH=/opt/pkgaction /opt/venv/bin/python -B -m pkgaction.adapters.specification
# The file `container` says that folders of this container are gone when the step ends (adapters/container.py).
# one commit, one content: no time of a build is left in a file, or beside it (pip, too, has compiled some)
ARG SOURCE_DATE_EPOCH=0
RUN python3 -m compileall -f -q --invalidation-mode unchecked-hash /opt/venv/lib /opt/pkgaction \
 && mkdir tree/opt \
 && rm /opt/pkgaction/cache/requirements.txt \
 && touch /opt/pkgaction/container \
 && mv /opt/venv /opt/pkgaction tree/opt/ \
 && find tree -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +

FROM base
# What no Action imports: Python's tests, its manual, its editor and debuggers.
RUN apt-get update \
 && apt-get install -y --no-install-recommends gpg gpg-agent libcurl3t64-gnutls libpcre2-8-0 python3 \
 && for unused in _pyrepl doctest.py pdb.py pydoc.py pydoc_data test turtle.py unittest wsgiref xmlrpc; do \
      rm -r "/usr/lib/python3.13/$unused"; \
    done \
 && rm -r /usr/lib/python3.13/lib-dynload/_test* /usr/lib/gnupg/keyboxd /usr/lib/gnupg/gpg-protect-tool \
 && rm -rf /var/lib/apt/lists/* /var/cache/debconf/* /var/log/*
COPY --from=build /build/tree /
ARG REVISION=unknown
ARG SOURCE=https://github.com/OWNER/pkgaction
ARG VERSION=unknown
LABEL org.opencontainers.image.title="pkgaction" \
      org.opencontainers.image.description="Publishes Elastic packages from GitHub Actions" \
      org.opencontainers.image.licenses="Apache-2.0 AND Elastic-2.0" \
      org.opencontainers.image.source="$SOURCE" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.version="$VERSION"
ENTRYPOINT ["/opt/venv/bin/python", "-I", "-u", "/opt/pkgaction/entrypoint.py"]
