# `make demo` and `make test` need git, gpg, make and Python 3.11 or newer; the rest they install into .venv.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
IMAGE := pkgaction:test
WORKERS ?= 2
FUZZ ?= 1000
WORKFLOWS := $(wildcard .github/workflows/*.yml examples/workflows/*.yml)
GOBIN := $(CURDIR)/$(VENV)/gobin
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
FAKE_GCS := github.com/fsouza/fake-gcs-server@v1.56.1

.PHONY: demo test edge-test fuzz storage-test registry-test github-schemas benchmarks coverage lint types layers fix docs drift pictures image image-test check lock clean
.PHONY: storage-server workflows

demo: $(VENV)/.run ## the whole job on an example repository
	@$(RUN) -m examples.demo $(SPEC)

test: $(VENV)/.dev ## the tests; edge-test, storage-test and registry-test are beside it
	$(RUN) -m pytest -n $(WORKERS) -q $(T)

fuzz: $(VENV)/.dev ## new hostile packages for the rules: FUZZ examples of each property, some minutes
	PKGACTION_FUZZ=$(FUZZ) $(RUN) -m pytest -n $(WORKERS) -q tests/fuzz

storage-server: $(GOBIN)/fake-gcs-server ## the storage server that has preconditions on uploads in chunks

edge-test: $(VENV)/.dev ## every edge case of events and histories, on real git
	$(RUN) -m pytest -n $(WORKERS) -q tests/edge

storage-test: $(VENV)/.dev ## races, crashes and faults on a storage server, some minutes
	$(RUN) -m pytest -n $(WORKERS) -q tests/storage

registry-test: $(VENV)/.dev $(VENV)/.registry ## the real Package Registry serves what was published, and signatures verify
	$(RUN) -m pytest -n $(WORKERS) -q tests/registry

benchmarks: $(VENV)/.dev ## building beside the reference: PACKAGES='DIR...' ECS=DIR
	$(RUN) -m benchmarks.build $(PACKAGES) --ecs $(ECS)

github-schemas: $(VENV)/.github-schemas ## GitHub's own descriptions: from now on they check the tests' fakes

coverage: $(VENV)/.dev ## the same, with branch coverage
	$(RUN) -m pytest -n $(WORKERS) -q --cov --cov-report=term:skip-covered

lint: $(VENV)/.dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-actions action.yml
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(VENV)/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	$(VENV)/bin/zizmor --offline --no-progress --quiet --persona pedantic action.yml .github/dependabot.yml $(WORKFLOWS)

# the examples lie where their users put them, with the Action beside them: so its inputs are checked, too
workflows: $(VENV)/.ci $(GOBIN)/actionlint ## what actionlint and shellcheck say of workflows and scripts
	$(VENV)/bin/shellcheck .ci/run .github/tag-release examples/cloud/gcloud.sh
	$(GOBIN)/actionlint -shellcheck $(CURDIR)/$(VENV)/bin/shellcheck .github/workflows/*.yml
	@rm -rf $(VENV)/lint && mkdir -p $(VENV)/lint/.git $(VENV)/lint/.github
	@cp -R examples/workflows $(VENV)/lint/.github && cp action.yml Dockerfile $(VENV)/lint
	@sed -i 's|uses: OWNER/pkgaction@.*|uses: ./|' $(VENV)/lint/.github/workflows/*.yml
	cd $(VENV)/lint && $(GOBIN)/actionlint -shellcheck $(CURDIR)/$(VENV)/bin/shellcheck

types: $(VENV)/.dev
	$(VENV)/bin/mypy

layers: $(VENV)/.dev
	$(VENV)/bin/lint-imports --no-cache

fix: $(VENV)/.dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

docs: $(VENV)/.dev ## what is generated in README and docs
	$(RUN) -m docs.generate

drift: $(VENV)/.dev ## nothing generated is out of date
	$(RUN) -m docs.generate --check

pictures: $(VENV)/.dev ## the pictures of the comment (SPEC=FOLDER: validated by it), by chromium and the fonts fonts-inter, fonts-noto-color-emoji
	@$(call missing,chromium)
	rm -rf package-spec
	$(if $(SPEC),cp -RL $(SPEC) package-spec && chmod -R u+w package-spec)
	$(RUN) -m docs.pictures
	rm -rf package-spec

image: ## the container; SPEC=FOLDER gives it the specification, which else comes from its release, CACHE=FOLDER what building fetches, BASE=IMAGE another base than the pinned one
	rm -rf .package-spec cache
	$(if $(CACHE),cp -RL $(CACHE) cache)
	$(if $(SPEC),cp -RL $(SPEC) .package-spec && chmod -R u+w .package-spec)
	$(if $(BASE),sed 's|^FROM debian:.* AS base$$|FROM $(BASE) AS base|',cat) Dockerfile | \
	  docker build $(BUILD) -t $(IMAGE) $(if $(SPEC),--build-arg PACKAGE_SPEC=.package-spec) -f - .
	rm -rf .package-spec cache

image-test: $(VENV)/.ci image ## the container as the runner starts it, and a workflow as act runs it
	$(VENV)/bin/hadolint -c .hadolint.yaml Dockerfile
	SPEC=$(SPEC) BASE=$(BASE) $(RUN) -m pytest -q tests/image

check: lint types layers drift test

lock: ## the hashed requirements, anew
	uv pip compile -q --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" requirements.in -o requirements.txt
	uv pip compile -q --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" requirements-dev.in -o requirements-dev.txt
	uv pip compile -q --universal --no-strip-extras --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --custom-compile-command "make lock" requirements-ci.in -o requirements-ci.txt

clean:
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

$(VENV)/.run: requirements.txt
	@$(call missing,git)
	@$(call missing,gpg)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
	  { echo "Python 3.11 or newer is missing: install it, or name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
	  { echo "Python's venv is missing: install it (on Debian: python3-venv)"; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.ci: $(VENV)/.dev requirements-ci.txt
	@$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-ci.txt
	@touch $@

# what readers use, each pinned: without Go or Node the tests that need it are skipped, by name
$(VENV)/.registry: $(wildcard $(addprefix tests/registry/,server/* verifier/* kibana/* zips/*))
	@mkdir -p $(VENV)/gobin $(VENV)/kibana $(VENV)/zips
	@! command -v go >/dev/null || { cd tests/registry/server && GOBIN=$(CURDIR)/$(VENV)/gobin go install tool; }
	@! command -v go >/dev/null || { cd tests/registry/verifier && go build -o $(CURDIR)/$(VENV)/gobin/verify-signature .; }
	@! command -v go >/dev/null || { cd tests/registry/zips && go build -o $(CURDIR)/$(VENV)/gobin/zips .; }
	@cp tests/registry/kibana/* $(VENV)/kibana
	@! command -v npm >/dev/null || { cd $(VENV)/kibana && npm ci --silent --no-audit --no-fund; }
	@cp tests/registry/zips/* $(VENV)/zips
	@! command -v npm >/dev/null || { cd $(VENV)/zips && npm ci --silent --no-audit --no-fund; }
	@touch $@

$(VENV)/sarif-2.1.0.json: $(VENV)/.dev ## SARIF's schema, which a test needs; npm brings it
	@$(call missing,npm)
	@cd $(VENV) && npm pack --silent @microsoft/jest-sarif@1.0.0-beta.0 >/dev/null && \
	  tar -xzOf microsoft-jest-sarif-1.0.0-beta.0.tgz package/lib/schemas/sarif-2.1.0-rtm.5.json > sarif.new && \
	  rm microsoft-jest-sarif-1.0.0-beta.0.tgz && \
	  echo "2d99159ae54a3eea97f81781cff48780548657c35949f4b7f25e99a2ba4de4f8  sarif.new" | sha256sum --check --quiet && mv sarif.new $(@F)

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@$(RUN) -m pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.github-schemas: $(VENV)/.dev tests/fakes/schemas/package-lock.json tests/fakes/schemas/extract.py
	@$(call missing,npm)
	@rm -rf $(VENV)/npm && mkdir -p $(VENV)/npm && cp tests/fakes/schemas/package*.json $(VENV)/npm
	@npm ci --prefix $(VENV)/npm --ignore-scripts --no-audit --no-fund --silent
	@$(RUN) -m tests.fakes.schemas.extract $(VENV)/npm/node_modules/@octokit $(VENV)/github-schemas
	@rm -rf $(VENV)/npm
	@touch $@

$(GOBIN)/actionlint $(GOBIN)/fake-gcs-server: Makefile
	@$(call missing,go)
	@GOFLAGS=-mod=mod GOBIN=$(GOBIN) go install $(if $(findstring actionlint,$@),$(ACTIONLINT),$(FAKE_GCS))
	@touch $@

missing = command -v $(1) >/dev/null || { echo "$(1) is missing: install it first"; exit 1; }
