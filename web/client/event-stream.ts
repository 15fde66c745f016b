/**
 * Server-sent events by fetch, which unlike EventSource tells a refusal from an outage, shows comments, and
 * can carry a body.
 */
import { createParser, type EventSourceMessage } from 'eventsource-parser';

export interface StreamHandlers {
  onEvent: (event: EventSourceMessage) => void;
  onComment?: (comment: string) => void;
}

/** Resolves when the server ends the stream. @throws what reading throws when it is cut */
export async function readEventStream(response: Response, handlers: StreamHandlers): Promise<void> {
  if (!response.body) return;
  const parser = createParser(handlers);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    parser.feed(value);
  }
}
