/** Talk to the endpoint, awake or asleep. */
import { Button, Collapse, NumberInput, Slider, Text, Textarea } from '@mantine/core';
import { IconArrowUp, IconCode, IconPlayerStopFilled } from '@tabler/icons-react';
import { type KeyboardEvent, useState } from 'react';
import type { EndpointDocument, EventDocument } from '../client/types.ts';
import { Snippets } from '../endpoint/snippets.tsx';
import { Panel } from '../parts/page.tsx';
import styles from './playground-tab.module.css';
import { useFollowedScroll } from './use-followed-scroll.ts';
import { TurnView } from './turn-view.tsx';
import { conversation, useChat } from './use-chat.ts';

const HINTS: Partial<Record<EndpointDocument['status'], string>> = {
  hibernated: 'It sleeps. Send something and it wakes, then answers.',
  building: 'It is being built. Send something now; it answers as soon as it is up.',
  waking: 'It is waking. Send something now; it answers as soon as it is up.',
  paused: 'It is paused. Press Resume first.',
  failed: 'It has failed. Press Retry first.',
};

export default function PlaygroundTab({
  endpoint,
  events,
}: {
  endpoint: EndpointDocument;
  events: readonly EventDocument[];
}) {
  const chat = useChat(endpoint, events.at(-1)?.seq ?? 0);
  const [isCodeShown, setIsCodeShown] = useState(false);
  const scroll = useFollowedScroll(chat.turns);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    chat.send();
  };
  return (
    <div className={styles.layout}>
      <div>
        <Panel flush className={styles.chat ?? ''}>
          <div className={styles.turns} ref={scroll} tabIndex={0} role="region" aria-label="Conversation">
            {chat.turns.length === 0 && (
              <div className={styles.hint}>{HINTS[endpoint.status] ?? 'Ask it something.'}</div>
            )}
            {chat.turns.map((turn, index) => (
              <TurnView
                key={turn.id}
                turn={turn}
                endpoint={endpoint}
                events={events}
                isLast={index === chat.turns.length - 1}
                again={chat.again}
              />
            ))}
          </div>
          <div className={styles.composer}>
            <Textarea
              aria-label="Message"
              placeholder="Message, Enter sends"
              autosize
              minRows={1}
              maxRows={8}
              value={chat.draft}
              onChange={(event) => chat.setDraft(event.currentTarget.value)}
              onKeyDown={onKeyDown}
            />
            {chat.isBusy ? (
              <Button variant="default" leftSection={<IconPlayerStopFilled size={15} />} onClick={chat.stop}>
                Stop
              </Button>
            ) : (
              <Button leftSection={<IconArrowUp size={16} />} disabled={chat.draft.trim() === ''} onClick={chat.send}>
                Send
              </Button>
            )}
          </div>
        </Panel>
        <Collapse expanded={isCodeShown}>
          <div className={styles.code}>
            {isCodeShown && (
              <Snippets
                endpoint={endpoint}
                title="This conversation as code"
                request={{
                  messages: conversation(chat.parameters.system, chat.turns, chat.draft.trim() || 'Say hello.'),
                  temperature: chat.parameters.temperature,
                  max_tokens: chat.parameters.maxTokens,
                }}
              />
            )}
          </div>
        </Collapse>
      </div>
      <div className={styles.aside}>
        <Panel title="Parameters">
          <div className={styles.fields}>
            <Textarea
              label="System prompt"
              rows={3}
              placeholder="You are…"
              value={chat.parameters.system}
              onChange={(event) => chat.setParameters({ system: event.currentTarget.value })}
            />
            <div>
              <Text size="sm" fw={500} id="temperature-label">
                Temperature <span className="num faint">{chat.parameters.temperature.toFixed(1)}</span>
              </Text>
              <Slider
                min={0}
                max={2}
                step={0.1}
                label={null}
                value={chat.parameters.temperature}
                onChange={(temperature) => chat.setParameters({ temperature })}
                thumbProps={{ 'aria-labelledby': 'temperature-label' }}
              />
            </div>
            <NumberInput
              label="Tokens at most"
              min={1}
              max={32_768}
              value={chat.parameters.maxTokens}
              onChange={(value) => chat.setParameters({ maxTokens: Number(value) || 1 })}
            />
            <Button
              variant="default"
              leftSection={<IconCode size={16} />}
              aria-expanded={isCodeShown}
              onClick={() => setIsCodeShown(!isCodeShown)}
            >
              {isCodeShown ? 'Hide code' : 'Copy as code'}
            </Button>
            <Button variant="subtle" disabled={chat.turns.length === 0 || chat.isBusy} onClick={chat.clear}>
              Clear the conversation
            </Button>
          </div>
        </Panel>
      </div>
    </div>
  );
}
