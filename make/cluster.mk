# What needs a cluster, a server or Prometheus's tools.

.PHONY: alerts-test
alerts-test: $(TARGET_DIR)/alerts/rules.yml | promtool ## Test the alerts of examples/alerts.yaml with promtool
	@cp test_data/alerts/alerts.test.yaml '$(TARGET_DIR)/alerts'
	promtool test rules '$(TARGET_DIR)/alerts/alerts.test.yaml'

# The specification of a PrometheusRule is a file of rules for Prometheus.
$(TARGET_DIR)/alerts/rules.yml: examples/alerts.yaml
	@mkdir -p '$(@D)'
	@sed '1,/^spec:$$/d; s/^  //' '$<' >'$@'

.PHONY: promtool
promtool:
	@command -v promtool >/dev/null || $(call fail,promtool is missing: it comes with Prometheus)
