/**
 * What a model wrote, as safe markdown: no raw HTML, no pictures (they would tell another server that somebody
 * reads this), and links only to the web, opened apart.
 */
import Markdown, { type Components, defaultUrlTransform } from 'react-markdown';
import styles from './playground-tab.module.css';

const COMPONENTS: Components = {
  a: ({ href, children }) =>
    href && /^https?:\/\//i.test(href) ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow">
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ alt, src }) => (
    <span className="dim">
      [picture{alt ? `: ${alt}` : ''}
      {typeof src === 'string' ? ` ${src}` : ''}]
    </span>
  ),
  pre: ({ children }) => <pre tabIndex={0}>{children}</pre>,
};

export function ModelText({ text, isStreaming }: { text: string; isStreaming: boolean }) {
  return (
    <div className={`${styles.markdown} ${isStreaming ? styles.caret : ''}`} data-testid="answer">
      <Markdown components={COMPONENTS} urlTransform={defaultUrlTransform}>
        {text}
      </Markdown>
    </div>
  );
}
