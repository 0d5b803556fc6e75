# Two commands for a newcomer on Debian 12 with Rust: `make demo` and `make test`.
SHELL := /bin/bash
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
DEMO := target/demo
COTTER := target/release/cotter
# The stand-in is made of files with other owners: that takes root. The cache stays the user's.
AS_ROOT := $(SUDO) env HOME="$$HOME" PATH="$$PATH" XDG_CACHE_HOME="$${XDG_CACHE_HOME:-$$HOME/.cache}"

.PHONY: demo test rehearse packages lint bench clean

# Builds cotter and the stand-in, then the installation media of two machines; rehearses them; ends in the verdicts.
demo: packages
	cargo build --release --locked
	$(AS_ROOT) $(COTTER) bench build
	mkdir -p $(DEMO)/secrets
	install -m644 templates/machine/dell-r640.yaml templates/machine/dell-r640-sno.yaml templates/openshift/install-config.yaml $(DEMO)
	for user in core admin; do [ -e $(DEMO)/secrets/$$user.pw ] || (umask 077; head -c9 /dev/urandom | base64 > $(DEMO)/secrets/$$user.pw); done
	[ -e $(DEMO)/secrets/id_ed25519 ] || ssh-keygen -q -t ed25519 -N '' -C demo -f $(DEMO)/secrets/id_ed25519
	@echo "== a Dell R640 with Fedora CoreOS"
	$(COTTER) check --strict $(DEMO)/dell-r640.yaml
	$(COTTER) plan $(DEMO)/dell-r640.yaml --base bench
	$(COTTER) build $(DEMO)/dell-r640.yaml -o $(DEMO)/r640.iso --base bench --force
	$(COTTER) test $(DEMO)/dell-r640.yaml --iso $(DEMO)/r640.iso --report $(DEMO)/report
	@echo "== the same server as a single node of OpenShift"
	$(COTTER) check --strict $(DEMO)/dell-r640-sno.yaml
	$(COTTER) plan $(DEMO)/dell-r640-sno.yaml --base bench
	$(COTTER) build $(DEMO)/dell-r640-sno.yaml -o $(DEMO)/r640-sno.iso --base bench --force
	$(COTTER) test $(DEMO)/dell-r640-sno.yaml --iso $(DEMO)/r640-sno.iso --report $(DEMO)/report-sno
	@echo "== the control: the same single node, put into the live Ignition alone; it must lose what is named here"
	$(COTTER) test $(DEMO)/dell-r640-sno.yaml --base bench --control --report $(DEMO)/report-control; [ $$? = 1 ]
	@echo "== so it is: nothing is lost above, and the control lost what it must. Reports: $(DEMO)/report*"

# Format, lints, unit tests, cases, second opinions by the real tools, and virtual machines.
test: packages lint
	cargo build --locked
	$(AS_ROOT) target/debug/cotter bench build
	rm -f target/tmp/skipped
	cargo test --locked
	cargo test --locked --test suite -- --ignored --nocapture --test-threads 1 --skip rehearse_
	@if [ -s target/tmp/skipped ]; then echo "skipped:"; sort target/tmp/skipped | uniq -c; else echo "nothing was skipped"; fi

# Every scenario of a rehearsal, each with a machine that passes and a control that must not.
rehearse: packages
	cargo build --locked
	$(AS_ROOT) target/debug/cotter bench build
	cargo test --locked --test suite -- --ignored --nocapture --test-threads 1 rehearse_ large_the_starter large_the_control

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --no-deps
	shellcheck templates/files/cotter-verify templates/files/cotter-network-fallback templates/files/cotter-choose-disk templates/files/cotter-recover templates/files/cotter-bootstrap-marker \
	    templates/files/cotter-as-root templates/files/cotter-look templates/files/cotter-reboot templates/files/cotter-node isos/bench/build isos/bench/smoke isos/bench/single-node/smoke isos/bench/stages/* isos/bench/tier1-init \
	    isos/bench/dracut/99zzbench/*.sh isos/bench/tree/usr/lib/systemd/system-generators/* isos/bench/tree/usr/local/bin/* isos/bench/tree/usr/libexec/* \
	    benches/image/run benches/machineconfig/run benches/must-gather/run benches/images/run tests/networkmanager/load tests/networkmanager/bus tests/cloud/root tests/cloud/boot tests/cloud/disk fuzz/run .ci/run .ci/packages

# Speed and memory beside the peers.
bench:
	cargo build --release --locked
	benches/image/run
	benches/machineconfig/run
	benches/must-gather/run
	benches/images/run

packages:
	.ci/packages

clean:
	cargo clean
