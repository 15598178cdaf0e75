# make demo | test | long | ci | static | cross | cross-test | packages | debian | release | man | bench | bench-instructions | bench-peers | fuzz ; see README.md
SHELL := /bin/bash
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
CAPTURES ?= ../shared/captures
STATIC_TARGET := x86_64-unknown-linux-gnu
AGENT := target/release/tollgate-agent
STATIC_AGENT := target/$(STATIC_TARGET)/release/tollgate-agent
CROSS_AGENT := target/cross/aarch64-unknown-linux-gnu/release/tollgate-agent
# package:file that shows it is there
NEEDS := libpcap-dev:/usr/include/pcap/pcap.h iproute2:/sbin/ip tcpreplay:/usr/bin/tcpreplay tcpdump:/usr/bin/tcpdump \
         g++:/usr/bin/g++ file:/usr/bin/file strace:/usr/bin/strace mosquitto:/usr/sbin/mosquitto mosquitto-clients:/usr/bin/mosquitto_pub \
         openssl:/usr/bin/openssl python3:/usr/bin/python3 python3-venv:/usr/share/doc/python3-venv \
         chromium:/usr/bin/chromium chromium-driver:/usr/bin/chromedriver

DEBIAN_NEEDS := debootstrap:/usr/sbin/debootstrap systemd:/usr/bin/systemd-analyze

# The broker that Debian starts when it installs one keeps port 1883, and nobody asked for it: tests start their own.
MUTE_BROKER := if command -v systemctl >/dev/null; then $(SUDO) systemctl disable --now -q mosquitto || true; \
  else $(SUDO) service mosquitto stop || true; fi

.PHONY: demo demo-plant test long ci deps build static cross cross-test cross-check packages debian release bundle man fmt clippy deny doc fuzz bench bench-build bench-instructions bench-peers

# Seconds for each fuzz target.
FUZZ_SECONDS ?= 60
# Kill rounds and simulator seeds of the long suite.
ROUNDS ?= 1000
SEEDS ?= 20000

deps:
	@missing=; for need in $(NEEDS); do [ -e "$${need#*:}" ] || missing="$$missing $${need%%:*}"; done; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing || exit 1; \
	  case "$$missing " in *" mosquitto "*) $(MUTE_BROKER);; esac; fi

build: deps
	cargo build --release --locked

# Counts real captures where they are, else made ones; then live traffic; then a plant: broker, Center, three sensors.
# CAPTURE=file.pcap counts your own, and that only; STAY=1 leaves the plant up until Ctrl-C, with its pages.
demo: build
	@bash tests/demo.sh $(AGENT) "$(CAPTURES)" "$(CAPTURE)"
	@[ -n "$(CAPTURE)" ] || $(MAKE) --no-print-directory demo-plant

demo-plant: build
	@[ -d "$(CAPTURES)" ] || cargo build -q --release --locked --example traffic
	@STAY=$(STAY) bash tests/demo_plant.sh target/release "$(CAPTURES)"

# Live tests need root: the test programs are built as you and run as root. Slightly optimised, since slow models and
# searches run beside the engines; more tests at once than cores, since most wait for programs and clocks.
test: export TOLLGATE_REQUIRE_BROKER := 1
test: export TOLLGATE_REQUIRE_BROWSER := 1
test: export CARGO_PROFILE_DEV_OPT_LEVEL := 1
test: export RUST_TEST_THREADS ?= 6
test: deps
	@[ -d $${TOLLGATE_CAPTURES:-$(CAPTURES)} ] || echo "NOT RUN: tests over public captures; there are none in $(CAPTURES)"
	cargo test --locked --no-fail-fast
	@tests=$$(cargo test --locked --no-run --message-format=json 2>/dev/null | sed -n 's/.*"name":"live_[^}]*}.*"executable":"\([^"]*\)".*/\1/p'); \
	for t in $$tests; do echo "as root: $$t"; $(SUDO) env TOLLGATE_REQUIRE_LIVE=1 $$t --test-threads=1 || exit 1; done
	@$(SUDO) unshare --net --mount bash tests/no_network.sh target/debug $(CAPTURES)

# The sensor's binary: no C library, no libpcap.
static: deps
	RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --release --no-default-features --features agent --target $(STATIC_TARGET)
	@file $(STATIC_AGENT) | grep -q 'static' && echo "static: ok"

# The same for aarch64, with Debian's toolchain; counts all captures with it under qemu.
cross: static
	@bash targets/cross.sh build $(STATIC_AGENT) "$(CAPTURES)"

# The agent's tests as aarch64 programs under qemu: all of them, and for CI those of the library that decode, count and
# judge leases.
cross-test: deps
	@bash targets/cross.sh test

cross-check: deps
	@bash targets/cross.sh test engine:: model:: io::capture

# IOx packages for every platform, in target/packages: built twice, verified, started under their memory limits.
packages: static cross
	strip -o $(STATIC_AGENT).stripped $(STATIC_AGENT)
	@capture=$(CAPTURES)/synthetic/routed_mix.pcap; \
	[ -e $$capture ] || { capture=target/packages.pcap; cargo run -q --locked --example traffic -- --components 60 --frames 500 $$capture >/dev/null; }; \
	bash tests/packages.sh $(STATIC_AGENT).stripped $(CROSS_AGENT).stripped $$capture

# Where `debian` takes the programs from.
BINARIES ?= target/release

# Debian packages in target/debian/packages: built twice; in a clean root installed, upgraded and rolled back by release
# bundles, removed and purged.
debian: $(if $(filter target/release,$(BINARIES)),build) man
	@missing=; for need in $(DEBIAN_NEEDS); do [ -e "$${need#*:}" ] || missing="$$missing $${need%%:*}"; done; \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends $$missing; }
	@bash tests/debian.sh $(BINARIES) target
	@$(SUDO) bash tests/systemd.sh $(BINARIES)/tollgate-agent

# Everything for a plant without a network in one signed file. KEY: the maintainer's; without one, a key for trying.
KEY ?= target/release-bundle/trial.key
release: packages debian bundle

bundle: deps
	@mkdir -p target/release-bundle
	@[ -e $(KEY) ] || { openssl genpkey -algorithm ed25519 -out $(KEY) 2>/dev/null; echo "release: signed with a key made for trying; KEY=FILE is yours"; }
	@bash tests/release.sh $(BINARIES)/tollgate-agent $(KEY) target/release-bundle/tollgate-$$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1).tar

# Man pages and completions of all programs.
man: deps
	@rm -rf target/man target/completions
	@cargo run -q --locked --example manual -- target/man target/completions

fmt:
	cargo fmt --check

clippy: deps
	cargo clippy --locked --lib --bins -- -D warnings
	cargo clippy --locked --all-targets -- -A clippy::pedantic -A clippy::unwrap_used -A clippy::expect_used -A clippy::type_complexity -D warnings
	cargo clippy --locked --no-default-features --features agent -- -D warnings

deny:
	cargo deny --config .deny.toml check bans licenses sources

doc: deps
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps

# All of it with the tests' profile: what one step builds the next finds.
ci: export CARGO_PROFILE_DEV_OPT_LEVEL := 1
# Built once: what would help to build it again only takes room.
ci: export CARGO_INCREMENTAL := 0
# As long as it takes to see that each target works; the long suite searches.
ci: export FUZZ_SECONDS := 20
ci: fmt clippy deny doc packages cross-check test
	@# Of the programs as they were tested: not optimised, and not built once more.
	@$(MAKE) --no-print-directory debian bundle BINARIES=target/debug LEVEL=0
	@$(MAKE) --no-print-directory fuzz

# Any bytes to every door: frames, files, compressed files, filters, sightings. Says NOT RUN where it cannot.
fuzz: deps
	@FUZZ_SECONDS=$(FUZZ_SECONDS) bash tests/fuzz.sh

# What chance decides, far longer: kills over the whole system and of the agent's store, worlds where everything goes
# wrong, fuzzing. Each run is a row of tests/LEDGER.csv.
long: build
	@ROUNDS=$(ROUNDS) SEEDS=$(SEEDS) FUZZ_SECONDS=$(FUZZ_SECONDS) bash tests/long.sh

bench-build: deps
	cargo bench --locked --no-run

bench: deps
	cargo bench --locked --bench count

# Instructions a packet, against benches/INSTRUCTIONS.tsv.
bench-instructions: deps
	@command -v valgrind >/dev/null || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y -qq --no-install-recommends valgrind; }
	cargo bench --locked --bench instructions -- --check

bench-peers: build
	sh benches/peers/run.sh
