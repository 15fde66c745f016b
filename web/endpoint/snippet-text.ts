/** Code that can be pasted as it is: the real URL, and a key as soon as there is one. */
import type { EndpointDocument } from '../client/types.ts';

export const SNIPPET_LANGUAGES = ['curl', 'Python', 'JavaScript'] as const;
export type SnippetLanguage = (typeof SNIPPET_LANGUAGES)[number];

export interface SnippetRequest {
  messages: readonly { role: string; content: string }[];
  temperature?: number;
  max_tokens?: number;
}

export const HELLO: SnippetRequest = { messages: [{ role: 'user', content: 'Say hello.' }] };

export function snippet(
  language: SnippetLanguage,
  endpoint: Pick<EndpointDocument, 'defaultUrl' | 'model'>,
  key: string | null,
  request: SnippetRequest = HELLO,
): string {
  const body = { model: endpoint.model, ...request };
  const baseUrl = endpoint.defaultUrl.replace(/\/chat\/completions$/, '/v1');
  const shownKey = key ?? 'YOUR_API_KEY';
  switch (language) {
    case 'curl':
      return [
        `curl ${endpoint.defaultUrl} \\`,
        `  -H 'authorization: Bearer ${shownKey}' \\`,
        `  -H 'content-type: application/json' \\`,
        `  -d '${JSON.stringify(body, null, 2).replaceAll("'", "'\\''").replaceAll('\n', '\n  ')}'`,
      ].join('\n');
    case 'Python':
      return [
        'from openai import OpenAI',
        '',
        `client = OpenAI(base_url="${baseUrl}", api_key="${shownKey}")`,
        'answer = client.chat.completions.create(',
        ...Object.entries(body).map(
          ([name, value]) => `    ${name}=${JSON.stringify(value, null, 4).replaceAll('\n', '\n    ')},`,
        ),
        ')',
        'print(answer.choices[0].message.content)',
      ].join('\n');
    case 'JavaScript':
      return [
        "import OpenAI from 'openai';",
        '',
        `const client = new OpenAI({ baseURL: '${baseUrl}', apiKey: '${shownKey}' });`,
        `const answer = await client.chat.completions.create(${JSON.stringify(body, null, 2)});`,
        'console.log(answer.choices[0].message.content);',
      ].join('\n');
  }
}
