# For longer runs than CI has time for: make torture HISTORIES=1000000 KILLS=10000 SEED=20001
HISTORIES ?= 200000
KILLS ?= 5000
SEED ?= 1

.PHONY: torture
torture:
	go test ./reconcile -run '^TestHistories$$' -histories $(HISTORIES) -seed $(SEED) -timeout 0
	go test ./cmd/scim2slack -run '^TestKilledWhilePushing$$' -kills $(KILLS) -timeout 0 -v
