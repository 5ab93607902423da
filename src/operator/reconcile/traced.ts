import type { Attributes, Span } from '../../shared/span.ts';
import type { Cluster, ObjectKey } from '../cluster/cluster.ts';
import type { Kind } from '../cluster/kube-object.ts';
import type { ModelStatusSource } from '../models/model-status-source.ts';

/**
 * The cluster with a span, below the given one, for each call but watches, which last.
 * @param onWrite called when something is about to be written
 */
export function tracedCluster(cluster: Cluster, span: Span | undefined, onWrite: () => void): Cluster {
  if (!span) return cluster;
  const write = <T>(what: string, attributes: Attributes, call: () => Promise<T>) => {
    onWrite();
    return traced(span, what, attributes, call);
  };
  return {
    get: (kind, at, options) => traced(span, 'get', attributesOf(kind, at), () => cluster.get(kind, at, options)),
    list: (kind, options) => traced(span, 'list', attributesOf(kind), () => cluster.list(kind, options)),
    watch: (kind, options, onEvent) => cluster.watch(kind, options, onEvent),
    apply: (kind, object, options) =>
      write(options.subresource ? 'apply status' : 'apply', attributesOf(kind, object.metadata), () =>
        cluster.apply(kind, object, options),
      ),
    create: (kind, object, options) =>
      write('create', attributesOf(kind, object.metadata), () => cluster.create(kind, object, options)),
    replace: (kind, object, options) =>
      write('replace', attributesOf(kind, object.metadata), () => cluster.replace(kind, object, options)),
    merge: (kind, at, patch, options) =>
      write('patch', attributesOf(kind, at), () => cluster.merge(kind, at, patch, options)),
    delete: (kind, at, options) => write('delete', attributesOf(kind, at), () => cluster.delete(kind, at, options)),
    serves: (kind, options) => traced(span, 'discover', attributesOf(kind), () => cluster.serves(kind, options)),
    version: (options) => traced(span, 'version', {}, () => cluster.version(options)),
  };
}

/** The source with a span for each pod that is asked. */
export function tracedModels(models: ModelStatusSource, span: Span | undefined): ModelStatusSource {
  if (!span) return models;
  return {
    ask: (pod, names, signal) =>
      traced(
        span,
        'GetModelStatus',
        { 'server.address': pod.host, 'server.port': pod.port, 'modelserver.models': names.length },
        () => models.ask(pod, names, signal),
      ),
    close: () => models.close(),
  };
}

function attributesOf(kind: Kind, at?: Partial<ObjectKey>): Attributes {
  return {
    'k8s.kind': kind.kind,
    ...(at?.namespace === undefined ? {} : { 'k8s.namespace.name': at.namespace }),
    ...(at?.name === undefined ? {} : { 'k8s.object.name': at.name }),
  };
}

async function traced<T>(parent: Span, what: string, attributes: Attributes, call: () => Promise<T>): Promise<T> {
  const span = parent.child(
    attributes['k8s.kind'] === undefined ? what : `${what} ${attributes['k8s.kind']}`,
    attributes,
  );
  try {
    const result = await call();
    span.end();
    return result;
  } catch (error) {
    span.end(error);
    throw error;
  }
}
