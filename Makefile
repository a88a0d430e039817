# The commands of a developer. Everything a target needs, it installs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# As root the packages are installed directly, else through sudo.
SUDO   := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
SERVERS := dovecot-imapd dovecot-lmtpd postfix clamav-daemon mariadb-server age
# What lays out PDFs, and what reads them back.
PAPER   := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-thai-tlwg poppler-utils
# What opens pages and spreadsheets as people do.
VIEWERS := chromium libreoffice-calc-nogui
# What builds the package, and what the tests try it in.
BUILDERS := debhelper dpkg-dev python3-venv
ROOTS    := debootstrap systemd-container zstd
PACKAGE  := build/deb/.built
SOURCES  := debian docs mailgate systemd templates config.toml pyproject.toml LICENSE README.md

.PHONY: demo test test-packages check bench fuzz format clean servers builders wheel deb guide pictures

demo: $(STAMP)            ## run the main job once on embedded servers
	$(BIN)/mailgate demo --dir demo

test: $(STAMP) servers check   ## format, lint, types, the whole suite on real servers, three minutes of fuzzing
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --ignore tests/packaging
	$(MAKE) --jobs 2 --output-sync test-packages fuzz SECONDS=60

test-packages: $(STAMP)   ## the Debian package: built once, its machines booted one at a time
	$(BIN)/python -m pytest tests/packaging

check: $(STAMP)           ## format, lint and types only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

bench: $(STAMP) servers   ## 2,000 letters through a real Dovecot, 2,000 decisions, an outbox of 100,000: speed, memory
	$(BIN)/python -m bench.poll --letters 2000
	$(BIN)/python -m bench.decisions --items 2000
	$(BIN)/python -m bench.outbox --items 100000

SECONDS ?= 60
fuzz: $(STAMP)            ## random mails, guided by coverage: make fuzz SECONDS=600
	for target in headers reading reports; do \
	  $(BIN)/python -m fuzz.fuzz_$$target -max_total_time=$(SECONDS) || exit 1; done

guide: $(STAMP)           ## docs/clerk.th.html and .pdf from docs/clerk.th.md
	$(BIN)/python -m docs.build

pictures: $(STAMP) servers ## the guide's pictures, of a demo's mails and registers
	$(BIN)/python -m docs.pictures

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The venv module is a package of its own on Debian.
$(STAMP): pyproject.toml
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(SUDO) apt-get update -q && $(SUDO) apt-get install -qy python3-venv; }
	[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[dev]'
	touch $(STAMP)

# Their own daemons may start on the usual ports; the tests run theirs on free ones.
servers:
	@dpkg -s $(SERVERS) $(PAPER) $(VIEWERS) $(BUILDERS) $(ROOTS) >/dev/null 2>&1 || { \
	  $(SUDO) apt-get update -q && \
	  echo 'postfix postfix/main_mailer_type select No configuration' | $(SUDO) debconf-set-selections && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
	    $(SERVERS) $(PAPER) $(VIEWERS) $(BUILDERS) $(ROOTS); }

# Built in a copy, so that nothing is left in the tree.
deb: $(PACKAGE)           ## dist/mailgate_VERSION_ARCH.deb, with Debian's own tools and Python

$(PACKAGE): $(shell find $(SOURCES) -type f -not -path '*/__pycache__/*') | builders
	rm -rf build/deb && mkdir -p build/deb/source dist
	cp -a $(SOURCES) build/deb/source
	cd build/deb/source && dpkg-buildpackage --build=binary --no-sign
	cp build/deb/*.deb dist/
	touch $(PACKAGE)

builders:
	@dpkg -s $(BUILDERS) >/dev/null 2>&1 || { \
	  $(SUDO) apt-get update -q && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $(BUILDERS); }

wheel: $(STAMP)
	$(BIN)/python -m pip wheel -q --no-deps -w dist .

clean:
	rm -rf $(VENV) dist build demo .mypy_cache .ruff_cache .pytest_cache .hypothesis
