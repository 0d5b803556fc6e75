//! The shape of a KubeletConfig, and of the kubelet's own configuration in it.
//!
//! The API takes anything under `kubeletConfig`; the operator drops what it does not know, and the kubelet does not
//! start with a value that it cannot read. The keys are those of kubelet.config.k8s.io/v1beta1, of all Kubernetes
//! releases that belong to the known versions of OpenShift.

use super::super::format::ANY;
use super::super::format::DURATION;
use super::super::format::QUANTITY;
use super::Items;
use super::Key;
use super::SELECTOR;
use super::Shape;
use super::TEXTS;
use super::key;
use super::needed;

const ANY_WHOLE: Shape = Shape::Whole(i32::MIN as i64, i32::MAX as i64);
const COUNT: Shape = Shape::Whole(0, i32::MAX as i64);
const PERCENT: Shape = Shape::Whole(0, 100);
const TIME: Shape = Shape::Text(&DURATION);
const TEXT: Shape = Shape::Text(&ANY);
const AMOUNTS: Shape = Shape::Texts(&QUANTITY);
const TEXTS_BY_NAME: Shape = Shape::Texts(&ANY);

pub(super) static SPEC: Shape = Shape::Map(&[
    key("machineConfigPoolSelector", Shape::Of(&SELECTOR)),
    key("kubeletConfig", Shape::Map(&KUBELET)),
    key("logLevel", Shape::Whole(0, 10)),
    key("autoSizingReserved", Shape::Truth),
    key(
        "tlsSecurityProfile",
        Shape::Map(&[
            key("type", Shape::Word(&["Old", "Intermediate", "Modern", "Custom"])),
            key("old", Shape::Any),
            key("intermediate", Shape::Any),
            key("modern", Shape::Any),
            key(
                "custom",
                Shape::Map(&[
                    key("ciphers", Shape::List(&TEXTS)),
                    key("curves", Shape::List(&TEXTS)),
                    key("groups", Shape::List(&TEXTS)),
                    key(
                        "minTLSVersion",
                        Shape::Word(&["VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"]),
                    ),
                ]),
            ),
        ]),
    ),
]);

static TAINTS: Items = Items { of: Shape::Any, least: 0, most: usize::MAX, unlike: None };

static SHUTDOWNS: Items = Items {
    of: Shape::Map(&[needed("priority", ANY_WHOLE), needed("shutdownGracePeriodSeconds", COUNT)]),
    least: 0,
    most: usize::MAX,
    unlike: Some(&["priority"]),
};

static RESERVED: Items = Items {
    of: Shape::Map(&[needed("numaNode", COUNT), needed("limits", AMOUNTS)]),
    least: 0,
    most: usize::MAX,
    unlike: Some(&["numaNode"]),
};

static KUBELET: [Key; 126] = [
    key("kind", Shape::Word(&["KubeletConfiguration"])),
    key("apiVersion", Shape::Word(&["kubelet.config.k8s.io/v1beta1"])),
    key("enableServer", Shape::Truth),
    key("staticPodPath", TEXT),
    key("podLogsDir", TEXT),
    key("syncFrequency", TIME),
    key("fileCheckFrequency", TIME),
    key("httpCheckFrequency", TIME),
    key("staticPodURL", TEXT),
    key("staticPodURLHeader", Shape::Any),
    key("address", TEXT),
    key("port", Shape::Whole(1, 65535)),
    key("readOnlyPort", Shape::Whole(0, 65535)),
    key("tlsCertFile", TEXT),
    key("tlsPrivateKeyFile", TEXT),
    key("tlsCipherSuites", Shape::List(&TEXTS)),
    key("tlsMinVersion", Shape::Word(&["VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"])),
    key("tlsCurvePreferences", Shape::Any),
    key("rotateCertificates", Shape::Truth),
    key("serverTLSBootstrap", Shape::Truth),
    key(
        "authentication",
        Shape::Map(&[
            key("x509", Shape::Map(&[key("clientCAFile", TEXT)])),
            key("webhook", Shape::Map(&[key("enabled", Shape::Truth), key("cacheTTL", TIME)])),
            key("anonymous", Shape::Map(&[key("enabled", Shape::Truth)])),
        ]),
    ),
    key(
        "authorization",
        Shape::Map(&[
            key("mode", Shape::Word(&["AlwaysAllow", "Webhook"])),
            key("webhook", Shape::Map(&[key("cacheAuthorizedTTL", TIME), key("cacheUnauthorizedTTL", TIME)])),
        ]),
    ),
    key("registryPullQPS", COUNT),
    key("registryBurst", COUNT),
    key("imagePullCredentialsVerificationPolicy", TEXT),
    key("preloadedImagesVerificationAllowlist", Shape::List(&TEXTS)),
    key("eventRecordQPS", COUNT),
    key("eventBurst", COUNT),
    key("enableDebuggingHandlers", Shape::Truth),
    key("enableContentionProfiling", Shape::Truth),
    key("healthzPort", Shape::Whole(0, 65535)),
    key("healthzBindAddress", TEXT),
    key("oomScoreAdj", Shape::Whole(-1000, 1000)),
    key("clusterDomain", TEXT),
    key("clusterDNS", Shape::List(&TEXTS)),
    key("streamingConnectionIdleTimeout", TIME),
    key("nodeStatusUpdateFrequency", TIME),
    key("nodeStatusReportFrequency", TIME),
    key("nodeLeaseDurationSeconds", Shape::Whole(1, i32::MAX as i64)),
    key("imageMinimumGCAge", TIME),
    key("imageMaximumGCAge", TIME),
    key("imageGCHighThresholdPercent", PERCENT),
    key("imageGCLowThresholdPercent", PERCENT),
    key("volumeStatsAggPeriod", TIME),
    key("kubeletCgroups", TEXT),
    key("systemCgroups", TEXT),
    key("cgroupRoot", TEXT),
    key("cgroupsPerQOS", Shape::Truth),
    key("cgroupDriver", TEXT),
    key("cpuManagerPolicy", Shape::Word(&["none", "static"])),
    key("cpuManagerPolicyOptions", TEXTS_BY_NAME),
    key("cpuManagerReconcilePeriod", TIME),
    key("memoryManagerPolicy", Shape::Word(&["None", "Static", "BestEffort"])),
    key("topologyManagerPolicy", Shape::Word(&["none", "best-effort", "restricted", "single-numa-node"])),
    key("topologyManagerScope", Shape::Word(&["container", "pod"])),
    key("topologyManagerPolicyOptions", TEXTS_BY_NAME),
    key("qosReserved", TEXTS_BY_NAME),
    key("runtimeRequestTimeout", TIME),
    key("hairpinMode", Shape::Word(&["promiscuous-bridge", "hairpin-veth", "none"])),
    key("maxPods", Shape::Whole(1, i32::MAX as i64)),
    key("podCIDR", TEXT),
    key("podPidsLimit", Shape::Whole(-1, i64::MAX)),
    key("resolvConf", TEXT),
    key("runOnce", Shape::Truth),
    key("cpuCFSQuota", Shape::Truth),
    key("cpuCFSQuotaPeriod", TIME),
    key("nodeStatusMaxImages", Shape::Whole(-1, i32::MAX as i64)),
    key("maxOpenFiles", Shape::Whole(0, i64::MAX)),
    key("contentType", TEXT),
    key("kubeAPIQPS", COUNT),
    key("kubeAPIBurst", COUNT),
    key("serializeImagePulls", Shape::Truth),
    key("maxParallelImagePulls", Shape::Whole(1, i32::MAX as i64)),
    key("evictionHard", TEXTS_BY_NAME),
    key("evictionSoft", TEXTS_BY_NAME),
    key("evictionSoftGracePeriod", Shape::Texts(&DURATION)),
    key("evictionPressureTransitionPeriod", TIME),
    key("evictionMaxPodGracePeriod", COUNT),
    key("evictionMinimumReclaim", TEXTS_BY_NAME),
    key("mergeDefaultEvictionSettings", Shape::Truth),
    key("podsPerCore", COUNT),
    key("enableControllerAttachDetach", Shape::Truth),
    key("protectKernelDefaults", Shape::Truth),
    key("makeIPTablesUtilChains", Shape::Truth),
    key("iptablesMasqueradeBit", Shape::Whole(0, 31)),
    key("iptablesDropBit", Shape::Whole(0, 31)),
    key("featureGates", Shape::Any),
    key("failSwapOn", Shape::Truth),
    key("memorySwap", Shape::Map(&[key("swapBehavior", TEXT)])),
    key("containerLogMaxSize", Shape::Text(&QUANTITY)),
    key("containerLogMaxFiles", Shape::Whole(2, i32::MAX as i64)),
    key("containerLogMaxWorkers", Shape::Whole(1, i32::MAX as i64)),
    key("containerLogMonitorInterval", TIME),
    key("configMapAndSecretChangeDetectionStrategy", Shape::Word(&["Get", "Cache", "Watch"])),
    key("systemReserved", AMOUNTS),
    key("kubeReserved", AMOUNTS),
    key("reservedSystemCPUs", TEXT),
    key("showHiddenMetricsForVersion", TEXT),
    key("systemReservedCgroup", TEXT),
    key("kubeReservedCgroup", TEXT),
    key("enforceNodeAllocatable", Shape::List(&TEXTS)),
    key("allowedUnsafeSysctls", Shape::List(&TEXTS)),
    key("volumePluginDir", TEXT),
    key("providerID", TEXT),
    key("kernelMemcgNotification", Shape::Truth),
    key(
        "logging",
        Shape::Map(&[
            key("format", Shape::Word(&["text", "json"])),
            key("flushFrequency", Shape::Any),
            key("verbosity", COUNT),
            key("vmodule", Shape::Any),
            key("options", Shape::Any),
        ]),
    ),
    key("enableSystemLogHandler", Shape::Truth),
    key("enableSystemLogQuery", Shape::Truth),
    key("shutdownGracePeriod", TIME),
    key("shutdownGracePeriodCriticalPods", TIME),
    key("shutdownGracePeriodByPodPriority", Shape::List(&SHUTDOWNS)),
    key("crashLoopBackOff", Shape::Map(&[key("maxContainerRestartPeriod", TIME)])),
    key("reservedMemory", Shape::List(&RESERVED)),
    key("enableProfilingHandler", Shape::Truth),
    key("enableDebugFlagsHandler", Shape::Truth),
    key("seccompDefault", Shape::Truth),
    key("memoryThrottlingFactor", Shape::Number(0.0, 1.0)),
    key("registerWithTaints", Shape::List(&TAINTS)),
    key("registerNode", Shape::Truth),
    key("tracing", Shape::Any),
    key("localStorageCapacityIsolation", Shape::Truth),
    key("containerRuntimeEndpoint", TEXT),
    key("imageServiceEndpoint", TEXT),
    key("failCgroupV1", Shape::Truth),
    key("userNamespaces", Shape::Map(&[key("idsPerPod", COUNT)])),
    key("singleProcessOOMKill", Shape::Truth),
];
