import type { Dataplane } from '../../dataplane/dataplane.ts';
import { ServingError } from '../../model/error.ts';
import type { UnreadRequest } from '../../model/inference.ts';
import type { CallContext } from '../../observe/call-context.ts';
import { type Endpoint, endpoints } from '../../observe/endpoint.ts';
import { measured } from '../../observe/measured.ts';
import type { Meters } from '../../observe/meter.ts';
import { decodePredictJson, type PredictFormat } from '../../wire/tfs/decode-predict-json.ts';
import { encodePredictJson } from '../../wire/tfs/encode-predict-json.ts';
import { encodeModelMetadataJson, encodeModelStatusJson } from '../../wire/tfs/model-json.ts';
import { type ModelPath, parseModelPath } from '../../wire/tfs/model-path.ts';
import { sequenceOutput } from '../../wire/tfs/sequence-output.ts';
import { toldOfConfig } from '../told-of-config.ts';
import { decode, infer } from './infer.ts';
import { json, type RestAnswer, type RestRequest, type Route, unknownPath, wrongMethod } from './routes.ts';

/** What is asked of a model, and with what. */
interface Ask {
  readonly servable: ModelPath['servable'];
  readonly body: Buffer;
}

const prefix = '/v1/models/';
const there = `${prefix}NAME[/versions/VERSION|/labels/LABEL][:predict|/metadata] is there`;

export interface TfsRoutesOptions {
  /** Why what the config file says now is not in force. */
  readonly problems: () => readonly string[];
  /** Where requests are measured, if they are. */
  readonly meters: Meters | undefined;
}

/** The REST API of TensorFlow Serving. */
export function tfsRoutes(dataplane: Dataplane, { problems, meters }: TfsRoutesOptions): Route[] {
  const method = (endpoint: Endpoint, answer: (ask: Ask, call: CallContext) => RestAnswer | Promise<RestAnswer>) =>
    meters ? measured(endpoint, meters, answer) : answer;
  const predict = method(endpoints.tfsRestPredict, (ask, call) => answerPredict(dataplane, ask, call));
  const metadata = method(endpoints.tfsRestMetadata, (ask, call) => {
    const { servable, signature } = dataplane.metadata(ask.servable, call);
    return { contentType: json, body: encodeModelMetadataJson(servable, signature) };
  });
  const status = method(endpoints.tfsRestStatus, (ask, call) => ({
    contentType: json,
    body: encodeModelStatusJson(toldOfConfig(dataplane.status(ask.servable, call), problems())),
  }));
  return [
    {
      method: 'GET',
      path: `${prefix}*`,
      answer({ path, body }, call) {
        const { what, servable } = parse(path);
        if (what === 'status') return status({ servable, body }, call);
        if (what === 'metadata') return metadata({ servable, body }, call);
        throw wrongMethod('GET', path, ['POST']);
      },
    },
    {
      method: 'POST',
      path: `${prefix}*`,
      answer({ path, body }: RestRequest, call) {
        const { what, servable } = parse(path);
        if (what === 'predict') return predict({ servable, body }, call);
        throw wrongMethod('POST', path, ['GET']);
      },
    },
  ];
}

function parse(path: string): ModelPath {
  const parsed = parseModelPath(path);
  if (!parsed) throw unknownPath(there);
  if (parsed.what !== 'classify' && parsed.what !== 'regress') return parsed;
  throw new ServingError('servable-not-found', `Requested REST resource not found - ${there}`);
}

function answerPredict(
  dataplane: Dataplane,
  { servable, body }: Ask,
  call: CallContext,
): RestAnswer | Promise<RestAnswer> {
  let format: PredictFormat = 'column';
  const request: UnreadRequest = {
    servable,
    read(signature) {
      const decoded = decode(call, () => decodePredictJson(body, servable, signature, call.takeMemory));
      format = decoded.format;
      return decoded.request;
    },
  };
  return infer(dataplane, request, call, ({ outputs, sequenceId }) => ({
    contentType: json,
    body: encodePredictJson(
      sequenceId === undefined ? outputs : [...outputs, sequenceOutput(sequenceId)],
      format,
      call.takeMemory,
    ),
  }));
}
