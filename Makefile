# Lethe: make help lists the targets.
SHELL      := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
GO         ?= go
VERSION    := $(shell sed -n 's/^## \[\([0-9][^]]*\)\].*/\1/p' CHANGELOG.md | head -n1)
VERSION    := $(if $(VERSION),$(VERSION),0.1.0-dev)
LDFLAGS    := -s -w -X main.version=$(VERSION)
GOBUILD    := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)'
COMMANDS   := lethe lethe-image lethe-depot lethe-check lethe-demo
VM_PKGS    := ./image/boottest/... ./cmd/internal/demo/...
FUZZTIME   ?= 2s
PROFILE    ?= vm
FORMATS    ?= all
WAYS       ?= .*
ARTEFACT   ?= kernel
BUS        ?= sata

.DEFAULT_GOAL := help
.PHONY: help build image reproducible demo qemu test test-liar test-long test-boot lint test-unit test-race test-fuzz test-vm deps bench bench-readme profile bars mutants clean kernel-update

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## the binaries, into bin/
	@mkdir -p bin
	@for c in $(COMMANDS); do $(GOBUILD) -o bin/$$c ./cmd/$$c; done

image: ## the boot image in all its forms, into out/image (PROFILE=full, FORMATS=kernel, SITE=site.yaml)
	@$(MAKE) --no-print-directory build COMMANDS='lethe lethe-image'
	bin/lethe-image build --profile $(PROFILE) --formats $(FORMATS) $(if $(SITE),--site '$(SITE)') \
		--lethe bin/lethe --image-version '$(VERSION)' --out out/image

reproducible: ## build the boot image twice, cold, in two surroundings, and compare every byte (root)
	.ci/reproducible $(PROFILE)

demo: build ## boot a machine in QEMU, erase four drives, leave signed certificates in out/demo
	@bin/lethe-demo --explain
	@.ci/deps
	@$(MAKE) --no-print-directory image PROFILE=vm FORMATS=kernel SITE=
	bin/lethe-demo

qemu: image ## boot the image by hand: ARTEFACT=iso FIRMWARE=uefi BUS=nvme,usb DISKS="a.img /dev/loop9"; QEMUFLAGS=--help says more
	@$(MAKE) --no-print-directory build COMMANDS=lethe-demo
	bin/lethe-demo boot --artefact '$(ARTEFACT)' --bus '$(BUS)' $(if $(FIRMWARE),--firmware '$(FIRMWARE)') $(QEMUFLAGS) $(DISKS)

test: ## everything this machine can test (root; at most 20 minutes)
	@start=$$SECONDS; \
	$(MAKE) --no-print-directory deps lint test-unit test-race test-fuzz test-vm; \
	echo "make test: all passed in $$((SECONDS-start)) s on $$(nproc) cores"

test-liar: deps ## every technique against every fault of the simulated drives, into out/coverage.json; and drives that outlive a killed machine (VM)
	LETHE_COVERAGE=$(CURDIR)/out/coverage.json $(GO) test -count=1 -timeout 60m ./wipe/erase
	$(GO) test -tags long -p 1 -count=1 -timeout 60m -v -run 'TestSimulatedDrives|TestNVMeDrive' ./cmd/internal/demo/...

test-long: test ## make test, then every kill run, fault and power cut, long fuzzing, and all mutants
	$(GO) test -tags long -count=1 -timeout 60m -v -run 'Kill' ./cmd/lethe
	$(GO) test -tags long -count=1 -timeout 120m -v ./cmd/internal/demo
	$(MAKE) --no-print-directory test-fuzz FUZZTIME=30s
	$(MAKE) --no-print-directory test-liar
	$(MAKE) --no-print-directory mutants

test-boot: build deps ## boot every artefact in every way to a signed certificate, drives on every bus (WAYS='iso|usb': only some)
	$(GO) test -tags boot -p 1 -count=1 -timeout 90m -v -run '^(TestWays|TestUnsignedRefused|TestBuses|TestTrouble|TestSiteFile|TestEnroll)$$/^($(WAYS))$$' ./cmd/internal/demo

mutants: ## break the product at each line a safety test names, and see that test turn red
	$(GO) run ./cmd/internal/mutants

deps: ## install the Debian packages that tests and the demo use
	@.ci/deps

lint: ## gofmt, vet, shellcheck
	@test -z "$$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l | tee /dev/stderr)"
	$(GO) vet ./...
	$(GO) vet -tags boot,long ./cmd/internal/demo/... ./wipe/pattern
	shellcheck .ci/run .ci/deps .ci/fuzz .ci/reproducible

test-unit: ## unit, golden, simulated drives, CLI scripts, loop devices
	$(GO) test $$($(GO) list ./... | grep -v -e /image/boottest -e /cmd/internal/demo)

test-race: ## the concurrent packages under the race detector
	$(GO) test -race -short ./wipe ./wipe/overwrite/... ./wipe/verify ./wipe/wipetest \
		./certs/spool ./certs/deliver ./cmd/internal/tui ./cmd/lethe-depot/...

test-fuzz: ## every fuzz target for FUZZTIME (2s)
	@.ci/fuzz $(FUZZTIME)

test-vm: build ## boot the image in QEMU, erase, and let the host read the drives
	$(GO) test -p 1 -count=1 -timeout 15m $(VM_PKGS)

bench: ## passes and whole jobs against fio, dd, shred and nwipe, into out/bench (root; BENCH=quick; NWIPE=path adds a nwipe)
	@$(MAKE) --no-print-directory build COMMANDS=lethe
	@mkdir -p out/bench && $(GO) build -o out/bench/bench ./cmd/internal/bench
	NWIPE='$(NWIPE)' out/bench/bench -lethe bin/lethe -out out/bench $(if $(filter quick,$(BENCH)),-quick)

bench-readme: ## put the tables of the last make bench into README.md
	$(GO) run ./cmd/internal/bench -out out/bench -readme README.md

profile: ## CPU and heap profiles of the default job, into out/profile (root)
	@mkdir -p out/profile && $(GO) build -o out/profile/bench ./cmd/internal/bench
	out/profile/bench profile out/profile

bars: build deps ## the figures of the promises: stream kernels, randomness, bit flips, openssl, a suspended drive, make bench in short, image size, the boot
	@echo "machine: $$(nproc) x $$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n1), Linux $$(uname -r), $$($(GO) version)"
	$(GO) test -count=1 -run 'TestBarKernels' -v ./wipe/pattern/internal/aesctr
	$(GO) test -tags long -count=1 -timeout 30m -run 'TestBarRandom|TestBarKeys' -v ./wipe/pattern
	$(GO) test -count=1 -run 'TestBitFlips' -v ./certs/check
	$(GO) test -count=1 -run 'TestBarOpenSSL' -v ./wipe/overwrite
	$(GO) test -tags long -count=1 -timeout 30m -run 'TestBarSuspended' -v ./cmd/lethe
	$(MAKE) --no-print-directory bench BENCH=quick
	$(GO) test -count=1 -timeout 15m -run 'TestErasesFourBuses|TestNoOpEraseIsCaught' -v ./cmd/internal/demo

kernel-update: build ## move the kernel lock to Debian's newest
	bin/lethe-image kernel update

clean: ## remove bin/ and out/
	rm -rf bin out
