import type { Dialect } from '../model/inference.ts';

/** What of a request's checks depends on the protocol. */
export interface DialectRules {
  /** Whether one value stands for as many as the shape has. */
  readonly oneValueFills: boolean;
  /** A number of values, as texts say it. */
  readonly values: (count: number) => string;
  /** For a shape of more elements, or bytes, than can be counted. */
  readonly tooLarge: string;
  /** For texts that have another rank than 1. */
  readonly rankOfTexts: string;
}

/** The texts are those of OpenVINO Model Server, part of the contract. */
export const dialects: Readonly<Record<Dialect, DialectRules>> = {
  TFS: {
    oneValueFills: true,
    values: String,
    tooLarge: 'Shape dimensions are too large',
    rankOfTexts: 'Expected number of binary input shape dimensions',
  },
  KServe: {
    oneValueFills: false,
    values: (count) => `${count} values`,
    tooLarge: 'Shape dimensions overflow',
    rankOfTexts: 'Expected number of input shape dimensions',
  },
};
