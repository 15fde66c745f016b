import { type RefObject, useEffect, useLayoutEffect, useRef } from 'react';

const NEAR_PX = 80;

/** Keeps the end in sight while `content` grows, unless somebody has scrolled up to read. */
export function useFollowedScroll(content: unknown): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const look = () => {
      isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
    };
    const grown = new ResizeObserver(() => isAtEnd.current && element.scrollTo({ top: element.scrollHeight }));
    for (const child of element.children) grown.observe(child);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      grown.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, [content]);
  useLayoutEffect(() => {
    if (isAtEnd.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [content]);
  return box;
}
