import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { elements, floats } from '../../examples/clients/typescript/client.ts';
import { accumulatorModel } from '../support/ir-model.ts';
import { KServeClient } from '../support/kserve.ts';
import { outcome } from '../support/predict.ts';
import { writeModels } from '../support/protocol-models.ts';
import { predictLog, record, records } from '../support/recorded-requests.ts';
import { restFlags } from '../support/rest.ts';
import { eventually, startServer, type TestServer, temporaryFolder } from '../support/server.ts';

const cleanUps: (() => unknown)[] = [];
/** Stands for the whole file where a helper wants a test to clean up after. */
const file = { after: (cleanUp: () => unknown) => cleanUps.push(cleanUp) } as unknown as TestContext;
after(async () => {
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
});

/** Elements of a state that shows in the server's memory. */
const width = 25_000;
const noProc = existsSync('/proc/self/status') ? false : 'there is no /proc to read the memory from';

let server: TestServer;
let kserve: KServeClient;
let url: string;

before(async () => {
  const folder = temporaryFolder(file);
  const stateful = (name: string, more: object = {}, columns = 2) => {
    accumulatorModel('FP32', [1, columns]).write(join(folder, name, '1'));
    return { name, base_path: name, stateful: true, ...more };
  };
  const config = writeModels(folder, { plain: accumulatorModel('FP32', [1, 2]) }, [
    stateful('m'),
    stateful('few', { max_sequence_number: 2 }),
    stateful('many', {}, width),
  ]);
  const rest = await restFlags();
  server = await startServer(file, ['--config_path', config, '--settle_milliseconds', '50', ...rest.flags]);
  kserve = new KServeClient(file, server.port);
  url = `http://127.0.0.1:${rest.port}`;
});

type Control = 'start' | 'end' | 'between';
const controls = { between: 0, start: 1, end: 2 } as const;

const one = { dim: [{ size: 1 }] };
const idInput = (id: bigint | number) => ({ dtype: 'DT_UINT64', tensor_shape: one, uint64_val: [String(id)] });
const controlInput = (value: number) => ({ dtype: 'DT_UINT32', tensor_shape: one, uint32_val: [value] });

interface Predicted {
  readonly outputs: Readonly<Record<string, { uint64_val?: string[]; dtype: string; tensor_shape: { dim: object[] } }>>;
}

const predict = (inputs: object, more: object = {}) =>
  server.client.call<Predicted>('PredictionService', 'Predict', {
    model_spec: { name: 'm' },
    inputs: { b: floats(new Float32Array([1, 2]), 1, 2), ...inputs },
    ...more,
  });

/** How a protocol adds two numbers to a sequence: its id, and the sums. */
type Add = (model: string, id: bigint, control: Control, values: readonly number[]) => Promise<[bigint, number[]]>;

const protocols: Readonly<Record<string, Add>> = {
  'TFS gRPC': async (name, id, control, values) => {
    const { outputs } = await predict(
      {
        b: floats(new Float32Array(values), 1, 2),
        ...(id !== 0n && { sequence_id: idInput(id) }),
        ...(control !== 'between' && { sequence_control_input: controlInput(controls[control]) }),
      },
      { model_spec: { name } },
    );
    return [BigInt(outputs.sequence_id!.uint64_val![0]!), elements(outputs.a as never)];
  },
  'TFS REST': async (name, id, control, values) => {
    const inputs = { b: [values], sequence_id: '?', sequence_control_input: [controls[control]] };
    const body = JSON.stringify({ inputs }).replace('"?"', `[${id}]`);
    const response = await fetch(`${url}/v1/models/${name}:predict`, { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    const sequence = /"sequence_id": \[\s*(\d+)\s*\]/.exec(text);
    return [BigInt(sequence![1]!), JSON.parse(text).outputs.a[0]];
  },
  'KServe gRPC': async (model_name, id, control, values) => {
    const answer = await kserve.infer({
      model_name,
      inputs: [{ name: 'b', datatype: 'FP32', shape: [1, 2] }],
      raw_input_contents: [Buffer.from(new Float32Array(values).buffer)],
      parameters: {
        sequence_id: { int64_param: String(id) },
        sequence_start: { bool_param: control === 'start' },
        sequence_end: { bool_param: control === 'end' },
      },
    });
    const { parameters } = answer as unknown as { parameters: { sequence_id: { int64_param: string } } };
    const [bytes] = answer.raw_output_contents;
    return [BigInt(parameters.sequence_id.int64_param), [bytes!.readFloatLE(0), bytes!.readFloatLE(4)]];
  },
  'KServe REST': async (name, id, control, values) => {
    const inputs = [{ name: 'b', datatype: 'FP32', shape: [1, 2], data: values }];
    const parameters = { sequence_id: '?', sequence_start: control === 'start', sequence_end: control === 'end' };
    const body = JSON.stringify({ inputs, parameters }).replace('"?"', `${id}`);
    const response = await fetch(`${url}/v2/models/${name}/infer`, { method: 'POST', body });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    const sequence = /"parameters":\{"sequence_id":(\d+)\}/.exec(text);
    return [BigInt(sequence![1]!), JSON.parse(text).outputs[0].data];
  },
};

for (const [protocol, add] of Object.entries(protocols)) {
  test(`${protocol}: sequences side by side each add up their own`, async () => {
    const sums = new Map<bigint, [number, number]>();
    for (const wanted of [0n, 7n, 2n ** 53n + 1n, 0n]) {
      const [id, values] = await add('m', wanted, 'start', [1, 2]);
      assert.ok(wanted === 0n ? id > 0n && !sums.has(id) : id === wanted, `${id}`);
      assert.deepEqual(values, [1, 2]);
      sums.set(id, [1, 2]);
    }
    let value = 1;
    for (let round = 0; round < 5; round++) {
      for (const [id, sum] of sums) {
        value++;
        sum[0] += value;
        sum[1] -= value;
        assert.deepEqual(await add('m', id, 'between', [value, -value]), [id, sum]);
      }
    }
    for (const [id, sum] of sums) {
      assert.deepEqual(await add('m', id, 'end', [0, 0]), [id, sum]);
      await assert.rejects(add('m', id, 'between', [0, 0]), /Sequence with provided ID does not exist/);
    }
  });
}

test('the answer has the id where clients look for it, whatever outputs are asked for', async () => {
  for (const output_filter of [[], ['a'], ['sequence_id'], ['sequence_id', 'a']]) {
    const { outputs } = await predict({ sequence_control_input: controlInput(1) }, { output_filter });
    const { dtype, tensor_shape, uint64_val } = outputs.sequence_id!;
    assert.deepEqual([dtype, tensor_shape], ['DT_UINT64', { dim: [{ size: '1' }] }]);
    assert.match(uint64_val![0]!, /^[1-9]\d*$/);
    const isGiven = output_filter.length === 0 || output_filter.includes('a');
    assert.deepEqual(Object.keys(outputs).toSorted(), isGiven ? ['a', 'sequence_id'] : ['sequence_id']);
  }
});

const tensor = (dtype: string, dim: number[], values: object) => ({
  dtype,
  tensor_shape: { dim: dim.map((size) => ({ size })) },
  ...values,
});
const id5 = { uint64_val: ['5'] };

const refusals: [what: string, inputs: object, outcome: string][] = [
  ['no id', {}, '3 Sequence ID has not been provided in request inputs'],
  ['an id of 0', { sequence_id: idInput(0) }, '3 Sequence ID has not been provided in request inputs'],
  [
    'an end without an id',
    { sequence_control_input: controlInput(2) },
    '3 Sequence ID has not been provided in request inputs',
  ],
  [
    'a control that there is not',
    { sequence_id: idInput(5), sequence_control_input: controlInput(3) },
    '3 Unexpected value of sequence control input',
  ],
  [
    'an id of another type',
    { sequence_id: tensor('DT_INT64', [1], { int64_val: ['5'] }) },
    '3 Could not find sequence id in expected tensor proto field uint64_val',
  ],
  [
    'two ids',
    { sequence_id: tensor('DT_UINT64', [1], { uint64_val: ['5', '6'] }) },
    '3 Could not find sequence id in expected tensor proto field uint64_val',
  ],
  [
    'a control of another type',
    { sequence_control_input: tensor('DT_INT32', [1], { int_val: [1] }) },
    '3 Could not find sequence control input in expected tensor proto field uint32_val',
  ],
  [
    'an id without a shape',
    { sequence_id: tensor('DT_UINT64', [], id5) },
    '3 Special input proto does not contain tensor shape information',
  ],
  [
    'an id of too many dimensions',
    { sequence_id: tensor('DT_UINT64', [1, 1], id5) },
    '3 Invalid number of shape dimensions - Required shape for sequence_id is: (1)',
  ],
  [
    'a control of another size',
    { sequence_control_input: tensor('DT_UINT32', [2], { uint32_val: [1, 1] }) },
    '3 Invalid input shape - Required shape for sequence_control_input is: (1)',
  ],
  ['a sequence that there is not', { sequence_id: idInput(5) }, '5 Sequence with provided ID does not exist'],
  [
    'an end of a sequence that there is not',
    { sequence_id: idInput(5), sequence_control_input: controlInput(2) },
    '5 Sequence with provided ID does not exist',
  ],
  [
    'a sequence that there is already',
    { sequence_id: idInput(77), sequence_control_input: controlInput(1) },
    '6 Sequence with provided ID already exists',
  ],
  [
    'an input too many, which is told after what is wrong with the sequence',
    { c: floats(new Float32Array(1), 1), sequence_control_input: controlInput(1) },
    '3 Invalid number of inputs - Expected: 1; Actual: 2',
  ],
  [
    'both',
    { c: floats(new Float32Array(1), 1), sequence_control_input: controlInput(9) },
    '3 Unexpected value of sequence control input',
  ],
];

test('what is wrong with a sequence is told in the words of OpenVINO Model Server', async (t) => {
  await predict({ sequence_id: idInput(77), sequence_control_input: controlInput(1) });
  for (const [what, inputs, expected] of refusals) {
    await t.test(what, async () => assert.equal(await outcome(predict(inputs)), expected));
  }
  await protocols['TFS gRPC']!('m', 77n, 'end', [0, 0]);
});

test('an id may come as tensor_content', async () => {
  const content = Buffer.alloc(8);
  content.writeBigUInt64LE(123n);
  const sequence_id = tensor('DT_UINT64', [1], { tensor_content: content });
  const { outputs } = await predict({ sequence_id, sequence_control_input: controlInput(1) });
  assert.deepEqual(outputs.sequence_id!.uint64_val, ['123']);
  await protocols['KServe REST']!('m', 123n, 'end', [0, 0]);
});

test('there are no more sequences than are allowed, until one ends', async () => {
  const [add, other] = [protocols['TFS gRPC']!, protocols['KServe REST']!];
  const [first] = await add('few', 0n, 'start', [1, 1]);
  await other('few', 9n, 'start', [1, 1]);
  const full = 'Max sequence number has been reached. Could not create new sequence.';
  assert.equal(await outcome(add('few', 0n, 'start', [1, 1])), `14 ${full}`);
  const response = await fetch(`${url}/v1/models/few:predict`, {
    method: 'POST',
    body: '{"inputs": {"b": [[1, 1]], "sequence_control_input": [1]}}',
  });
  assert.deepEqual([response.status, await response.json()], [503, { error: full }]);
  await add('few', first, 'end', [1, 1]);
  assert.deepEqual(await add('few', 10n, 'start', [3, 3]), [10n, [3, 3]]);
});

test('requests of one sequence that come at once are answered one after the other, in their order', async () => {
  const add = protocols['TFS gRPC']!;
  const [id] = await add('m', 0n, 'start', [0, 0]);
  const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => add('m', id, 'between', [1, i])));
  assert.deepEqual(
    answers.map(([, [sum]]) => sum),
    Array.from({ length: 100 }, (_, i) => i + 1),
  );
  await add('m', id, 'end', [0, 0]);
});

test('a request can be a whole sequence, by the parameters of KServe', async () => {
  const infer = (parameters: object) =>
    kserve.infer({
      model_name: 'm',
      inputs: [{ name: 'b', datatype: 'FP32', shape: [1, 2] }],
      raw_input_contents: [Buffer.alloc(8)],
      parameters,
    });
  const whole = { sequence_start: { bool_param: true }, sequence_end: { bool_param: true } };
  for (let i = 0; i < 3; i++) await infer({ sequence_id: { int64_param: 31 }, ...whole });
  await infer(whole);
  assert.equal(await outcome(infer({})), '3 Sequence ID has not been provided in request inputs');
  assert.equal(
    await outcome(infer({ sequence_id: { string_param: 'mine' } })),
    '3 Invalid request parameter - Expected: an integer from 0 to 2^64 - 1; Actual: a text; parameter name: sequence_id',
  );
  assert.equal(
    await outcome(infer({ sequence_start: { int64_param: 1 } })),
    '3 Invalid request parameter - Expected: true or false; Actual: 1; parameter name: sequence_start',
  );
});

test('a model that is not stateful knows no sequences', async () => {
  assert.equal(
    await outcome(predict({ sequence_id: idInput(1) }, { model_spec: { name: 'plain' } })),
    '3 Invalid number of inputs - Expected: 1; Actual: 2',
  );
  const { outputs } = await predict({}, { model_spec: { name: 'plain' } });
  assert.deepEqual(Object.keys(outputs), ['a']);
});

/** Kilobytes that the server has in memory. */
function residentKb(): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))![1]);
}

test('500 live sequences take bounded memory, which is there for those after them', { skip: noProc }, async (t) => {
  const infer = async (id: number, control: number) => {
    const inputs = {
      b: floats(new Float32Array(width), 1, width),
      sequence_id: idInput(id),
      sequence_control_input: controlInput(control),
    };
    await server.client.call('PredictionService', 'Predict', { model_spec: { name: 'many' }, inputs });
  };
  const all = async (control: number) => {
    for (let id = 1; id <= 500; id += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, i) => infer(id + i, control)));
    }
  };
  const live: number[] = [];
  const ended: number[] = [];
  for (let round = 0; round < 3; round++) {
    await all(1);
    assert.equal(
      await outcome(infer(501, 1)),
      '14 Max sequence number has been reached. Could not create new sequence.',
    );
    live.push(residentKb());
    await all(2);
    ended.push(residentKb());
  }
  t.diagnostic(`kB with 500 sequences of ${4 * width} bytes of state: ${live}; once they have ended: ${ended}`);
  // The next thousand sequences take the place of the first 500: they add less than half of what their states alone would.
  assert.ok(live[2]! - live[0]! < 0.5 * 1000 * ((4 * width) / 1024), `${live}`);
});

test('a model cannot become stateful, nor cease to be, while it is served', async (t) => {
  const folder = temporaryFolder(t);
  const path = writeModels(folder, { m: accumulatorModel('FP32', [1, 2]) });
  const write = (...list: object[]) =>
    writeFileSync(path, JSON.stringify({ model_config_list: list.map((config) => ({ config })) }));
  const { client, logged } = await startServer(t, ['--config_path', path, '--settle_milliseconds', '50']).then(
    (started) => ({ client: started.client, logged: started.logged.bind(started) }),
  );
  const b = floats(new Float32Array(2), 1, 2);
  const ask = (name: string, control: object = {}) =>
    outcome(client.call('PredictionService', 'Predict', { model_spec: { name }, inputs: { b, ...control } }));
  write({ name: 'm', base_path: 'm', stateful: true }, { name: 'other', base_path: 'm', stateful: true });
  await logged(({ problems }) => /Model type cannot be changed after it is loaded/.test(String(problems)));
  assert.equal(typeof (await ask('m')), 'object');
  assert.match(String(await ask('other')), /^5 /);
  write({ name: 'other', base_path: 'm', stateful: true });
  const start = { sequence_control_input: controlInput(1) };
  await eventually(
    () => ask('other', start),
    (answer) => typeof answer === 'object',
  );
  write({ name: 'm', base_path: 'm', stateful: true });
  await eventually(
    () => ask('m', start),
    (answer) => typeof answer === 'object',
  );
});

test('requests that were recorded of sequences warm a model up, and leave nothing in the sequences to come', async (t) => {
  const folder = temporaryFolder(t);
  accumulatorModel('FP32', [1, 2]).write(join(folder, '1'));
  const log = (value: number, control: number) => {
    const data = Buffer.from(new Float32Array([value, value]).buffer);
    const b = { dtype: 1, tensor_shape: { dim: [{ size: 1 }, { size: 2 }] }, tensor_content: data };
    const sequence_id = { dtype: 23, tensor_shape: one, uint64_val: ['3'] };
    const sequence_control_input = { dtype: 22, tensor_shape: one, uint32_val: [control] };
    return predictLog({ inputs: { b, sequence_id, sequence_control_input } });
  };
  record(join(folder, '1'), records(log(100, 1), log(200, 0), log(300, 2)));
  const flags = ['--model_name', 'm', '--model_path', folder, '--settle_milliseconds', '50', '--stateful'];
  const started = await startServer(t, [...flags, '--log_level', 'DEBUG']);
  const { requests, failures } = await started.logged(({ requests: ran }) => typeof ran === 'number');
  assert.deepEqual([requests, failures ?? []], [3, []]);
  const { outputs } = await started.client.call<Predicted>('PredictionService', 'Predict', {
    model_spec: { name: 'm' },
    inputs: {
      b: floats(new Float32Array([1, 2]), 1, 2),
      sequence_id: idInput(3),
      sequence_control_input: controlInput(1),
    },
  });
  assert.deepEqual(elements(outputs.a as never), [1, 2]);
});

test('one stateful model is served by flags; when it is loaded anew its sequences are gone', async (t) => {
  const folder = temporaryFolder(t);
  accumulatorModel('FP32', [1, 2]).write(join(folder, '1'));
  const flags = ['--model_name', 'm', '--model_path', folder, '--settle_milliseconds', '50'];
  const started = await startServer(t, [...flags, '--stateful', '--max_sequence_number', '1']);
  const ask = (control: number) =>
    outcome(
      started.client.call('PredictionService', 'Predict', {
        model_spec: { name: 'm', version: { value: 1 } },
        inputs: {
          b: floats(new Float32Array(2), 1, 2),
          sequence_id: idInput(4),
          sequence_control_input: controlInput(control),
        },
      }),
    );
  assert.equal(typeof (await ask(1)), 'object');
  assert.equal(await ask(1), '14 Max sequence number has been reached. Could not create new sequence.');
  accumulatorModel('FP32', [1, 2], 1).write(join(folder, '1'));
  await eventually(
    () => ask(0),
    (answer) => answer === '5 Sequence with provided ID does not exist',
  );
  assert.equal(typeof (await ask(1)), 'object');
  assert.equal(await started.stop(), 0);
});
