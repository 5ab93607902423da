// Generated from crds/modelserver.dev_modelservers.yaml by scripts/generate-crd-types.ts. Do not edit.

/**
 * A ModelServer serves models from a volume, or from images, over gRPC. The operator makes its pods, its Service
 * and what belongs to them, and tells in the status what is being served and what is wrong. The annotation
 * modelserver.dev/reconcile set to "disabled" keeps its hands off all of them; the status is told still.
 */
export interface ModelServer {
  readonly apiVersion: 'modelserver.dev/v1alpha1';
  readonly kind: 'ModelServer';
  readonly metadata: ModelServerMetadata;
  /** What is to be served, and how. */
  readonly spec: ModelServerSpec;
  /** What is being served, and what is wrong. The operator writes it; nobody else should. */
  readonly status: ModelServerStatus;
}

/** What the API server keeps of every object, as far as the operator reads it. */
export interface ModelServerMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  /** Opaque: equal or not equal, never less or more. */
  readonly resourceVersion?: string;
  /** Counts the changes of the spec, from 1. */
  readonly generation: number;
  /** RFC 3339, in seconds. */
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What is to be served, and how. */
export interface ModelServerSpec {
  /**
   * Image of the server, best by digest. The one that the operator was installed with unless set, so that the server
   * moves with the operator.
   */
  readonly image?: string;
  /**
   * When a node pulls the server's image. Unless set, Kubernetes decides: Always for the tag latest, else
   * IfNotPresent.
   */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** Secrets of this namespace that the images are pulled with, those of models and of the repository too. At most 16. */
  readonly imagePullSecrets?: readonly ImagePullSecret[];
  /**
   * How many pods serve, 0 to 1000; 1 unless set. The scale subresource changes it. With autoscaling it is where the
   * autoscaler begins: leave it out of what you keep in Git.
   */
  readonly replicas: number;
  /**
   * A HorizontalPodAutoscaler that scales this ModelServer. None unless set; one of your own may target the scale
   * subresource as well.
   */
  readonly autoscaling?: Autoscaling;
  /**
   * The volume that holds the models' folders, mounted read-only. May be absent only if each model brings its own
   * volume, or config points elsewhere.
   */
  readonly repository?: Repository;
  /** The models to serve, by name; 1 to 64. Either this or config must be there. */
  readonly models?: readonly Model[];
  /** A whole config.json of OpenVINO Model Server's form, for those who have one. Either this or models must be there. */
  readonly config?: ConfigSource;
  /** Settings of the server in each pod. */
  readonly server: ServerSettings;
  /** Environment of the server's container, by name; 64 at most. */
  readonly env?: readonly EnvironmentVariable[];
  /** ConfigMaps and Secrets whose keys become variables, each an EnvFromSource of core/v1; 16 at most. */
  readonly envFrom?: readonly Readonly<Record<string, unknown>>[];
  /** The Service that clients call. */
  readonly service: ServiceSettings;
  /** How pods are replaced when the spec asks for other ones. */
  readonly rollout: RolloutSettings;
  /** What the pods have beside the server, and where they run. */
  readonly template: PodSettings;
  /** A PodDisruptionBudget, where more than one pod is wanted. */
  readonly disruptionBudget: DisruptionBudget;
  /** A NetworkPolicy that says who may reach the pods. */
  readonly networkPolicy: NetworkPolicy;
  /** Traces and metrics. */
  readonly observability: Observability;
}

/** A Secret of type kubernetes.io/dockerconfigjson. */
export interface ImagePullSecret {
  /** Name of the Secret. */
  readonly name: string;
}

/**
 * A HorizontalPodAutoscaler that scales this ModelServer. None unless set; one of your own may target the scale
 * subresource as well.
 */
export interface Autoscaling {
  /** The least pods, 1 to 1000; 1 unless set. */
  readonly minReplicas: number;
  /** The most pods, 1 to 1000, at least minReplicas. */
  readonly maxReplicas: number;
  /**
   * What to scale by, each a MetricSpec of autoscaling/v2; 10 at most. Kubernetes' own default, 80 % of the CPU
   * request, unless set.
   */
  readonly metrics?: readonly Readonly<Record<string, unknown>>[];
  /** How fast to scale up and down, a HorizontalPodAutoscalerBehavior of autoscaling/v2. Kubernetes' own unless set. */
  readonly behavior?: Readonly<Record<string, unknown>>;
}

/**
 * The volume that holds the models' folders, mounted read-only. May be absent only if each model brings its own
 * volume, or config points elsewhere.
 */
export interface Repository {
  /** A claim of this namespace whose volume holds the models. */
  readonly persistentVolumeClaim?: RepositoryClaim;
  /**
   * A folder of the node itself. Refused by the operator unless it was started with --allow-host-path, and by
   * namespaces with the baseline or restricted Pod Security Standard.
   */
  readonly hostPath?: RepositoryHostPath;
  /**
   * An OCI image whose files are the models, mounted as an image volume. The cluster must have those: Kubernetes 1.35
   * or newer, or the feature gate ImageVolume.
   */
  readonly image?: RepositoryImage;
  /** Where the volume is mounted in the pods; /models unless set. */
  readonly mountPath: string;
  /** How new and changed versions are noticed. */
  readonly watch: RepositoryWatch;
}

/** A claim of this namespace whose volume holds the models. */
export interface RepositoryClaim {
  /** Name of the PersistentVolumeClaim. */
  readonly claimName: string;
  /** The folder inside the volume that holds the models. The volume's root unless set. */
  readonly subPath?: string;
}

/**
 * A folder of the node itself. Refused by the operator unless it was started with --allow-host-path, and by
 * namespaces with the baseline or restricted Pod Security Standard.
 */
export interface RepositoryHostPath {
  /** Absolute path of the folder on the node. */
  readonly path: string;
  /**
   * What must be there before a pod starts: Directory, a folder; DirectoryOrCreate, a folder is made. Nothing is
   * looked at unless set.
   */
  readonly type?: 'Directory' | 'DirectoryOrCreate';
}

/**
 * An OCI image whose files are the models, mounted as an image volume. The cluster must have those: Kubernetes 1.35
 * or newer, or the feature gate ImageVolume.
 */
export interface RepositoryImage {
  /** The image, best by digest, so that every pod serves the same files. */
  readonly reference: string;
  /** When a node pulls it. Unless set, Kubernetes decides as for containers. */
  readonly pullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
}

/** How new and changed versions are noticed. */
export interface RepositoryWatch {
  /** Events: by file events; not for network file systems. Poll: by looking at intervals. Auto, the default: both. */
  readonly mode: 'Auto' | 'Events' | 'Poll';
  /** Time between two looks at the folders and the config, in whole seconds from 1s to 1h; 1s unless set. */
  readonly pollInterval: string;
  /**
   * How long the files of a version must have stayed the same before it is loaded, from 0s to 1h; 1s unless set.
   * Longer for copies that pause.
   */
  readonly settle: string;
  /** Name of a file: a version is loaded only once its folder holds it. For copies that take long. None unless set. */
  readonly completionMarker?: string;
}

/** A model, and which of its versions are served. */
export interface Model {
  /** What clients call the model; 1 to 63 letters, digits, "_", "." and "-". */
  readonly name: string;
  /** The model's folder inside the repository, which holds a folder for each version. The model's name unless set. */
  readonly path?: string;
  /**
   * An OCI image that holds the folders of the model's versions, as a volume of the model's own. The cluster must
   * have image volumes: Kubernetes 1.35 or newer, or the feature gate ImageVolume.
   */
  readonly image?: ModelImage;
  /** A claim of this namespace whose volume holds the folders of the model's versions. */
  readonly persistentVolumeClaim?: ModelClaim;
  /**
   * Which versions are served: exactly one of latest, specific and all; the latest one unless set. It is applied as a
   * whole.
   */
  readonly versionPolicy: VersionPolicy;
  /**
   * Names that clients may use instead of version numbers, such as stable and canary; 8 at most. With the policy
   * specific, each names one of its versions.
   */
  readonly versionLabels?: Readonly<Record<string, number>>;
  /**
   * Whether a pod is ready only once this model is served, and the ModelServer too; true unless set. Set to false, a
   * model that does not load is told in the status alone.
   */
  readonly required: boolean;
  /** OpenVINO device, such as CPU, GPU, GPU.1, NPU or AUTO:GPU,CPU; CPU unless set. */
  readonly targetDevice: string;
  /**
   * Size of the batch dimension: a number, -1 for any, or a range such as "1:8". As the model has it unless set. Not
   * beside shape or shapes.
   */
  readonly batchSize?: number | string;
  /**
   * Shape of the one input, such as "(1,3,224,224)"; each dimension a number, -1 for any, or a range such as 1:8. As
   * the model has it unless set.
   */
  readonly shape?: string;
  /** Shapes of several inputs, by input name, each as in shape; 16 at most. */
  readonly shapes?: Readonly<Record<string, string>>;
  /**
   * What the dimensions of the one input are, such as NHWC, or NHWC:NCHW where clients send another order than the
   * model takes. As the model has it unless set.
   */
  readonly layout?: string;
  /** Layouts of several inputs and outputs, by name, each as in layout; 32 at most. */
  readonly layouts?: Readonly<Record<string, string>>;
  /**
   * That the model keeps a state from one request of a sequence to the next. Write {} for the defaults. A model that
   * is served cannot become stateful, or stop being so: give it another name.
   */
  readonly stateful?: Stateful;
  /** Infer requests that run at a time in each pod, 0 to 100000; 0, the default, lets the device say how many. */
  readonly nireq: number;
  /**
   * OpenVINO properties by name, such as NUM_STREAMS: 2 or PERFORMANCE_HINT: LATENCY; 32 at most. Booleans are
   * written "YES" and "NO", fractions in quotes.
   */
  readonly pluginConfig?: Readonly<Record<string, number | string>>;
}

/**
 * An OCI image that holds the folders of the model's versions, as a volume of the model's own. The cluster must
 * have image volumes: Kubernetes 1.35 or newer, or the feature gate ImageVolume.
 */
export interface ModelImage {
  /** The image, best by digest, so that every pod serves the same files. */
  readonly reference: string;
  /** When a node pulls it. Unless set, Kubernetes decides as for containers. */
  readonly pullPolicy?: 'Always' | 'IfNotPresent' | 'Never';
  /** The folder inside the image that holds those of the versions. The image's root unless set. */
  readonly subPath?: string;
}

/** A claim of this namespace whose volume holds the folders of the model's versions. */
export interface ModelClaim {
  /** Name of the PersistentVolumeClaim. */
  readonly claimName: string;
  /** The folder inside the volume that holds those of the versions. The volume's root unless set. */
  readonly subPath?: string;
}

/**
 * Which versions are served: exactly one of latest, specific and all; the latest one unless set. It is applied as a
 * whole.
 */
export interface VersionPolicy {
  /** The versions with the highest numbers. */
  readonly latest?: LatestVersions;
  /** These versions and no others. Git says then what is served. */
  readonly specific?: SpecificVersions;
  /** All versions that are there. Write {}. */
  readonly all?: Readonly<Record<string, never>>;
}

/** The versions with the highest numbers. */
export interface LatestVersions {
  /** How many of them, 1 to 16; 1 unless set. */
  readonly numVersions: number;
}

/** These versions and no others. Git says then what is served. */
export interface SpecificVersions {
  /** Numbers of 1 to 16 versions. */
  readonly versions: readonly number[];
}

/**
 * That the model keeps a state from one request of a sequence to the next. Write {} for the defaults. A model that
 * is served cannot become stateful, or stop being so: give it another name.
 */
export interface Stateful {
  /** Sequences that may live at a time in each pod, 1 to 100000; 500 unless set. */
  readonly maxSequences: number;
  /** Whether sequences that nobody uses are ended; true unless set. */
  readonly idleCleanup: boolean;
  /**
   * Whether loops are to be unrolled, so that states are outside of them; false unless set. A model that has loops
   * does not load with it: have it converted so.
   */
  readonly lowLatencyTransformation: boolean;
}

/** A whole config.json of OpenVINO Model Server's form, for those who have one. Either this or models must be there. */
export interface ConfigSource {
  /** Where the config.json is. The server reads it anew when it changes. */
  readonly configMapRef: ConfigMapKey;
}

/** Where the config.json is. The server reads it anew when it changes. */
export interface ConfigMapKey {
  /** Name of a ConfigMap of this namespace. */
  readonly name: string;
  /** Its key that holds the config.json; config.json unless set. */
  readonly key: string;
}

/** Settings of the server in each pod. */
export interface ServerSettings {
  /** Port of the pods for gRPC, 1024 to 65535; 9000 unless set. The Service has its own, service.grpcPort. */
  readonly grpcPort: number;
  /** Port of the pods for REST and metrics (/metrics), 1024 to 65535, other than grpcPort; 8000 unless set. */
  readonly httpPort: number;
  /**
   * One more port of the pods, in plain text and without keys, for probes and for what the operator asks: health
   * checks and GetModelStatus alone; 1024 to 65535, other than grpcPort and httpPort. 9001 with tls; none otherwise
   * unless set, as it is to be where clients must show API keys.
   */
  readonly healthPort?: number;
  /**
   * TLS for gRPC and REST. What changes in the Secrets is in force within two minutes, without a restart. Plain text
   * unless set.
   */
  readonly tls?: TlsSettings;
  /** How much the server logs; INFO unless set. */
  readonly logLevel: 'TRACE' | 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR';
  /**
   * After how long a client is asked to connect anew, from 10s to 24h; 10m unless set. It spreads long-lived gRPC
   * connections over new pods.
   */
  readonly maxConnectionAge: string;
  /**
   * How long requests under way may take once a pod or a version is to end, in whole seconds from 0s to 10m; 20s
   * unless set.
   */
  readonly drainTimeout: string;
  /**
   * Requests that may wait for an infer request of a version, 0 to 1000000; more are refused with RESOURCE_EXHAUSTED.
   * 1024 unless set.
   */
  readonly queueSize: number;
  /**
   * Memory that requests in work may take in each pod, in bytes as a quantity, such as 512Mi; from 1Mi. The server's
   * own 2Gi unless set.
   */
  readonly memoryQuota?: string;
  /**
   * More flags of the server, each with its value as --flag=value; 64 at most. Not those that fields of this resource
   * set.
   */
  readonly extraArgs?: readonly string[];
}

/**
 * TLS for gRPC and REST. What changes in the Secrets is in force within two minutes, without a restart. Plain text
 * unless set.
 */
export interface TlsSettings {
  /**
   * Name of a Secret of this namespace with the pods' certificate as tls.crt and its key as tls.key, such as
   * cert-manager makes.
   */
  readonly secretName: string;
  /**
   * Name of a Secret of this namespace whose ca.crt holds authorities; clients must show a certificate of one of
   * them, over REST and for /metrics as well.
   */
  readonly clientCASecretName?: string;
}

/** An EnvVar of core/v1. */
export interface EnvironmentVariable {
  /** Name of the variable. */
  readonly name: string;
  /** Its value, a text; empty unless set. */
  readonly value?: string;
  /** Where its value lies, an EnvVarSource of core/v1, such as secretKeyRef. */
  readonly valueFrom?: Readonly<Record<string, unknown>>;
}

/** The Service that clients call. */
export interface ServiceSettings {
  /** ClusterIP, NodePort or LoadBalancer; ClusterIP unless set. */
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer';
  /** Port of the Service for gRPC, 1 to 65535; 8080 unless set. */
  readonly grpcPort: number;
  /** Port of the Service for REST, 1 to 65535, other than grpcPort; 8081 unless set. */
  readonly restPort: number;
  /**
   * Whether there is a headless Service too, of the name with "-headless" added, whose DNS name gives the pods'
   * addresses: for clients that balance by themselves. false unless set.
   */
  readonly headless: boolean;
  /** Annotations of the Services, such as those that a cloud's load balancer reads; 32 at most. */
  readonly annotations?: Readonly<Record<string, string>>;
  /**
   * Which pods the cluster sends requests to first, those of the client's zone (PreferClose, PreferSameZone) or node
   * (PreferSameNode). All alike unless set.
   */
  readonly trafficDistribution?: 'PreferClose' | 'PreferSameZone' | 'PreferSameNode';
}

/** How pods are replaced when the spec asks for other ones. */
export interface RolloutSettings {
  /**
   * Whether changes of the pods and of the server's config wait until this is false again; all else goes on, the
   * number of pods too. Ready is False then, with the reason Paused. false unless set.
   */
  readonly paused: boolean;
  /**
   * How long a change may take until Stalled is True with the reason ProgressDeadlineExceeded, in whole seconds from
   * 10s to 24h; 10m unless set. The operator does not give up: what arrives later is served.
   */
  readonly progressDeadline: string;
  /**
   * How many pods more than replicas a change may bring, a number from 0 to 1000 or a share such as "25%"; 1 unless
   * set.
   */
  readonly maxSurge: number | string;
  /**
   * How many pods fewer than replicas may be available during a change, a number from 0 to 1000 or a share such as
   * "25%"; 0 unless set. Not 0 together with maxSurge.
   */
  readonly maxUnavailable: number | string;
  /** How many older ReplicaSets are kept, 0 to 100; 5 unless set. */
  readonly revisionHistoryLimit: number;
}

/** What the pods have beside the server, and where they run. */
export interface PodSettings {
  /**
   * CPU, memory and devices of the server's container. None are asked for unless set; a server in production should
   * have requests, and a memory limit.
   */
  readonly resources?: Resources;
  /** Affinity of core/v1. None unless set. */
  readonly affinity?: Readonly<Record<string, unknown>>;
  /** Labels that a node must have; 32 at most. */
  readonly nodeSelector?: Readonly<Record<string, string>>;
  /** Taints that the pods bear, each a Toleration of core/v1; 32 at most. */
  readonly tolerations?: readonly Readonly<Record<string, unknown>>[];
  /**
   * How the pods are spread, each a TopologySpreadConstraint of core/v1; 16 at most. Over nodes and zones where
   * possible, unless set.
   */
  readonly topologySpreadConstraints?: readonly Readonly<Record<string, unknown>>[];
  /** Name of the pods' PriorityClass. The cluster's default unless set. */
  readonly priorityClassName?: string;
  /** A ServiceAccount of your own. The operator makes one of the ModelServer's name unless set. */
  readonly serviceAccountName?: string;
  /**
   * SecurityContext of core/v1 of the server's container. What the restricted Pod Security Standard asks for, and a
   * read-only root, unless set.
   */
  readonly securityContext?: Readonly<Record<string, unknown>>;
  /** PodSecurityContext of core/v1. What the restricted Pod Security Standard asks for unless set. */
  readonly podSecurityContext?: Readonly<Record<string, unknown>>;
  /** Labels of the pods, beside the operator's own; 32 at most. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Annotations of the pods; 32 at most. */
  readonly annotations?: Readonly<Record<string, string>>;
  /** Name of the pods' RuntimeClass. The cluster's default unless set. */
  readonly runtimeClassName?: string;
  /**
   * How long a pod may take to end, 10 to 3600 seconds, at least 10 more than server.drainTimeout: 5 pass before the
   * server is told to, so that the cluster hears of it first. 15 more unless set.
   */
  readonly terminationGracePeriodSeconds?: number;
  /** More volumes of the pods, each a Volume of core/v1; 32 at most. */
  readonly extraVolumes?: readonly ExtraVolume[];
  /** Where the server's container mounts extraVolumes, each a VolumeMount of core/v1; 32 at most. */
  readonly extraVolumeMounts?: readonly ExtraVolumeMount[];
  /** More containers of the pods, each a Container of core/v1; 8 at most. */
  readonly sidecars?: readonly Sidecar[];
}

/**
 * CPU, memory and devices of the server's container. None are asked for unless set; a server in production should
 * have requests, and a memory limit.
 */
export interface Resources {
  /** The most it may take, by resource, such as cpu, memory and gpu.intel.com/i915; 16 at most. */
  readonly limits?: Readonly<Record<string, number | string>>;
  /** What is kept for it, by resource; 16 at most. At most the limit, where there is one. */
  readonly requests?: Readonly<Record<string, number | string>>;
}

/** A Volume of core/v1. */
export interface ExtraVolume {
  /**
   * Name of the volume, of small letters, digits and "-"; not config, models or tmp, nor with model- at its
   * beginning, which are the operator's.
   */
  readonly name: string;
  readonly [field: string]: unknown;
}

/** A VolumeMount of core/v1. */
export interface ExtraVolumeMount {
  /** Name of one of extraVolumes. */
  readonly name: string;
  /** Where it is mounted, an absolute path; not /tmp, nor in /etc/modelserver or /model-volumes, which are taken. */
  readonly mountPath: string;
  readonly [field: string]: unknown;
}

/** A Container of core/v1. */
export interface Sidecar {
  /** Name of the container, other than modelserver, which is the server's. */
  readonly name: string;
  readonly [field: string]: unknown;
}

/** A PodDisruptionBudget, where more than one pod is wanted. */
export interface DisruptionBudget {
  /** Whether there is one; true unless set. */
  readonly enabled: boolean;
  /**
   * How many pods a drain of nodes may take at a time, a number from 0 to 1000 or a share such as "25%"; 1 unless
   * set. With 0 no node with a pod can be drained.
   */
  readonly maxUnavailable: number | string;
}

/** A NetworkPolicy that says who may reach the pods. */
export interface NetworkPolicy {
  /** Whether there is one; false unless set. */
  readonly enabled: boolean;
  /**
   * Who may reach gRPC and metrics, each a NetworkPolicyPeer of networking.k8s.io/v1; 16 at most. The pods of this
   * namespace unless set. The operator may always ask the pods for their models.
   */
  readonly from?: readonly Readonly<Record<string, unknown>>[];
}

/** Traces and metrics. */
export interface Observability {
  /** Where the server sends its traces by OTLP. Nowhere unless set. */
  readonly otel?: OtelSettings;
  /** Metrics of the server for Prometheus. */
  readonly metrics: MetricsSettings;
}

/** Where the server sends its traces by OTLP. Nowhere unless set. */
export interface OtelSettings {
  /** URL of the collector, such as http://collector.observability:4317. */
  readonly endpoint: string;
  /** How OTLP is carried; grpc unless set. */
  readonly protocol: 'grpc' | 'http/protobuf' | 'http/json';
  /**
   * Which traces are kept, as in OTEL_TRACES_SAMPLER. Unless set: parentbased_traceidratio where there is a ratio,
   * else parentbased_always_on, those that the caller keeps and all that begin here.
   */
  readonly sampler?:
    | 'always_on'
    | 'always_off'
    | 'traceidratio'
    | 'parentbased_always_on'
    | 'parentbased_always_off'
    | 'parentbased_traceidratio';
  /**
   * Share of the traces that the samplers traceidratio and parentbased_traceidratio keep, a number from 0 to 1 in
   * quotes; "1" unless set.
   */
  readonly ratio?: string;
  /**
   * Headers for the collector, such as one that holds a token, as in OTEL_EXPORTER_OTLP_HEADERS
   * (name=value,name=value). None unless set. The pods read the Secret, the operator does not.
   */
  readonly headersSecretRef?: SecretKey;
}

/**
 * Headers for the collector, such as one that holds a token, as in OTEL_EXPORTER_OTLP_HEADERS
 * (name=value,name=value). None unless set. The pods read the Secret, the operator does not.
 */
export interface SecretKey {
  /** Name of a Secret of this namespace. */
  readonly name: string;
  /** Its key that holds the headers. */
  readonly key: string;
}

/** Metrics of the server for Prometheus. */
export interface MetricsSettings {
  /** Whether the server has /metrics on its HTTP port; true unless set. */
  readonly enabled: boolean;
  /** A PodMonitor, where the cluster has the Prometheus operator's resources. */
  readonly podMonitor: PodMonitorSettings;
}

/** A PodMonitor, where the cluster has the Prometheus operator's resources. */
export interface PodMonitorSettings {
  /** Whether there is one; false unless set. */
  readonly enabled: boolean;
  /** How often Prometheus asks each pod, in whole seconds from 1s to 1h; 30s unless set. */
  readonly interval: string;
  /** Labels of the PodMonitor, such as those by which a Prometheus selects it; 32 at most. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What is being served, and what is wrong. The operator writes it; nobody else should. */
export interface ModelServerStatus {
  /**
   * The generation of the spec that the rest of the status is about; -1 until the operator has seen the resource, so
   * that nobody takes a fresh one for ready.
   */
  readonly observedGeneration: number;
  /** The state in one word, for people; programs read conditions. */
  readonly phase?: string;
  /** Pods that are there. */
  readonly replicas?: number;
  /** Pods that are ready. */
  readonly readyReplicas?: number;
  /** Pods that have been ready for long enough to count. */
  readonly availableReplicas?: number;
  /** Pods made from the pod template that is wanted. */
  readonly updatedReplicas?: number;
  /** Label selector of the pods, for the scale subresource. */
  readonly selector?: string;
  /** Hash of the pod template that is wanted. */
  readonly revision?: string;
  /** Hash of the server's config that is wanted. */
  readonly configRevision?: string;
  /** Where clients reach the models, inside the cluster. */
  readonly endpoints?: Endpoints;
  /** The status in short, for kubectl get. */
  readonly summary?: StatusSummary;
  /** What the pods say of each model. */
  readonly models?: readonly ModelStatus[];
  /** The change that is under way, or has not arrived; absent in a steady state. */
  readonly rollout?: RolloutStatus;
  /** The last state that was ready as a whole. */
  readonly lastSuccessful?: LastSuccessful;
  /** The generation that is stalled; absent unless one is. */
  readonly failedGeneration?: number;
  /**
   * Ready: all that the spec asks for is served. Available: requests are answered, be it by the last good version.
   * Progressing: a change is under way. Degraded: something is wrong. Reconciling and Stalled, in the sense of
   * kstatus, are there only while True.
   */
  readonly conditions?: readonly Condition[];
}

/** Where clients reach the models, inside the cluster. */
export interface Endpoints {
  /** Host and port of the Service for gRPC, such as digits.default.svc.cluster.local:8080. */
  readonly grpc?: string;
  /** Host and port of the Service for REST, such as digits.default.svc.cluster.local:8081. */
  readonly rest?: string;
  /** Host and port of the headless Service, where there is one. */
  readonly headless?: string;
}

/** The status in short, for kubectl get. */
export interface StatusSummary {
  /** Models that are ready, of those that the spec asks for, such as "1/2". */
  readonly models?: string;
}

/** A model over all pods. */
export interface ModelStatus {
  /** Name of the model; longer than the spec's may be where a config.json has it. */
  readonly name: string;
  /** Whether every pod serves exactly the versions that are wanted. */
  readonly ready: boolean;
  /**
   * Available: all that is wanted is served. Loading: it is on its way. Degraded: a version is served, but not all
   * that is wanted. Failed: no version is served. Missing: there is no version to serve. Unknown: no pod answers.
   */
  readonly state: 'Available' | 'Loading' | 'Degraded' | 'Failed' | 'Missing' | 'Unknown';
  /** What a client gets who asks for no version, the newest that every ready pod serves. */
  readonly servingVersion?: number;
  /** The versions that are wanted, where they are known; 16 at most. */
  readonly desiredVersions?: readonly number[];
  /** What is wrong, in a sentence. */
  readonly message?: string;
  /** The versions that the pods know of; the 8 that matter most. */
  readonly versions?: readonly VersionStatus[];
}

/** A version over all pods. */
export interface VersionStatus {
  /** The version. */
  readonly version: number;
  /**
   * The state that GetModelStatus tells, the least advanced of all pods; MISSING for a version that is wanted and
   * that no pod knows.
   */
  readonly state: 'START' | 'LOADING' | 'AVAILABLE' | 'UNLOADING' | 'END' | 'MISSING';
  /** Pods in which it is available, of those that should serve it, such as "2/3". */
  readonly pods: string;
  /** Error code of the load that failed, as in gRPC, such as INVALID_ARGUMENT. */
  readonly errorCode?: string;
  /** What the server says of it. */
  readonly message?: string;
  /** When it came into this state, as far as the operator saw. */
  readonly since?: string;
}

/** The change that is under way, or has not arrived; absent in a steady state. */
export interface RolloutStatus {
  /** When it began. */
  readonly startedAt: string;
  /** When it counts as stalled, startedAt and spec.rollout.progressDeadline. */
  readonly deadline: string;
}

/** The last state that was ready as a whole. */
export interface LastSuccessful {
  /** Generation of the spec. */
  readonly generation: number;
  /** Hash of the pod template. */
  readonly revision: string;
  /** When it became ready. */
  readonly time: string;
}

/** A Condition of meta/v1. */
export interface Condition {
  /** Which condition. */
  readonly type: string;
  /** Whether it holds. */
  readonly status: 'True' | 'False' | 'Unknown';
  /** The generation of the spec that it is about. */
  readonly observedGeneration?: number;
  /** When status changed last. */
  readonly lastTransitionTime: string;
  /** Why, in one word for programs. */
  readonly reason: string;
  /** Why, in a sentence for people. */
  readonly message: string;
}
