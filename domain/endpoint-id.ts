/** Endpoint ids: `endpt-` and 12 lowercase hex digits. Checked before any look-up, so hostile ids never reach SQL. */
const ENDPOINT_ID = /^endpt-[0-9a-f]{12}$/;

export function isEndpointId(value: string): boolean {
  return ENDPOINT_ID.test(value);
}

/** Formats 6 random bytes (from a CSPRNG, which `domain` has none of) as an endpoint id. */
export function endpointIdFrom(randomBytes: Uint8Array): string {
  if (randomBytes.length !== 6) throw new RangeError('an endpoint id takes exactly 6 random bytes');
  return `endpt-${Array.from(randomBytes, (b) => b.toString(16).padStart(2, '0')).join('')}`;
}
