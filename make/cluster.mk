# What needs a cluster, a policy-server or Prometheus's tools.

# The context must be named, since it is changed; a registry must be, since the default one is the project's. The published
# module stays in the registry.
CLUSTER_TEST_CONTEXT ?=
CLUSTER_TEST_POLICY_SERVER ?= default

.PHONY: cluster-test
cluster-test: annotated-policy.wasm | bats jq kubectl ## Test in a cluster: make cluster-test CLUSTER_TEST_CONTEXT=… REFERENCE=host/name:tag
	@test "$$(kubectl config current-context)" = '$(CLUSTER_TEST_CONTEXT)' || \
	{ echo "kubectl's current context is not CLUSTER_TEST_CONTEXT" >&2; exit 1; }
	$(if $(filter file,$(origin REFERENCE)),$(error REFERENCE is not set: name a registry that the cluster can pull from))
	@module=$$($(MAKE) --silent publish | jq --raw-output .immutable_ref) && \
	MODULE="registry://$$module" POLICY_SERVER='$(CLUSTER_TEST_POLICY_SERVER)' bats cluster.bats

POLICY_SERVER ?= policy-server

.PHONY: load-test
load-test: annotated-policy.wasm | jq wrk ## Measure what policy-server serves: make load-test POLICY_SERVER=path [NAMESPACE=name]
	@make/load-test '$(POLICY_SERVER)' $< $(NAMESPACE)

.PHONY: alerts-test
alerts-test: $(TARGET_DIR)/alerts/rules.yml | promtool ## Test the alerts of examples/alerts.yaml with promtool
	@cp test_data/alerts/alerts.test.yaml '$(TARGET_DIR)/alerts'
	promtool test rules '$(TARGET_DIR)/alerts/alerts.test.yaml'

# The specification of a PrometheusRule is a file of rules for Prometheus.
$(TARGET_DIR)/alerts/rules.yml: examples/alerts.yaml
	@mkdir -p '$(@D)'
	@sed '1,/^spec:$$/d; s/^  //' '$<' >'$@'

.PHONY: kubectl wrk promtool
kubectl:
	@command -v $@ >/dev/null || $(call missing,$@,https://kubernetes.io/docs/tasks/tools)

wrk:
	@command -v $@ >/dev/null || $(call missing,$@,https://github.com/wg/wrk)

promtool:
	@command -v $@ >/dev/null || $(call missing,promtool$(comma) a part of Prometheus$(comma),https://prometheus.io/download)
