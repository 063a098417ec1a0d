//! Requests that are nearly right: pods of what the policy reads, in every combination, with settings.
//!
//! They are written as text, so a member can stand there twice, have escapes in its name or hold no machine's number.

use std::fmt::{Display, Write as _};

use arbitrary::{Arbitrary, Result, Unstructured};

use crate::Host;

/// Starts every value in an environment, so that it is found wherever it does not belong.
pub const SECRET: &str = "S3CR3T";

/// A pod that is created, and the settings it is evaluated with.
#[derive(Debug, Arbitrary)]
pub struct Case {
    pod: Field<Pod>,
    namespace: Field<NamespaceName>,
    answer: NamespaceAnswer,
    settings: Field<Settings>,
}

impl Case {
    /// The payload, as policy-server would send it.
    pub fn payload(&self) -> String {
        let request = Text::object(|request| {
            request.text("kind", r#"{"group":"","version":"v1","kind":"Pod"}"#);
            request.text("operation", r#""CREATE""#);
            request.field("namespace", &self.namespace);
            request.field("object", &self.pod);
        });
        Text::object(|payload| {
            payload.text("request", &request);
            payload.field("settings", &self.settings);
        })
    }

    /// Whether nothing may be changed.
    pub fn is_read_only(&self) -> bool {
        self.is_set(|settings| &settings.validate_only) || self.is_set(|settings| &settings.verify_only)
    }

    /// Whether whatever would be warned of is rejected.
    pub fn is_strict(&self) -> bool {
        self.is_set(|settings| &settings.strict)
    }

    /// What the policy is told where it asks for the pod's Namespace.
    pub fn host(&self) -> Host {
        Host(match &self.answer {
            NamespaceAnswer::Is(namespace) => Ok(namespace.json()),
            NamespaceAnswer::Odd(odd) => Ok(odd.json()),
            NamespaceAnswer::Text(text) => Ok(public(text).to_owned()),
            NamespaceAnswer::Refused(reason) => Err(public(reason).to_owned()),
        })
    }

    /// Whether the policy asks for a Namespace that it does not get.
    pub fn is_refused(&self) -> bool {
        self.looks_up() && matches!(self.answer, NamespaceAnswer::Refused(_))
    }

    /// Whether the policy asks for a Namespace, and it is one of the foreign cluster's own.
    pub fn is_local(&self) -> bool {
        let NamespaceAnswer::Is(Namespace { metadata }) = &self.answer else { return false };
        let labels = metadata.value().map(|metadata| &metadata.labels);
        let is_labelled = labels.and_then(Field::value).is_some_and(|labels| labels.cluster.value().is_some());
        self.looks_up() && !is_labelled
    }

    fn looks_up(&self) -> bool {
        self.is_set(|settings| &settings.namespace_lookup)
    }

    /// Whether tokens for an audience may stay in every mode.
    pub fn keeps_tokens_for(&self, audience: &str) -> bool {
        let kept = self.settings.value().and_then(|settings| settings.kept_audiences.as_ref());
        kept.is_some_and(|kept| kept.iter().any(|kept| kept.word() == audience))
    }

    fn is_set(&self, flag: impl Fn(&Settings) -> &Field<Flag>) -> bool {
        self.settings.value().and_then(|settings| flag(settings).value()).is_some_and(|Flag(set)| *set)
    }
}

/// Something with a JSON form.
trait Json {
    fn json(&self) -> String;
}

/// The text of an object that is being written.
#[derive(Default)]
struct Text(String);

impl Text {
    fn object(fill: impl FnOnce(&mut Self)) -> String {
        let mut text = Self::default();
        fill(&mut text);
        format!("{{{}}}", text.0)
    }

    fn text(&mut self, name: &str, value: &str) {
        self.raw(&string(name), value);
    }

    fn raw(&mut self, name: &str, value: &str) {
        let separator = if self.0.is_empty() { "" } else { "," };
        // Writing into a string does not fail.
        let _ = write!(self.0, "{separator}{name}:{value}");
    }

    fn field<T: Json>(&mut self, name: &str, field: &Field<T>) {
        match field {
            Field::Is(value) => self.text(name, &value.json()),
            Field::Absent => {}
            Field::Null => self.text(name, "null"),
            Field::Odd(value) => self.text(name, &value.json()),
            Field::Second(first, value) => {
                self.text(name, &first.json());
                self.text(name, &value.json());
            }
            Field::Escaped(value) => {
                let name: String = name.chars().map(|character| format!("\\u{:04x}", u32::from(character))).collect();
                self.raw(&format!("\"{name}\""), &value.json());
            }
        }
    }

    fn maybe<T: Json>(&mut self, name: &str, value: &Option<T>) {
        if let Some(value) = value {
            self.text(name, &value.json());
        }
    }

    fn unknown(&mut self, odd: &Option<Odd>) {
        if let Some(odd) = odd {
            self.text("x-unknown \"\u{1}ä€", &odd.json());
        }
    }
}

fn string(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A member of an object.
#[derive(Debug)]
enum Field<T> {
    Is(T),
    Absent,
    Null,
    /// It has another shape.
    Odd(Odd),
    /// It stands there twice, and the second one counts.
    Second(Odd, T),
    /// Its name is written in escapes.
    Escaped(T),
}

impl<T> Field<T> {
    fn value(&self) -> Option<&T> {
        match self {
            Self::Is(value) | Self::Second(_, value) | Self::Escaped(value) => Some(value),
            Self::Absent | Self::Null | Self::Odd(_) => None,
        }
    }
}

impl<'a, T: Arbitrary<'a>> Arbitrary<'a> for Field<T> {
    // Mostly right: a pod has many fields, and one of the wrong shape is enough for a rejection.
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.int_in_range(0..=255_u8)? {
            0..=47 => Self::Absent,
            48..=51 => Self::Null,
            52 => Self::Odd(u.arbitrary()?),
            53..=54 => Self::Second(u.arbitrary()?, u.arbitrary()?),
            55..=56 => Self::Escaped(u.arbitrary()?),
            _ => Self::Is(u.arbitrary()?),
        })
    }

    fn size_hint(_: usize) -> (usize, Option<usize>) {
        (1, None)
    }
}

/// What stands where something else should, and in fields that nobody knows.
#[derive(Debug, Arbitrary)]
enum Odd {
    False,
    Number,
    Empty,
    HalfOfAPair,
    Object,
    List,
    Nested(Vec<Odd>),
    Text(String),
}

impl Json for Odd {
    fn json(&self) -> String {
        match self {
            Self::False => "false".to_owned(),
            Self::Number => "-12345678901234567890.1250e-40".to_owned(),
            Self::Empty => r#""""#.to_owned(),
            Self::HalfOfAPair => r#""\ud800""#.to_owned(),
            Self::Object => "{}".to_owned(),
            Self::List => "[]".to_owned(),
            Self::Nested(items) => items.json(),
            Self::Text(text) => string(public(text)),
        }
    }
}

/// The text, unless the fuzzer has come upon [`SECRET`]: many names may be told.
fn public(text: &str) -> &str {
    if text.contains(SECRET) { "" } else { text }
}

impl<T: Json> Json for Vec<T> {
    fn json(&self) -> String {
        let items: Vec<_> = self.iter().map(T::json).collect();
        format!("[{}]", items.join(","))
    }
}

#[derive(Debug, Arbitrary)]
struct Flag(bool);

impl Json for Flag {
    fn json(&self) -> String {
        self.0.to_string()
    }
}

/// Makes enumerations of words, whose JSON is a string. The last one holds any other text.
macro_rules! words {
    ($($(#[$doc:meta])* $kind:ident { $($word:ident = $text:expr),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Arbitrary)]
        enum $kind {
            $($word,)+
            Other(String),
        }

        impl $kind {
            fn word(&self) -> &str {
                match self {
                    $(Self::$word => $text,)+
                    Self::Other(text) => public(text),
                }
            }
        }

        impl Json for $kind {
            fn json(&self) -> String {
                string(self.word())
            }
        }
    )+};
}

words! {
    /// Names of objects, volumes and containers, some of which mean something to the policy.
    Name {
        A = "a", B = "b", ApiServers = "kube-api-access-x2x4z", Ours = "kube-api-access-home", Own = "own",
        Reflected = "p-token", Default = "default", RootCa = "kube-root-ca.crt", ReflectedCa = "kube-root-ca.crt.milan",
        Long = "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll",
    }
    PodName { P = "p", Own = "own", Empty = "" }
    Mode { Home = "home", Remote = "remote", Disabled = "disabled", Capital = "Remote" }
    Cluster { Milan = "milan", Rome = "rome-1", Cut = "pavi-a", Empty = "" }
    LabelKey { Liqo = "offloading.liqo.io/origin", Admiralty = "multicluster.admiralty.io/parent-cluster-name", None = "a b" }
    FieldPath {
        ServiceAccount = "spec.serviceAccountName", Name = "metadata.name", Namespace = "metadata.namespace",
        HomeNamespace = "metadata.annotations['liqo-api-access-policy.github.io/home-namespace']",
    }
    NamespaceName { Foreign = "demo-milan", Home = "demo", Upper = "Demo", Empty = "" }
    MountPath {
        Api = "/var/run/secrets/kubernetes.io/serviceaccount",
        Slash = "/var/run/secrets/kubernetes.io/serviceaccount/",
        Dots = "/var/run/./secrets//kubernetes.io/serviceaccount",
        Elsewhere = "/mnt",
    }
    Shown {
        Token = "token", Ca = "ca.crt", Inner = "vault/token", Dot = "./token", Namespace = "namespace",
        DotNamespace = "./namespace",
    }
    Key {
        Token = "token", Ca = "ca.crt", Reflected = "a-3c469e", ReflectedInner = "a-927385", Replication = "replication",
    }
    Audience { Empty = "", Vault = "vault", Sts = "sts.example.org" }
    Ip {
        Four = "10.0.0.1", Six = "fd00::1", SameSix = "FD00:0::1", Another = "192.0.2.1", Zeros = "010.0.0.1",
        Mapped = "::ffff:10.0.0.1", Loopback = "127.0.0.1", Unspecified = "::", Multicast = "ff02::1",
    }
    Hostname {
        Kubernetes = "kubernetes.default", Service = "kubernetes.default.svc",
        Whole = "kubernetes.default.svc.cluster.local", Home = "api.example.org", Database = "db",
    }
    VariableName {
        A = "A", B = "B",
        Host = "KUBERNETES_SERVICE_HOST", Port = "KUBERNETES_SERVICE_PORT",
        PortHttps = "KUBERNETES_SERVICE_PORT_HTTPS", Url = "KUBERNETES_PORT",
        Tcp = "KUBERNETES_PORT_443_TCP", TcpProto = "KUBERNETES_PORT_443_TCP_PROTO",
        TcpAddr = "KUBERNETES_PORT_443_TCP_ADDR", TcpPort = "KUBERNETES_PORT_443_TCP_PORT",
        OtherTcp = "KUBERNETES_PORT_6443_TCP", OtherTcpPort = "KUBERNETES_PORT_6443_TCP_PORT",
    }
    HostSetting {
        Home = "api.example.org", Service = "kubernetes.default.svc", Four = "10.0.0.1", Six = "fd00::9",
    }
    /// What a virtual kubelet may have been given, and what it may not.
    ForgedHost {
        Home = "api.example.org", Dot = "api.example.org.", Underscore = "api_1.example.org", Upper = "API.example.org",
        Kubernetes = "kubernetes.default", Four = "10.0.0.1", Six = "fd00::9", Reference = "$(A)", Blank = "a b",
        Empty = "",
    }
    /// Names of ServiceAccounts; the last one here is none, and would be expanded where it becomes a value.
    ServiceAccount {
        Default = "default", Builder = "builder", Dotted = "a.b-c", Empty = "", Reference = "$(KUBERNETES_PORT)",
    }
}

#[derive(Debug, Arbitrary)]
struct Pod {
    metadata: Field<Metadata>,
    spec: Field<Spec>,
    unknown: Option<Odd>,
}

impl Json for Pod {
    fn json(&self) -> String {
        Text::object(|pod| {
            pod.field("metadata", &self.metadata);
            pod.unknown(&self.unknown);
            pod.field("spec", &self.spec);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Metadata {
    name: Field<PodName>,
    annotations: Field<Annotations>,
    labels: Field<Labels>,
}

impl Json for Metadata {
    fn json(&self) -> String {
        Text::object(|metadata| {
            metadata.field("name", &self.name);
            metadata.field("annotations", &self.annotations);
            metadata.field("labels", &self.labels);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Annotations {
    mode: Option<Field<Mode>>,
    service_account: Option<Field<ServiceAccount>>,
    home_namespace: Option<Field<NamespaceName>>,
}

impl Json for Annotations {
    fn json(&self) -> String {
        Text::object(|annotations| {
            annotations.field("liqo.io/api-server-support", self.mode.as_ref().unwrap_or(&Field::Absent));
            let service_account = self.service_account.as_ref().unwrap_or(&Field::Absent);
            annotations.field("liqo.io/remote-service-account-name", service_account);
            let home_namespace = self.home_namespace.as_ref().unwrap_or(&Field::Absent);
            annotations.field("liqo-api-access-policy.github.io/home-namespace", home_namespace);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Labels {
    origin: Field<Cluster>,
    unknown: Option<Odd>,
}

impl Json for Labels {
    fn json(&self) -> String {
        Text::object(|labels| {
            labels.field("offloading.liqo.io/origin", &self.origin);
            labels.unknown(&self.unknown);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Spec {
    containers: Field<Vec<Container>>,
    init_containers: Field<Vec<Container>>,
    volumes: Field<Vec<Volume>>,
    host_aliases: Field<Vec<Alias>>,
    service_account_name: Field<ServiceAccount>,
    service_account: Field<ServiceAccount>,
    automount: Field<Flag>,
    unknown: Option<Odd>,
}

impl Json for Spec {
    fn json(&self) -> String {
        Text::object(|spec| {
            spec.field("containers", &self.containers);
            spec.field("initContainers", &self.init_containers);
            spec.field("volumes", &self.volumes);
            spec.field("hostAliases", &self.host_aliases);
            spec.field("serviceAccountName", &self.service_account_name);
            spec.field("serviceAccount", &self.service_account);
            spec.field("automountServiceAccountToken", &self.automount);
            spec.unknown(&self.unknown);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Container {
    name: Name,
    env: Field<Environment>,
    mounts: Field<Vec<Mount>>,
    unknown: Option<Odd>,
}

impl Json for Container {
    fn json(&self) -> String {
        Text::object(|container| {
            container.text("name", &self.name.json());
            container.field("env", &self.env);
            container.unknown(&self.unknown);
            container.field("volumeMounts", &self.mounts);
        })
    }
}

/// Entries of one's own, around those that the virtual kubelet, or an earlier run of the policy, put there.
#[derive(Debug, Arbitrary)]
struct Environment {
    before: Vec<Variable>,
    forged: Option<Forged>,
    after: Vec<Variable>,
}

impl Json for Environment {
    fn json(&self) -> String {
        let mut entries: Vec<_> = self.before.iter().map(Variable::json).collect();
        entries.extend(self.forged.iter().flat_map(Forged::entries));
        entries.extend(self.after.iter().map(Variable::json));
        format!("[{}]", entries.join(","))
    }
}

#[derive(Debug, Arbitrary)]
struct Forged {
    host: ForgedHost,
    port: Port,
    by_the_policy: bool,
    /// An entry that is missing.
    without: Option<u8>,
    /// Entries that others put in between, each at its place.
    between: Vec<(u8, Variable)>,
}

#[derive(Debug, Arbitrary)]
enum Port {
    Https,
    Usual,
    Any(u16),
}

impl Port {
    fn number(&self) -> u16 {
        match self {
            Self::Https => 443,
            Self::Usual => 6443,
            Self::Any(port) => *port,
        }
    }
}

impl Forged {
    fn entries(&self) -> Vec<String> {
        let (host, port) = (self.host.word(), self.port.number());
        let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
        let url = format!("tcp://{authority}");
        let entry = |name: &dyn Display, value: &dyn Display| {
            format!(r#"{{"name":{},"value":{}}}"#, string(&name.to_string()), string(&value.to_string()))
        };
        let mut entries = vec![
            entry(&"KUBERNETES_SERVICE_HOST", &host),
            entry(&"KUBERNETES_SERVICE_PORT", &port),
            entry(&"KUBERNETES_PORT", &url),
            entry(&format_args!("KUBERNETES_PORT_{port}_TCP"), &url),
            entry(&format_args!("KUBERNETES_PORT_{port}_TCP_PROTO"), &"tcp"),
            entry(&format_args!("KUBERNETES_PORT_{port}_TCP_ADDR"), &host),
            entry(&format_args!("KUBERNETES_PORT_{port}_TCP_PORT"), &port),
        ];
        if self.by_the_policy {
            entries.insert(2, entry(&"KUBERNETES_SERVICE_PORT_HTTPS", &port));
        }
        if let Some(without) = self.without {
            entries.remove(usize::from(without) % entries.len());
        }
        for (place, variable) in &self.between {
            entries.insert(usize::from(*place) % (entries.len() + 1), variable.json());
        }
        entries
    }
}

#[derive(Debug, Arbitrary)]
struct Variable {
    name: Field<VariableName>,
    content: Content,
    unknown: Option<Odd>,
}

#[derive(Debug, Arbitrary)]
enum Content {
    Value(Field<Pieces>),
    From(Field<ValueFrom>),
    Both(Field<Pieces>, Field<ValueFrom>),
}

impl Json for Variable {
    fn json(&self) -> String {
        Text::object(|variable| {
            variable.field("name", &self.name);
            match &self.content {
                Content::Value(value) => variable.field("value", value),
                Content::From(from) => variable.field("valueFrom", from),
                Content::Both(value, from) => {
                    variable.field("value", value);
                    variable.field("valueFrom", from);
                }
            }
            variable.unknown(&self.unknown);
        })
    }
}

/// A value, with references of all kinds.
#[derive(Debug, Arbitrary)]
struct Pieces(Vec<Piece>);

#[derive(Debug, Arbitrary)]
enum Piece {
    Reference(VariableName),
    Escaped(VariableName),
    Open(VariableName),
    Dollar,
    Close,
    Text(String),
}

impl Json for Pieces {
    fn json(&self) -> String {
        let mut value = SECRET.to_owned();
        for piece in &self.0 {
            // Writing into a string does not fail.
            let _ = match piece {
                Piece::Reference(name) => write!(value, "$({})", name.word()),
                Piece::Escaped(name) => write!(value, "$$({})", name.word()),
                Piece::Open(name) => write!(value, "$({}", name.word()),
                Piece::Dollar => write!(value, "$"),
                Piece::Close => write!(value, ")"),
                Piece::Text(text) => write!(value, "{text}"),
            };
        }
        string(&value)
    }
}

#[derive(Debug, Arbitrary)]
struct ValueFrom {
    field: Field<FieldRef>,
}

impl Json for ValueFrom {
    fn json(&self) -> String {
        Text::object(|from| from.field("fieldRef", &self.field))
    }
}

#[derive(Debug, Arbitrary)]
struct FieldRef {
    path: Field<FieldPath>,
}

impl Json for FieldRef {
    fn json(&self) -> String {
        Text::object(|field| field.field("fieldPath", &self.path))
    }
}

#[derive(Debug, Arbitrary)]
struct Mount {
    name: Field<Name>,
    path: Field<MountPath>,
    sub_path: Option<Field<Shown>>,
    sub_path_expr: Option<Field<Shown>>,
}

impl Json for Mount {
    fn json(&self) -> String {
        Text::object(|mount| {
            mount.field("name", &self.name);
            mount.field("mountPath", &self.path);
            mount.field("subPath", self.sub_path.as_ref().unwrap_or(&Field::Absent));
            mount.field("subPathExpr", self.sub_path_expr.as_ref().unwrap_or(&Field::Absent));
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Volume {
    name: Field<Name>,
    projected: Field<Projected>,
    unknown: Option<Odd>,
}

impl Json for Volume {
    fn json(&self) -> String {
        Text::object(|volume| {
            volume.field("name", &self.name);
            volume.field("projected", &self.projected);
            volume.unknown(&self.unknown);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Projected {
    sources: Field<Vec<Source>>,
}

impl Json for Projected {
    fn json(&self) -> String {
        Text::object(|projected| projected.field("sources", &self.sources))
    }
}

#[derive(Debug, Arbitrary)]
enum Source {
    Token(Field<Token>),
    Secret(Field<Named>),
    ConfigMap(Field<Named>),
    Downward(Field<Named>),
    Bundle(Field<Token>),
    Certificate(Field<Certificate>),
    Unknown(Option<Odd>),
    Two(Field<Token>, Field<Named>),
}

impl Json for Source {
    fn json(&self) -> String {
        Text::object(|source| match self {
            Self::Token(token) => source.field("serviceAccountToken", token),
            Self::Secret(named) => source.field("secret", named),
            Self::ConfigMap(named) => source.field("configMap", named),
            Self::Downward(named) => source.field("downwardAPI", named),
            Self::Bundle(token) => source.field("clusterTrustBundle", token),
            Self::Certificate(certificate) => source.field("podCertificate", certificate),
            Self::Unknown(odd) => source.unknown(odd),
            Self::Two(token, named) => {
                source.field("serviceAccountToken", token);
                source.field("secret", named);
            }
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Token {
    path: Field<Shown>,
    audience: Option<Field<Audience>>,
    unknown: Option<Odd>,
}

impl Json for Token {
    fn json(&self) -> String {
        Text::object(|token| {
            token.field("path", &self.path);
            token.field("audience", self.audience.as_ref().unwrap_or(&Field::Absent));
            token.unknown(&self.unknown);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Named {
    name: Field<Name>,
    items: Option<Field<Vec<Item>>>,
    optional: Option<Flag>,
}

impl Json for Named {
    fn json(&self) -> String {
        Text::object(|named| {
            named.field("name", &self.name);
            named.field("items", self.items.as_ref().unwrap_or(&Field::Absent));
            if let Some(optional) = &self.optional {
                named.text("optional", &optional.json());
            }
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Item {
    key: Field<Key>,
    path: Field<Shown>,
    field: Option<Field<FieldRef>>,
    unknown: Option<Odd>,
}

impl Json for Item {
    fn json(&self) -> String {
        Text::object(|item| {
            item.field("key", &self.key);
            item.field("path", &self.path);
            item.field("fieldRef", self.field.as_ref().unwrap_or(&Field::Absent));
            item.unknown(&self.unknown);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Certificate {
    key: Field<Shown>,
    chain: Field<Shown>,
    bundle: Field<Shown>,
}

impl Json for Certificate {
    fn json(&self) -> String {
        Text::object(|certificate| {
            certificate.field("keyPath", &self.key);
            certificate.field("certificateChainPath", &self.chain);
            certificate.field("credentialBundlePath", &self.bundle);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct Alias {
    ip: Field<Ip>,
    hostnames: Field<Vec<Hostname>>,
    unknown: Option<Odd>,
}

impl Json for Alias {
    fn json(&self) -> String {
        Text::object(|alias| {
            alias.field("ip", &self.ip);
            alias.field("hostnames", &self.hostnames);
            alias.unknown(&self.unknown);
        })
    }
}

/// What the host answers where it is asked for a Namespace.
#[derive(Debug, Arbitrary)]
enum NamespaceAnswer {
    Is(Namespace),
    Odd(Odd),
    Text(String),
    Refused(String),
}

#[derive(Debug, Arbitrary)]
struct Namespace {
    metadata: Field<NamespaceMetadata>,
}

impl Json for Namespace {
    fn json(&self) -> String {
        Text::object(|namespace| namespace.field("metadata", &self.metadata))
    }
}

#[derive(Debug, Arbitrary)]
struct NamespaceMetadata {
    labels: Field<NamespaceLabels>,
    annotations: Field<NamespaceAnnotations>,
    unknown: Option<Odd>,
}

impl Json for NamespaceMetadata {
    fn json(&self) -> String {
        Text::object(|metadata| {
            metadata.field("labels", &self.labels);
            metadata.field("annotations", &self.annotations);
            metadata.unknown(&self.unknown);
        })
    }
}

#[derive(Debug, Arbitrary)]
struct NamespaceLabels {
    cluster: Field<Cluster>,
}

impl Json for NamespaceLabels {
    fn json(&self) -> String {
        Text::object(|labels| labels.field("liqo.io/remote-cluster-id", &self.cluster))
    }
}

#[derive(Debug, Arbitrary)]
struct NamespaceAnnotations {
    original_name: Field<NamespaceName>,
}

impl Json for NamespaceAnnotations {
    fn json(&self) -> String {
        Text::object(|annotations| annotations.field("liqo.io/original-name", &self.original_name))
    }
}

#[derive(Debug, Arbitrary)]
struct Settings {
    snake_case: bool,
    host: Option<HostSetting>,
    port: Option<Port>,
    addresses: Option<Vec<Ip>>,
    cluster: Option<Cluster>,
    secret: Option<Name>,
    default_mode: Option<Mode>,
    allowed_modes: Option<Vec<Mode>>,
    allowed_service_accounts: Option<Vec<ServiceAccount>>,
    clusters: Option<Vec<HomeCluster>>,
    kept_audiences: Option<Vec<Audience>>,
    origin_label: Option<LabelKey>,
    namespace_lookup: Field<Flag>,
    strict: Field<Flag>,
    validate_only: Field<Flag>,
    verify_only: Field<Flag>,
}

/// What is set for one of several home clusters.
#[derive(Debug, Arbitrary)]
struct HomeCluster {
    id: Cluster,
    host: Option<HostSetting>,
    port: Option<Port>,
    addresses: Option<Vec<Ip>>,
    secret: Option<Name>,
    default_mode: Option<Mode>,
    allowed_modes: Option<Vec<Mode>>,
    allowed_service_accounts: Option<Vec<ServiceAccount>>,
}

impl Json for HomeCluster {
    fn json(&self) -> String {
        Text::object(|cluster| {
            cluster.maybe("homeApiServerHost", &self.host);
            cluster.maybe("homeApiServerPort", &self.port);
            cluster.maybe("homeApiServerAddresses", &self.addresses);
            cluster.maybe("homeCredentialsSecret", &self.secret);
            cluster.maybe("defaultMode", &self.default_mode);
            cluster.maybe("allowedModes", &self.allowed_modes);
            cluster.maybe("allowedRemoteServiceAccounts", &self.allowed_service_accounts);
        })
    }
}

impl Json for Port {
    fn json(&self) -> String {
        self.number().to_string()
    }
}

impl Json for Settings {
    fn json(&self) -> String {
        let name = |camel: &'static str, snake: &'static str| if self.snake_case { snake } else { camel };
        Text::object(|settings| {
            settings.maybe(name("homeApiServerHost", "home_api_server_host"), &self.host);
            settings.maybe(name("homeApiServerPort", "home-api-server-port"), &self.port);
            settings.maybe(name("homeApiServerAddresses", "home_api_server_addresses"), &self.addresses);
            settings.maybe(name("homeClusterId", "home-cluster-id"), &self.cluster);
            settings.maybe(name("homeCredentialsSecret", "home_credentials_secret"), &self.secret);
            settings.maybe(name("defaultMode", "default_mode"), &self.default_mode);
            settings.maybe(name("allowedModes", "allowed_modes"), &self.allowed_modes);
            let key = name("allowedRemoteServiceAccounts", "allowed_remote_service_accounts");
            settings.maybe(key, &self.allowed_service_accounts);
            // The one and the other together are an error.
            if let (Some(clusters), None) = (&self.clusters, &self.cluster) {
                let clusters = Text::object(|entries| {
                    clusters.iter().for_each(|cluster| entries.text(cluster.id.word(), &cluster.json()));
                });
                settings.text(name("homeClusters", "home_clusters"), &clusters);
            }
            settings.maybe(name("keptTokenAudiences", "kept_token_audiences"), &self.kept_audiences);
            settings.maybe(name("originLabel", "origin_label"), &self.origin_label);
            settings.field(name("namespaceLookup", "namespace_lookup"), &self.namespace_lookup);
            settings.field("strict", &self.strict);
            settings.field(name("validateOnly", "validate_only"), &self.validate_only);
            settings.field(name("verifyOnly", "verify_only"), &self.verify_only);
        })
    }
}
