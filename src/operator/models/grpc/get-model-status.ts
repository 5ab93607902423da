import type { IncomingHttpHeaders } from 'node:http2';
import { configHeaders } from '../../../shared/config-revision.ts';
import { grpcStatusNames } from '../../../shared/grpc-status-names.ts';
import type { ConfigAnswer, VersionAnswer, VersionState } from '../model-status-source.ts';
import { shorten } from './grpc-error.ts';
import { WireReader } from './wire-reader.ts';

/** The method, as HTTP/2 names it. */
export const path = '/tensorflow.serving.ModelService/GetModelStatus';

/** The largest answer that is read, in bytes: a thousand versions with a paragraph each. */
export const largestAnswer = 256 * 1024;

/** A version takes two bytes on the wire and a hundred times that here. */
const mostVersions = 4096;

/** Characters of an error's message that are kept. */
const longestMessage = 512;

/** Bytes that a character takes in UTF-8, at most. */
const widestCharacter = 4;

const states: Readonly<Record<number, VersionState>> = {
  10: 'START',
  20: 'LOADING',
  30: 'AVAILABLE',
  40: 'UNLOADING',
  50: 'END',
};

/** GetModelStatusRequest for all versions of a model: a ModelSpec with nothing but its name. */
export function encodeRequest(model: string): Buffer {
  return embed(embed(Buffer.from(model)));
}

/**
 * GetModelStatusResponse.
 * @throws Error with a message in plain words: what was sent is no answer of use
 */
export function decodeAnswer(message: Buffer): VersionAnswer[] {
  const versions: VersionAnswer[] = [];
  const reader = new WireReader(message);
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field !== 1) continue;
    if (versions.length >= mostVersions) throw new Error(`the answer has more than ${mostVersions} versions`);
    versions.push(readVersion(reader.message()));
  }
  return versions;
}

/** Characters of a revision that are kept: a server of a later version may tell longer ones. */
const longestRevision = 64;

/** What the server tells beside GetModelStatusResponse, in its headers; undefined if it tells nothing of its config. */
export function configOf(headers: IncomingHttpHeaders): ConfigAnswer | undefined {
  const read = (name: string) => headers[name]?.slice(0, longestRevision).toString();
  const inForce = read(configHeaders.inForce);
  const refused = read(configHeaders.refused);
  return inForce === undefined ? undefined : { inForce, ...(refused === undefined ? {} : { refused }) };
}

/** ModelVersionStatus. */
function readVersion(reader: WireReader): VersionAnswer {
  let version = 0;
  let state = 0;
  let code = 0;
  let errorMessage = '';
  for (let field = reader.next(); field !== 0; field = reader.next()) {
    if (field === 1) version = reader.number();
    else if (field === 2) state = reader.number();
    else if (field === 3) {
      const status = reader.message();
      for (let inner = status.next(); inner !== 0; inner = status.next()) {
        if (inner === 1) code = status.number();
        else if (inner === 2) errorMessage = shorten(status.text(longestMessage * widestCharacter), longestMessage);
      }
    }
  }
  if (!Number.isSafeInteger(version)) throw new Error('the answer has a version that is too large');
  const name = states[state];
  if (!name) throw new Error(`the answer has version ${version} in the unknown state ${state}`);
  // Servers write OK as the message too, which is no message.
  return {
    version,
    state: name,
    errorCode: grpcStatusNames[code] ?? `${code}`,
    errorMessage: code === 0 ? '' : errorMessage,
  };
}

/** As the field 1 of another message. */
function embed(bytes: Buffer): Buffer {
  const head = [0x0a];
  let length = bytes.byteLength;
  for (; length >= 0x80; length >>>= 7) head.push((length & 0x7f) | 0x80);
  head.push(length);
  return Buffer.concat([Buffer.from(head), bytes]);
}
