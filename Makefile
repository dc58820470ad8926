# Switchyard. `make run` shows it at work, `make test` proves it.

LINT_VERSION := v2.15.0
BIN          := bin
LINT         := $(BIN)/golangci-lint-$(LINT_VERSION)
COMMANDS     := ./cmd/worker ./cmd/scheduler ./cmd/monitor ./cmd/switchyard ./bench/switchyard-bench
VERSION      ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT       ?= $(shell git rev-parse HEAD 2>/dev/null)
STAMP        := -X switchyard/internal/command.release=$(VERSION) -X switchyard/internal/command.commit=$(COMMIT)

.DEFAULT_GOAL := help
.PHONY: help run build release release-check test test-with-race test-celery test-without-race test-race test-faults test-mcp test-openapi test-helm check-helm test-kubernetes bench screens check fmt clean test-needs

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile

run: ## start the whole system in one process, on an embedded Redis
	@echo "Building (the first time takes a minute or two) ..."
	@go build -trimpath -ldflags '$(STAMP)' -o $(BIN)/switchyard ./cmd/switchyard
	@exec $(BIN)/switchyard dev $(ARGS)

build: ## build every binary into bin/
	go build -trimpath -ldflags '$(STAMP)' -o $(BIN)/ $(COMMANDS)

release: ## build one stripped binary for each platform into bin/release/, with checksums
	@sh scripts/release.sh $(BIN)/release "$(VERSION)" "$(COMMIT)"

release-check: release ## build the release again, elsewhere and without the cache, and compare
	@sh scripts/release-check.sh $(BIN)/release "$(VERSION)" "$(COMMIT)"

# The race detector watches what goroutines share, in packages that have locks, channels or goroutines. It sees nothing of
# the processes that other tests start, and where one goroutine computes it would take most of the time.
SHARES = '"sync(/atomic)?"|<-|\.Go\(func|^\s+go '
RACED = go list . $$(grep -rlE --include='*.go' --exclude='*_test.go' $(SHARES) internal | xargs -n 1 dirname | sort -u | sed 's|^|./|') | grep -v -E '/internal/calendar$$'
CELERY = /test/celery
GO_TEST = COMMANDS_BUILT_IN=$(abspath $(BIN)) go test -timeout 30m

test: test-needs build ## install what the tests need, then run all of them
	@$(MAKE) --no-print-directory -j 2 test-with-race test-without-race test-celery

# Most tests wait for something most of the time: more packages than processors are tested at once. The slowest begin.
test-with-race:
	$(GO_TEST) -p 2 -race $(addprefix ./internal/,queue/lane app monitor cache schedule) $$($(RACED))

# Nearly all of their time these tests wait for a result that is overdue, or for the next tick.
test-celery: test-without-race
	$(GO_TEST) -p 2 -parallel 3 .$(CELERY)/...

test-without-race:
	$(GO_TEST) -p 2 ./cmd/switchyard ./test/oracle ./clients ./test/api $$({ go list ./...; $(RACED); } | sort | uniq -u | grep -v $(CELERY))

test-race: test-needs build ## run all tests under the race detector, for half an hour
	$(GO_TEST) -race $$(go list ./... | grep -v $(CELERY))
	$(GO_TEST) -race -p 1 .$(CELERY)/...

test-faults: test-needs ## kill workers and Redis under 20,000 tasks, cut the network; ARGS="-seed=N" repeats a run
	go test -count=1 -timeout 30m -v ./test/faults -full $(ARGS)

test-mcp: ## install MCP servers of others with npm, and try them
	npm install --prefix $(BIN)/mcp --no-audit --no-fund --ignore-scripts $(addprefix @modelcontextprotocol/server-,$(addsuffix @2026.8.31,everything filesystem memory sequential-thinking))
	SWITCHYARD_MCP_SERVERS=$(abspath $(BIN))/mcp go test -count=1 -v -run TestServersFromNpmWork ./internal/tasks/agents

OPENAPI_TOOLS = @redocly/cli@2 @stoplight/spectral-cli@6 openapi-typescript@7 openapi-fetch@0.17 typescript@5

test-openapi: ## install programs of others with npm that read the API's description, and have them judge it
	npm install --prefix $(BIN)/openapi --no-audit --no-fund --ignore-scripts $(OPENAPI_TOOLS)
	SWITCHYARD_OPENAPI_TOOLS=$(abspath $(BIN))/openapi go test -count=1 -v -run TestJudgesOfOthers ./test/api

HELM_TESTS   = deploy/helm/test
# What is built out of the modules of others, once for each version.
KUBERNETES   = $(BIN)/kubernetes
KUBE_VERSION = v1.36.3
KUBE_STAMP   = $(addprefix -X k8s.io/component-base/version.,gitVersion=$(KUBE_VERSION) gitMajor=1 gitMinor=36)

test-helm: test-needs build ## render the Helm chart, have it refuse bad values, score it, and start the daemons with it
	cd $(HELM_TESTS) && COMMANDS_BUILT_IN=$(abspath $(BIN)) go test -count=1 .

check-helm: $(LINT) ## vet, lint and tidy modules of the chart's tests, which need Helm's many dependencies
	cd $(HELM_TESTS) && go vet ./... && $(abspath $(LINT)) run ./... && go mod tidy -diff

test-kubernetes: test-needs build $(KUBERNETES)/etcd $(KUBERNETES)/kube-apiserver $(KUBERNETES)/keda-operator ## build a kube-apiserver and a KEDA, for half an hour the first time; install and scale the chart
	cd $(HELM_TESTS) && COMMANDS_BUILT_IN=$(abspath $(BIN)) KUBERNETES_BUILT_IN=$(abspath $(KUBERNETES)) go test -count=1 -timeout 30m -v ./cluster

$(KUBERNETES)/etcd: $(HELM_TESTS)/apiserver/go.mod
	cd $(HELM_TESTS)/apiserver && go build -trimpath -o $(abspath $@) go.etcd.io/etcd/server/v3

$(KUBERNETES)/kube-apiserver: $(HELM_TESTS)/apiserver/go.mod
	cd $(HELM_TESTS)/apiserver && go build -trimpath -ldflags '$(KUBE_STAMP)' -o $(abspath $@) k8s.io/kubernetes/cmd/kube-apiserver

$(KUBERNETES)/keda-operator: $(HELM_TESTS)/keda/go.mod
	cd $(HELM_TESTS)/keda && go build -trimpath -o $(abspath $@) github.com/kedacore/keda/v2/cmd/operator

test-needs:
	@sh scripts/test-needs.sh

bench: build ## measure Switchyard beside plain asynq on a private redis-server, in about 8 minutes
	@exec $(BIN)/switchyard-bench --private-redis $(ARGS)

screens: test-needs build ## draw the pictures of the README and the console anew, with chromium
	@go run ./test/screens $(ARGS)

check: $(LINT) ## formatting, vet, lint with the import rules, tidy modules
	@test -z "$$(gofmt -l .)" || { echo "gofmt would change:"; gofmt -l .; exit 1; }
	go vet ./...
	$(LINT) run ./...
	go mod tidy -diff
	cd examples/report && go vet ./... && $(abspath $(LINT)) run ./... && go mod tidy -diff

$(LINT):
	GOBIN=$(abspath $(BIN)) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	mv $(BIN)/golangci-lint $(LINT)

fmt: ## format the code
	gofmt -w .

clean: ## remove what was built
	rm -rf $(BIN)
