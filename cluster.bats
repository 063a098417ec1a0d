#!/usr/bin/env bats
# Tests in a cluster: the manifests of examples/, served by Kubewarden and asked by the API server.
#
# `make cluster-test` runs them against kubectl's current context; it has pushed the module and names it in MODULE.
# POLICY_SERVER names the PolicyServer of which these tests make a copy, so that no other policy shares a policy-server
# with them.
#
# Pods are created with --dry-run=server: admission is complete, and no node is needed. A pod that the policy changes is
# compared with the pod as the API server stores it where no policy selects it, plus the change: every field counts.
# Each policy selects only namespaces of these tests. Everything they make bears a label and is removed at the end.

# `run` takes an expected exit code and keeps stderr apart.
bats_require_minimum_version 1.5.0

label=liqo-api-access-policy.github.io/cluster-test
prefix=api-access-test

# namespace NAME GROUP [LABEL…]: prints a namespace with the ServiceAccounts that the pods name. Policies of GROUP
# select it.
namespace() {
    jq -n --arg name "$prefix-$1" --arg key "$label" --arg group "$2" '
        ($ARGS.positional | map(split("=") | {(.[0]): .[1]}) | add) as $labels
        | {apiVersion: "v1", kind: "Namespace", metadata: {
            name: $name, labels: ({($key): $group} + $labels), annotations: {"liqo.io/original-name": "demo"}}},
          ("builder", "reporter", "foreign-reporter", "thumbnailer", "ledger", "checkout"
            | {apiVersion: "v1", kind: "ServiceAccount", metadata: {namespace: $name, name: .}})' --args "${@:3}"
}

# manifest FILE GROUP: prints the objects of an example with this module, on the PolicyServer of these tests, for the
# namespaces of GROUP.
manifest() {
    kubectl create --dry-run=client --output json --filename "examples/$1.yaml" |
        jq --arg reference "$MODULE" --arg prefix "$prefix" --arg key "$label" --arg group "$2" '
            (if .kind == "List" then .items[] else . end)
            | .metadata.labels[$key] = $group
            | if .metadata.namespace then .metadata.namespace = "\($prefix)-\($group)" else . end
            | if .apiVersion == "policies.kubewarden.io/v1"
              then .metadata.name = "\($group)-\(.metadata.name)" | .spec.module = $reference | .spec.policyServer = $prefix
              else . end
            | if .kind == "ClusterAdmissionPolicy"
              then .spec.namespaceSelector.matchExpressions += [{key: $key, operator: "In", values: [$group]}]
              else . end'
}

# Waits until every policy of these tests is served, by pods with the newest settings and no others.
wait_for_policies() {
    kubectl wait --for=condition=PolicyActive --timeout=5m --selector "$label" \
        clusteradmissionpolicies,admissionpolicies --all-namespaces
}

remove_everything() {
    kubectl delete --ignore-not-found --all-namespaces --selector "$label" clusteradmissionpolicies,admissionpolicies
    kubectl delete --ignore-not-found --selector "$label" policyservers
    kubectl delete --ignore-not-found --selector "$label" validatingadmissionpolicies,validatingadmissionpolicybindings
    kubectl delete --ignore-not-found --selector "$label" mutatingadmissionpolicies,mutatingadmissionpolicybindings
    kubectl delete --ignore-not-found --selector "$label" namespaces
}

setup_file() {
    cd "$BATS_TEST_DIRNAME" || exit
    # A run that was killed may have left something behind.
    remove_everything
    {
        for example in $(grep -lE '^kind: (Cluster)?AdmissionPolicy' examples/*.yaml); do
            example=$(basename "$example" .yaml)
            [[ $example == second-lock ]] || namespace "$example" "$example" liqo.io/remote-cluster-id=milan \
                api-access.example.org/enabled=true api-access.example.org/home-cluster=milan liqo.io/scheduling-enabled=true
        done
        for cluster in turin venice; do
            namespace "many-$cluster" many-home-clusters liqo.io/remote-cluster-id=$cluster
        done
        namespace tenant many-home-clusters liqo.io/remote-cluster-id=milan liqo.io/tenant-namespace=true
        namespace local one-home-cluster
        # No policy selects these two.
        namespace unserved unserved liqo.io/remote-cluster-id=milan
        namespace unselected unselected
    } | kubectl apply --filename -
    for namespace in $(kubectl get namespaces --selector "$label" --output name); do
        kubectl wait --for=create --timeout=1m --namespace "${namespace#*/}" serviceaccount/default
    done
    kubectl get policyserver "${POLICY_SERVER:-default}" --output json |
        jq --arg name "$prefix" --arg key "$label" '
            {apiVersion, kind, metadata: {name: $name, labels: {($key): ""}}, spec: (.spec + {replicas: 1})}
            | del(.spec.minAvailable, .spec.maxUnavailable)' |
        kubectl apply --filename -
    for example in $(grep -lE '^kind: (Cluster)?AdmissionPolicy' examples/*.yaml); do
        example=$(basename "$example" .yaml)
        manifest "$example" "${example/second-lock/one-home-cluster}"
    done | kubectl apply --filename -
    manifest remote-only-service-account remote-only | kubectl apply --filename -
    manifest own-credentials-secret own-credentials | kubectl apply --filename -
    wait_for_policies
}

teardown_file() {
    remove_everything
}

setup() {
    cd "$BATS_TEST_DIRNAME" || exit
}

# pod REQUEST [EDIT]: takes the pod of a recorded request, edited with jq.
pod() {
    pod=$(jq ".object | del(.metadata.namespace, .metadata.managedFields, .metadata.ownerReferences) | ${2:-.}" \
        "test_data/requests/$1.json")
}

# create NAMESPACE: creates the pod. The object that would be stored is in $output, without what differs each time, and what
# kubectl says on stderr in $stderr.
create() {
    run --separate-stderr kubectl create --dry-run=server --output json --namespace "$prefix-$1" --filename - <<<"$pod"
    # shellcheck disable=SC2154 # Bats sets both.
    [ "$status" != 0 ] ||
        output=$(jq 'del(.metadata.namespace, .metadata.uid, .metadata.creationTimestamp,
            .metadata.annotations["kubectl.kubernetes.io/last-applied-configuration"])
            | if .metadata.generateName then del(.metadata.name) else . end' <<<"$output")
}

# changed NAMESPACE EDIT [WARNING]: the pod is accepted there with this change and no other.
changed() {
    create unselected
    [ "$status" = 0 ] || { echo "$stderr"; return 1; }
    expected=$(jq "$definitions $2" <<<"$output")
    create "$1"
    diff -u --label 'expected stderr' --label stderr <(printf '%s' "${3:-}") <(printf '%s' "$stderr")
    diff -u --label expected --label stored <(jq -S . <<<"$expected") <(jq -S . <<<"$output")
}

unchanged() {
    changed "$1" .
}

# rejected NAMESPACE POLICY MESSAGE: the policy of that name rejects the pod.
rejected() {
    create "$1"
    [ "$status" = 1 ] || { echo "accepted: $output"; return 1; }
    diff -u --label expected --label stderr - <(echo "$stderr") <<TEXT
Error from server: error when creating "STDIN": admission webhook "$2.kubewarden.admission" denied the request: $3
TEXT
}

# eventually COMMAND…: repeats a command until it succeeds, for a minute at most.
eventually() {
    for _ in {1..60}; do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 1
    done
    "$@"
}

# What the policy's changes are written with.
# shellcheck disable=SC2016 # jq's variables.
definitions='
    def leads_to($host; $port):
        ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBERNETES_SERVICE_PORT_HTTPS", "KUBERNETES_PORT",
            ("_TCP", "_TCP_PROTO", "_TCP_ADDR", "_TCP_PORT" | "KUBERNETES_PORT_\($port)" + .)] as $names
        | [$host, $port, $port, "tcp://\($host):\($port)", "tcp://\($host):\($port)", "tcp", $host, $port] as $values
        | (.spec.containers[], .spec.initContainers[]?).env |= (
            map(select(.name | IN($names[]) | not)) + [range(8) as $i | {name: $names[$i], value: $values[$i]}]);
    def has_aliases($ip; $names): .spec.hostAliases = [{hostnames: $names, ip: $ip}];
    def kubernetes: ["kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "kubernetes"];
    def has_no_service_account:
        .spec.automountServiceAccountToken = false | .spec.serviceAccountName = "default" | .spec.serviceAccount = "default";
    def shows_home_namespace:
        .metadata.annotations["liqo-api-access-policy.github.io/home-namespace"] = "demo"
        | .spec.volumes[0].projected.sources[2].downwardAPI.items[0].fieldRef.fieldPath =
            "metadata.annotations[\u0027liqo-api-access-policy.github.io/home-namespace\u0027]";'

@test "home: a pod as Liqo makes it gets the home API server of the settings" {
    pod already-forged
    changed one-home-cluster '
        leads_to("api.milan.example.org"; "6443") | has_aliases("10.70.0.1"; ["api.milan.example.org"] + kubernetes)'
}

@test "home: credentials of a Secret of one's own, also for a pod without a name" {
    pod generate-name
    changed own-credentials '
        leads_to("api.milan.example.org"; "6443") | has_aliases("10.70.0.1"; ["api.milan.example.org"] + kubernetes)
        | has_no_service_account
        | .spec.volumes[0].projected.sources[:2] |= ["token", "ca.crt" | {secret: {
            name: "milan-api-access", items: [{key: ., path: .}]}}]'
}

@test "disabled: the token is removed" {
    pod disabled
    changed one-home-cluster '
        del(.spec.volumes[1].projected.sources[0]) | .spec.volumes[1].projected.sources[0].configMap.name += ".milan"
        | has_no_service_account'
}

@test "remote: the ServiceAccount of the annotation" {
    pod remote-other-sa
    changed remote-only '
        .spec.automountServiceAccountToken = true
        | .spec.serviceAccountName = "foreign-reporter" | .spec.serviceAccount = "foreign-reporter"'
}

@test "remote: a ServiceAccount that is not in the list is rejected" {
    pod remote-other-sa '.metadata.annotations["liqo.io/remote-service-account-name"] = "builder"'
    rejected one-home-cluster clusterwide-one-home-cluster-liqo-api-access-milan \
        "metadata.annotations[\"liqo.io/remote-service-account-name\"]: ServiceAccount \"builder\" is not allowed in remote mode; allowed: foreign-reporter"
}

@test "a typo in the annotation's value is rejected" {
    pod unknown-annotation-value
    rejected one-home-cluster clusterwide-one-home-cluster-liqo-api-access-milan \
        "metadata.annotations[\"liqo.io/api-server-support\"]: \"Remote\" is not a mode; set \"remote\" or \"disabled\", or leave it unset for home (did you mean \"remote\"?)"
}

@test "a typo in the annotation's key is rejected" {
    pod already-forged '.metadata.annotations["liqo.io/api-server-suport"] = "remote"'
    rejected one-home-cluster clusterwide-one-home-cluster-liqo-api-access-milan \
        "rejected because strict is set: annotation liqo.io/api-server-suport is not read, did you mean liqo.io/api-server-support?"
}

@test "local pods are not touched, whatever label they bear" {
    pod plain-web
    unchanged local
    pod already-forged
    unchanged local
}

@test "pods without the label are not touched in an offloaded namespace" {
    pod plain-web
    unchanged one-home-cluster
}

@test "many home clusters: the Namespace says which one, and its name there" {
    pod already-forged
    changed many-home-clusters '
        leads_to("api.milan.example.org"; "6443") | has_aliases("10.70.0.1"; ["api.milan.example.org"] + kubernetes)
        | shows_home_namespace'
    pod already-forged '.metadata.labels["offloading.liqo.io/origin"] = "turin"'
    changed many-turin '
        (.spec.containers[], .spec.initContainers[]).env |= .[:4] + [{name: "KUBERNETES_SERVICE_PORT_HTTPS", value: "443"}] + .[4:]
        | has_aliases("10.80.0.1"; kubernetes) | shows_home_namespace'
}

@test "many home clusters: a forged label is rejected" {
    pod already-forged
    rejected many-turin clusterwide-many-home-clusters-liqo-api-access \
        "metadata.labels[\"offloading.liqo.io/origin\"]: the label names cluster \"milan\", but the pod's namespace belongs to cluster \"turin\""
}

@test "many home clusters: a cluster that is not listed is rejected" {
    pod already-forged '.metadata.labels["offloading.liqo.io/origin"] = "venice"'
    rejected many-venice clusterwide-many-home-clusters-liqo-api-access \
        "the pod comes from cluster \"venice\", which is none of the 3 in the policy's homeClusters"
}

@test "many home clusters: Liqo's own pods in a tenant namespace are not touched" {
    pod already-forged
    unchanged tenant
}

@test "monitor: nothing is changed and nothing rejected" {
    pod already-forged
    unchanged monitor
    pod unknown-annotation-value
    unchanged monitor
}

@test "home cluster: a workload's author sees the mistake, and nothing is changed" {
    kubectl create deployment web --image=registry.example.org/web:1 --replicas=0 --namespace "$prefix-home-cluster"
    annotate_template disabled
    [ "$status" = 0 ] && [ -z "$stderr" ]
    annotate_template Remote
    [ "$status" = 1 ]
    diff -u --label expected --label stderr - <(echo "$stderr") <<'TEXT'
Error from server: admission webhook "clusterwide-home-cluster-liqo-api-access-check.kubewarden.admission" denied the request: spec.template.metadata.annotations["liqo.io/api-server-support"]: "Remote" is not a mode; set "remote" or "disabled", or leave it unset for home (did you mean "remote"?)
TEXT
}

annotate_template() {
    run --separate-stderr kubectl patch deployment web --namespace "$prefix-home-cluster" --dry-run=server --patch \
        '{"spec": {"template": {"metadata": {"annotations": {"liqo.io/api-server-support": "'"$1"'"}}}}}'
}

@test "second lock: a sidecar that is added after the policy is rejected" {
    kubectl apply --filename - <<YAML
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata:
  name: $prefix-sidecar
  labels: {$label: ""}
spec:
  # Runs again once a webhook has changed the pod, and only then adds the sidecar.
  reinvocationPolicy: IfNeeded
  matchConstraints:
    namespaceSelector:
      matchLabels: {$label: one-home-cluster}
    objectSelector:
      matchLabels: {sidecar: wanted}
    resourceRules:
      - {apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}
  mutations:
    - patchType: JSONPatch
      jsonPatch:
        expression: >-
          object.spec.containers.exists(container,
            container.?env.orValue([]).exists(entry, entry.name == "KUBERNETES_SERVICE_PORT_HTTPS"))
          ? [JSONPatch{op: "add", path: "/spec/containers/-",
              value: Object.spec.containers{name: "sidecar", image: "registry.example.org/sidecar:1"}}]
          : []
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata:
  name: $prefix-sidecar
  labels: {$label: ""}
spec:
  policyName: $prefix-sidecar
YAML
    pod already-forged '.metadata.labels.sidecar = "wanted"'
    eventually rejected one-home-cluster clusterwide-one-home-cluster-liqo-api-access-milan-verify \
        "spec.containers[1].env: does not lead to the home API server; another webhook changed the pod after this policy"
}

@test "settings that are refused: the policy does not become active, and the others go on" {
    manifest one-home-cluster one-home-cluster |
        jq '.metadata.name = "refused" | .spec.settings.homeApiServerPort = 70000' | kubectl apply --filename -
    # The new pod of policy-server ends with an error.
    eventually policy_server_fails
    [ "$(kubectl get clusteradmissionpolicy refused \
        --output 'jsonpath={.status.conditions[?(@.type=="PolicyActive")].status}')" = False ]
    pod already-forged
    changed one-home-cluster '
        leads_to("api.milan.example.org"; "6443") | has_aliases("10.70.0.1"; ["api.milan.example.org"] + kubernetes)'
    kubectl delete clusteradmissionpolicy refused
    wait_for_policies
}

policy_server_fails() {
    kubectl get pods --all-namespaces --selector "kubewarden/policy-server=$prefix" --output json |
        jq --exit-status 'any(.items[].status.containerStatuses[]?; .state.terminated or .lastState.terminated)'
}

@test "removal: without the policy, pods are not touched" {
    kubectl delete clusteradmissionpolicy many-home-clusters-liqo-api-access
    pod already-forged
    eventually unchanged many-home-clusters
}

# fail_safe NAMESPACE VOLUME: the fail-safe rejects the pod for that volume.
fail_safe() {
    create "$1"
    [ "$status" = 1 ] || { echo "accepted: $output"; return 1; }
    diff -u --label expected --label stderr - <(echo "$stderr") <<TEXT
Error from server (Forbidden): error when creating "STDIN": pods "$(jq -r .metadata.name <<<"$pod")" is forbidden: ValidatingAdmissionPolicy '$prefix-fail-safe' with binding '$prefix-fail-safe' denied request: volume $2 shows a token for this cluster's API server, and the pod is offloaded without the annotation liqo.io/api-server-support: remote; check that Kubewarden's policy is active
TEXT
}

@test "fail-safe: rejects what shows a token of this cluster, where no policy is asked" {
    kubectl create --dry-run=client --output json --filename examples/fail-safe.yaml |
        jq --arg name "$prefix-fail-safe" --arg key "$label" '
            (if .kind == "List" then .items[] else . end)
            | .metadata.name = $name | .metadata.labels[$key] = ""
            | if .kind == "ValidatingAdmissionPolicy"
              then .spec.matchConstraints.namespaceSelector.matchExpressions += [{key: $key, operator: "Exists"}]
              else .spec.policyName = $name end' | kubectl apply --filename -
    # As users make them.
    pod plain-web
    eventually fail_safe unserved kube-api-access-xlwkg
    # As Liqo makes them.
    pod disabled
    fail_safe unserved kube-api-access-v5627
    pod already-forged
    unchanged unserved
    pod remote-other-sa
    unchanged unserved
    pod remote-other-sa '.metadata.annotations["liqo.io/api-server-support"] = "Remote"'
    fail_safe unserved kube-api-access-7fg6d
    # As Admiralty makes them.
    pod admiralty
    fail_safe unserved kube-api-access-wq2p6
    # Tokens for others, and for the API server by name.
    pod plain-web '.spec.volumes[0].projected.sources[0].serviceAccountToken.audience = "vault"'
    unchanged unserved
    pod plain-web '.spec.volumes[0].projected.sources[0].serviceAccountToken.audience = "https://kubernetes.default.svc"'
    fail_safe unserved kube-api-access-xlwkg
    # The foreign cluster's own pods.
    pod plain-web
    unchanged local
    unchanged tenant
    # What the policy returns passes.
    pod disabled
    changed one-home-cluster '
        del(.spec.volumes[1].projected.sources[0]) | .spec.volumes[1].projected.sources[0].configMap.name += ".milan"
        | has_no_service_account'
}

@test "fail-safe: protects while Kubewarden has removed the webhooks of a deleted PolicyServer" {
    kubectl delete policyserver "$prefix"
    pod disabled
    eventually fail_safe one-home-cluster kube-api-access-v5627
    pod remote-other-sa
    unchanged one-home-cluster
}
