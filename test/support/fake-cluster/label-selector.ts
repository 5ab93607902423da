type Labels = Readonly<Record<string, string>>;

const setBased = /^\s*(\S+)\s+(in|notin)\s+\(([^)]*)\)\s*$/;
const equality = /^\s*([^\s=!]+)\s*(==|=|!=)\s*(\S*)\s*$/;
const existence = /^\s*(!?)\s*([^\s=!]+)\s*$/;

/**
 * A selector as `kubectl -l` takes it.
 * @throws Error it is none
 */
export function parseLabelSelector(text: string): (labels: Labels) => boolean {
  const requirements = split(text).map(parseRequirement);
  return (labels) => requirements.every((requirement) => requirement(labels));
}

/** At the commas outside of parentheses. */
function split(text: string): string[] {
  return text.trim() === '' ? [] : text.split(/,(?![^(]*\))/);
}

function parseRequirement(text: string): (labels: Labels) => boolean {
  const set = setBased.exec(text);
  if (set) {
    const values = set[3]!.split(',').map((value) => value.trim());
    const has = (labels: Labels) => labels[set[1]!] !== undefined && values.includes(labels[set[1]!]!);
    return set[2] === 'in' ? has : (labels) => !has(labels);
  }
  const equal = equality.exec(text);
  if (equal) {
    const [, name, operator, value] = equal;
    return operator === '!=' ? (labels) => labels[name!] !== value : (labels) => labels[name!] === value;
  }
  const exists = existence.exec(text);
  if (!exists) throw new Error(`unable to parse requirement: ${text}`);
  return (labels) => exists[2]! in labels === (exists[1] === '');
}
