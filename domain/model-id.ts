/**
 * Hugging Face model ids: `org/name`, or the legacy one-part `name`. The id is put into URLs and
 * handed to runtimes, so anything outside this alphabet is refused at the edge.
 */
const PART = /^[A-Za-z0-9][\w.-]{0,95}$/;

export function isModelId(value: string): boolean {
  const parts = value.split('/');
  if (parts.length < 1 || parts.length > 2) return false;
  return parts.every((part) => PART.test(part) && !part.includes('..') && !part.includes('--'));
}
