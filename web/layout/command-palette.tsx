/** Ctrl-K: every page and every endpoint, by typing a part of its name. */
import { Modal, useMantineColorScheme } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useState } from 'react';
import { useNavigate } from 'react-router';
import { useSignOut } from '../auth/use-sign-out.ts';
import { useAllEndpoints } from '../endpoints/use-all-endpoints.ts';
import { sessionQuery } from '../client/queries.ts';
import { StatusBadge } from '../parts/status-badge.tsx';
import styles from './command-palette.module.css';

interface Command {
  id: string;
  label: string;
  /** What is searched beside the label. */
  words: string;
  hint: ReactNode;
  run: () => void;
}

const SHOWN_MAX = 12;

export function CommandPalette({ isOpen, setIsOpen }: { isOpen: boolean; setIsOpen: (isOpen: boolean) => void }) {
  useHotkeys([['mod+K', () => setIsOpen(true)]], []);
  return (
    <Modal
      opened={isOpen}
      onClose={() => setIsOpen(false)}
      withCloseButton={false}
      padding={0}
      yOffset="12vh"
      centered={false}
      title="Commands"
      classNames={{ header: 'visually-hidden' }}
    >
      {isOpen && <Palette close={() => setIsOpen(false)} />}
    </Modal>
  );
}

function Palette({ close }: { close: () => void }) {
  const [search, setSearch] = useState('');
  const [index, setIndex] = useState(0);
  const commands = useCommands();
  const shown = useMemo(() => matching(commands, search).slice(0, SHOWN_MAX), [commands, search]);
  const selected = Math.min(index, shown.length - 1);
  useEffect(() => {
    document.getElementById(`command-${selected}`)?.scrollIntoView({ block: 'nearest' });
  }, [selected]);

  const run = (command: Command | undefined) => {
    if (!command) return;
    close();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setIndex((selected + 1) % shown.length);
    else if (event.key === 'ArrowUp') setIndex((selected - 1 + shown.length) % shown.length);
    else if (event.key === 'Enter') run(shown[selected]);
    else return;
    event.preventDefault();
  };
  return (
    <div onKeyDown={onKeyDown}>
      <input
        className={styles.input}
        placeholder="Go to an endpoint or page…"
        value={search}
        onChange={(event) => {
          setSearch(event.currentTarget.value);
          setIndex(0);
        }}
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={shown.length > 0 ? `command-${selected}` : undefined}
        aria-label="Search endpoints and pages"
      />
      <ul className={styles.list} id="commands" role="listbox" aria-label="Commands">
        {shown.map((command, position) => (
          <li
            key={command.id}
            id={`command-${position}`}
            role="option"
            aria-selected={position === selected}
            className={styles.item}
            onMouseMove={() => setIndex(position)}
            onClick={() => run(command)}
          >
            <span className={styles.name}>{command.label}</span>
            <span className={styles.hint}>{command.hint}</span>
          </li>
        ))}
        {shown.length === 0 && <li className={styles.item}>Nothing is called like this.</li>}
      </ul>
    </div>
  );
}

function useCommands(): Command[] {
  const navigate = useNavigate();
  const signOut = useSignOut();
  const { setColorScheme } = useMantineColorScheme();
  const isSignedIn = useQuery(sessionQuery).data != null;
  const { endpoints } = useAllEndpoints(isSignedIn);
  return useMemo(() => {
    const go = (label: string, to: string, words = ''): Command => ({
      id: to,
      label,
      words,
      hint: 'Page',
      run: () => void navigate(to),
    });
    return [
      go('Deploy a model', '/deploy', 'new create endpoint'),
      go('Endpoints', '/endpoints'),
      ...endpoints.map((endpoint) => ({
        id: endpoint.id,
        label: endpoint.name,
        words: `${endpoint.model} ${endpoint.id}`,
        hint: <StatusBadge endpoint={endpoint} />,
        run: () => void navigate(`/endpoints/${endpoint.id}`),
      })),
      go('API keys', '/keys', 'token secret'),
      go('Usage and cost', '/usage', 'bill money'),
      go('Tiers and prices', '/tiers', 'gpu hardware'),
      go('Account', '/account', 'theme sign out'),
      { id: 'docs', label: 'API reference', words: 'docs openapi', hint: 'Page', run: () => location.assign('/docs') },
      { id: 'light', label: 'Light theme', words: 'colour color', hint: 'Look', run: () => setColorScheme('light') },
      { id: 'dark', label: 'Dark theme', words: 'colour color', hint: 'Look', run: () => setColorScheme('dark') },
      { id: 'sign-out', label: 'Sign out', words: 'log out', hint: 'Account', run: signOut },
    ];
  }, [endpoints, navigate, setColorScheme, signOut]);
}

/** All words must occur; what begins with the search comes first. */
function matching(commands: readonly Command[], search: string): Command[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const first = words[0] ?? '';
  return commands
    .filter(({ label, words: more }) => words.every((word) => `${label} ${more}`.toLowerCase().includes(word)))
    .sort((a, b) => Number(b.label.toLowerCase().startsWith(first)) - Number(a.label.toLowerCase().startsWith(first)));
}
