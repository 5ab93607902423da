/** What other sites' pages may do, as the flags say it: lists with commas, or `*` for all. */
export interface CorsSettings {
  readonly allowCredentials: boolean;
  readonly origins: readonly string[];
  readonly methods: string;
  readonly headers: string;
}

/**
 * The headers that tell a browser so; they go with every answer, and are all that OPTIONS is answered.
 * @param origin of the page that asks
 */
export function corsHeaders(
  { allowCredentials, origins, methods, headers }: CorsSettings,
  origin: string | undefined,
): Record<string, string> {
  const isAny = origins.includes('*');
  if (!isAny && (origin === undefined || !origins.includes(origin))) return { vary: 'Origin' };
  return {
    'access-control-allow-origin': isAny ? '*' : origin!,
    ...(isAny ? {} : { vary: 'Origin' }),
    'access-control-allow-methods': methods,
    'access-control-allow-headers': headers,
    ...(allowCredentials ? { 'access-control-allow-credentials': 'true' } : {}),
  };
}
