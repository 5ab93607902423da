import type { Methods } from './methods.ts';

const health = 'grpc.health.v1.Health/';
const modelStatus = 'tensorflow.serving.ModelService/GetModelStatus';

/** Of the methods those that are asked by who watches over the server: whether it and its models are well. None of them infers. */
export function probeMethods({ unary, streaming }: Required<Methods>): Required<Methods> {
  const chosen = <T>(all: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith(health) || name === modelStatus));
  return { unary: chosen(unary), streaming: chosen(streaming), exchanges: {} };
}
