import type { Precision } from '../../src/server/model/tensor.ts';
import type { PlainTensor } from './plain-tensor.ts';

export const protocols = ['TFS gRPC', 'TFS REST', 'KServe gRPC', 'KServe REST'] as const;
export type Protocol = (typeof protocols)[number];

/** A protocol's ways to write the same. */
export type WayName =
  | `TFS gRPC, ${'tensor_content' | 'values'}`
  | `TFS REST, ${'inputs' | 'instances'}`
  | `KServe gRPC, ${'raw' | 'contents' | 'a stream'}`
  | `KServe REST, ${'JSON' | 'binary'}`;

/** What is asked of the server, whatever the protocol. */
export interface Ask {
  readonly what: 'infer' | 'metadata' | 'ready';
  readonly model: string;
  /** As it is written, where it is a text. */
  readonly version?: number | string;
  readonly label?: string;
  readonly signature?: string;
  readonly inputs: Readonly<Record<string, PlainTensor>>;
  /** Names of the outputs that are wanted, in that order; absent for all. */
  readonly outputs?: readonly string[];
}

export interface PlainInfo {
  readonly precision: Precision;
  /** -1 for sizes that vary. */
  readonly shape: readonly number[];
}

/** How each protocol tells a refusal: gRPC's code, HTTP's status. */
export const refusals = {
  invalid: { grpc: 3, http: 400 },
  'not found': { grpc: 5, http: 404 },
  precondition: { grpc: 9, http: 412 },
  'not loaded': { grpc: 14, http: 404 },
} as const;

export type Expected =
  | { readonly version?: number; readonly outputs: Readonly<Record<string, PlainTensor>> }
  | {
      readonly metadata: {
        readonly inputs: Readonly<Record<string, PlainInfo>>;
        readonly outputs: Readonly<Record<string, PlainInfo>>;
      };
    }
  | { readonly ready: boolean }
  | {
      readonly refusal: keyof typeof refusals;
      readonly message: Message;
    };

/** The contract's text, behind which the server may say more after ` - `; by protocol, or way, where the contract has several. */
export type Message = string | Readonly<Partial<Record<Protocol | WayName, string>>>;

/** One row of the table. */
export interface ProtocolCase {
  readonly name: string;
  readonly ask: Ask;
  readonly expected: Expected;
  /** Protocols that cannot say this, or mean something else by it, and why: beside what their clients know themselves. */
  readonly not?: Readonly<Partial<Record<Protocol, string>>>;
}

/** What came back. A refusal has no code where the protocol has none. */
export type Outcome =
  | { readonly version?: number; readonly outputs: Readonly<Record<string, PlainTensor>> }
  | Extract<Expected, { metadata: unknown }>
  | { readonly ready: boolean }
  | { readonly code?: number; readonly message: string };

/** A client, which writes in one of a protocol's ways. */
export interface Way {
  readonly name: WayName;
  readonly protocol: Protocol;
  /** What can be asked so. */
  readonly asks: readonly Ask['what'][];
  /** Why this cannot be said so; undefined if it can. */
  cannot(ask: Ask): string | undefined;
  ask(ask: Ask): Promise<Outcome>;
}
