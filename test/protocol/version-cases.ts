import type { Ask, Expected, Message, ProtocolCase } from './protocol-case.ts';
import { infer, tensor } from './tensor-cases.ts';

const b = tensor('FP32', [1, 3], [1, 2, 3]);
const sum = (version: number): Expected => ({
  version,
  outputs: { a: tensor('FP32', [1, 3], [1 + version, 2 + version, 3 + version]) },
});
const ready = (model: string, more: Partial<Ask> = {}): Ask => ({ what: 'ready', model, inputs: {}, ...more });
const metadata = (model: string, more: Partial<Ask> = {}): Ask => ({ ...ready(model, more), what: 'metadata' });

const noModel = 'Model with requested name is not found';
const noVersion = 'Model with requested version is not found';
const notFound = (message: Message): Expected => ({
  refusal: 'not found',
  message,
});
const noModelToInfer = notFound({
  'TFS gRPC': 'Pipeline with requested name is not found',
  'TFS REST': noModel,
  'KServe gRPC': 'Mediapipe graph definition with requested name is not found',
  'KServe REST': 'Mediapipe graph definition with requested name is not found',
});
const noNumber: Expected = {
  refusal: 'invalid',
  message: {
    'TFS REST': 'Invalid request URL',
    'KServe gRPC': 'invalid model version format in request',
    'KServe REST': 'Invalid request URL',
  },
};
const noStatus = { 'KServe gRPC': 'it asks for readiness', 'KServe REST': 'it asks for readiness' };
const newest = { 'TFS gRPC': 'version 0 is the newest', 'TFS REST': 'version 0 is the newest' };
const noStatusOfTfs = { 'TFS gRPC': 'it tells each version’s state', 'TFS REST': 'it tells each version’s state' };

export const versionCases: readonly ProtocolCase[] = [
  { name: 'no version: the newest', ask: infer('m', { b }), expected: sum(2) },
  { name: 'version 0: the newest', ask: infer('m', { b }, { version: 0 }), expected: sum(2) },
  { name: 'version 1', ask: infer('m', { b }, { version: 1 }), expected: sum(1) },
  { name: 'version 2', ask: infer('m', { b }, { version: 2 }), expected: sum(2) },
  { name: 'an older version by its label', ask: infer('m', { b }, { label: 'stable' }), expected: sum(1) },
  { name: 'the newest version by its label', ask: infer('m', { b }, { label: 'canary' }), expected: sum(2) },
  { name: 'a version beside a retired one', ask: infer('gone', { b }), expected: sum(2) },
  { name: 'no model of that name', ask: infer('nobody', { b }), expected: noModelToInfer },
  { name: 'no name', ask: infer('', { b }), expected: noModelToInfer },
  { name: 'a version that never was', ask: infer('m', { b }, { version: 9 }), expected: notFound(noVersion) },
  {
    name: 'a version below zero',
    ask: infer('m', { b }, { version: -1 }),
    expected: notFound(noVersion),
    not: { 'KServe REST': 'versions are digits' },
  },
  {
    name: 'a version that is retired',
    ask: infer('gone', { b }, { version: 1 }),
    expected: notFound('Model with requested version is retired'),
  },
  {
    name: 'a version that does not load',
    ask: infer('broken', { b }, { version: 1 }),
    expected: { refusal: 'not loaded', message: 'Model with requested version is not loaded yet' },
  },
  { name: 'any version, where none loads', ask: infer('broken', { b }), expected: notFound(noVersion) },
  { name: 'a version that is no number', ask: infer('m', { b }, { version: '1a' }), expected: noNumber },
  {
    name: 'a label that is nowhere',
    ask: infer('m', { b }, { label: 'none' }),
    expected: notFound(noVersion),
  },
  {
    name: 'a label of a version that is still to come',
    ask: infer('m', { b }, { label: 'later' }),
    expected: notFound(noVersion),
  },
  {
    name: 'the only signature, by its name',
    ask: infer('m', { b }, { signature: 'serving_default' }),
    expected: sum(2),
  },
  {
    name: 'another signature',
    ask: infer('m', { b }, { signature: 'other' }),
    expected: { refusal: 'precondition', message: 'Signature with requested name is not found' },
  },
  { name: 'a model that is ready', ask: ready('m'), expected: { ready: true } },
  { name: 'a version that is ready', ask: ready('m', { version: 1 }), expected: { ready: true } },
  { name: 'the label of a version that is ready', ask: ready('m', { label: 'stable' }), expected: { ready: true } },
  { name: 'is a model of that name ready? There is none', ask: ready('nobody'), expected: notFound(noModel) },
  { name: 'is a version ready that never was?', ask: ready('m', { version: 9 }), expected: notFound(noVersion) },
  { name: 'a model without a version', ask: ready('broken'), expected: { ready: false }, not: noStatus },
  {
    name: 'a model without a version is not ready',
    ask: ready('broken'),
    expected: notFound(noVersion),
    not: noStatusOfTfs,
  },
  {
    name: 'metadata of a model of no such name',
    ask: metadata('nobody'),
    expected: notFound(noModel),
  },
  {
    name: 'metadata of a version that never was',
    ask: metadata('m', { version: 9 }),
    expected: notFound(noVersion),
  },
  {
    name: 'metadata of a version that is retired',
    ask: metadata('gone', { version: 1 }),
    expected: notFound('Model with requested version is retired'),
  },
  {
    name: 'metadata of a version that does not load',
    ask: metadata('broken', { version: 1 }),
    expected: { refusal: 'not loaded', message: 'Model with requested version is not loaded yet' },
  },
  {
    name: 'metadata of version 0, which is no version',
    ask: metadata('m', { version: 0 }),
    expected: notFound(noVersion),
    not: newest,
  },
  {
    name: 'is version 0 ready, which is no version?',
    ask: ready('m', { version: 0 }),
    expected: notFound(noVersion),
    not: newest,
  },
  {
    name: 'metadata of a version that is no number',
    ask: metadata('m', { version: '1a' }),
    expected: noNumber,
  },
];
