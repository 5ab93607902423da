export interface Program {
  /** Its file, and the folder beside this one that has its go.mod. */
  readonly name: string;
  /** The Go package, unless it is the folder itself. */
  readonly package?: string;
  /** Other names that it answers to. */
  readonly links?: readonly string[];
  /** What the linker sets, so that it tells its version. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Only some scenarios need it, and they say so. */
  readonly isOptional?: true;
}

const kubernetes = { gitVersion: 'v1.34.4', gitMajor: '1', gitMinor: '34', gitTreeState: 'clean' };
const versionPackages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];

export const programs: readonly Program[] = [
  {
    name: 'allinone',
    links: [
      ...['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
      ...['kubectl', 'kubelet', 'kube-proxy'],
    ],
    variables: Object.fromEntries(
      versionPackages.flatMap((path) => Object.entries(kubernetes).map(([name, value]) => [`${path}.${name}`, value])),
    ),
  },
  { name: 'coredns' },
  { name: 'pause' },
  {
    name: 'helm3',
    package: 'helm.sh/helm/v3/cmd/helm',
    variables: { 'helm.sh/helm/v3/internal/version.version': 'v3.19.5' },
    isOptional: true,
  },
  {
    name: 'helm4',
    package: 'helm.sh/helm/v4/cmd/helm',
    variables: { 'helm.sh/helm/v4/internal/version.version': 'v4.2.4' },
    isOptional: true,
  },
  { name: 'kwok', package: 'sigs.k8s.io/kwok/cmd/kwok', isOptional: true },
  { name: 'kustomize-controller', package: 'github.com/fluxcd/kustomize-controller', isOptional: true },
];
