// Run inside a sandbox: a collector for traces whose spans come out on standard output, a line each, after a line with its port.
import { startOtlpReceiver } from '../support/otlp-receiver.ts';

const receiver = await startOtlpReceiver('0.0.0.0');
process.stdout.write(`${new URL(receiver.grpcEndpoint).port}\n`);
let told = 0;
setInterval(() => {
  for (; told < receiver.spans.length; told++) process.stdout.write(`${JSON.stringify(receiver.spans[told], plain)}\n`);
}, 100);

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
