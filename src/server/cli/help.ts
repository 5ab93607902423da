import { type Flag, flags } from './flags.ts';

const groups: readonly [Flag['group'], string][] = [
  ['model', 'One model'],
  ['server', 'The server'],
  ['security', 'Security'],
  ['files', 'Changes of files'],
  ['config', 'The config file, instead of serving'],
  ['other', 'Other'],
];

const width = 100;
const column = 40;

/** What `modelserver --help` prints. */
export function help(): string {
  const lines = [
    'Usage: modelserver --model_name NAME --model_path DIR --port PORT --rest_port PORT [FLAG …]',
    '       modelserver --config_path FILE --port PORT --rest_port PORT [FLAG …]',
    '       modelserver graph FILE      draws the pipelines of a config file, for Mermaid',
    '       modelserver --list_models|--add_to_config|--remove_from_config [FLAG …]',
    '',
    'Serves OpenVINO models over the APIs of TensorFlow Serving and KServe (v2): gRPC on --port, REST on',
    '--rest_port, or both.',
  ];
  for (const [group, title] of groups) {
    lines.push('', `${title}:`);
    for (const flag of flags.values()) if (flag.group === group && !flag.status) lines.push(...entry(flag));
  }
  lines.push('', 'Accepted without effect, for command lines of OpenVINO Model Server:');
  lines.push(...names('no effect'));
  lines.push('', 'Known, and refused unless at their default until they do what they say:');
  lines.push(...names('later'));
  return `${lines.join('\n')}\n`;
}

function names(status: Flag['status']): string[] {
  const found = [...flags.values()].filter((flag) => flag.status === status).map((flag) => `--${flag.name}`);
  return wrap(found.join(' '), width - 2).map((line) => `  ${line}`);
}

function entry(flag: Flag): string[] {
  const value = flag.choices?.join('|') ?? flag.placeholder ?? { string: 'TEXT', integer: 'N', boolean: '' }[flag.type];
  const head = `  --${flag.name} ${value}`.trimEnd();
  const shown = flag.default && flag.type !== 'boolean' ? ` [${flag.default}]` : '';
  const lines = wrap(flag.help + shown, width - column);
  if (head.length >= column) lines.unshift('');
  return lines.map((line, i) => (i === 0 ? head.padEnd(column) : ' '.repeat(column)) + line);
}

function wrap(text: string, most: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line && line.length + 1 + word.length > most) {
      lines.push(line);
      line = word;
    } else {
      line = line ? `${line} ${word}` : word;
    }
  }
  return [...lines, line];
}
