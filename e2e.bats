#!/usr/bin/env bats
# End-to-end tests: the module as kwctl runs it, on recorded requests.
#
# KWCTL is the program that runs the policy, POLICY the module, RUNNER the runner; `make e2e-tests` sets all of them.
# Every comparison is of whole values, so that nothing that the policy adds or loses goes unnoticed.

# `run` takes an expected exit code and keeps stderr apart.
bats_require_minimum_version 1.5.0

setup() {
    cd "$BATS_TEST_DIRNAME" || exit
    kwctl=${KWCTL:-kwctl}
    policy=${POLICY:-annotated-policy.wasm}
    # With a backtrace, messages on stderr would not end where they end for users.
    unset RUST_BACKTRACE
}

teardown() {
    [ -z "${registry:-}" ] || kill "$registry"
}

# evaluate REQUEST [OPTION…]: leaves the response in $response, with its patch decoded.
# REQUEST is the path of a file, or the name of a recorded request.
evaluate() {
    request=$1
    [[ $request == */* ]] || request=test_data/requests/$request.json
    run -0 --separate-stderr "$kwctl" run --request-path "$request" "${@:2}" "$policy"
    # shellcheck disable=SC2154 # Bats sets it.
    response=$(jq 'if has("patch") then .patch |= (@base64d | fromjson) else . end' <<<"$output")
}

# Compares the response with the one on stdin, which goes without the `uid`: that must be the request's.
respond_with() {
    diff -u --label expected --label response \
        <(jq -S --slurpfile request "$request" '. + {uid: ($request[0] | .request // .).uid}') \
        <(jq -S . <<<"$response")
}

# Skips a test that only kwctl can pass.
need_kwctl() {
    [[ $(basename "$kwctl") != runner ]] || skip "kwctl is missing, and $1"
}

accept_unchanged() {
    respond_with <<<'{"allowed": true, "auditAnnotations": null, "warnings": null}'
}

# Prints the request with the response's patch applied to its object.
patched_request() {
    jq --argjson response "$response" '
        # The path that a JSON Pointer means in the input: steps into a list are numbers.
        def steps($pointer):
            . as $document
            | reduce ($pointer | split("/")[1:][] | gsub("~1"; "/") | gsub("~0"; "~")) as $step
                ([]; . as $path | . + [if $document | getpath($path) | type == "array" then $step | tonumber else $step end]);
        .object |= reduce $response.patch[] as $change (.;
            steps($change.path) as $path | $path[-1] as $last
            | if $change.op == "remove" then delpaths([$path])
              elif $change.op == "add" and ($last | type) == "number"
              then setpath($path[:-1]; getpath($path[:-1]) | .[:$last] + [$change.value] + .[$last:])
              else setpath($path; $change.value) end)
    ' "$request"
}

@test "home: environment, credentials and ServiceAccount of a plain pod" {
    evaluate plain-web --settings-json '{
        "homeApiServerHost": "api.milan.example.org", "homeApiServerPort": 6443, "homeClusterId": "milan"
    }'
    respond_with <<'JSON'
{
  "allowed": true,
  "patchType": "JSONPatch",
  "patch": [
    {"op": "add", "path": "/spec/automountServiceAccountToken", "value": false},
    {"op": "add", "path": "/spec/containers/0/env/2", "value": {"name": "KUBERNETES_SERVICE_HOST", "value": "api.milan.example.org"}},
    {"op": "add", "path": "/spec/containers/0/env/3", "value": {"name": "KUBERNETES_SERVICE_PORT", "value": "6443"}},
    {"op": "add", "path": "/spec/containers/0/env/4", "value": {"name": "KUBERNETES_SERVICE_PORT_HTTPS", "value": "6443"}},
    {"op": "add", "path": "/spec/containers/0/env/5", "value": {"name": "KUBERNETES_PORT", "value": "tcp://api.milan.example.org:6443"}},
    {"op": "add", "path": "/spec/containers/0/env/6", "value": {"name": "KUBERNETES_PORT_6443_TCP", "value": "tcp://api.milan.example.org:6443"}},
    {"op": "add", "path": "/spec/containers/0/env/7", "value": {"name": "KUBERNETES_PORT_6443_TCP_PROTO", "value": "tcp"}},
    {"op": "add", "path": "/spec/containers/0/env/8", "value": {"name": "KUBERNETES_PORT_6443_TCP_ADDR", "value": "api.milan.example.org"}},
    {"op": "add", "path": "/spec/containers/0/env/9", "value": {"name": "KUBERNETES_PORT_6443_TCP_PORT", "value": "6443"}},
    {"op": "add", "path": "/spec/volumes/0/projected/sources/0/secret", "value": {"items": [{"key": "kube-api-access-xlwkg-3c469e", "path": "token"}], "name": "storefront-token"}},
    {"op": "remove", "path": "/spec/volumes/0/projected/sources/0/serviceAccountToken"},
    {"op": "replace", "path": "/spec/volumes/0/projected/sources/1/configMap/name", "value": "kube-root-ca.crt.milan"}
  ],
  "auditAnnotations": {
    "home-api-server": "api.milan.example.org:6443",
    "mode": "home",
    "problems": "kubernetes.default is the foreign API server; set homeApiServerAddresses for clients that use it; Secret storefront-token is created by Liqo's API server support; if that is off, set homeCredentialsSecret"
  },
  "warnings": [
    "kubernetes.default is the foreign API server; set homeApiServerAddresses for clients that use it",
    "Secret storefront-token is created by Liqo's API server support; if that is off, set homeCredentialsSecret"
  ]
}
JSON
}

@test "home: a settings file in YAML, with addresses that become host aliases" {
    evaluate dry-run --settings-path examples/settings.yaml
    respond_with <<'JSON'
{
  "allowed": true,
  "patchType": "JSONPatch",
  "patch": [
    {"op": "add", "path": "/spec/automountServiceAccountToken", "value": false},
    {"op": "replace", "path": "/spec/containers/0/env/0/name", "value": "KUBERNETES_SERVICE_HOST"},
    {"op": "replace", "path": "/spec/containers/0/env/0/value", "value": "api.milan.example.org"},
    {"op": "add", "path": "/spec/containers/0/env/1", "value": {"name": "KUBERNETES_SERVICE_PORT", "value": "6443"}},
    {"op": "add", "path": "/spec/containers/0/env/2", "value": {"name": "KUBERNETES_SERVICE_PORT_HTTPS", "value": "6443"}},
    {"op": "add", "path": "/spec/containers/0/env/3", "value": {"name": "KUBERNETES_PORT", "value": "tcp://api.milan.example.org:6443"}},
    {"op": "add", "path": "/spec/containers/0/env/4", "value": {"name": "KUBERNETES_PORT_6443_TCP", "value": "tcp://api.milan.example.org:6443"}},
    {"op": "add", "path": "/spec/containers/0/env/5", "value": {"name": "KUBERNETES_PORT_6443_TCP_PROTO", "value": "tcp"}},
    {"op": "add", "path": "/spec/containers/0/env/6", "value": {"name": "KUBERNETES_PORT_6443_TCP_ADDR", "value": "api.milan.example.org"}},
    {"op": "add", "path": "/spec/containers/0/env/7", "value": {"name": "KUBERNETES_PORT_6443_TCP_PORT", "value": "6443"}},
    {"op": "add", "path": "/spec/containers/0/env/8", "value": {"name": "API", "value": "https://$(KUBERNETES_SERVICE_HOST):$(KUBERNETES_SERVICE_PORT)"}},
    {"op": "add", "path": "/spec/hostAliases", "value": [{"hostnames": ["api.milan.example.org", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "kubernetes"], "ip": "10.70.0.1"}]},
    {"op": "remove", "path": "/spec/serviceAccount"},
    {"op": "remove", "path": "/spec/serviceAccountName"}
  ],
  "auditAnnotations": {
    "home-api-server": "api.milan.example.org:6443",
    "mode": "home"
  },
  "warnings": null
}
JSON
}

@test "home: a pod that Liqo's virtual kubelet has forged keeps its host and port, and every name leads there" {
    evaluate already-forged
    respond_with <<'JSON'
{
  "allowed": true,
  "patchType": "JSONPatch",
  "patch": [
    {"op": "replace", "path": "/spec/containers/0/env/4/name", "value": "KUBERNETES_SERVICE_PORT_HTTPS"},
    {"op": "replace", "path": "/spec/containers/0/env/4/value", "value": "443"},
    {"op": "replace", "path": "/spec/containers/0/env/5/name", "value": "KUBERNETES_PORT"},
    {"op": "replace", "path": "/spec/containers/0/env/6/name", "value": "KUBERNETES_PORT_443_TCP"},
    {"op": "replace", "path": "/spec/containers/0/env/6/value", "value": "tcp://kubernetes.default:443"},
    {"op": "replace", "path": "/spec/containers/0/env/7/name", "value": "KUBERNETES_PORT_443_TCP_PROTO"},
    {"op": "replace", "path": "/spec/containers/0/env/7/value", "value": "tcp"},
    {"op": "replace", "path": "/spec/containers/0/env/8/name", "value": "KUBERNETES_PORT_443_TCP_ADDR"},
    {"op": "replace", "path": "/spec/containers/0/env/8/value", "value": "kubernetes.default"},
    {"op": "add", "path": "/spec/containers/0/env/9", "value": {"name": "KUBERNETES_PORT_443_TCP_PORT", "value": "443"}},
    {"op": "add", "path": "/spec/hostAliases/0/hostnames/2", "value": "kubernetes.default.svc.cluster.local"},
    {"op": "add", "path": "/spec/hostAliases/0/hostnames/3", "value": "kubernetes"},
    {"op": "replace", "path": "/spec/initContainers/0/env/4/name", "value": "KUBERNETES_SERVICE_PORT_HTTPS"},
    {"op": "replace", "path": "/spec/initContainers/0/env/4/value", "value": "443"},
    {"op": "replace", "path": "/spec/initContainers/0/env/5/name", "value": "KUBERNETES_PORT"},
    {"op": "replace", "path": "/spec/initContainers/0/env/6/name", "value": "KUBERNETES_PORT_443_TCP"},
    {"op": "replace", "path": "/spec/initContainers/0/env/6/value", "value": "tcp://kubernetes.default:443"},
    {"op": "replace", "path": "/spec/initContainers/0/env/7/name", "value": "KUBERNETES_PORT_443_TCP_PROTO"},
    {"op": "replace", "path": "/spec/initContainers/0/env/7/value", "value": "tcp"},
    {"op": "replace", "path": "/spec/initContainers/0/env/8/name", "value": "KUBERNETES_PORT_443_TCP_ADDR"},
    {"op": "replace", "path": "/spec/initContainers/0/env/8/value", "value": "kubernetes.default"},
    {"op": "add", "path": "/spec/initContainers/0/env/9", "value": {"name": "KUBERNETES_PORT_443_TCP_PORT", "value": "443"}}
  ],
  "auditAnnotations": {
    "home-api-server": "kubernetes.default:443",
    "mode": "home"
  },
  "warnings": null
}
JSON
}

@test "home: a pod whose name is generated is rejected without a Secret of its own" {
    evaluate generate-name
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "metadata.name: expected a name, since the Secret that Liqo reflects is named after the pod; a pod with generateName needs the setting homeCredentialsSecret"
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "home: a pod whose name is generated gets the credentials that the settings name" {
    evaluate generate-name --settings-json '{
        "homeApiServerHost": "api.milan.example.org", "homeCredentialsSecret": "milan-api-access"
    }'
    respond_with <<'JSON'
{
  "allowed": true,
  "patchType": "JSONPatch",
  "patch": [
    {"op": "add", "path": "/spec/automountServiceAccountToken", "value": false},
    {"op": "add", "path": "/spec/containers/0/env/2", "value": {"name": "KUBERNETES_SERVICE_HOST", "value": "api.milan.example.org"}},
    {"op": "add", "path": "/spec/containers/0/env/3", "value": {"name": "KUBERNETES_SERVICE_PORT", "value": "443"}},
    {"op": "add", "path": "/spec/containers/0/env/4", "value": {"name": "KUBERNETES_SERVICE_PORT_HTTPS", "value": "443"}},
    {"op": "add", "path": "/spec/containers/0/env/5", "value": {"name": "KUBERNETES_PORT", "value": "tcp://api.milan.example.org:443"}},
    {"op": "add", "path": "/spec/containers/0/env/6", "value": {"name": "KUBERNETES_PORT_443_TCP", "value": "tcp://api.milan.example.org:443"}},
    {"op": "add", "path": "/spec/containers/0/env/7", "value": {"name": "KUBERNETES_PORT_443_TCP_PROTO", "value": "tcp"}},
    {"op": "add", "path": "/spec/containers/0/env/8", "value": {"name": "KUBERNETES_PORT_443_TCP_ADDR", "value": "api.milan.example.org"}},
    {"op": "add", "path": "/spec/containers/0/env/9", "value": {"name": "KUBERNETES_PORT_443_TCP_PORT", "value": "443"}},
    {"op": "add", "path": "/spec/volumes/0/projected/sources/0/secret", "value": {"items": [{"key": "token", "path": "token"}], "name": "milan-api-access"}},
    {"op": "remove", "path": "/spec/volumes/0/projected/sources/0/serviceAccountToken"},
    {"op": "add", "path": "/spec/volumes/0/projected/sources/1/secret", "value": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "milan-api-access"}},
    {"op": "remove", "path": "/spec/volumes/0/projected/sources/1/configMap"},
    {"op": "remove", "path": "/spec/serviceAccount"},
    {"op": "remove", "path": "/spec/serviceAccountName"}
  ],
  "auditAnnotations": {
    "home-api-server": "api.milan.example.org:443",
    "mode": "home",
    "problems": "kubernetes.default is the foreign API server; set homeApiServerAddresses for clients that use it"
  },
  "warnings": ["kubernetes.default is the foreign API server; set homeApiServerAddresses for clients that use it"]
}
JSON
}

@test "home: the second run changes nothing" {
    evaluate named-service-account --settings-path examples/settings.yaml
    patched_request >"$BATS_TEST_TMPDIR/patched.json"
    evaluate "$BATS_TEST_TMPDIR/patched.json" --settings-path examples/settings.yaml
    respond_with <<'JSON'
{
  "allowed": true,
  "auditAnnotations": {
    "home-api-server": "api.milan.example.org:6443",
    "mode": "home"
  },
  "warnings": null
}
JSON
}

@test "strict: a pod that would get a warning is rejected with it" {
    evaluate plain-web --settings-json '{"homeClusterId": "milan", "homeCredentialsSecret": "milan-api-access", "strict": true}'
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "rejected because strict is set: kubernetes.default is the foreign API server; set homeApiServerAddresses or homeApiServerHost"
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "verifyOnly: a pod is accepted as the policy left it, and rejected otherwise" {
    settings='"homeApiServerHost": "api.milan.example.org", "homeApiServerAddresses": ["10.70.0.1"], "homeCredentialsSecret": "milan-api-access"'
    evaluate plain-web --settings-json "{$settings}"
    patched_request >"$BATS_TEST_TMPDIR/patched.json"
    evaluate "$BATS_TEST_TMPDIR/patched.json" --settings-json "{$settings, \"verifyOnly\": true}"
    respond_with <<'JSON'
{
  "allowed": true,
  "auditAnnotations": {
    "home-api-server": "api.milan.example.org:443",
    "mode": "home"
  },
  "warnings": null
}
JSON
    # Another webhook appends one of the variables, with the foreign API server's address.
    jq '.object.spec.containers[0].env += [{name: "KUBERNETES_SERVICE_HOST", value: "10.96.0.1"}]' \
        "$BATS_TEST_TMPDIR/patched.json" >"$BATS_TEST_TMPDIR/injected.json"
    evaluate "$BATS_TEST_TMPDIR/injected.json" --settings-json "{$settings, \"verifyOnly\": true}"
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "spec.containers[0].env: does not lead to the home API server; another webhook changed the pod after this policy"
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "remote: another ServiceAccount" {
    evaluate remote-other-sa
    respond_with <<'JSON'
{
  "allowed": true,
  "patchType": "JSONPatch",
  "patch": [
    {"op": "add", "path": "/spec/automountServiceAccountToken", "value": true},
    {"op": "replace", "path": "/spec/serviceAccount", "value": "foreign-reporter"},
    {"op": "replace", "path": "/spec/serviceAccountName", "value": "foreign-reporter"}
  ],
  "auditAnnotations": {
    "mode": "remote",
    "service-account": "foreign-reporter"
  },
  "warnings": null
}
JSON
}

@test "remote: a ServiceAccount that the settings do not allow is rejected" {
    evaluate remote-other-sa --settings-json '{"allowedRemoteServiceAccounts": ["guest"]}'
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "metadata.annotations[\"liqo.io/remote-service-account-name\"]: ServiceAccount \"foreign-reporter\" is not allowed in remote mode; allowed: guest"
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "disabled: no token and no ServiceAccount" {
    evaluate disabled
    respond_with <<'JSON'
{
  "allowed": true,
  "patchType": "JSONPatch",
  "patch": [
    {"op": "add", "path": "/spec/automountServiceAccountToken", "value": false},
    {"op": "add", "path": "/spec/volumes/1/projected/sources/0/configMap", "value": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt.milan"}},
    {"op": "remove", "path": "/spec/volumes/1/projected/sources/0/serviceAccountToken"},
    {"op": "add", "path": "/spec/volumes/1/projected/sources/1/downwardAPI", "value": {"items": [{"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}]}},
    {"op": "remove", "path": "/spec/volumes/1/projected/sources/1/configMap"},
    {"op": "remove", "path": "/spec/volumes/1/projected/sources/2"},
    {"op": "remove", "path": "/spec/serviceAccount"},
    {"op": "remove", "path": "/spec/serviceAccountName"}
  ],
  "auditAnnotations": {
    "mode": "disabled"
  },
  "warnings": null
}
JSON
}

# evaluate_looking_up HOST REQUEST [OPTION…]: as `evaluate`, where the policy asks for the pod's Namespace and is answered
# as kwctl recorded it in test_data/host.
evaluate_looking_up() {
    evaluate "$2" --allow-context-aware \
        --replay-host-capabilities-interactions "test_data/host/$1.yml" "${@:3}"
}

@test "namespace lookup: the settings of the home cluster, and the home namespace" {
    evaluate_looking_up offloaded plain-web --settings-json '{
        "namespaceLookup": true,
        "homeClusters": {
            "milan": {"homeApiServerHost": "api.milan.example.org", "homeApiServerAddresses": ["10.70.0.1"]},
            "turin": {"homeApiServerHost": "api.turin.example.org"}
        }
    }'
    respond_with <<'JSON'
{
  "allowed": true,
  "patchType": "JSONPatch",
  "patch": [
    {"op": "add", "path": "/metadata/annotations/liqo-api-access-policy.github.io~1home-namespace", "value": "demo"},
    {"op": "add", "path": "/spec/automountServiceAccountToken", "value": false},
    {"op": "add", "path": "/spec/containers/0/env/2", "value": {"name": "KUBERNETES_SERVICE_HOST", "value": "api.milan.example.org"}},
    {"op": "add", "path": "/spec/containers/0/env/3", "value": {"name": "KUBERNETES_SERVICE_PORT", "value": "443"}},
    {"op": "add", "path": "/spec/containers/0/env/4", "value": {"name": "KUBERNETES_SERVICE_PORT_HTTPS", "value": "443"}},
    {"op": "add", "path": "/spec/containers/0/env/5", "value": {"name": "KUBERNETES_PORT", "value": "tcp://api.milan.example.org:443"}},
    {"op": "add", "path": "/spec/containers/0/env/6", "value": {"name": "KUBERNETES_PORT_443_TCP", "value": "tcp://api.milan.example.org:443"}},
    {"op": "add", "path": "/spec/containers/0/env/7", "value": {"name": "KUBERNETES_PORT_443_TCP_PROTO", "value": "tcp"}},
    {"op": "add", "path": "/spec/containers/0/env/8", "value": {"name": "KUBERNETES_PORT_443_TCP_ADDR", "value": "api.milan.example.org"}},
    {"op": "add", "path": "/spec/containers/0/env/9", "value": {"name": "KUBERNETES_PORT_443_TCP_PORT", "value": "443"}},
    {"op": "add", "path": "/spec/hostAliases", "value": [{"hostnames": ["api.milan.example.org", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "kubernetes"], "ip": "10.70.0.1"}]},
    {"op": "add", "path": "/spec/volumes/0/projected/sources/0/secret", "value": {"items": [{"key": "kube-api-access-xlwkg-3c469e", "path": "token"}], "name": "storefront-token"}},
    {"op": "remove", "path": "/spec/volumes/0/projected/sources/0/serviceAccountToken"},
    {"op": "replace", "path": "/spec/volumes/0/projected/sources/1/configMap/name", "value": "kube-root-ca.crt.milan"},
    {"op": "replace", "path": "/spec/volumes/0/projected/sources/2/downwardAPI/items/0/fieldRef/fieldPath", "value": "metadata.annotations['liqo-api-access-policy.github.io/home-namespace']"}
  ],
  "auditAnnotations": {
    "home-api-server": "api.milan.example.org:443",
    "mode": "home",
    "problems": "Secret storefront-token is created by Liqo's API server support; if that is off, set homeCredentialsSecret"
  },
  "warnings": [
    "Secret storefront-token is created by Liqo's API server support; if that is off, set homeCredentialsSecret"
  ]
}
JSON
}

@test "namespace lookup: a pod of the foreign cluster itself is accepted untouched" {
    evaluate_looking_up local plain-web --settings-json '{"namespaceLookup": true, "homeApiServerHost": "api.milan.example.org"}'
    accept_unchanged
}

@test "namespace lookup: a pod that names another cluster than its Namespace is rejected" {
    evaluate_looking_up turin already-forged --settings-json '{"namespaceLookup": true}'
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "metadata.labels[\"offloading.liqo.io/origin\"]: the label names cluster \"milan\", but the pod's namespace belongs to cluster \"turin\""
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "namespace lookup: a Namespace that is not there rejects the pod" {
    evaluate_looking_up missing plain-web --settings-json '{"namespaceLookup": true}'
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "request.namespace: Namespace \"liqo-demo\" could not be read: Host error: Callback evaluation failure: Cannot find v1/Namespace named 'liqo-demo' inside of namespace 'None'; namespaceLookup needs v1/Namespace in contextAwareResources, and policy-server permission to read it"
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "namespace lookup: a policy that may not read Namespaces rejects the pod" {
    evaluate plain-web --settings-json '{"namespaceLookup": true}'
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "request.namespace: Namespace \"liqo-demo\" could not be read: Host error: Policy has not been granted access to Kubernetes v1/Namespace resources. The violation has been reported; namespaceLookup needs v1/Namespace in contextAwareResources, and policy-server permission to read it"
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "an unknown mode is rejected with the likely meant one" {
    evaluate unknown-annotation-value
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "metadata.annotations[\"liqo.io/api-server-support\"]: \"Remote\" is not a mode; set \"remote\" or \"disabled\", or leave it unset for home (did you mean \"remote\"?)"
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "an unknown mode in a Deployment's template is rejected" {
    evaluate deployment-bad-annotation
    respond_with <<'JSON'
{
  "allowed": false,
  "status": {
    "message": "spec.template.metadata.annotations[\"liqo.io/api-server-support\"]: \"both\" is not a mode; set \"remote\" or \"disabled\", or leave it unset for home"
  },
  "auditAnnotations": null,
  "warnings": null
}
JSON
}

@test "updates, deletions and subresources are accepted untouched" {
    for name in update-label update-annotation delete ephemeral-container; do
        evaluate "$name"
        accept_unchanged
    done
}

@test "a whole AdmissionReview is taken for its request" {
    evaluate remote-other-sa
    expected=$response
    jq '{apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request: .}' "$request" >"$BATS_TEST_TMPDIR/review.json"
    evaluate "$BATS_TEST_TMPDIR/review.json"
    respond_with <<<"$expected"
}

@test "all problems of the settings are told at once" {
    run -1 --separate-stderr "$kwctl" run --request-path test_data/requests/plain-web.json --settings-json '{
        "homeApiServerHost": "https://api.milan.example.org",
        "homeApiServerPort": 70000,
        "defaultMod": "remote",
        "allowedModes": ["remote", "disabeld"]
    }' "$policy"
    [ "$output" = "" ]
    # kwctl tells more on stderr before the error.
    # shellcheck disable=SC2154 # Bats sets it.
    diff -u --label expected --label stderr - <(sed -n '/^Error: /,$p' <<<"$stderr") <<'TEXT'
Error: Provided settings are not valid: "defaultMod": no such setting (did you mean defaultMode?); known are homeApiServerHost, homeApiServerPort, homeApiServerAddresses, clusterDomain, homeClusterId, homeClusters, homeCredentialsSecret, defaultMode, allowedModes, allowedRemoteServiceAccounts, keptTokenAudiences, foreignContainers, originLabel, namespaceLookup, strict, validateOnly, verifyOnly; homeApiServerHost: expected a DNS name or an IP address, found "https://api.milan.example.org": leave the scheme out; homeApiServerPort: expected a number from 1 to 65535, found 70000; allowedModes[1]: expected "home", "remote" or "disabled", found "disabeld" (did you mean "disabled"?)
TEXT
}

# The policies of a manifest, each in a file of its own under $BATS_TEST_TMPDIR, named by its place in the manifest.
split_manifest() {
    awk -v folder="$BATS_TEST_TMPDIR" '/^---$/ {n++; next} {print > (folder "/policy-" n + 0 ".yaml")}' "$1"
}

@test "kwctl takes the manifests themselves, and answers as it does with their settings" {
    need_kwctl "the runner takes no manifest in place of the module"
    # The store of kwctl, where it finds the module that is not published yet.
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    module=$(sed -n 's|^  module: registry://||p' examples/one-home-cluster.yaml)
    mkdir -p "$XDG_CACHE_HOME/kubewarden/store/registry/$(dirname "$module")"
    cp "$policy" "$XDG_CACHE_HOME/kubewarden/store/registry/$module"
    # What policies with namespaceLookup ask.
    host=(--allow-context-aware --replay-host-capabilities-interactions test_data/host/offloaded.yml)
    for manifest in $(grep -lE '^kind: (Cluster)?AdmissionPolicy' examples/*.yaml); do
        rm -f "$BATS_TEST_TMPDIR"/policy-*
        split_manifest "$manifest"
        for request in already-forged remote-other-sa; do
            request=test_data/requests/$request.json
            run -0 --separate-stderr "$kwctl" run --request-path "$request" "${host[@]}" "$manifest"
            answers=$output
            expected=
            for document in "$BATS_TEST_TMPDIR"/policy-*; do
                sed '1,/^  settings:/d; s/^    //' "$document" >"$BATS_TEST_TMPDIR/settings.yaml"
                run -0 --separate-stderr "$kwctl" run --request-path "$request" "${host[@]}" \
                    --settings-path "$BATS_TEST_TMPDIR/settings.yaml" "$policy"
                # In mode monitor Kubewarden accepts everything and changes nothing.
                ! grep -q '^  mode: monitor' "$document" ||
                    output=$(jq -c 'del(.patch, .patchType, .status) | .allowed = true' <<<"$output")
                expected+=$output$'\n'
            done
            echo "$manifest $request"
            diff -u --label expected --label answers <(jq -S . <<<"$expected") <(jq -S . <<<"$answers")
        done
    done
}

@test "the runner answers each recorded request like kwctl" {
    need_kwctl "there is nothing to compare the runner with"
    for request in test_data/requests/*.json; do
        for settings in '{}' '{"homeClusterId": "milan", "homeCredentialsSecret": "s"}' '{"homeApiServerPort": 0}'; do
            options=(--request-path "$request" --settings-json "$settings")
            run --separate-stderr "$kwctl" run "${options[@]}" "$policy"
            # kwctl logs to stderr before the error.
            expected="$status $output $(sed -n '/^Error: /,$p' <<<"$stderr")"
            run --separate-stderr "$RUNNER" run "${options[@]}" "$policy"
            [ "$status $output $stderr" = "$expected" ]
        done
    done
}

@test "artifacthub-pkg.yml is what kwctl makes of the metadata, but for how to install it" {
    need_kwctl "the runner writes no descriptions"
    "$kwctl" scaffold artifacthub -m metadata.yml -q questions-ui.yml -o "$BATS_TEST_TMPDIR/made.yml"
    common() { sed '/^#/d; /^createdAt: /d; /^install: /,/^maintainers:/d; /^provider:/,/^annotations:/d' "$1"; }
    diff -u --label committed --label made <(common artifacthub-pkg.yml) <(common "$BATS_TEST_TMPDIR/made.yml")
}

@test "publishing: a registry has the module and its annotations afterwards" {
    need_kwctl "the runner pushes nothing"
    # The registry of the distribution project, under its own name or Debian's.
    program=$(command -v registry || command -v docker-registry) || skip "there is no registry to push to"
    cat >"$BATS_TEST_TMPDIR/registry.yml" <<'YAML'
version: 0.1
storage: {inmemory: {}}
http: {addr: "127.0.0.1:0"}
YAML
    : >"$BATS_TEST_TMPDIR/log"
    "$program" serve "$BATS_TEST_TMPDIR/registry.yml" >>"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
    registry=$!
    for _ in {1..200}; do
        host=$(sed -nE 's/.*listening on (127\.0\.0\.1:[0-9]+).*/\1/p' "$BATS_TEST_TMPDIR/log")
        [ -z "$host" ] || break
        sleep 0.1
    done
    reference=$host/policies/liqo-api-access-policy:v0.1.0
    echo "insecure_sources: ['$host']" >"$BATS_TEST_TMPDIR/sources.yaml"
    run -0 --separate-stderr make --silent publish \
        KWCTL="$kwctl" REFERENCE="$reference" SOURCES="$BATS_TEST_TMPDIR/sources.yaml"
    digest=$(jq -r .immutable_ref <<<"$output")
    "$kwctl" pull --sources-path "$BATS_TEST_TMPDIR/sources.yaml" \
        -o "$BATS_TEST_TMPDIR/pulled.wasm" "registry://$reference"
    manifest=$(curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
        "http://$host/v2/policies/liqo-api-access-policy/manifests/v0.1.0")
    cmp "$policy" "$BATS_TEST_TMPDIR/pulled.wasm"
    [ "$digest" = "${reference%:*}@sha256:$(printf %s "$manifest" | sha256sum | cut -d' ' -f1)" ]
    # The description takes several lines in the metadata.
    source='s/^io.kubewarden.policy.source/org.opencontainers.image.source/p'
    diff -u --label metadata.yml --label published \
        <(sed -nE "s/^  (io\.[a-zA-Z.]+: [^>].*)/\1/p; $source" metadata.yml | sort) \
        <(jq -r '.annotations | to_entries[] | "\(.key): \(.value)"' <<<"$manifest" |
            grep -vE '^io\.kubewarden\.(kwctl|policy\.description): ' | sort)
}
