import type { Dataplane } from '../../dataplane/dataplane.ts';
import { ServingError } from '../../model/error.ts';
import type { CallContext } from '../../observe/call-context.ts';
import { type Endpoint, endpoints } from '../../observe/endpoint.ts';
import { measured } from '../../observe/measured.ts';
import type { Meters } from '../../observe/meter.ts';
import { decodeInferJson } from '../../wire/kserve/decode-infer-json.ts';
import { encodeInferJson } from '../../wire/kserve/encode-infer-json.ts';
import { encodeModelMetadataJson } from '../../wire/kserve/model.ts';
import { decodeRepositoryIndexJson, repositoryIndex } from '../../wire/kserve/repository-index.ts';
import { checkRepositoryModelJson, parseRepositoryPath } from '../../wire/kserve/repository-model.ts';
import { parseRestPath, type RestPath, servableOf } from '../../wire/kserve/rest-path.ts';
import { encodeServerMetadataJson } from '../../wire/kserve/server.ts';
import type { ModelControl } from '../model-control.ts';
import { decode, infer } from './infer.ts';
import { json, type RestAnswer, type RestRequest, type Route, unknownPath, wrongMethod } from './routes.ts';

export interface KServeRoutesOptions {
  /** What the server is told to be. */
  readonly serverVersion: string;
  /** Aborted when the server is about to end: it is not ready then. */
  readonly ending: AbortSignal;
  /** Where requests are measured, if they are. */
  readonly meters: Meters | undefined;
  /** What loads and unloads models. */
  readonly control: ModelControl;
}

/** What is asked of a model, and with what. */
interface Ask {
  readonly path: RestPath;
  readonly request: RestRequest;
}

const prefix = '/v2/models/';
const repositoryPrefix = '/v2/repository/models/';
const headerLength = 'inference-header-content-length';

/** KServe's v2 protocol over REST, with its binary extension. */
export function kserveRoutes(
  dataplane: Dataplane,
  { serverVersion, ending, meters, control }: KServeRoutesOptions,
): Route[] {
  const method = (endpoint: Endpoint, answer: (ask: Ask, call: CallContext) => RestAnswer | Promise<RestAnswer>) =>
    meters ? measured(endpoint, meters, answer) : answer;
  const answerInfer = method(endpoints.kserveRestInfer, (ask, call) => inferred(dataplane, ask, call));
  const metadata = method(endpoints.kserveRestMetadata, ({ path }, call) => {
    dataplane.checkName(path.name);
    const { servable, signature } = dataplane.metadata(servableOf(path), call);
    const versions = dataplane.availableVersions(servable.name);
    return { contentType: json, body: encodeModelMetadataJson(servable.name, versions, signature) };
  });
  const modelReady = method(endpoints.kserveRestReady, ({ path }, call) => {
    dataplane.checkName(path.name);
    if (dataplane.isAvailable(servableOf(path), call)) return told({ name: path.name, ready: true });
    throw new ServingError('not-loaded', 'Model with requested version is not loaded yet');
  });
  const isReady = () => !ending.aborted && (dataplane.readiness()?.isReady ?? false);
  return [
    {
      method: 'GET',
      path: '/v2',
      answer: () => ({ contentType: json, body: encodeServerMetadataJson(serverVersion) }),
    },
    { method: 'GET', path: '/v2/health/live', isProbe: true, answer: () => told({ live: true }) },
    {
      method: 'GET',
      path: '/v2/health/ready',
      isProbe: true,
      answer() {
        const ready = isReady();
        return told({ ready }, ready ? 200 : 503);
      },
    },
    {
      method: 'POST',
      path: '/v2/repository/index',
      answer: ({ body }) => ({
        contentType: json,
        body: JSON.stringify(repositoryIndex(dataplane.statuses(), decodeRepositoryIndexJson(body))),
      }),
    },
    {
      method: 'POST',
      path: `${repositoryPrefix}*`,
      async answer({ path, body }) {
        const parsed = parseRepositoryPath(path);
        if (!parsed) throw unknownPath(`${repositoryPrefix}NAME/load|unload is there`);
        checkRepositoryModelJson(parsed.order, body);
        await control[parsed.order](parsed.name);
        return empty(200);
      },
    },
    {
      method: 'GET',
      path: `${prefix}*`,
      answer(request, call) {
        const path = parse(request.path);
        if (path.what === 'metadata') return metadata({ path, request }, call);
        if (path.what === 'ready') return modelReady({ path, request }, call);
        throw wrongMethod('GET', request.path, ['POST']);
      },
    },
    {
      method: 'POST',
      path: `${prefix}*`,
      answer(request, call) {
        const path = parse(request.path);
        if (path.what === 'infer') return answerInfer({ path, request }, call);
        throw wrongMethod('POST', request.path, ['GET']);
      },
    },
  ];
}

function parse(path: string): RestPath {
  const parsed = parseRestPath(path);
  if (parsed) return parsed;
  throw unknownPath(`${prefix}NAME[/versions/VERSION][/ready|/infer] is there`);
}

function inferred(dataplane: Dataplane, { path, request }: Ask, call: CallContext): RestAnswer | Promise<RestAnswer> {
  // An unknown name is told before what is wrong with the body.
  try {
    dataplane.checkName(path.name);
  } catch (error) {
    if (!(error instanceof ServingError) || error.code !== 'servable-not-found') throw error;
    throw new ServingError(error.code, 'Mediapipe graph definition with requested name is not found');
  }
  const { body } = request;
  const asked = decode(call, () =>
    decodeInferJson(body, request.header(headerLength), servableOf(path), call.takeMemory),
  );
  return infer(dataplane, asked, call, ({ servable: { name, version }, outputs, sequenceId }) => {
    const response = { name, version, id: asked.id, outputs, sequenceId };
    const answer = encodeInferJson(response, asked.isBinary, call.takeMemory);
    if (answer.headerLength === undefined) return { contentType: json, body: answer.body };
    const headers = { [headerLength]: String(answer.headerLength) };
    return { contentType: 'application/octet-stream', headers, body: answer.body };
  });
}

function empty(status: number): RestAnswer {
  return { status, contentType: json, body: '' };
}

/** What is live or ready: the Open Inference Protocol has it in the body as well, and KServe's client reads it there. */
function told(state: object, status = 200): RestAnswer {
  return { status, contentType: json, body: JSON.stringify(state) };
}
