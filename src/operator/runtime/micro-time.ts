/**
 * A time as Kubernetes' MicroTime: RFC 3339 with exactly six digits of the second, which its parser insists on.
 * @param wallTime milliseconds since 1970
 */
export function microTime(wallTime: number): string {
  return new Date(wallTime).toISOString().replace('Z', '000Z');
}
