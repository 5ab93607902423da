const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Whole milliseconds of a duration as Go writes them: `1h30m`, `10s`, `500ms`.
 * @throws it is none; the resource's schema has refused those
 */
export function milliseconds(duration: string): number {
  let total = 0;
  const rest = duration.replace(/(\d+(?:\.\d+)?)(ms|s|m|h)/g, (_, count: string, unit: string) => {
    total += Number(count) * units[unit]!;
    return '';
  });
  if (rest !== '' || duration === '') throw new Error(`no duration: "${duration}"; write it like 1h30m, 10s or 500ms`);
  // 1.001 s would else be 1000.9999999999999 ms.
  return Math.round(total);
}

/** The same in whole seconds, rounded up: what many of Kubernetes' fields and the server's flags count in. */
export function wholeSeconds(duration: string): number {
  return Math.ceil(milliseconds(duration) / 1000);
}
