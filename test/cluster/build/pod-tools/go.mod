module teams-sbc.dev/test/cluster/pod-tools

go 1.26
