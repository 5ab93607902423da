import type { Dialect } from '../model/inference.ts';

/** What of a request's checks depends on the protocol. */
export interface DialectRules {
  /** Whether one value stands for as many as the shape has. */
  readonly oneValueFills: boolean;
  /** A number of values, as texts say it. */
  readonly values: (count: number) => string;
  /** For a shape of more elements, or bytes, than can be counted. */
  readonly tooLarge: string;
  /** For texts or images that have another rank than 1. */
  readonly rankOfLists: string;
  /** For an image of no bytes. */
  readonly emptyImage: string;
}

/** The texts are those of OpenVINO Model Server, part of the contract. */
export const dialects: Readonly<Record<Dialect, DialectRules>> = {
  TFS: {
    oneValueFills: true,
    values: String,
    tooLarge: 'Shape dimensions are too large',
    rankOfLists: 'Expected number of binary input shape dimensions',
    emptyImage: 'String val is empty',
  },
  KServe: {
    oneValueFills: false,
    values: (count) => `${count} values`,
    tooLarge: 'Shape dimensions overflow',
    rankOfLists: 'Expected number of input shape dimensions',
    emptyImage: 'Bytes contents is empty',
  },
};
